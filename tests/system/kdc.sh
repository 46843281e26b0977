# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the tests
# A Kerberos realm of the test's own, EXAMPLE.TEST, on a free port; no configuration of the system is read or
# written. It ends with the test, whose cleanup() ends its jobs.
#
#	. "$here/kdc.sh"
#	kdc_start
#	kdc_add ada password          a principal of a person
#	kdc_keytab HTTP/host FILE     a service's, and its key
#	kdc_ticket ada password       KRB5CCNAME then has its ticket

kdc_start() {
	local port
	kdc=$scratch/kdc
	port=$(free_port "${MUSTER_PORT-}" "${MUSTER_DEVICE_PORT-}")
	mkdir -p "$kdc"
	chmod 755 "$scratch" "$kdc"
	export KRB5_CONFIG=$kdc/krb5.conf KRB5_KDC_PROFILE=$kdc/kdc.conf KRB5CCNAME=FILE:$kdc/tickets
	# Names are taken as they are: nothing here is in anybody's DNS.
	cat >"$KRB5_CONFIG" <<-END
		[libdefaults]
		default_realm = EXAMPLE.TEST
		dns_lookup_kdc = false
		dns_lookup_realm = false
		dns_canonicalize_hostname = false
		rdns = false
		udp_preference_limit = 1
		[realms]
		EXAMPLE.TEST = {
			kdc = 127.0.0.1:$port
		}
		[domain_realm]
		.example.test = EXAMPLE.TEST
	END
	cat >"$KRB5_KDC_PROFILE" <<-END
		[kdcdefaults]
		kdc_listen = 127.0.0.1:$port
		kdc_tcp_listen = 127.0.0.1:$port
		[realms]
		EXAMPLE.TEST = {
			database_name = $kdc/principal
			key_stash_file = $kdc/stash
			acl_file = $kdc/acl
			supported_enctypes = aes256-cts:normal
		}
		[logging]
		kdc = FILE:$kdc/log
	END
	/usr/sbin/kdb5_util create -s -r EXAMPLE.TEST -P "$(random_word)" >"$kdc/create" 2>&1 || return
	/usr/sbin/krb5kdc -n -r EXAMPLE.TEST >"$kdc/out" 2>&1 &
	wait_until 10 port_taken "$port"
}

kadmin_local() { /usr/sbin/kadmin.local -r EXAMPLE.TEST "$@" >>"$kdc/kadmin" 2>&1; }

# A password is no argument: programs' arguments can be seen.
kdc_add() {
	uses_secret "password of principal $1" "$2"
	printf '%s\n%s\n' "$2" "$2" | kadmin_local addprinc "$1"
}
kdc_keytab() { kadmin_local addprinc -randkey "$1" && kadmin_local ktadd -norandkey -k "$2" "$1"; }
kdc_ticket() { printf '%s\n' "$2" | kinit "$1@EXAMPLE.TEST" >>"$kdc/kinit" 2>&1; }
