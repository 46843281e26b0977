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

# Every system test against the released build, and the core with every kind of key and as one user.
full_system() {
	local test name key
	export MUSTER_TEST_ROUNDS=20 MUSTER_TEST_SECONDS=3600
	for test in "$source_dir"/tests/system/test-*; do
		name=${test##*/test-}
		if ! grep -q '^# core' "$test"; then job system_test "$test" "$name" release; continue; fi
		for key in rsa hsm-ec hsm-rsa ec-p384; do
			MUSTER_TEST_KEY=$key job system_test "$test" "$name" release "$key"
		done
		! is_root || MUSTER_TEST_USER=nobody job system_test "$test" "$name" release one-user
	done
	wait
}
