# shellcheck shell=bash disable=SC2154 # sourced by tests/sql/run
# Many at once: straight to the server; with another isolation level set on the issuers' role; and through PgBouncer
# in transaction mode, with and without that. PgBouncer runs in the work directory, reachable by a socket there.

races_tests() {
	race plain 'read committed' ''
	race serializable serializable ''
	pooled pooled 'read committed'
	pooled pooled-serializable serializable
}

# A pooler of its own for each, since it keeps connections to the server.
pooled() {
	pooler_start || bail "PgBouncer did not start: $(tail -n 3 "$work/pooler/log")"
	race "$@" "$work/pooler"
	pooler_stop
}

# race NAME ISOLATION POOLER
race() {
	local database=races-$1
	query -c "CREATE DATABASE \"$database\" TEMPLATE template_muster" || bail "no database $database"
	[ "$2" = 'read committed' ] ||
		query -c "ALTER ROLE muster_issuer IN DATABASE \"$database\" SET default_transaction_isolation = '$2'"
	tap "$database" psql -XAtq -v ON_ERROR_STOP=1 -v rounds="${MUSTER_RACES-20}" -v isolation="$2" -v pooler="$3" \
		-d "$database" -f "$here/races.sql"
}

pooler_start() {
	local program
	program=$(PATH=$PATH:/usr/sbin command -v pgbouncer) || bail "PgBouncer is missing: apt-get install pgbouncer"
	mkdir -p "$work/pooler"
	echo '"muster_issuer" ""' >"$work/pooler/users"
	cat >"$work/pooler/ini" <<-END
		[databases]
		* = host=$work/server
		[pgbouncer]
		listen_addr =
		listen_port = 6432
		unix_socket_dir = $work/pooler
		auth_type = trust
		auth_file = $work/pooler/users
		pool_mode = transaction
		default_pool_size = 70
		max_client_conn = 200
		logfile = $work/pooler/log
		pidfile = $work/pooler/pid
	END
	[ ${#as_server[@]} -eq 0 ] || chown -R postgres "$work/pooler"
	"${as_server[@]}" "$program" -q -d "$work/pooler/ini" >/dev/null 2>&1 || return
	for _ in {1..50}; do
		psql -XAtq -h "$work/pooler" -p 6432 -U muster_issuer -d postgres -c 'SELECT 1' >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

pooler_stop() {
	local pid
	pid=$(cat "$work/pooler/pid") || return
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
	rm -f "$work/pooler/pid"
}
