# shellcheck shell=bash disable=SC2154 # here, scratch are lib.sh's
# A directory for tests: slapd with entries as an Active Directory's and as OpenLDAP's, over TLS on loopback.
#
#	slapd_make               certificates, entries, passwords, in $slapd_dir
#	slapd_start NAME [CERT]  a server with them; sets slapd_tls (port of ldaps) and slapd_plain (of ldap)
#	slapd_stop NAME
#
# Passwords are in $slapd_dir/NAME.password: ada, bob, carol, service.

slapd_suffix=dc=example,dc=test
slapd_dir=$scratch/slapd

# slapd_certificate NAME SAN: NAME.pem and NAME.key, of the CA in ca.pem.
slapd_certificate() {
	printf 'subjectAltName = %s\nextendedKeyUsage = serverAuth\n' "$2" >"$1.cnf"
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
	openssl req -new -key "$1.key" -subj "/CN=${2#*:}" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -set_serial "0x7$(openssl rand -hex 15)" -days 30 \
		-extfile "$1.cnf" -out "$1.pem"
}

slapd_certificates() (
	cd "$slapd_dir" || exit
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 \
		-subj "/CN=Directory's CA" -addext keyUsage=critical,keyCertSign
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -days 30 \
		-subj "/CN=Another CA"
	slapd_certificate good IP:127.0.0.1
	slapd_certificate misnamed DNS:dc9.example.test
)

# slapd_person NAME UPN SAM [LINE…]: an entry as an Active Directory has it.
slapd_person() {
	local name=$1 upn=$2 sam=$3
	shift 3
	printf '%s\n' "dn: cn=$name,ou=staff,$slapd_suffix" "objectClass: user" "objectCategory: person" "sn: $name" \
		"userPrincipalName: $upn" "sAMAccountName: $sam" "displayName: $name Example" "$@" ''
}

# slapd_password NAME: the line of an entry.
slapd_password() {
	printf 'userPassword:: '
	tr -d '\n' <"$slapd_dir/$1.password" | base64 -w0
}

slapd_entries() {
	local group=cn=enrollers,ou=groups,$slapd_suffix unit
	printf '%s\n' "dn: $slapd_suffix" "objectClass: dcObject" "objectClass: organization" "o: Example" "dc: example" ''
	for unit in staff people groups; do
		printf '%s\n' "dn: ou=$unit,$slapd_suffix" "objectClass: organizationalUnit" ''
	done
	printf '%s\n' "dn: cn=muster,$slapd_suffix" "objectClass: person" "sn: muster" "$(slapd_password service)" ''
	slapd_person ada ada@example.test ada "memberOf: $group" "mail: ada.example@example.test" "$(slapd_password ada)"
	slapd_person bob bob@example.test bob "$(slapd_password bob)"
	slapd_person one twin@example.test twin "$(slapd_password ada)"
	slapd_person two twin@example.test twin "$(slapd_password ada)"
	slapd_person open open@example.test open
	slapd_person 'Lovelace\, Ada' lovelace@example.test 'lovelace' "$(slapd_password ada)"
	# Known by another name than accounts that share its short one.
	slapd_person king ada.king@example.test king "$(slapd_password bob)"
	printf '%s\n' "dn: uid=carol,ou=people,$slapd_suffix" "objectClass: inetOrgPerson" "uid: carol" "cn: Carol" "sn: Example" \
		"mail: carol@example.test" "$(slapd_password carol)" ''
	printf '%s\n' "dn: $group" "objectClass: groupOfNames" "member: cn=ada,ou=staff,$slapd_suffix" \
		"member: uid=carol,ou=people,$slapd_suffix" ''
}

# slapd_configure NAME CERT
slapd_configure() {
	local schema
	for schema in core cosine inetorgperson; do echo "include /etc/ldap/schema/$schema.schema"; done
	cat <<-END
		include $here/active-directory.schema
		modulepath /usr/lib/ldap
		moduleload back_mdb
		pidfile $slapd_dir/$1.pid
		TLSCACertificateFile $slapd_dir/ca.pem
		TLSCertificateFile $slapd_dir/$2.pem
		TLSCertificateKeyFile $slapd_dir/$2.key
		security simple_bind=128
		database mdb
		suffix $slapd_suffix
		directory $slapd_dir/$1.data
		index objectClass,uid,mail,sAMAccountName,userPrincipalName eq
		access to attrs=userPassword by anonymous auth by * none
		access to dn.subtree=ou=people,$slapd_suffix by users read by anonymous auth
		access to * by dn.exact=cn=muster,$slapd_suffix read by self read by anonymous auth by * none
	END
}

slapd_make() {
	local who
	mkdir -p "$slapd_dir"
	for who in bob carol service; do random_word | write_file "$slapd_dir/$who.password" 600 "$(id -un)"; done
	printf 'käse, "%s" (*)' "$(random_word)" | write_file "$slapd_dir/ada.password" 600 "$(id -un)"
	uses_secret_in "$slapd_dir"/*.password
	slapd_certificates >"$slapd_dir/openssl.log" 2>&1
	slapd_entries >"$slapd_dir/entries.ldif"
}

slapd_start() {
	local name=$1 certificate=${2:-good}
	slapd_tls=$(free_port) slapd_plain=$(free_port "$slapd_tls")
	mkdir -p "$slapd_dir/$name.data"
	slapd_configure "$name" "$certificate" >"$slapd_dir/$name.conf"
	[ -e "$slapd_dir/$name.data/data.mdb" ] ||
		slapadd -q -f "$slapd_dir/$name.conf" -l "$slapd_dir/entries.ldif" >"$slapd_dir/$name.log" 2>&1 || return
	slapd_run "$name" "ldaps://127.0.0.1:$slapd_tls ldap://127.0.0.1:$slapd_plain"
}

# slapd_run NAME URLS: again at the same addresses.
slapd_run() {
	process_start "$slapd_dir/$1.process" "$slapd_dir/$1.log" \
		/usr/sbin/slapd -d 256 -f "$slapd_dir/$1.conf" -h "$2"
	wait_until 10 port_taken "${2##*:}"
}

slapd_stop() { process_stop "$slapd_dir/$1.process" 5 TERM; }
