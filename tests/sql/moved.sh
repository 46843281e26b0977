# shellcheck shell=bash disable=SC2154 # sourced by tests/sql/run
# The record of events when the database moves: dumped and restored beside itself, and into another cluster,
# whose transactions are numbered anew, with events added there before the sealer has run.

# verified DATABASE: the findings of muster.verify_audit, without what they quote.
verified() {
	query -d "$1" -c "SELECT coalesce(string_agg(concat_ws(' ', finding, batch), ', '), 'none') FROM muster.verify_audit()"
}

# sealed DATABASE: how many events muster.seal_events sealed.
sealed() { query -d "$1" -c 'SELECT muster.seal_events()' | sed 's/;.*//'; }

# added DATABASE HOW-MANY: events, each in a transaction of its own.
added() {
	local i
	for ((i = 0; i < $2; i++)); do echo "INSERT INTO muster.event (kind, why) VALUES ('refused', 'added in $1');"; done |
		query -d "$1"
}

moved_beside() {
	query -c 'CREATE DATABASE original TEMPLATE template_muster' -c 'CREATE DATABASE beside'
	# So many transactions that the second server's numbers will lie among these.
	yes 'SELECT pg_current_xact_id();' | head -n 4000 | query -d original >/dev/null
	added original 50
	like "moved: sealed before the dump" "$(sealed original)" '* events sealed'
	added original 20
	like "moved: sealed again" "$(sealed original)" '20 events sealed'
	added original 5
	pg_dump -d original >"$work/dump.sql" 2>"$work/logs/dump" || fail "moved: pg_dump" "$(cat "$work/logs/dump")"
	query -d beside -f "$work/dump.sql" >"$work/logs/restore" 2>&1 || fail "moved: restore" "$(tail -n 3 "$work/logs/restore")"
	is "moved: restored beside itself it verifies, the tail unsealed" "$(verified beside)" 'unsealed, intact 2'
	is "moved: the same head" "$(query -d beside -c 'SELECT head FROM muster.audit_head')" "$(query -d original -c 'SELECT head FROM muster.audit_head')"
	added beside 3
	is "moved: the tail and what is added are sealed there" "$(sealed beside)" '8 events sealed'
	is "moved: and verify" "$(verified beside)" 'intact 3'
	is "moved: no new epoch, the cluster is the same" "$(query -d beside -c 'SELECT count(*) FROM muster.seal_epoch')" 1
	query -d beside -c "ALTER TABLE muster.event DISABLE TRIGGER USER" -c "DELETE FROM muster.event WHERE id = (SELECT ids[3] FROM muster.seal WHERE number = 2)" \
		-c "ALTER TABLE muster.event ENABLE TRIGGER USER"
	is "moved: what is removed there is found there" "$(verified beside)" 'removed 2, broken 3'
}

# In a server of its own: its transactions begin at 700 or so, where the first server's were long ago.
moved_away() {
	local PGHOST=$work/elsewhere first_xid second_xid
	export PGHOST
	query -d away -f "$work/dump.sql" >"$work/logs/restore" 2>&1 || fail "moved: restore" "$(tail -n 3 "$work/logs/restore")"
	second_xid=$(query -d away -c 'SELECT pg_current_xact_id()')
	first_xid=$(PGHOST=$work/server query -d original -c 'SELECT pg_current_xact_id()')
	if [ "$second_xid" -lt "$first_xid" ]; then pass "moved: transactions are numbered anew there"; else fail "moved: transactions are numbered anew there" "$second_xid, $first_xid"; fi
	like "moved: restored there it verifies" "$(query -d away -c "SELECT string_agg(finding || ': ' || what, ', ') FROM muster.verify_audit()")" \
		'unsealed: 5 events are not sealed yet; the database has moved to another cluster since, intact: *'
	added away 6
	is "moved: so it does with events added before the sealer has run" "$(verified away)" 'unsealed, intact 2'
	like "moved: housekeeping notes the other cluster, and asks to be called again" \
		"$(query -U muster_worker -d away -c 'SELECT * FROM muster_worker.housekeeping()')" \
		'the database has moved to another cluster, whose transactions are numbered anew: noted|t'
	added away 7
	like "moved: then it seals the tail, what was added before, and after" \
		"$(query -U muster_worker -d away -c 'SELECT * FROM muster_worker.housekeeping()')" '*; 18 events sealed, head of batch 4: *|f'
	is "moved: all verify" "$(verified away)" 'intact 4'
	is "moved: what was added before is a batch of strays" "$(query -d away -c 'SELECT batch, events FROM muster.seals WHERE strays')" '3|6'
	is "moved: each is sealed once" "$(query -d away -c "SELECT count(*) = count(DISTINCT i) AND count(*) = (SELECT count(*) FROM muster.event) FROM muster.seal s, unnest(s.ids) i")" t
	is "moved: numbers go on above all earlier ones" "$(query -d away -c "SELECT max(base) > (SELECT max(recorded_in) FROM muster.event WHERE why = 'added in original') FROM muster.seal_epoch")" t
	added away 4
	is "moved: later ones are sealed as ever" "$(sealed away)" '4 events sealed'
	is "moved: by the range of their transactions" "$(query -d away -c 'SELECT count(*) FROM muster.seals WHERE strays')" 1
	query -d away -c "ALTER TABLE muster.event DISABLE TRIGGER USER" -c "UPDATE muster.event SET why = 'x' WHERE id = (SELECT ids[2] FROM muster.seal WHERE number = 3)" \
		-c "ALTER TABLE muster.event ENABLE TRIGGER USER"
	is "moved: a stray that is altered is found" "$(verified away)" 'altered 3, broken 5'
}

# A standby that is promoted goes on with the numbers it has.
moved_to_standby() {
	local PGHOST=$work/elsewhere
	added original 5 >/dev/null 2>&1
	export PGHOST
	is "moved: before promotion nothing is done" "$(query -U muster_worker -d original -c 'SELECT * FROM muster_worker.housekeeping()')" 'nothing done: the database is read-only|f'
	like "moved: but a standby verifies" "$(verified original)" '*intact 2'
	query -c 'SELECT pg_promote()' >"$work/logs/promote"
	added original 3
	like "moved: a promoted standby seals" "$(sealed original)" '* events sealed'
	is "moved: and verifies" "$(verified original)" 'intact 3'
	is "moved: no new epoch" "$(query -d original -c 'SELECT count(*) FROM muster.seal_epoch')" 1
}

second_server() {
	cat >>"$work/elsewhere/data/postgresql.conf" <<-END
		unix_socket_directories = '$work/elsewhere'
	END
	"${as_server[@]}" "$server_bin/pg_ctl" -D "$work/elsewhere/data" -w -t 60 -l "$work/elsewhere/log" start >/dev/null 2>&1 ||
		bail "the second PostgreSQL did not start: $(tail -n 5 "$work/elsewhere/log")"
}

second_server_stop() {
	"${as_server[@]}" "$server_bin/pg_ctl" -D "$work/elsewhere/data" -m immediate -w stop >/dev/null 2>&1
	rm -rf "$work/elsewhere/data"
}

moved_tests() {
	mkdir "$work/elsewhere"
	[ ${#as_server[@]} -eq 0 ] || chown postgres "$work/elsewhere"
	moved_beside

	"${as_server[@]}" "$server_bin/initdb" -D "$work/elsewhere/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$work/logs/initdb2" 2>&1 ||
		bail "initdb: $(tail -n 3 "$work/logs/initdb2")"
	printf "fsync = off\nlisten_addresses = ''\n" >>"$work/elsewhere/data/postgresql.conf"
	second_server
	pg_dumpall --roles-only | grep -v 'CREATE ROLE postgres' | PGHOST=$work/elsewhere query >"$work/logs/roles" 2>&1
	PGHOST=$work/elsewhere query -c 'CREATE DATABASE away'
	moved_away
	second_server_stop

	"${as_server[@]}" "$server_bin/pg_basebackup" -h "$PGHOST" -U postgres -D "$work/elsewhere/data" -R -X stream -c fast >"$work/logs/basebackup" 2>&1 ||
		bail "pg_basebackup: $(tail -n 3 "$work/logs/basebackup")"
	second_server
	moved_to_standby
	second_server_stop
}
