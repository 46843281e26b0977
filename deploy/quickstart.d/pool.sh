# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with deploy/quickstart
# Muster itself: building it, its organization and authority, the worker pool, a first device.

build_make() {
	[ -z "$build_given" ] || {
		for program in muster muster-ca muster-device; do
			[ -x "$build/$program" ] || die "--build $build: no $program there"
		done
		return 0
	}
	step "Building in $build"
	if [ ! -x "$source_dir/configure" ] || [ "$source_dir/configure.ac" -nt "$source_dir/configure" ]; then
		"$source_dir/autogen.sh" >"$dir/log/build.log" 2>&1 || die "autogen.sh failed: see $dir/log/build.log"
	fi
	(
		cd "$build"
		[ -f Makefile ] || "$source_dir/configure"
		make -j"$(nproc)"
	) >>"$dir/log/build.log" 2>&1 || die "the build failed: see $dir/log/build.log"
}

conninfo() {
	printf 'host=%s port=%s dbname=muster user=%s passfile=%s' \
		"$dir/postgresql/socket" "$database_port" "$1" "$dir/secrets/$2.pgpass"
}

pool_serves() {
	[ -S "$dir/run/muster.sock" ] &&
		[ "$(web_get "https://$host:$port/EnrollmentServer/Discovery.svc")" = 200 ]
}

# web_get URL: the status of a GET, spoken over the TLS socket by openssl (curl may be absent).
web_get() {
	local rest=${1#https://} name
	name=${rest%%:*}
	printf 'GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n' "${rest#*/}" "$name" |
		timeout 10 openssl s_client -quiet -servername "$name" -verify_return_error -verify_hostname "$name" \
			-CAfile "$dir/tls/ca.pem" -connect "127.0.0.1:$port" 2>/dev/null |
		awk 'NR == 1 { print $2 }' || true
}

pool_start() {
	local options=()
	mapfile -t options < <(hsm_options)
	if is_root; then
		options+=(--worker-user "$worker_user" --issuer-user "$issuer_user"
			--socket-owner "$worker_user:$(id -gn "$web_user")")
	fi
	step "Starting muster with $pairs pairs of worker and issuer"
	rm -f "$dir/run/muster.sock"
	process_start "$dir/run/muster.pid" "$dir/log/muster.log" "$build/muster" \
		--listen "$dir/run/muster.sock" --socket-mode 0660 "${options[@]}" --pairs "$pairs" \
		--worker-database "$(conninfo muster_worker worker)" \
		--issuer-database "$(conninfo muster_issuer issuer)" \
		--passphrase-file "$dir/secrets/passphrase"
	process_ready "$dir/run/muster.pid" 30 pool_serves || die "muster does not serve: see $dir/log/muster.log"
}

pool_stop() { process_stop "$dir/run/muster.pid" 30 TERM; }
