# shellcheck shell=bash disable=SC2154 # sourced by lib.sh
# No secret that a test uses stands in a log or a dump. Whoever makes one or sends one notes it:
#
#	uses_secret NAME TEXT     a password, a token, a PIN: one line
#	uses_secret_in FILE…      the first line of each
#
# device() and ca() note what their arguments and MUSTER_PASSWORD have, wire.py what it sends, the fixture what the
# quickstart made; private keys in PEM and DM secrets below $scratch and $dir are found by themselves. finish() then
# looks for all of them, see secrets_found.py; what is shorter than eight bytes is in other words by chance.

secrets_noted=$scratch/secrets
export MUSTER_TEST_SECRETS=$secrets_noted
(umask 077 && : >"$secrets_noted")

uses_secret() { printf '%s\t%s\n' "$1" "$2" >>"$secrets_noted"; }

uses_secret_in() {
	local file text
	for file; do
		[ -f "$file" ] || continue
		IFS= read -r text <"$file"
		# What is in PEM is no single line.
		[[ $text == -----BEGIN* ]] || uses_secret "${file##*/}" "$text"
	done
}

# uses_secrets_of ARGUMENT…: the files that our programs' options name.
uses_secrets_of() {
	local argument option='' upn password
	for argument; do
		case $option in
		--accounts) while read -r upn password; do uses_secret "password of $upn" "$password"; done <"$argument" ;;
		--file | --*-file) uses_secret_in "$argument" ;;
		esac
		option=$argument
	done
	[ -z "${MUSTER_PASSWORD-}" ] || uses_secret MUSTER_PASSWORD "$MUSTER_PASSWORD"
}

# secret_role ROLE [STATEMENT]: it gets a password, after the STATEMENT that makes it, and a file for libpq in
# $scratch/ROLE.pgpass. A statement with a password in it belongs in no log and no statistics.
secret_role() {
	local password
	password=$(random_word)
	uses_secret "password of role $1" "$password"
	(umask 077 && printf '*:*:*:%s:%s\n' "$1" "$password" >"$scratch/$1.pgpass")
	PGPASSFILE=$dir/secrets/superuser.pgpass psql -X -q -v ON_ERROR_STOP=1 -U postgres <<-SQL
		SET log_statement = none; SET log_min_duration_statement = -1;
		SET log_min_error_statement = panic; SET pg_stat_statements.track_utility = off;
		${2-};
		ALTER ROLE $1 PASSWORD '$password';
	SQL
}

# secrets_dump DIRECTORY: every database, the roles, and the statements that the server remembers.
secrets_dump() {
	local database
	mkdir -p "$1"
	superuser "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate" >"$1/databases" &&
		superuser "SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS pg_stat_statements" &&
		superuser "SELECT query FROM pg_stat_statements UNION ALL SELECT query FROM pg_stat_activity" >"$1/statements" &&
		PGPASSFILE=$dir/secrets/superuser.pgpass pg_dumpall -U postgres --roles-only >"$1/roles" || return
	while read -r database; do
		PGPASSFILE=$dir/secrets/superuser.pgpass pg_dump -U postgres -d "$database" >"$1/$database.dump" || return
	done <"$1/databases"
}

# secrets_absent: the case. What the test itself says goes to a log, too, unless somebody reads it at once.
secrets_absent() {
	local name="no secret in any log or dump" one made=("$scratch") places=("$dir/log" "$scratch/secrets.dump")
	if ! secrets_dump "$scratch/secrets.dump" >"$scratch/secrets.errors" 2>&1; then
		fail "$name" "$(cat "$scratch/secrets.errors")"
		return
	fi
	for one in "$dir/secrets" "$dir/tls" "$dir/device"; do [ ! -d "$one" ] || made+=("$one"); done
	for one in /proc/$$/fd/{1,2}; do [ ! -f "$one" ] || places+=("$(readlink "$one")"); done
	python secrets_found.py "$name" "$secrets_noted" "${made[@]}" -- "${places[@]}"
}
