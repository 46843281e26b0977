# shellcheck shell=bash disable=SC2154 # sourced by tests/sql/run
# Upgrades: from each schema that ever landed (tests/sql/schemas/N, made by tests/sql/freeze), filled with rows, to
# today's. The outcome is held against a fresh installation and against the rows that were there; what refuses must
# leave everything whole; and what the programs of the version before send must work as it did.

schemas=$here/schemas

upgrade_tests() {
	local version
	query -c 'CREATE DATABASE fresh'
	query -c "DO \$\$ BEGIN IF to_regrole('upgrader') IS NULL THEN CREATE ROLE upgrader LOGIN; END IF; END \$\$"
	is "upgrade: today's schema installs" "$(install fresh)" ''
	is "upgrade: nothing is dropped with what depends on it" "$(grep -rniE 'drop .*cascade' "$sql")" ''
	query -c 'GRANT muster_owner TO upgrader'
	picture fresh --exclude-table='muster.event_2*' >"$work/fresh"
	for version in $(find "$schemas" -mindepth 1 -maxdepth 1 -name '[0-9]*' -printf '%f\n' | sort -n); do
		upgrade_from "$version"
	done
	upgrade_statements "$(query -d fresh -c "SELECT max(version) FROM muster.schema_version")"
}

# upgrade_from VERSION: the database "from" has that schema, filled; every test takes a copy.
upgrade_from() {
	local schema=$schemas/$1 name="upgrade from $1" from=from_$1 said file
	query -c "CREATE DATABASE $from"
	said=$(install "$from" postgres "$schema/sql")
	[ -z "$said" ] || bail "$name: $said"
	said=$(query -d "$from" -f "$schema/data.sql" 2>&1) || bail "$name: data.sql: $said"
	query -c "GRANT CREATE ON DATABASE $from TO muster_owner"
	is "$name: data.sql fills every table" "$(tables_empty "$from")" ''
	for file in "$schema"/sql/migrations/*; do
		is "$name: ${file##*/} is what it was when it landed" "$(cmp "$file" "$sql/migrations/${file##*/}" 2>&1)" ''
	done
	rows "$from" "$from" >"$work/$from.rows"
	picture "$from" >"$work/$from.picture"
	upgrade_whole "$name" "$from"
	upgrade_views "$name" "$from"
	upgrade_stopped "$name" "$from"
	upgrade_yields "$name" "$from"
}

# copy FROM TO: a database of the same contents and rights.
copy() {
	query -c "CREATE DATABASE $2 TEMPLATE $1" -c "GRANT CREATE ON DATABASE $2 TO muster_owner"
}

# tables_empty DATABASE: tables without a row; months to come have none.
tables_empty() {
	query -d "$1" -c "SELECT format('SELECT %L WHERE NOT EXISTS (SELECT FROM %s);', c.relname, c.oid::regclass)
		FROM pg_class c WHERE c.relnamespace = 'muster'::regnamespace AND c.relkind IN ('r', 'p')
			AND c.relname !~ '^event_[0-9]' ORDER BY 1" | query -d "$1"
}

# rows DATABASE OLD: every row of DATABASE by the tables and columns, by name, that the database OLD has: "table",
# then the values. A later schema may add tables and columns; it takes none away and changes no value.
rows() {
	query -d "$2" -c "
		SELECT format('COPY (SELECT %L, %s FROM %s) TO STDOUT;', c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname), c.oid::regclass)
		  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		 WHERE c.relnamespace = 'muster'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		 GROUP BY c.oid, c.relname ORDER BY 1" | query -d "$1" | LC_ALL=C sort
}

# Rows that an upgrade may add: the migrations themselves, outcomes, what they did as events; and what the pages say
# (page_text: key, language, own, standard), but nothing in an administrator's place.
rows_may_come() { grep -vE $'^((schema_version|outcome|event)\t|page_text\t[^\t]*\t[^\t]*\t\\\\N\t)'; }

# is_kept NAME DATABASE OLD: every row of OLD is in DATABASE, and no other but those that may come.
is_kept() {
	rows "$2" "$3" >"$work/rows"
	is "$1: every row is there with the same values" "$(comm -13 "$work/rows" "$work/$3.rows" | cut -c 1-300)" ''
	is "$1: and no row came to them" "$(comm -23 "$work/rows" "$work/$3.rows" | rows_may_come | cut -c 1-300)" ''
}

# is_untouched NAME DATABASE OLD: nothing happened at all.
is_untouched() {
	picture "$2" >"$work/picture"
	is "$1: the schema is as before" "$(diff "$work/$3.picture" "$work/picture")" ''
	rows "$2" "$3" >"$work/rows"
	is "$1: the rows are as before" "$(diff "$work/$3.rows" "$work/rows" | cut -c 1-300)" ''
}

# Both ways run the same migrations in the same order, so an upgraded database's picture is a fresh one's to the
# letter, the order of the columns included. The months' partitions alone differ, by the months that have passed;
# those are held against each other, by name: one made under an earlier schema got its columns by ALTER TABLE,
# after the ones it had, as their common parent did.
upgrade_whole() {
	local user database
	for user in postgres upgrader; do
		database=$2_$user
		copy "$2" "$database"
		is "$1 as $user: it says nothing" "$(install "$database" "$user")" ''
		picture "$database" --exclude-table='muster.event_2*' >"$work/upgraded"
		is "$1 as $user: the schema is that of a fresh installation" "$(diff "$work/fresh" "$work/upgraded")" ''
		query -d "$database" -c 'SET ROLE muster_owner' -c 'SELECT muster.make_event_partitions(6)' >/dev/null
		is "$1 as $user: the partitions of all months are alike, those to come as well" "$(partitions_unlike "$database" | cut -c 1-300 | head -n 40)" ''
		is_kept "$1 as $user" "$database" "$2"
	done
	picture "$database" >"$work/first"
	rows "$database" fresh >"$work/first.rows"
	is "$1: a second run says nothing" "$(install "$database")" ''
	picture "$database" >"$work/second"
	rows "$database" fresh >"$work/second.rows"
	is "$1: a second run changes nothing" \
		"$(diff "$work/first" "$work/second")$(diff "$work/first.rows" "$work/second.rows" | cut -c 1-300)" ''
}

# partitions_unlike DATABASE: the partitions of the events that are made otherwise than most, and how.
partitions_unlike() {
	query -d "$1" -c "
		WITH made AS (
			SELECT c.relname, concat_ws(E'\n', c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity, c.reloptions::text,
				-- The default partition is watched: who administers or audits may look into it.
				(SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(coalesce(c.relacl, acldefault('r', c.relowner))) x
				  WHERE NOT (c.relname = 'event_default' AND x::text ~ '^muster_(admin|auditor)=r/')),
				(SELECT string_agg(format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), E'\n' ORDER BY a.attname)
				   FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
				  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
				(SELECT string_agg(pg_get_constraintdef(k.oid), E'\n' ORDER BY pg_get_constraintdef(k.oid)) FROM pg_constraint k WHERE k.conrelid = c.oid),
				(SELECT string_agg(x.def, E'\n' ORDER BY x.def) FROM pg_index i
				  CROSS JOIN regexp_replace(pg_get_indexdef(i.indexrelid), 'INDEX .* ON \S+', 'INDEX') x (def) WHERE i.indrelid = c.oid),
				(SELECT string_agg(x.def, E'\n' ORDER BY x.def) FROM pg_trigger t
				  CROSS JOIN replace(pg_get_triggerdef(t.oid), c.relname, 'event') x (def) WHERE t.tgrelid = c.oid),
				(SELECT string_agg(p.polname, ' ' ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid)) AS how
			  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'muster.event'::regclass)
		SELECT m.relname, m.how FROM made m WHERE m.how <> (SELECT mode() WITHIN GROUP (ORDER BY x.how) FROM made x)"
}

# What administrators built on our views stays; what they built on an internal function that goes is named, and
# the upgrade refuses: nothing is ever dropped with what depends on it.
upgrade_views() {
	local database=$2_views
	copy "$2" "$database"
	query -d "$database" -c 'CREATE SCHEMA theirs' \
		-c "CREATE VIEW theirs.ours AS SELECT name, account, state FROM muster.devices WHERE state = 'enrolled'" \
		-c 'CREATE VIEW theirs.counted AS SELECT a.upn, a.devices, (SELECT count(*) FROM muster.event e WHERE e.account = a.id) AS events FROM muster.accounts a' \
		-c 'CREATE VIEW theirs.everything AS SELECT d.*, o.name AS "of" FROM muster.devices d JOIN muster.organization o ON o.key = d.organization' \
		-c 'CREATE MATERIALIZED VIEW theirs.kept AS SELECT * FROM muster.certificates' \
		-c "CREATE FUNCTION theirs.of(text) RETURNS SETOF muster.devices LANGUAGE sql BEGIN ATOMIC SELECT * FROM muster.devices_of(\$1, 'example'); END"
	theirs() {
		query -d "$database" -c 'TABLE theirs.ours ORDER BY 1, 2' -c 'TABLE theirs.counted ORDER BY 1, 2, 3' -c 'SELECT sha256, device FROM theirs.kept ORDER BY 1' \
			-c 'REFRESH MATERIALIZED VIEW theirs.kept' -c 'SELECT id, name, "of" FROM theirs.everything ORDER BY 1' \
			-c "SELECT id, account FROM theirs.of('ada@example.test') ORDER BY 1" 2>&1
	}
	theirs >"$work/theirs"
	is "$1: views and functions built on ours do not stop it" "$(install "$database")" ''
	is "$1: and go on answering" "$(theirs | diff "$work/theirs" -)" ''

	! query -d "$2" -c "SELECT 'muster.rule_enrollment_type(jsonb)'::regprocedure" >/dev/null 2>&1 ||
		upgrade_names_dependent "$1" "$2"
}

upgrade_names_dependent() {
	local database=$2_dependent
	copy "$2" "$database"
	query -d "$database" -c "CREATE VIEW public.odd AS SELECT muster.rule_enrollment_type('{}')"
	like "$1: what depends on a function that goes stops it and is named" "$(psql -X -d "$database" -f "$sql/install.sql" 2>&1)" \
		'*cannot drop function muster.rule_enrollment_type(jsonb)*view public.odd depends on function*'
	query -d "$database" -c 'DROP VIEW public.odd'
	is_untouched "$1, stopped by a view" "$database" "$2"
	is "$1: and without it goes through" "$(install "$database")" ''
}

# Stopped by a reader that does not end, or by an error of a migration: whole, as if nothing had been tried.
upgrade_stopped() {
	local database=$2_stopped holder start
	copy "$2" "$database"
	coproc holding { psql -XAtq -d "$database"; }
	# shellcheck disable=SC2153 # coproc makes holding and holding_PID
	holder=$holding_PID
	printf 'BEGIN; SELECT count(*) FROM muster.devices;\n' >&"${holding[1]}"
	read -r _ <&"${holding[0]}"
	start=$SECONDS
	like "$1: a long transaction stops it, and is named" "$(psql -X -d "$database" -f "$sql/install.sql" 2>&1)" \
		'*ERROR:  muster.* is in use: nothing was changed*held by postgres (process *HINT:*run install.sql again*'
	is "$1: within ten seconds" "$((SECONDS - start < 10))" 1
	is_untouched "$1, stopped by a long transaction" "$database" "$2"
	kill "$holder" 2>/dev/null
	wait "$holder" 2>/dev/null

	rm -rf "$work/failing"
	cp -r "$sql" "$work/failing"
	echo 'ALTER TABLE muster.account ADD COLUMN odd integer; UPDATE muster.account SET odd = 1 WHERE deleted_at IS NULL; SELECT 1/0;' >"$work/failing/migrations/999-fails.sql"
	sed -i '/^\\ir events.sql/i \\\\ir migrations/999-fails.sql' "$work/failing/install.sql"
	like "$1: an error in a migration stops it" "$(install "$database" postgres "$work/failing")" '*division by zero*'
	is_untouched "$1, stopped by an error" "$database" "$2"
	is "$1: and then it goes through" "$(install "$database")" ''
	is_kept "$1, after two failures" "$database" "$2"
}

# A transaction at work that holds one table and comes to want others, as enrollments do: it is let through, no
# matter which tables the upgrade wants first.
upgrade_yields() {
	local database=$2_yields said pid
	copy "$2" "$database"
	psql -XAtq -v ON_ERROR_STOP=1 -d "$database" >"$work/yields" 2>&1 <<-END &
		SET lock_timeout = '4s';
		BEGIN;
		LOCK TABLE muster.device IN ROW EXCLUSIVE MODE;
		SELECT pg_sleep(2);
		SELECT count(*) > 0 FROM (SELECT FROM muster.account FOR NO KEY UPDATE) a;
		SELECT count(*) > 0 FROM muster.organization;
		INSERT INTO muster.event (kind) VALUES ('refused');
		COMMIT;
	END
	pid=$!
	wait_for_sleep "$database"
	said=$(install "$database")
	wait "$pid"
	is "$1: a transaction at work ends in no deadlock with it" "$(tr -d '\n' <"$work/yields")" tt
	is "$1: which goes through" "$said" ''
}

# wait_for_sleep DATABASE: until somebody sleeps there, who then holds what the sleep is for.
wait_for_sleep() {
	local try
	for ((try = 0; try < 200; try++)); do
		[ "$(query -c "SELECT count(*) FROM pg_stat_activity WHERE datname = '$1' AND wait_event = 'PgSleep'")" -eq 0 ] || return 0
		sleep 0.05
	done
}

# --- the programs of the version before ---

# upgrade_statements VERSION: the newest frozen schema below today's; the same one again where it is today's.
upgrade_statements() {
	local version name role
	version=$(find "$schemas" -mindepth 1 -maxdepth 1 -name '[0-9]*' -printf '%f\n' | sort -n | tail -n 1)
	name="programs of schema $version on $1"
	copy "from_$version" old_programs
	copy "from_$version" new_programs
	is "$name: it upgrades" "$(install new_programs)" ''
	for role in worker issuer; do
		is "$name: all that the ${role}s sent is tried" "$(statements_missing "$version" "$role")" ''
		statements "$version" "$role" old_programs >"$work/old.$role"
		statements "$version" "$role" new_programs >"$work/new.$role"
		is "$name: none of the $role's statements failed before" "$(grep ERROR "$work/old.$role")" ''
		is "$name: each of the $role's statements answers the same columns and values" \
			"$(diff "$work/old.$role" "$work/new.$role" | cut -c 1-500)" ''
	done
	written old_programs >"$work/old.written"
	written new_programs >"$work/new.written"
	is "$name: they write the same" "$(diff "$work/old.written" "$work/new.written")" ''
	upgrade_under_way "$version" "programs of schema $version under way"
}

# statements VERSION ROLE DATABASE: what that role's statements print, with the columns' names. What
# housekeeping tells is for people, and the longer the more there is to tell.
statements() {
	# Devices are told where to renew, which those programs left open.
	psql -XAq -P footer=off -d "$3" -U "muster_$2" -f "$schemas/$1/statements-$2.sql" 2>&1 |
		sed -E 's/^psql:[^ ]* //; s/^(event partitions).*/\1/; s#[|]https://[^|]*/EnrollmentServer/[a-z0-9-]+/Renewal[.]svc[|]#||#'
}

# statements_missing VERSION ROLE: statements to that role's functions in that version's app/store that the frozen list
# lacks; none where this is no git checkout with that commit.
statements_missing() {
	local commit file text
	commit=$(cat "$schemas/$1/commit")
	git -C "$here" cat-file -e "$commit:app/store" 2>/dev/null || return 0
	for file in $(git -C "$here" ls-tree --full-tree --name-only "$commit" app/store/ | grep '[.]c$'); do
		git -C "$here" show "$commit:$file" | tr -d '\n\t' | sed 's/" *"//g' | grep -oE "\"SELECT [^\"]* FROM muster_$2[.][^\"]*\"" | tr -d '"'
	done |
		while read -r text; do
			grep -qF "AS $text;" "$schemas/$1/statements-$2.sql" || printf '%s\n' "$text"
		done
}

# written DATABASE: what those statements wrote, but for the times, and for the ids of accounts that they made.
written() {
	query -d "$1" -c "
		SELECT d.id, d.organization, d.account, d.device_id, d.hardware_id, d.name, d.enrollment_type, d.os_version, d.facts, d.state, d.trace, d.attempt,
			d.remote, d.dm_secrets, d.first_contact_at IS NULL, d.replaced_by, d.replaced_at IS NULL, d.ended_at IS NULL, d.retired_at IS NULL
		  FROM muster.device d ORDER BY d.id" -c "
		SELECT c.sha256, c.organization, c.device, c.authority, c.serial, c.public_key_sha256, c.der, c.not_before, c.not_after, c.first_used_at IS NULL
		  FROM muster.certificate c ORDER BY c.sha256" -c "
		SELECT e.kind, e.organization, (SELECT a.upn FROM muster.account a WHERE a.id = e.account), e.device, e.trace, e.attempt, e.stage, e.outcome,
			CASE WHEN e.kind <> 'passwords refused' THEN e.why END, e.user_name, e.actor, e.actor_role
		  FROM muster.event e WHERE e.actor IN ('muster_worker', 'muster_issuer')
			-- what newer schemas tell besides
			AND e.kind <> 'certificate revoked'
		 ORDER BY e.trace, e.kind, e.device, e.at" -c "
		SELECT a.organization, a.upn, a.display_name, a.kind, i.tenant, i.subject, i.how, (SELECT count(*) FROM muster.known_network k WHERE k.account = a.id),
			ARRAY(SELECT (m.account_group, m.how) FROM muster.account_group_member m WHERE m.account = a.id ORDER BY m.account_group)
		  FROM muster.account a LEFT JOIN muster.account_identity i ON i.account = a.id ORDER BY 1, 2, 5, 6" -c "
		SELECT t.organization, t.account, t.sha256, t.how, t.issued_remote, t.trace, t.attempt, t.consumed_key, t.device FROM muster.token t ORDER BY t.sha256" -c "
		SELECT b.id, b.devices, e.device, e.public_key_sha256, e.counted FROM muster.bulk_token b LEFT JOIN muster.bulk_enrollment e ON e.bulk_token = b.id ORDER BY 1, 3" -c "
		SELECT u.sha256, u.organization, u.device, u.until FROM muster.used_signature u ORDER BY 1" -c "
		SELECT f.kind, f.bucket, f.organization, f.account, f.networks, f.failures, f.refused, f.refused_until IS NULL FROM muster.password_failure f ORDER BY 1, 2"
}

# Statements that begin before an upgrade is committed wait for it, inside the functions of the old schema, and go
# on there when the new one is in place. This upgrade ends when all of them wait: the programs' own patience is
# four seconds.
upgrade_under_way() {
	local version=$1 name=$2 generation upgrade file role pid failed=0 count pids=()
	rm -rf "$work/slow" "$work/under_way"
	mkdir "$work/under_way"
	copy "from_$version" under_way
	generation=$(query -d under_way -c 'SELECT generation FROM muster.configuration')
	statements_alone "$version" worker
	statements_alone "$version" issuer
	count=$(find "$work/under_way" -name '*.sql' | wc -l)
	upgrade_slow "$count"
	install under_way postgres "$work/slow" >"$work/slow.said" &
	upgrade=$!
	wait_for_sleep under_way
	for file in "$work"/under_way/*.sql; do
		role=${file##*/}
		psql -XAq -P footer=off -v ON_ERROR_STOP=1 -v generation="$generation" -d under_way -U "muster_${role%%-*}" -f "$file" >"${file%.sql}.said" 2>&1 &
		pids+=($!)
	done
	for pid in "$upgrade" "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
	is "$name: $count statements wait for the upgrade, which says nothing else" "$(cat "$work/slow.said")" "WARNING:  $count statements wait"
	is "$name: not one of them fails by it" "$failed$(grep -h ERROR "$work"/under_way/*.said)" 0
	is "$name: an enrollment among them is recorded, and what it replaces" "$(query -d under_way -c "
		SELECT d.state, (SELECT count(*) FROM muster.certificate c WHERE c.device = d.id), (SELECT count(*) FROM muster.event e WHERE e.kind = 'enrolled' AND e.device = d.id),
			(SELECT count(*) FROM muster.device x WHERE x.replaced_by = d.id)
		  FROM muster.device d WHERE d.id = '0190f0c2-0000-7000-8000-00000000c001'")" 'enrolled|1|1|1'
}

# upgrade_slow COUNT: today's sql in work/slow, with an end that waits for so many waiting statements.
upgrade_slow() {
	cp -r "$sql" "$work/slow"
	cat >>"$work/slow/grants.sql" <<-SLOW
		DO \$\$
		DECLARE
			waiting bigint;
		BEGIN
			FOR try IN 1 .. 100 LOOP
				SELECT count(DISTINCT l.pid) INTO waiting FROM pg_locks l
				 WHERE NOT l.granted AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
				EXIT WHEN waiting >= $1;
				PERFORM pg_sleep(0.03);
			END LOOP;
			RAISE WARNING '% statements wait', waiting;
		END
		\$\$;
	SLOW
}

# statements_alone VERSION ROLE: one script for every kind of statement, work/under_way/ROLE-KIND.sql: its PREPARE and
# its first EXECUTE, or the first CALL. What sets variables goes before it, each in one line; but what the script asks
# our functions for its arguments is left out, since it would wait as well.
statements_alone() {
	local script=$schemas/$1/statements-$2.sql kind
	while read -r kind; do
		awk -v kind="$kind" '
			/muster_[a-z]*[.].*\\gset$/ { next }
			/\\gset$/ || /^\\set / { print; next }
			$1 == "PREPARE" && $2 == kind { print }
			($1 == "EXECUTE" && $2 ~ "^" kind "[(;]" || $1 == kind) && !done { on = 1 }
			on { print }
			on && /;$/ { on = 0; done = 1 }' "$script" >"$work/under_way/$2-$kind.sql"
	done < <(grep -oP '^(PREPARE \K[a-z_]+|CALL)' "$script" | sort -u)
}
