# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with tests/run
# The suites that every run has.

sanitizer_options() {
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1
	export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
}

# build NAME CONFIGURE-ARGUMENT…: an out-of-tree build in work/NAME; one case.
build() {
	local name=$1
	shift
	say "Building: $name"
	mkdir -p "$work/$name"
	result_command "build: $name" "$work/logs/build-$name.log" build_in "$work/$name" "$@"
}

build_in() (
	cd "$1" || exit
	shift
	printf '%s\n' "$*" | cmp -s - .configured || {
		"$source_dir/configure" --enable-werror "$@" && printf '%s\n' "$*" >.configured
	} || exit
	make -j"$(nproc)" && make -j"$(nproc)" check TESTS=
)

build_all() {
	if [ ! -x "$source_dir/configure" ] || [ "$source_dir/configure.ac" -nt "$source_dir/configure" ]; then
		result_command "build: autogen" "$work/logs/autogen.log" "$source_dir/autogen.sh" || return
	fi
	build sanitize --enable-sanitize
	build release
}

# The unit tests and the fuzz targets over their seeds, in both builds.
suite_unit() {
	sanitizer_options
	unit_in sanitize
	unit_in release
}

unit_in() {
	local name=$1 log=$work/logs/check-$1.log status=0 trs before
	say "make check: $name"
	find "$work/$name" -name '*.trs' -delete
	make -C "$work/$name" -k -j"$(nproc)" check >"$log" 2>&1 </dev/null 8>&- || status=$?
	before=$(wc -l <"$results_file")
	while read -r trs; do
		awk -v suite="unit $name ${trs##*/}" -v log_file="${trs%.trs}.log" '
			sub(/^:test-result: /, "") {
				what = $1 == "PASS" || $1 == "XFAIL" ? "pass" : $1 == "SKIP" ? "skip" : "fail"
				sub(/\.trs/, "", suite)
				printf "%s\t%s: %s\t%s\n", what, suite, substr($0, length($1) + 2), log_file
			}' "$trs" >>"$results_file"
	done < <(find "$work/$name" -name '*.trs' | sort)
	if [ "$(wc -l <"$results_file")" -eq "$before" ]; then
		result fail "unit $name: no test ran" "$log"
	elif [ "$status" -ne 0 ] && ! grep -q "^fail	unit $name " "$results_file"; then
		result fail "unit $name: make check ended with $status" "$log"
	fi
	results_told "unit $name"
}

# tap_suite NAME COMMAND…: a program that prints TAP; at most fifteen minutes, or MUSTER_TEST_SECONDS. It
# is waited for as a job, so that a signal to this shell is heard at once.
tap_suite() {
	local name=$1 log status=0
	log=$work/logs/${1//[ \/]/-}.log
	shift
	timeout --kill-after=30 "${MUSTER_TEST_SECONDS:-900}" "$@" >"$log" 2>"$log.stderr" </dev/null 8>&- &
	wait $! || status=$?
	result_tap "$name" "$log" "$status"
	results_told "$name"
}

# job COMMAND…: in the background, as soon as fewer jobs than processors run, two at most: tests
# that time something must not wait for many others. It ends its own jobs when it is told to end.
job() {
	while [ "$(jobs -rp | wc -l)" -ge "$(($(nproc) < 2 ? 1 : 2))" ]; do wait -n || true; done
	{
		trap 'kill -TERM $(jobs -p) 2>/dev/null; wait; exit 143' INT TERM HUP
		trap - EXIT
		"$@"
	} &
}

suite_includes() { tap_suite includes "$source_dir/tests/includes"; }

suite_sql() {
	sanitizer_options
	tap_suite sql "$source_dir/tests/sql/run" "$work/sanitize"
}

# What an authority's key can be: in the database or in a token of SoftHSM.
key_kinds=(ec rsa hsm-ec hsm-rsa)

# Every system test against the sanitized build; those that say "core" against the released
# one, too, with one kind of key after the other; the main one with every kind.
suite_system() {
	local test name turn=1
	sanitizer_options
	for test in "$source_dir"/tests/system/test-*; do
		name=${test##*/test-}
		wanted_system "$name" || continue
		job system_test "$test" "$name" sanitize
		grep -q '^# core' "$test" || continue
		if [ "$name" = enroll ]; then system_test_keys "$test" "$name" && continue; fi
		MUSTER_TEST_KEY=${key_kinds[turn++ % ${#key_kinds[@]}]} job system_test "$test" "$name" release
	done
	wait
}

# system_test_keys FILE NAME: against the released build, with every kind of key.
system_test_keys() {
	local key
	for key in "${key_kinds[@]}"; do MUSTER_TEST_KEY=$key job system_test "$1" "$2" release "$key"; done
}

wanted_system() {
	local one
	[ ${#chosen[@]} -gt 0 ] || return 0
	for one in "${chosen[@]}"; do
		[[ $one != system && $one != "system/$1" ]] || return 0
	done
	return 1
}

# system_test FILE NAME BUILD [LABEL]
system_test() {
	local label=${4:-$3}
	rm -rf "$work/system/$label/$2"
	mkdir -p "$work/system/$label"
	MUSTER_TEST_BUILD=$work/$3 MUSTER_TEST_DIR=$work/system/$label/$2 \
		tap_suite "system $label $2" "$1"
}
