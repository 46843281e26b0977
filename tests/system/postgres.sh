# shellcheck shell=bash disable=SC2034,SC2154 # sourced by tests, after lib.sh
# The fixture's PostgreSQL, stopped and started behind the server's back.

# postgres_known: which process it is; before the others.
postgres_known() {
	postgres=$(cut -d' ' -f1 "$dir/run/postgresql.pid")
	postgres_program=$(readlink "/proc/$postgres/exe" || ls /usr/lib/postgresql/*/bin/postgres)
	data=$dir/postgresql/data
}

# postgres_pids: the server and all its processes.
postgres_pids() { echo "$postgres" "$(pgrep -d " " -P "$postgres")"; }

postgres_stop() {
	kill -INT "$postgres"
	wait_until 30 postgres_gone
}
postgres_gone() { ! kill -0 "$postgres" 2>/dev/null; }
postgres_start() {
	as_postgres setsid "$postgres_program" -D "$data" >>"$dir/log/postgresql.log" 2>&1 </dev/null &
	postgres=$!
	printf '%s %s\n' "$postgres" "$(process_birth "$postgres")" >"$dir/run/postgresql.pid"
	wait_until 30 quietly sql 'SELECT 1'
}
as_postgres() {
	if two_users; then
		exec setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups --reset-env "$@"
	elif is_root; then
		exec setpriv --reuid="$MUSTER_TEST_USER" --regid="$(id -g "$MUSTER_TEST_USER")" --init-groups --reset-env "$@"
	else
		exec "$@"
	fi
}
