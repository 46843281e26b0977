# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with deploy/quickstart
# Small things that the other parts of the quickstart, and the tests' runner, share.

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# as USER COMMAND…: run a command as that user when we are root, as ourselves otherwise.
as() {
	local user=$1
	shift
	if is_root && [ "$user" != root ]; then
		setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups --reset-env \
			--inh-caps=-all -- "$@"
	else
		"$@"
	fi
}

# quoted VALUE: the value as a shell word, in single quotes.
quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

# random_word: 24 letters and digits from the kernel.
random_word() {
	local bytes
	bytes=$(head -c 256 /dev/urandom | base64 -w0)
	bytes=${bytes//[^A-Za-z0-9]/}
	printf '%s' "${bytes:0:24}"
}

# write_file FILE MODE OWNER: standard input becomes the file, whole or not at all.
write_file() {
	local file=$1 mode=$2 owner=$3 new="$1.new.$$"
	(umask 077 && cat >"$new")
	chmod "$mode" "$new"
	if is_root; then chown "$owner:" "$new"; fi
	mv -f "$new" "$file"
}

# --- free ports ---

# port_taken PORT: something listens on this TCP port, on any address.
port_taken() {
	local hex
	hex=$(printf '%04X' "$1")
	awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 }
		END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# free_port [TAKEN…]: a port that nobody listens on and that is none of those named; below
# the range from which the kernel takes ports for outgoing connections.
free_port() {
	local port try
	for ((try = 0; try < 200; try++)); do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		case " $* " in *" $port "*) continue ;; esac
		if ! port_taken "$port"; then
			printf '%s' "$port"
			return
		fi
	done
	die "no free TCP port between 20000 and 32000"
}

# --- processes, remembered in files that no recycled process id can fool ---

# process_birth PID: what tells this process from any other that ever had its id.
process_birth() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	stat=${stat##*) }
	# shellcheck disable=SC2086 # the fields are meant to split
	set -- $stat
	[ "$1" != Z ] || return 1
	printf '%s/%s' "${20}" "$(cat /proc/sys/kernel/random/boot_id)"
}

# process_alive PIDFILE: the very process that was noted there runs; sets process_pid.
process_alive() {
	local birth
	process_pid=
	[ -r "$1" ] || return 1
	read -r process_pid birth <"$1" || return 1
	[ -n "$process_pid" ] && [ "$(process_birth "$process_pid")" = "$birth" ]
}

# process_start PIDFILE LOG COMMAND…: start it detached from this terminal and note it.
process_start() {
	local file=$1 log=$2 pid
	shift 2
	(cd / && exec setsid -- "$@" </dev/null >>"$log" 2>&1 9>&-) &
	pid=$!
	printf '%s %s\n' "$pid" "$(process_birth "$pid")" >"$file.new"
	mv -f "$file.new" "$file"
}

# process_stop PIDFILE SECONDS SIGNAL…: send the signals one after the other, each with that
# long to end, and KILL at last.
process_stop() {
	local file=$1 seconds=$2 signal tick
	shift 2
	for signal in "$@" KILL; do
		process_alive "$file" || break
		kill -s "$signal" "$process_pid" 2>/dev/null || true
		for ((tick = 0; tick < seconds * 20; tick++)); do
			process_alive "$file" || break 2
			sleep 0.05
		done
	done
	rm -f "$file"
}

# wait_until SECONDS COMMAND…: until the command succeeds; false when it never did.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# process_ready PIDFILE SECONDS COMMAND…: until the command succeeds; false when the process
# ends before, or time does.
process_ready() {
	local file=$1 end=$((SECONDS + $2))
	shift 2
	until "$@"; do
		process_alive "$file" && [ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}
