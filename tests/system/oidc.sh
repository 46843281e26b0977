# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the tests
# A small OpenID Connect provider (oidc_provider.py) on a free port of the loopback, with a certificate of the
# fixture's web authority, and the configuration of mod_auth_openidc for it. It ends with the test.
#
#	. "$here/oidc.sh"
#	oidc_start               sets $oidc_issuer and $oidc_port; then apache_start "$oidc/sign-in-openid-connect.conf"
#	oidc_users JSON          {name: {"password": …, "claims": {…}}}, from the next login on
#	oidc_client              once Apache's port is known

oidc_certificate() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$oidc/tls.key"
	openssl req -new -key "$oidc/tls.key" -subj /CN=127.0.0.1 -out "$oidc/tls.csr"
	printf 'subjectAltName = IP:127.0.0.1\nextendedKeyUsage = serverAuth\n' >"$oidc/tls.cnf"
	openssl x509 -req -in "$oidc/tls.csr" -CA "$dir/tls/ca.pem" -CAkey "$dir/tls/ca.key" -set_serial 0x77 -days 2 \
		-extfile "$oidc/tls.cnf" -out "$oidc/tls.crt"
	cat "$oidc/tls.crt" "$oidc/tls.key" >"$oidc/tls.pem"
	"$here/entra.py" key "$oidc" signing rsa
}

oidc_users() { printf '%s\n' "$1" >"$oidc/users.json"; }

oidc_client() {
	printf '{"client_id": "muster", "client_secret": "%s", "redirect_uri": "%s/muster/sso/signed-in"}\n' \
		"$oidc_secret" "$base" >"$oidc/client.json"
}

# The configuration that is offered to everyone, with this provider's values.
oidc_apache() {
	sed -e "s|^\(Define muster_oidc_provider\) .*|\1 \"$oidc_issuer/.well-known/openid-configuration\"|" \
		-e "s|^\(Define muster_oidc_ca\) .*|\1 \"$dir/tls/ca.pem\"|" \
		-e "s|^\(Define muster_oidc_secret\) .*|\1 \"$oidc_secret\"|" \
		-e "s|^\(Define muster_oidc_passphrase\) .*|\1 \"$oidc_passphrase\"|" \
		"$source_dir/deploy/apache/sign-in-openid-connect.conf" >"$oidc/sign-in-openid-connect.conf"
}

oidc_start() {
	oidc=$scratch/oidc oidc_secret=$(random_word) oidc_passphrase=$(random_word)
	uses_secret "client secret" "$oidc_secret"
	uses_secret "passphrase of cookies" "$oidc_passphrase"
	oidc_port=$(free_port "$MUSTER_PORT" "$MUSTER_DEVICE_PORT")
	oidc_issuer=https://127.0.0.1:$oidc_port
	mkdir -p "$oidc"
	oidc_certificate >"$oidc/openssl" 2>&1 || return
	oidc_users '{}'
	oidc_client
	oidc_apache
	/usr/bin/python3 -B "$here/oidc_provider.py" "$oidc" "$oidc_port" >"$oidc/out" 2>&1 &
	wait_until 10 port_taken "$oidc_port"
}
