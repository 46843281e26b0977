# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with deploy/quickstart
# A PKCS#11 token of SoftHSM, in the place of an HSM: it belongs to the issuers' user, as its PIN does.

hsm_softhsm=/usr/lib/softhsm/libsofthsm2.so
hsm_module=${MUSTER_PKCS11_MODULE:-$hsm_softhsm}
hsm_uri=pkcs11:token=muster

# hsm_used: asked for now, or at an earlier start.
hsm_used() { [ -n "$hsm" ] || [ -d "$dir/hsm/tokens" ]; }

# hsm_options: what muster and muster-ca need to reach it.
hsm_options() {
	! hsm_used || printf '%s\n' --pkcs11-module "$hsm_module" --pin-file "$dir/secrets/pin"
}

# hsm_make: the token, once. The PINs pass through the environment, which other users do not see.
hsm_make() {
	hsm_used || return 0
	export SOFTHSM2_CONF=$dir/hsm/softhsm2.conf
	[ ! -s "$dir/hsm/made" ] || return 0
	step "Making a token of SoftHSM in $dir/hsm"
	rm -rf "$dir/hsm"
	mkdir -p "$dir/hsm/tokens"
	chmod 755 "$dir/hsm"
	write_file "$SOFTHSM2_CONF" 644 "$(id -un)" <<-END
		directories.tokendir = $dir/hsm/tokens
		objectstore.backend = file
		log.level = ERROR
	END
	secret pin "$issuer_user"
	secret so-pin "$(id -un)"
	PIN=$(cat "$dir/secrets/pin") SO_PIN=$(cat "$dir/secrets/so-pin") hsm_initialize >>"$dir/log/setup.log" 2>&1 ||
		die "pkcs11-tool failed: see $dir/log/setup.log"
	hsm_give
	echo muster >"$dir/hsm/made"
}

hsm_initialize() (
	export PIN SO_PIN
	pkcs11-tool --module "$hsm_softhsm" --init-token --slot-index 0 --label muster --so-pin env:SO_PIN &&
		pkcs11-tool --module "$hsm_softhsm" --init-pin --token-label muster --login --login-type so \
			--so-pin env:SO_PIN --new-pin env:PIN
)

# hsm_give: what muster-ca as root has made in there is the issuers', too.
hsm_give() { if is_root; then chown -R "$issuer_user:" "$dir/hsm/tokens"; fi; }
