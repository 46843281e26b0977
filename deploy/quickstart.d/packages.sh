# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with deploy/quickstart
# Debian packages, from the one list in deploy/packages.

# packages_named SECTION…: the packages of these sections.
packages_named() {
	local section
	for section in "$@"; do
		awk -v section="$section" '$1 == section { print $2 }' "$source_dir/deploy/packages"
	done
}

# packages_missing SECTION…: those of them that are not installed.
packages_missing() {
	local package
	for package in $(packages_named "$@"); do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s ' "$package"
	done
}

# packages_install SECTION…: install what is missing. Services that come with packages are
# not started: the quickstart runs its own, on its own ports.
packages_install() {
	local missing
	command -v dpkg-query >/dev/null || die "this is not Debian: install what deploy/packages names"
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	is_root || die "packages are missing; as root: apt-get install $missing"
	step "Installing packages: $missing"
	packages_apt "$missing"
}

packages_apt() {
	local quiet=/usr/sbin/policy-rc.d log status=0
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp)
	if [ -e "$quiet" ]; then
		quiet=
	else
		printf '#!/bin/sh\nexit 101\n' >"$quiet"
		chmod 755 "$quiet"
	fi
	# With old lists it may still work.
	apt-get update -q </dev/null >"$log" 2>&1 || true
	# shellcheck disable=SC2086 # a list of names
	apt-get install -q -y --no-install-recommends -o Dpkg::Use-Pty=0 $1 </dev/null >>"$log" 2>&1 || status=$?
	[ -z "$quiet" ] || rm -f "$quiet"
	if [ "$status" -ne 0 ]; then
		tail -n 20 "$log" >&2
		die "apt-get could not install: $1"
	fi
	rm -f "$log"
}
