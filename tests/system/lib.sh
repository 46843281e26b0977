# shellcheck shell=bash disable=SC2034 # variables are for the tests
# What system tests share: a fixture of real parts (deploy/quickstart in a directory of the
# test's own), TAP, and short names for what they do again and again. A test is
#
#	#!/bin/bash
#	# core                 (optional: also run against the released build, and in the matrix)
#	. "$(dirname "$0")/lib.sh"
#	fixture
#	ok "what holds" command …
#	finish
#
# MUSTER_TEST_BUILD  where the programs were built (required)
# MUSTER_TEST_DIR    the test's own directory (default: a temporary one, removed)
# MUSTER_TEST_KEY    key of the authority: ec or rsa in the database, hsm-ec or hsm-rsa in a token of SoftHSM, or a
#                    type of muster-ca; MUSTER_TEST_USER runs everything as that user
set -uo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
# shellcheck source=deploy/quickstart.d/common.sh
. "$source_dir/deploy/quickstart.d/common.sh"

[ -n "${MUSTER_TEST_BUILD-}" ] || {
	echo "Bail out! set MUSTER_TEST_BUILD to a build directory"
	exit 1
}
build=$(readlink -f "$MUSTER_TEST_BUILD")
quickstart=$source_dir/deploy/quickstart
softhsm=/usr/lib/softhsm/libsofthsm2.so
started=() temporary=() at_end=() cases=0 failures=0
unset MUSTER_PASSWORD "${!PG@}"

# --- TAP ---

pass() {
	cases=$((cases + 1))
	printf 'ok %d - %s\n' "$cases" "$1"
}

fail() {
	cases=$((cases + 1)) failures=$((failures + 1))
	printf 'not ok %d - %s\n' "$cases" "$1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}

skip() {
	cases=$((cases + 1))
	printf 'ok %d - %s # SKIP %s\n' "$cases" "$1" "$2"
}

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

# ok NAME COMMAND…: the command succeeds; what it printed is shown when it doesn't.
ok() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1 </dev/null); then pass "$name"; else fail "$name" "failed: $*" "$output"; fi
}

# refused NAME COMMAND…: the command fails.
refused() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1 </dev/null); then fail "$name" "succeeded: $*" "$output"; else pass "$name"; fi
}

# is NAME GOT WANTED
is() {
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:    $2" "wanted: $3"; fi
}

# like NAME GOT PATTERN (extended regular expression)
like() {
	if [[ $2 =~ $3 ]]; then pass "$1"; else fail "$1" "got:     $2" "pattern: $3"; fi
}

# unlike NAME GOT PATTERN
unlike() {
	if [[ $2 =~ $3 ]]; then fail "$1" "got:         $2" "not pattern: $3"; else pass "$1"; fi
}

# at_most NAME NUMBER LIMIT
at_most() {
	if [ "${2:-x}" -le "$3" ] 2>/dev/null; then pass "$1 ($2)"; else fail "$1" "got $2, at most $3"; fi
}

# python PROGRAM [ARGUMENT…]: a Python part that prints unnumbered TAP lines; counted here.
python() {
	local program=$1 line status=0 output
	shift
	output=$scratch/python.$cases
	/usr/bin/python3 -B "$here/$program" "$@" >"$output" 2>"$output.errors" </dev/null || status=$?
	while IFS= read -r line; do
		case $line in
		"ok - "*) pass "${line#ok - }" ;;
		"not ok - "*) fail "${line#not ok - }" ;;
		*) printf '# %s\n' "$line" ;;
		esac
	done <"$output"
	[ "$status" -eq 0 ] || fail "$program ended with $status" "$(cat "$output.errors")"
}

# --- the fixture ---

# fixture [QUICKSTART-ARGUMENT…]: start everything; sets what DIR/env has, and $dir, $log.
fixture() {
	dir=${MUSTER_TEST_DIR-}
	if [ -z "$dir" ]; then
		dir=$(mktemp -d /tmp/muster-test-XXXXXX)
		chmod 755 "$dir"
		temporary+=("$dir")
		dir=$dir/var
	fi
	[ -z "${MUSTER_TEST_USER-}" ] || fixture_as_user
	quickstart_arguments=(--dir "$dir" --build "$build" --workers 2 "$@")
	fixture_key
	started+=("$dir")
	if ! as_tester "$quickstart" "${quickstart_arguments[@]}" >"$scratch/quickstart" 2>&1; then
		sed 's/^/# /' "$scratch/quickstart"
		tail -n 20 "$dir/log/muster.log" 2>/dev/null | sed 's/^/# /'
		echo "Bail out! the quickstart failed"
		exit 1
	fi
	dir=$(readlink -f "$dir")
	fixture_read
}

# The authority's key, as MUSTER_TEST_KEY says; what the test itself says wins.
fixture_key() {
	local key=${MUSTER_TEST_KEY:-ec}
	case $key in hsm-*) quickstart_arguments=(--hsm "${quickstart_arguments[@]}") ;; esac
	case ${key#hsm-} in
	ec) key=ec-p256 ;;
	rsa) key=rsa-2048 ;;
	*) key=${key#hsm-} ;;
	esac
	quickstart_arguments=(--key "$key" "${quickstart_arguments[@]}")
}

# sanitized: the build is a sanitizer's.
sanitized() { [[ $(ldd "$build/muster") == *libasan* ]]; }

# key_in_token: the authority's key is in a token; what is about its bytes has none.
key_in_token() { [[ ${MUSTER_TEST_KEY-} == hsm-* ]]; }

# All servers and the quickstart itself as a plain user, from copies that this user can read.
fixture_as_user() {
	local copy
	copy=$(mktemp -d /tmp/muster-test-XXXXXX)
	temporary+=("$copy")
	mkdir -p "$copy/source/sql" "$copy/build"
	cp -r "$source_dir/deploy" "$source_dir/sql" "$copy/source/"
	cp "$build"/muster{,-ca,-device} "$copy/build/"
	chmod -R a+rX "$copy"
	quickstart=$copy/source/deploy/quickstart
	build=$copy/build dir=$copy/var
	install -d -o "$MUSTER_TEST_USER" "$dir"
}

as_tester() {
	if [ -n "${MUSTER_TEST_USER-}" ]; then
		as "$MUSTER_TEST_USER" env "ASAN_OPTIONS=${ASAN_OPTIONS-}" "UBSAN_OPTIONS=${UBSAN_OPTIONS-}" "$@"
	else
		"$@"
	fi
}

fixture_read() {
	# shellcheck source=/dev/null
	. "$dir/env"
	log=$dir/log/muster.log
	export MUSTER_TEST_LOG=$log
	uses_secret_in "$dir"/secrets/*.password "$dir/secrets/passphrase"
	base=https://$MUSTER_HOST:$MUSTER_PORT
}

# restart: the same directory, stopped and started (new ports are possible).
fixture_stop() { as_tester "$quickstart" stop --dir "$dir" >/dev/null 2>&1; }
fixture_start() {
	as_tester "$quickstart" "${quickstart_arguments[@]}" >"$scratch/quickstart" 2>&1 || return
	fixture_read
}

# two_users: the servers run as different users (we are root and not told otherwise).
two_users() { is_root && [ -z "${MUSTER_TEST_USER-}" ]; }

cleanup() {
	local status=$? one
	trap - EXIT INT TERM HUP
	for one in $(jobs -p); do kill "$one" 2>/dev/null; done
	# shellcheck disable=SC2086 # process ids
	[ -z "${stopped_pid-}" ] || kill -CONT $stopped_pid 2>/dev/null
	for one in ${started[@]+"${started[@]}"}; do
		as_tester "$quickstart" stop --dir "$one" >/dev/null 2>&1 </dev/null
	done
	for one in ${at_end[@]+"${at_end[@]}"}; do "$one"; done
	rm -rf "$scratch" ${temporary[@]+"${temporary[@]}"}
	exit "$status"
}

scratch=$(mktemp -d /tmp/muster-test-XXXXXX)
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
# shellcheck source=tests/system/secrets.sh
. "$here/secrets.sh"

# finish: the last cases, for every test: no secret was left behind, no sanitizer spoke, and nobody crashed unasked;
# then the plan.
finish() {
	[ ! -d "${dir-}" ] || secrets_absent
	[ ! -r "${log-}" ] || is "no sanitizer report in the server's log" \
		"$(grep -c -E 'ERROR: (Address|Leak)Sanitizer|runtime error:|SUMMARY: ' "$log")" 0
	printf '1..%d\n' "$cases"
	[ "$failures" -eq 0 ]
	exit
}

# --- asking the database ---

# sql STATEMENT: as the administrator, unaligned. superuser STATEMENT: as the cluster's own.
sql() { psql -X -q -v ON_ERROR_STOP=1 -tA -c "$1"; }
superuser() {
	PGPASSFILE=$dir/secrets/superuser.pgpass psql -X -q -v ON_ERROR_STOP=1 -tA -U postgres -c "$1"
}

conninfo_admin() {
	printf 'host=%s port=%s dbname=%s user=%s passfile=%s' "$PGHOST" "$PGPORT" "$PGDATABASE" "$PGUSER" "$PGPASSFILE"
}

# --- devices ---

# device VERB ARGUMENT…: muster-device with this fixture's addresses.
device() {
	local verb=$1
	shift
	uses_secrets_of "$@"
	"$build/muster-device" "$verb" --server "$MUSTER_HOST:$MUSTER_PORT" --ca-file "$MUSTER_TLS_CA" \
		--connect-to "$MUSTER_HOST:$MUSTER_PORT:$MUSTER_ADDRESS:$MUSTER_PORT" \
		--connect-to "$MUSTER_DEVICE_HOST:$MUSTER_DEVICE_PORT:$MUSTER_ADDRESS:$MUSTER_DEVICE_PORT" \
		--device-url "https://$MUSTER_DEVICE_HOST:$MUSTER_DEVICE_PORT/muster/device" "$@"
}

# ca VERB ARGUMENT…: muster-ca as the administrator.
ca() {
	local status=0
	"$build/muster-ca" --database "$(conninfo_admin)" "$@" || status=$?
	# It may have made the file.
	uses_secrets_of "$@"
	return "$status"
}

# ca_at_token VERB ARGUMENT…: the same, as the user that the token belongs to.
ca_at_token() {
	local user passfile=$dir/hsm/administrator.pgpass
	user=$(stat -c %U "$dir/secrets/pin")
	(umask 077 && cp "$PGPASSFILE" "$passfile") && chown "$user" "$passfile" || return
	as "$user" env SOFTHSM2_CONF="$dir/hsm/softhsm2.conf" MUSTER_PKCS11_MODULE="$softhsm" \
		MUSTER_PIN_FILE="$dir/secrets/pin" ASAN_OPTIONS="${ASAN_OPTIONS-}" UBSAN_OPTIONS="${UBSAN_OPTIONS-}" \
		"$build/muster-ca" --database "host=127.0.0.1 port=$PGPORT dbname=$PGDATABASE user=$PGUSER passfile=$passfile" "$@" </dev/null
}

# signed_in FILE [UPN]: a token as the sign-in page would make it (for ada), in a file of its own.
signed_in() {
	(umask 077 && openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n' >"$1")
	uses_secret_in "$1"
	superuser "SELECT outcome FROM muster_worker.make_token('example', (SELECT id FROM muster.account WHERE upn = '${2:-$MUSTER_UPN}'),
		'\\x$(sha256sum <"$1" | cut -d' ' -f1)', 'sign-in page', NULL, NULL, '127.0.0.1')" >/dev/null
}

# living UPN: how many devices an account has.
living() { sql "SELECT count(*) FROM muster.devices WHERE account = '$1' AND state = 'enrolled'"; }

# enroll STATE ARGUMENT…: ada enrolls with a new device kept in STATE.
enroll() {
	local state=$1
	shift
	device enroll --user "$MUSTER_UPN" --state "$state" "$@"
}

# load N C [ARGUMENT…]: N devices of ada, C at once.
load() {
	local count=$1 at_once=$2
	shift 2
	device load -n "$count" -c "$at_once" --user "$MUSTER_UPN" "$@"
}

# web HOST PORT PATH [CURL-ARGUMENT…]
web() {
	local host=$1 port=$2 path=$3
	shift 3
	curl -sS --max-time 60 --cacert "$MUSTER_TLS_CA" --connect-to "$host:$port:$MUSTER_ADDRESS:$port" \
		"$@" "https://$host:$port$path"
}

# serves: Muster answers at its enrollment host.
serves() { [ "$(web "$MUSTER_HOST" "$MUSTER_PORT" /EnrollmentServer/Discovery.svc -o /dev/null -w '%{http_code}')" = 200 ]; }

# certificate STATE, key STATE: the files of what was enrolled there, PEM.
certificate() { echo "$1"/enrolled/My/*/*.pem; }
key() { echo "$1"/enrolled/My/*/*.key; }

# enrolled STATE [ARGUMENT…]: enroll and print the device's id; empty when refused.
enrolled() { enroll "$@" --json 2>/dev/null | json device; }

# json KEY: the value of a key at the top of the JSON object on standard input.
json() { /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$1" 2>/dev/null; }

# endpoint STATE: status and body of /muster/device for what was enrolled there.
endpoint() {
	web "$MUSTER_DEVICE_HOST" "$MUSTER_DEVICE_PORT" /muster/device -w '\n%{http_code}\n' \
		--cert "$(certificate "$1")" --key "$(key "$1")"
}

# eventually SECONDS NAME COMMAND…: the command succeeds before the time is over.
eventually() {
	local seconds=$1 name=$2
	shift 2
	if wait_until "$seconds" quietly "$@"; then pass "$name"; else fail "$name" "not within $seconds s: $*"; fi
}

quietly() { "$@" >/dev/null 2>&1 </dev/null; }

# --- the server's processes ---

master_pid() { cut -d' ' -f1 "$dir/run/muster.pid"; }

# pids_of worker|issuer: those children of the master, one a line.
pids_of() { pgrep -P "$(master_pid)" -x "muster-$1"; }
