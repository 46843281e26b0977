# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with deploy/quickstart
# A private PostgreSQL cluster: its own data, socket directory and loopback port.

database_bin() {
	local pg_ctl best=
	for pg_ctl in /usr/lib/postgresql/*/bin/pg_ctl; do
		[ -x "$pg_ctl" ] && best=${pg_ctl%/pg_ctl}
	done
	[ -n "$best" ] || die "no PostgreSQL server under /usr/lib/postgresql"
	printf '%s' "$best"
}

# database_create: the cluster, once; half-made ones of an earlier crash are thrown away.
database_create() {
	local data=$dir/postgresql/data
	[ ! -e "$data" ] || return 0
	step "Making a PostgreSQL cluster in $dir/postgresql"
	rm -rf "$data.new"
	# Over the socket the operating system vouches for root and postgres; everyone else,
	# and everyone in the one-user mode, proves a password.
	as "$postgres_user" "$(database_bin)/initdb" -D "$data.new" -U postgres -E UTF8 --locale=C.UTF-8 \
		--auth=scram-sha-256 --pwfile="$dir/secrets/superuser.password" >"$dir/log/initdb.log" 2>&1 ||
		die "initdb failed: see $dir/log/initdb.log"
	mv "$data.new" "$data"
}

database_configure() {
	local data=$dir/postgresql/data
	grep -q "^include = 'muster.conf'" "$data/postgresql.conf" ||
		printf "include = 'muster.conf'\n" >>"$data/postgresql.conf"
	write_file "$data/muster.conf" 600 "$postgres_user" <<-END
		listen_addresses = '127.0.0.1'
		port = $database_port
		unix_socket_directories = '$dir/postgresql/socket'
		unix_socket_permissions = 0777
		shared_preload_libraries = 'pg_stat_statements'
		password_encryption = 'scram-sha-256'
		max_connections = $((50 + 4 * pairs))
		log_line_prefix = '%m [%p] %u@%d '
		timezone = 'UTC'
		log_timezone = 'UTC'
	END
	write_file "$data/pg_hba.conf" 600 "$postgres_user" <<-END
		$(is_root && printf 'local all postgres,administrator peer map=quickstart')
		local all all scram-sha-256
		host all all 127.0.0.1/32 scram-sha-256
	END
	write_file "$data/pg_ident.conf" 600 "$postgres_user" <<-END
		quickstart postgres postgres
		quickstart root postgres
		quickstart root administrator
	END
}

# database_orphans: processes of this cluster that are left, whoever remembers them.
database_orphans() {
	local data cwd
	data=$(readlink -f "$dir/postgresql/data")
	for cwd in /proc/[0-9]*/cwd; do
		if [ "$(readlink "$cwd" 2>/dev/null)" = "$data" ]; then
			cwd=${cwd#/proc/}
			printf '%s ' "${cwd%/cwd}"
		fi
	done
}

database_no_orphans() { [ -z "$(database_orphans)" ]; }

# After a killed postmaster its children end by themselves, and its lock files name a process
# id that somebody else may have by now.
database_clean() {
	[ -d "$dir/postgresql/data" ] || return 0
	if ! wait_until 15 database_no_orphans; then
		# shellcheck disable=SC2046 # a list of process ids
		kill -QUIT $(database_orphans) 2>/dev/null || true
		wait_until 10 database_no_orphans ||
			die "processes of an earlier PostgreSQL do not end: $(database_orphans)"
	fi
	rm -f "$dir/postgresql/data/postmaster.pid" "$dir/postgresql/socket/.s.PGSQL."*
}

database_ready() {
	"$(database_bin)/pg_isready" -q -h "$dir/postgresql/socket" -p "$database_port"
}

database_start() {
	step "Starting PostgreSQL on port $database_port"
	process_start "$dir/run/postgresql.pid" "$dir/log/postgresql.log" \
		"${as_postgres[@]}" "$(database_bin)/postgres" -D "$dir/postgresql/data"
	process_ready "$dir/run/postgresql.pid" 60 database_ready || die "PostgreSQL does not start: see $dir/log/postgresql.log"
}

# INT is PostgreSQL's fast shutdown, QUIT its immediate one.
database_stop() { process_stop "$dir/run/postgresql.pid" 20 INT QUIT; }

# superuser_psql DATABASE [ARGUMENT…]: psql as the cluster's superuser.
superuser_psql() {
	local database=$1
	shift
	env -u PGSERVICE -u PGUSER -u PGOPTIONS PGPASSFILE="$dir/secrets/superuser.pgpass" \
		psql -X -q -v ON_ERROR_STOP=1 -h "$dir/postgresql/socket" -p "$database_port" -U postgres \
		-d "$database" "$@"
}

# admin_psql [ARGUMENT…]: psql as the administrator.
admin_psql() {
	env -u PGSERVICE -u PGOPTIONS PGPASSFILE="$dir/secrets/administrator.pgpass" \
		psql -X -h "$dir/postgresql/socket" -p "$database_port" -U administrator -d muster "$@"
}

# The schema, an administrator, and the programs' passwords (set anew at each start, so that
# file and role agree even after a crash in between).
database_install() {
	if [ "$(superuser_psql postgres -tAc "SELECT count(*) FROM pg_database WHERE datname = 'muster'")" = 0 ]; then
		superuser_psql postgres -c 'CREATE DATABASE muster'
	fi
	step "Installing the schema"
	superuser_psql muster -f "$source_dir/sql/install.sql" >"$dir/log/install.log" 2>&1 ||
		die "sql/install.sql failed: see $dir/log/install.log"
	# A statement with a password in it belongs in no log and no statistics.
	superuser_psql muster <<-SQL
		SET client_min_messages = warning;
		SET log_statement = none; SET log_min_duration_statement = -1;
		SET log_min_error_statement = panic; SET pg_stat_statements.track_utility = off;
		DO \$\$ BEGIN
			IF to_regrole('administrator') IS NULL THEN CREATE ROLE administrator LOGIN; END IF;
		END \$\$;
		GRANT muster_admin, muster_auditor, pg_monitor TO administrator;
		ALTER ROLE administrator PASSWORD '$(cat "$dir/secrets/administrator.password")';
		ALTER ROLE muster_worker PASSWORD '$(cat "$dir/secrets/worker.password")';
		ALTER ROLE muster_issuer PASSWORD '$(cat "$dir/secrets/issuer.password")';
		CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
	SQL
}
