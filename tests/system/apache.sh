# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # variables are shared with the tests
# Apache before the fixture's Muster, with the configuration that deploy/apache offers everyone: beside the
# fixture's lighttpd, on ports of its own. It ends with the test, whose cleanup() ends its jobs.
#
#	. "$here/apache.sh"
#	apache_start [SIGN-IN-FILE…]
#
# From then on $base, MUSTER_PORT and MUSTER_DEVICE_PORT are Apache's, so that device, web and the others of
# lib.sh go through it, and the organization's URLs lead to it; $lighttpd_port is lighttpd's. Files for sign-in
# are named as Apache finds them, sign-in-NAME.conf. $apache is its directory, $apache_log its log.

# Of Debian's modules those that the configuration and its sign-in files need.
apache_modules=(mpm_event authn_core authz_core authz_user env reqtimeout setenvif socache_shmcb ssl proxy
	proxy_fcgi buffer auth_openidc auth_gssapi)

apache_settings() {
	cat <<-END
		Define muster_directory "$apache"
		Define muster_enrollment_name "$MUSTER_HOST"
		Define muster_enrollment "$MUSTER_ADDRESS:$MUSTER_PORT"
		Define muster_devices_name "$MUSTER_DEVICE_HOST"
		Define muster_devices "$MUSTER_ADDRESS:$MUSTER_DEVICE_PORT"
		Define muster_enrollment_certificate "$dir/tls/server.pem"
		Define muster_enrollment_key "$dir/tls/server.key"
		Define muster_devices_certificate "$dir/tls/server.pem"
		Define muster_devices_key "$dir/tls/server.key"
		Define muster_client_ca "$dir/web/client-ca.pem"
		Define muster_watchers "127.0.0.1"
		Define muster_socket "$dir/run/muster.sock"
	END
}

# What a distribution's own apache2.conf does.
apache_main() {
	local module user
	user=$(id -un)
	! is_root || user=www-data
	for module in "${apache_modules[@]}"; do
		printf 'LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n' "$module" "$module"
	done
	cat <<-END
		ServerRoot "$apache"
		ServerName $MUSTER_HOST
		DefaultRuntimeDir "$apache"
		PidFile "$apache/pid"
		ErrorLog "$apache_log"
		LogLevel ${apache_log_level:-warn}
		User $user
		Group $(id -gn "$user")
		SSLSessionCache "shmcb:$apache/sessions"
		DocumentRoot "$apache/empty"
		Include "$apache/settings.conf"
		Include "$apache/muster.conf"
	END
}

apache_start() {
	apache=$dir/apache apache_log=$dir/log/apache.log lighttpd_port=$MUSTER_PORT
	MUSTER_PORT=$(free_port "$lighttpd_port" "$MUSTER_DEVICE_PORT")
	MUSTER_DEVICE_PORT=$(free_port "$lighttpd_port" "$MUSTER_DEVICE_PORT" "$MUSTER_PORT")
	base=https://$MUSTER_HOST:$MUSTER_PORT
	mkdir -p "$apache/empty"
	cp "$source_dir/deploy/apache/muster.conf" "$source_dir/deploy/apache/host.conf" "$@" "$apache/"
	apache_settings >"$apache/settings.conf"
	apache_main >"$apache/apache.conf"
	/usr/sbin/apache2 -D FOREGROUND -f "$apache/apache.conf" >>"$apache_log" 2>&1 &
	apache_pid=$!
	if ! wait_until 20 quietly serves; then
		tail -n 20 "$apache_log" | sed 's/^/# /'
		echo "Bail out! Apache does not serve"
		exit 1
	fi
	sql "SELECT muster.set_organization_urls('example', '$base', 'https://$MUSTER_DEVICE_HOST:$MUSTER_DEVICE_PORT')" >/dev/null
}

# apache_stop: where a test wants its end before its own.
apache_stop() {
	kill "$apache_pid" 2>/dev/null
	wait "$apache_pid" 2>/dev/null
}
