# shellcheck shell=bash disable=SC2154 # variables are the fixture's
# Fetching and judging what is published, for tests about revoked certificates. A part of lib.sh's kind.

# published PATH [CURL-ARGUMENT…]: in the clear, where certificates say that it is.
published() {
	local path=$1
	shift
	curl -sS --max-time 60 "$@" "http://$MUSTER_ADDRESS:$MUSTER_PUBLICATION_PORT$path"
}

# status PATH [CURL-ARGUMENT…]: only the status.
status_of() { published "$@" -o /dev/null -w '%{http_code}'; }

# header NAME PATH [CURL-ARGUMENT…]
header() {
	local name=$1
	shift
	published "$@" -o /dev/null -D - | tr -d '\r' | sed -n "s/^$name: //Ip"
}

authority_of() { sql "SELECT id FROM muster.authorities WHERE name = '$1'"; }

# trust_fetch: root.pem, issuing.pem and crls.pem in $scratch/trust, from where they are published.
trust_fetch() {
	local id
	mkdir -p "$scratch/trust"
	: >"$scratch/trust/crls.pem"
	for id in "$root_id" "$issuing_id"; do
		published "/muster/crl/$id.crl" -f | openssl crl -inform DER -out "$scratch/trust/$id.crl.pem" || return
		cat "$scratch/trust/$id.crl.pem" >>"$scratch/trust/crls.pem"
		published "/muster/ca/$id.der" -f | openssl x509 -inform DER -out "$scratch/trust/$id.pem" || return
	done
}

# verifies CERTIFICATE: with OpenSSL, strictly, against every list; says why not.
verifies() {
	openssl verify -x509_strict -crl_check_all -CAfile "$scratch/trust/$root_id.pem" -untrusted "$scratch/trust/$issuing_id.pem" \
		-CRLfile "$scratch/trust/crls.pem" "$1"
}

serial_of() { openssl x509 -in "$1" -noout -serial | sed 's/serial=//'; }

# listed SERIAL: the issuing authority's newest list has it.
listed() {
	published "/muster/crl/$issuing_id.crl" -f | openssl crl -inform DER -noout -text | grep "Serial Number: $1" >/dev/null
}

list_number() { sql "SELECT number FROM muster.crls WHERE id = '$1'"; }
list_beyond() { [ "$(list_number "$1")" -gt "$2" ]; }
