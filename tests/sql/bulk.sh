# shellcheck shell=bash disable=SC2154 # sourced by tests/sql/run
# Lists from CSV files as an administrator brings them: \copy through psql, in, out and in again, and a long one.

# as_boss SQL-LINE…: what psql prints, as the administrator, errors without their place.
as_boss() {
	printf '%s\n' "$@" | psql -XAtq -U boss -d bulk -v ON_ERROR_STOP=1 2>&1 | sed -E 's/^psql:[^ ]*: //; /^CONTEXT/,$d'
}

bulk_tests() {
	local csv=$work/csv list
	mkdir "$csv"
	query -c 'CREATE DATABASE bulk TEMPLATE template_muster'

	# As a spreadsheet writes it: byte order mark, CRLF, quotes, empty cells and rows.
	printf '\xef\xbb\xbfupn,display_name,kind,enabled,disabled_reason,may_enroll,device_cap,password_hash\r\n' >"$csv/accounts.csv"
	printf '%s\r\n' 'grace@example.test,"Hopper, ""Amazing"" Grace",,TRUE,,,2,' 'ada@example.test,'\''=Ada,,,,,,' ',,,,,,,' 'wrong,,,,,,,Xyzzy-1843' >>"$csv/accounts.csv"
	is "bulk: a spreadsheet's file loads, whatever its values" \
		"$(as_boss "\\copy muster.accounts_csv FROM '$csv/accounts.csv' CSV HEADER")" ''
	like "bulk: what is wrong is told with its row in the spreadsheet" "$(as_boss "SELECT * FROM muster.import_accounts('example', 'good');")" \
		$'5|password_hash|(not kept)|*\n5|upn|wrong|*\n|||1 added, 1 changed, 0 unchanged; 1 row is wrong and kept.*'
	is "bulk: what was right is imported as it stood there" \
		"$(query -d bulk -c "SELECT display_name, device_cap FROM muster.account WHERE upn IN ('ada@example.test', 'grace@example.test') ORDER BY upn")" \
		$'=Ada|\nHopper, "Amazing" Grace|2'
	is "bulk: a clear password is not in the database's files or log" \
		"$(query -d bulk -c 'CHECKPOINT'; grep -rl 'Xyzzy-1843' "$work/server" | wc -l)" 0
	like "bulk: a second file waits for the first" "$(as_boss "\\copy muster.accounts_csv FROM '$csv/accounts.csv' CSV HEADER")" \
		"ERROR:  1 row of an earlier file of accounts is not imported yet*HINT:  *SELECT muster.discard_import('accounts');"
	is "bulk: what is wrong is thrown away when told" "$(as_boss "SELECT muster.discard_import('accounts');")" '1 loaded row of accounts thrown away'

	as_boss "SELECT muster.add_group('example', '+sales', 3), muster.add_to_group('ada@example.test', '+sales'), muster.add_licence('example', 'L', 2), muster.assign_licence('ada@example.test', 'L');" \
		"SELECT muster.expect_device('example', 'serial number', '-0012', 'ada@example.test', '=1+1'), muster.block_device('example', 'hardware id', '007', '@home');" >/dev/null
	for list in accounts groups group_members licences licence_assignments expected_devices blocked_devices; do
		as_boss "\\copy (SELECT * FROM muster.export_$list('example')) TO '$csv/$list.csv' CSV HEADER" >/dev/null
		like "bulk: $list go out and come in unchanged" \
			"$(as_boss "\\copy muster.${list}_csv FROM '$csv/$list.csv' WITH (FORMAT csv, HEADER MATCH)" "SELECT * FROM muster.import_$list('example', 'all');")" \
			'|||0 added, 0 changed, [1-9]* unchanged'
	done
	is "bulk: no cell that goes out is a formula" "$(grep -hE '(^|,)"?[=+@-]' "$csv"/*.csv)" ''

	bulk_long "$csv"
}

# Long lists take seconds, not the square of their length.
bulk_long() {
	local began=$SECONDS
	{
		echo 'upn,display_name,kind,enabled,disabled_reason,may_enroll,device_cap,password_hash'
		seq -f 'user%.0f@example.test,A user,,,,,,' 1 20000
	} >"$1/long.csv"
	is "bulk: twenty thousand accounts are imported" \
		"$(as_boss "\\copy muster.accounts_csv FROM '$1/long.csv' CSV HEADER" "SELECT told FROM muster.import_accounts('example', 'all');")" '20000 added, 0 changed, 0 unchanged'
	is "bulk: in less than a minute" "$((SECONDS - began < 60))" 1
}
