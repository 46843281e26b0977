# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with deploy/quickstart
# Directories, system users and secrets: who may read what.

# The users that the parts run as. Without root there is one user for everything.
users_choose() {
	if is_root; then
		postgres_user=postgres web_user=www-data worker_user=muster-worker issuer_user=muster-issuer
		as_postgres=(setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups --reset-env
			--inh-caps=-all --)
	else
		postgres_user=$(id -un)
		web_user=$postgres_user worker_user=$postgres_user issuer_user=$postgres_user
		as_postgres=()
	fi
}

users_create() {
	local user
	is_root || return 0
	for user in muster-worker muster-issuer; do
		id -u "$user" >/dev/null 2>&1 ||
			useradd --system --user-group --no-create-home --home-dir /nonexistent \
				--shell /usr/sbin/nologin "$user"
	done
}

# reachable DIR: every user we need can enter it, and socket paths in it are short enough for
# the kernel (107 bytes).
reachable() {
	local user
	[ ${#1} -le 75 ] || return 1
	is_root || return 0
	for user in postgres www-data muster-worker muster-issuer; do
		as "$user" test -x "$1" || return 1
	done
}

# directory_make: $dir exists and is ours; where other users can't reach it, it becomes a
# link to a place they can.
directory_make() {
	local real asked=$dir
	mkdir -p "$dir" || die "can't make $dir"
	dir=$(readlink -f "$dir")
	if [ ! -e "$dir/.muster-quickstart" ] && [ -n "$(ls -A "$dir")" ]; then
		die "$dir is not empty and no quickstart's: choose another --dir"
	fi
	if ! reachable "$dir"; then
		is_root || die "$dir: the path is too long for sockets; choose a shorter --dir"
		[ -z "$(ls -A "$dir")" ] || die "$dir is out of reach for the users postgres, www-data and muster-*"
		real=/var/lib/muster-quickstart/$(printf '%s' "$dir" | sha256sum | head -c 12)
		mkdir -p "$real"
		rmdir "$dir"
		ln -sn "$real" "$dir"
		say "$asked is out of reach for the servers' users: the files are in $real, $asked is a link"
		dir=$real
	fi
	: >"$dir/.muster-quickstart"
	chmod 755 "$dir"
}

directories_make() {
	local sub
	for sub in build log run secrets tls web postgresql postgresql/socket device; do
		mkdir -p "$dir/$sub"
	done
	chmod 711 "$dir/secrets" "$dir/run"
	chmod 700 "$dir/log"
	if is_root; then
		chown postgres: "$dir/postgresql" "$dir/postgresql/socket"
	fi
}

# secret NAME OWNER: a random word in secrets/NAME, made once.
secret() {
	[ -s "$dir/secrets/$1" ] || random_word | write_file "$dir/secrets/$1" 600 "$2"
}

# passfile NAME ROLE OWNER: what libpq needs to be that role.
passfile() {
	printf '*:*:*:%s:%s\n' "$2" "$(cat "$dir/secrets/$1.password")" |
		write_file "$dir/secrets/$1.pgpass" 600 "$3"
}

secrets_make() {
	local name
	secret superuser.password "$postgres_user"
	for name in administrator worker issuer account; do
		secret "$name.password" "$(id -un)"
	done
	secret passphrase "$issuer_user"
	passfile superuser postgres "$(id -un)"
	passfile administrator administrator "$(id -un)"
	passfile worker muster_worker "$worker_user"
	passfile issuer muster_issuer "$issuer_user"
}
