# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with deploy/quickstart
# TLS certificates and lighttpd, with the configuration that deploy/lighttpd offers everyone.

# tls_make: a certificate authority for the web server's names, and the server's certificate.
# (Not the one that signs devices: in a company this one is public or already trusted.)
tls_make() {
	local tls=$dir/tls
	if [ -s "$tls/server.pem" ] && openssl x509 -in "$tls/server.pem" -noout -checkend 86400 >/dev/null; then
		return
	fi
	step "Making TLS certificates for $host and $device_host"
	(
		umask 077
		openssl ecparam -name prime256v1 -genkey -noout -out "$tls/ca.key"
		openssl ecparam -name prime256v1 -genkey -noout -out "$tls/server.key"
		cat >"$tls/openssl.cnf" <<-END
			[req]
			distinguished_name = name
			[name]
			[ca]
			basicConstraints = critical,CA:TRUE
			keyUsage = critical,keyCertSign,cRLSign
			subjectKeyIdentifier = hash
			[server]
			basicConstraints = critical,CA:FALSE
			keyUsage = critical,digitalSignature
			extendedKeyUsage = serverAuth
			subjectAltName = DNS:$host,DNS:$device_host
			authorityKeyIdentifier = keyid
		END
		openssl req -new -x509 -config "$tls/openssl.cnf" -extensions ca -key "$tls/ca.key" -sha256 \
			-days 3650 -subj "/CN=Muster quickstart web CA" -out "$tls/ca.pem.new"
		openssl req -new -config "$tls/openssl.cnf" -key "$tls/server.key" -subj "/CN=$host" -out "$tls/server.csr"
		openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.pem.new" -CAkey "$tls/ca.key" -sha256 \
			-set_serial "0x7$(openssl rand -hex 15)" -days 397 -extfile "$tls/openssl.cnf" -extensions server \
			-out "$tls/server.pem.new"
		# Without a chain of its own lighttpd looks for one among the client authorities, and fails.
		cat "$tls/ca.pem.new" >>"$tls/server.pem.new"
	) >"$dir/log/tls.log" 2>&1 || die "openssl failed: see $dir/log/tls.log"
	chmod 644 "$tls/ca.pem.new" "$tls/server.pem.new"
	mv "$tls/ca.pem.new" "$tls/ca.pem"
	mv "$tls/server.pem.new" "$tls/server.pem"
}

web_configure() {
	local web=$dir/web
	mkdir -p "$web/empty"
	cp "$source_dir/deploy/lighttpd/muster.conf" "$web/muster.conf"
	"$build/muster-ca" --database "$admin_conninfo" show --pem --organization "$organization" >"$web/client-ca.pem.new"
	mv "$web/client-ca.pem.new" "$web/client-ca.pem"
	write_file "$web/settings.conf" 644 "$(id -un)" <<-END
		var.muster_enrollment = "127.0.0.1:$port"
		var.muster_devices = "127.0.0.1:$device_port"
		var.muster_enrollment_certificate = "$dir/tls/server.pem"
		var.muster_enrollment_key = "$dir/tls/server.key"
		var.muster_devices_certificate = "$dir/tls/server.pem"
		var.muster_devices_key = "$dir/tls/server.key"
		var.muster_client_ca = "$web/client-ca.pem"
		var.muster_watchers = "127.0.0.1"
		var.muster_socket = "$dir/run/muster.sock"
	END
	write_file "$web/lighttpd.conf" 644 "$(id -un)" <<-END
		# The enrollment socket is the server's main one.
		server.bind = "127.0.0.1"
		server.port = $port
		server.document-root = "$web/empty"
		$(is_root && printf 'server.username = "%s"\nserver.groupname = "%s"' "$web_user" "$(id -gn "$web_user")")
		server.max-fds = 4096
		# In the clear: what is published, on another port than 80 here.
		\$SERVER["socket"] == "127.0.0.1:$publication_port" { }
		# When the clock jumps (a machine that slept) lighttpd restarts itself, which its user, who can't read the
		# keys, would not survive.
		server.feature-flags = ( "server.clock-jump-restart" => 0 )
		include "$web/settings.conf"
		include "$web/muster.conf"
	END
}

web_listens() { port_taken "$port" && port_taken "$device_port"; }

web_start() {
	step "Starting lighttpd: https://$host:$port and https://$device_host:$device_port"
	process_start "$dir/run/lighttpd.pid" "$dir/log/lighttpd.log" /usr/sbin/lighttpd -D -f "$dir/web/lighttpd.conf"
	process_ready "$dir/run/lighttpd.pid" 20 web_listens || die "lighttpd does not start: see $dir/log/lighttpd.log"
}

web_stop() { process_stop "$dir/run/lighttpd.pid" 5 INT TERM; }
