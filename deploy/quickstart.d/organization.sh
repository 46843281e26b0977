# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with deploy/quickstart
# The organization example.test, its authority and account, and a first device.

# organization_make: what is missing of it; its URLs anew, since ports may have changed.
organization_make() {
	local enrollment_url=https://$host:$port device_url=https://$device_host:$device_port
	admin_conninfo=$(conninfo administrator administrator)
	if [ "$(admin_value "SELECT count(*) FROM muster.organization WHERE key = '$organization'")" = 0 ]; then
		step "Adding the organization example.test and the account $upn"
		admin_quiet <<-END
			BEGIN;
			SELECT muster.add_organization('$organization', 'Example', '$enrollment_url', '$device_url');
			SELECT muster.add_domain('$organization', 'example.test');
			SELECT muster.set_dm_server('$organization', 'ExampleMDM',
				'https://mdm.example.test/ManagementServer/MDM.svc', 'Example management');
			SELECT muster.add_account('$upn', 'Ada Example', '$organization');
			COMMIT;
		END
	else
		admin_quiet <<-END
			SELECT muster.set_organization_urls('$organization', '$enrollment_url', '$device_url');
		END
	fi
	# Before the authority: its certificates name it.
	admin_quiet <<-END
		SELECT muster.set_publication_url('http://$host:$publication_port');
	END
	authority_make
	"$build/muster-ca" --database "$admin_conninfo" password "$upn" --file "$dir/secrets/account.password" \
		>>"$dir/log/setup.log" 2>&1 || die "muster-ca password failed: see $dir/log/setup.log"
}

authority_make() {
	local options=()
	"$build/muster-ca" --database "$admin_conninfo" show --organization "$organization" >/dev/null 2>&1 && return
	step "Making the certificate authority"
	! hsm_used || mapfile -t options < <(hsm_options && printf '%s\n' --pkcs11 "$hsm_uri")
	"$build/muster-ca" --database "$admin_conninfo" init --organization "$organization" --key "$key_type" \
		--passphrase-file "$dir/secrets/passphrase" "${options[@]}" >>"$dir/log/setup.log" 2>&1 ||
		die "muster-ca init failed: see $dir/log/setup.log"
	! hsm_used || hsm_give
}

admin_quiet() { admin_psql -q -v ON_ERROR_STOP=1 >>"$dir/log/setup.log" 2>&1 || die "see $dir/log/setup.log"; }

admin_value() { admin_psql -q -v ON_ERROR_STOP=1 -tAc "$1"; }

# device_enroll: a simulated Windows device goes from an e-mail address to a certificate, shows
# it to the device host, and psql shows what is known of it.
device_enroll() {
	step "Enrolling a simulated device for $upn"
	"$build/muster-device" enroll --again --user "$upn" --password-file "$dir/secrets/account.password" \
		--server "$host:$port" --ca-file "$dir/tls/ca.pem" --state "$dir/device" \
		--connect-to "$host:$port:127.0.0.1:$port" \
		--connect-to "$device_host:$device_port:127.0.0.1:$device_port" \
		--device-url "https://$device_host:$device_port/muster/device" </dev/null ||
		die "the device could not enroll: see $dir/log/muster.log"
	step "What psql sees of it"
	admin_psql -P pager=off <<-END
		SELECT name, account, state, os_version, enrolled_at, first_contact_at
		  FROM muster.devices ORDER BY id DESC LIMIT 1;
		SELECT device_name, serial, authority, not_after, first_used_at
		  FROM muster.certificates ORDER BY issued_at DESC LIMIT 1;
		SELECT at, kind, stage, outcome, trace FROM muster.event WHERE actor_role IS NULL ORDER BY at DESC LIMIT 5;
	END
}

# newest_device: the newest device in one line.
newest_device() {
	admin_value "SELECT name || ' (' || account || ', ' || coalesce(os_version, 'Windows') || '), device ' || id || ', ' ||
		state || ', certificate until ' || certificate_ends::date FROM muster.devices ORDER BY id DESC LIMIT 1"
}

how_to_go_on() {
	cat <<-END

		It runs. Go on with:
		  deploy/quickstart status$dir_hint
		  deploy/quickstart psql$dir_hint          (SELECT * FROM muster.help; lists what there is to do)
		  deploy/quickstart psql$dir_hint -U postgres    (to create roles: you are a superuser)
		  deploy/quickstart logs$dir_hint
		  deploy/quickstart stop$dir_hint
		  . $dir/env                     (names, ports and passwords, for other tools)

		Enrolled: $(newest_device)
	END
}
