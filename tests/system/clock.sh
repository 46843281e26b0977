# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with lib.sh and the tests
# A fixture whose clock a test moves forward while everything runs: PostgreSQL, the master with its
# workers and issuers, the web server, devices and tools live under Debian's libfaketime and read one
# offset. Sourced after lib.sh; clock_begin before fixture.
#
#	clock_begin
#	fixture
#	clock_forward '30 days'
#
# Nothing of Muster knows of it. CLOCK_MONOTONIC stays the machine's, so that deadlines are real ones,
# and so does this shell's clock (SECONDS), so that a test waits for real seconds. Workers are confined
# to files that they were told of: the offset lies in what is their --secrets-dir.

clock_library=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null)

# clock_begin [DATE]: make the offset and what puts programs under it; changes $build and $PATH. It is now,
# or then.
clock_begin() {
	[ -n "$clock_library" ] || {
		echo "Bail out! there is no libfaketime: apt-get install libfaketime"
		exit 1
	}
	clock_dir=$(mktemp -d /tmp/muster-clock-XXXXXX)
	temporary+=("$clock_dir")
	chmod 755 "$clock_dir"
	mkdir -p "$clock_dir"/{bin,build,shared}
	clock_seconds=$(($(date -d "${1-now}" +%s) - $(date +%s)))
	clock_write
	# The offset is read again in every new second: a file opened in each call would be opened within
	# PostgreSQL's signal handlers, too.
	clock_environment=(FAKETIME_TIMESTAMP_FILE="$clock_dir/shared/offset" FAKETIME_CACHE_DURATION=0
		FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1)
	clock_programs
	clock_servers
	clock_tools
	clock_sweep
	at_end+=(clock_sweep)
	build=$clock_dir/build
	PATH=$clock_dir/bin:$PATH
}

# clock_sweep: the library's shared memory of processes that are gone; what gets such a process's id would fail.
clock_sweep() {
	local file
	for file in /dev/shm/faketime_shm_* /dev/shm/sem.faketime_sem_*; do
		[ -e "$file" ] && [ ! -d "/proc/${file##*_}" ] && rm -f "$file"
	done
	return 0
}

clock_write() {
	printf '+%d\n' "$clock_seconds" >"$clock_dir/shared/offset.new"
	mv "$clock_dir/shared/offset.new" "$clock_dir/shared/offset"
}

# clock_script FILE: standard input becomes a script there.
clock_script() {
	cat >"$1"
	chmod 755 "$1"
}

# clock_preload PROGRAM: what comes before it: a sanitizer's library wants to be the first.
clock_preload() {
	local sanitizer
	sanitizer=$(ldd "$1" | awk '/libasan/ { print $3 }')
	printf '%s' "${sanitizer:+$sanitizer:}$clock_library"
}

# Our three programs, from a build directory of scripts.
clock_programs() {
	local program options
	for program in muster muster-ca muster-device; do
		options=
		[ "$program" != muster ] || options=" --secrets-dir $(quoted "$clock_dir/shared")"
		clock_script "$clock_dir/build/$program" <<-END
			#!/bin/sh
			export LD_PRELOAD=$(quoted "$(clock_preload "$build/$program")") ${clock_environment[*]}
			exec $(quoted "$build/$program")$options "\$@"
		END
	done
}

# What the quickstart starts for good comes behind setsid, and PostgreSQL behind setpriv besides, which
# takes the environment away.
clock_servers() {
	local program
	for program in setsid setpriv; do
		clock_script "$clock_dir/bin/$program" <<-END
			#!/bin/bash
			arguments=()
			while [ \$# -gt 0 ] && [ "\$1" != -- ]; do
				arguments+=("\$1")
				shift
			done
			shift
			case \$1 in
			setpriv | $clock_dir/build/*) exec $(command -v "$program") "\${arguments[@]}" -- "\$@" ;;
			esac
			exec $(command -v "$program") "\${arguments[@]}" -- env LD_PRELOAD=$clock_library ${clock_environment[*]} "\$@"
		END
	done
}

# Tools that look at the clock, by their names.
clock_tools() {
	local tool
	for tool in openssl curl certtool certutil crlutil vfychain; do
		command -v "$tool" >/dev/null || continue
		clock_script "$clock_dir/bin/$tool" <<-END
			#!/bin/sh
			export LD_PRELOAD=$clock_library ${clock_environment[*]}
			exec $(command -v "$tool") "\$@"
		END
	done
}

# clock_forward INTERVAL: 'N days', 'N hours' or 'N seconds' later for everybody, at once. What is asked after it is
# answered by the new time; then what the hours between would have done is made up for.
clock_forward() {
	local number=${1% *} unit=86400 was=$EPOCHSECONDS
	case $1 in
	*second*) unit=1 ;;
	*hour*) unit=3600 ;;
	esac
	clock_seconds=$((clock_seconds + number * unit))
	clock_write
	while [ "$EPOCHSECONDS" = "$was" ]; do sleep 0.02; done
	clock_housekeeping
}

# The hourly round follows the machine's clock, not the moved one: here it is called until nothing is left to do.
clock_housekeeping() {
	local round
	for ((round = 0; round < 50; round++)); do
		[ "$(superuser 'SET ROLE muster_worker; SELECT more FROM muster_worker.housekeeping()')" = t ] || break
	done
}
