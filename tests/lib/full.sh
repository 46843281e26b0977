# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with tests/run
# What tests/run --full adds.

suite_full() {
	say "The whole matrix"
	if build clang CC=clang; then unit_in clang; fi
	if build clang-sanitize CC=clang --enable-sanitize; then unit_in clang-sanitize; fi
	result_command "lint: make lint" "$work/logs/lint.log" make -C "$work/release" lint
	result_command "distcheck: make distcheck" "$work/logs/distcheck.log" make -C "$work/release" distcheck
	if build fuzz CC=clang --enable-fuzz; then
		result_command "fuzz: every target for 60 s" "$work/logs/fuzz.log" \
			make -C "$work/fuzz" fuzz FUZZ_SECONDS=60
	fi
	full_system
}

# Every system test against the released build, and the core with RSA keys and as one user.
full_system() {
	local test name
	export MUSTER_TEST_ROUNDS=20 MUSTER_TEST_SECONDS=3600
	for test in "$source_dir"/tests/system/test-*; do
		name=${test##*/test-}
		if ! grep -q '^# core' "$test"; then job system_test "$test" "$name" release; continue; fi
		MUSTER_TEST_KEY=rsa-2048 job system_test "$test" "$name" release rsa-2048
		MUSTER_TEST_KEY=ec-p384 job system_test "$test" "$name" release ec-p384
		! is_root || MUSTER_TEST_USER=nobody job system_test "$test" "$name" release one-user
	done
	wait
}
