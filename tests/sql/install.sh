# shellcheck shell=bash disable=SC2154 # sourced by tests/sql/run
# Installing: as a superuser, as the database's owner who may create roles, as a plain member of
# muster_owner; twice; and every way it can refuse, with the next step in its message.

install_tests() {
	local before

	# Roles do not exist yet.
	query -c 'CREATE ROLE plain LOGIN' -c 'CREATE ROLE builder LOGIN CREATEROLE' -c 'CREATE DATABASE theirs' \
		-c 'CREATE DATABASE built OWNER builder'
	like "install: one who may not create roles is told who may" "$(install theirs plain)" \
		"ERROR:  these roles do not exist and plain may not create roles: muster_owner, *HINT:  Run install.sql once as a superuser, or as a superuser: ALTER ROLE plain CREATEROLE;"
	like "install: a database of another's is refused with the statement that helps" "$(install theirs builder)" \
		"ERROR:  muster_owner may not create schemas in database theirs*HINT:  As the database's owner or a superuser: GRANT CREATE ON DATABASE theirs TO muster_owner;"
	is "install: a refused installation leaves no role" \
		"$(query -c "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'muster%'")" 0
	is "install: the database's owner who may create roles installs, quietly" "$(install built builder)" ''
	is "install: again it says nothing" "$(install built builder)" ''

	query -c 'CREATE DATABASE super'
	is "install: a superuser installs, quietly" "$(install super)" ''
	picture super >"$work/first"
	before=$(query -d super -c 'SELECT * FROM muster.schema_version')
	is "install: a second run says nothing" "$(install super)" ''
	picture super >"$work/second"
	is "install: a second run changes nothing" "$(diff "$work/first" "$work/second")" ''
	is "install: a second run applies no migration again" "$(query -d super -c 'SELECT * FROM muster.schema_version')" "$before"
	picture built >"$work/built"
	is "install: both ways give the same schema" "$(diff "$work/first" "$work/built")" ''

	# Roles exist now; the installer can create none.
	query -c 'CREATE ROLE member LOGIN IN ROLE muster_owner' -c 'CREATE DATABASE granted' -c 'CREATE DATABASE refused'
	like "install: one who is no member of muster_owner is told so" "$(install theirs plain)" \
		"ERROR:  plain is not a member of muster_owner*HINT:  As a superuser: GRANT muster_owner TO plain;"
	like "install: a member without a database is told so" "$(install refused member)" \
		"ERROR:  muster_owner may not create schemas in database refused*GRANT CREATE ON DATABASE refused TO muster_owner;"
	query -c 'GRANT CREATE ON DATABASE granted TO muster_owner'
	is "install: a plain member of muster_owner installs, quietly" "$(install granted member)" ''
	picture granted >"$work/granted"
	is "install: as a plain member it is the same schema" "$(diff "$work/first" "$work/granted")" ''
	is "install: the version tells who installed" \
		"$(query -d granted -c 'SELECT DISTINCT applied_by FROM muster.schema_version')" 'member'
	is "install: everything is muster_owner's" "$(foreign_objects granted)" ''

	query -c 'ALTER ROLE muster_worker RESET statement_timeout'
	like "install: a member is told of a role without deadline" "$(install granted member)" \
		"WARNING:  role muster_worker has no statement_timeout*HINT:  As a superuser: ALTER ROLE muster_worker SET statement_timeout = '5s';"
	query -c "ALTER ROLE muster_worker SET statement_timeout = '3s'"
	is "install: an administrator's deadline stays" "$(install super; query -c "SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = 'muster_worker'" | grep statement)" 'statement_timeout=3s'
	query -c "ALTER ROLE muster_worker SET statement_timeout = '5s'"

	install_refusals
	install_older
	install_whole
}

install_refusals() {
	query -c "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
	like "install: a database that is not UTF8 is refused" "$(install ascii)" \
		"ERROR:  database ascii has the encoding SQL_ASCII, Muster needs UTF8*HINT:  CREATE DATABASE muster ENCODING 'UTF8' TEMPLATE template0;"
	query -c 'CREATE DATABASE taken'
	query -d taken -c 'CREATE SCHEMA muster' -c 'CREATE TABLE muster.theirs (x int)'
	like "install: a foreign schema of our name is not taken over" "$(install taken)" \
		"ERROR:  a schema muster, muster_worker, muster_issuer, muster_keys or muster_dm exists and is not owned by muster_owner*"
	is "install: the foreign schema is untouched" \
		"$(query -d taken -c "SELECT relname FROM pg_class WHERE relnamespace = 'muster'::regnamespace")" theirs
}

# It happens whole or not at all, and does not wait for ever.
install_older() {
	query -d super -c "INSERT INTO muster.schema_version (version, name) VALUES (1000, 'of tomorrow')"
	like "install: a script older than the database is refused" "$(install super)" \
		"ERROR:  this install.sql is older than the schema in the database*HINT:  Install with the sql/ of the newest program. *"
	query -d super -c 'DELETE FROM muster.schema_version WHERE version = 1000'
	is "install: the newest migration is the script's own number" \
		"$(sed -n 's/^\\set newest //p' "$sql/install.sql")" "$(query -d super -c 'SELECT max(version) FROM muster.schema_version')"
}

install_whole() {
	local holder
	cp -r "$sql" "$work/broken"
	sed -i '$a SELECT 1/0;' "$work/broken/views.sql"
	query -c 'CREATE DATABASE half'
	like "install: an error is told" "$(install half postgres "$work/broken")" '*division by zero*'
	is "install: an error leaves nothing behind" \
		"$(query -d half -c "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'muster%'")" ''

	coproc holding { psql -XAtq -d super; }
	# shellcheck disable=SC2154 # coproc makes holding and holding_PID
	holder=$holding_PID
	printf 'BEGIN; LOCK TABLE muster.organization IN ROW EXCLUSIVE MODE; SELECT 1;\n' >&"${holding[1]}"
	read -r _ <&"${holding[0]}"
	like "install: a busy table stops it after seconds, without damage" "$(install super)" '*ERROR:  muster.organization is in use: nothing was changed*HINT:  Let the transaction end*'
	kill "$holder" 2>/dev/null
	wait "$holder" 2>/dev/null
	is "install: and then it goes through" "$(install super)" ''
}

foreign_objects() {
	query -d "$1" -c "
		SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE n.nspname LIKE 'muster%' AND c.relowner <> 'muster_owner'::regrole
		UNION ALL
		SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		 WHERE n.nspname LIKE 'muster%' AND p.proowner <> 'muster_owner'::regrole"
}
