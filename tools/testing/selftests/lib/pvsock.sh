# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# PV sockets of guests. Needs dom0.sh, plug.sh, ktap.sh and peer.sh.

PLUG_CLASS=pvcalls

# dom0 as guests reach it: net_bridge xpv0
PVSOCK_HOST=10.77.0.1
PVSOCK_HOST6=fd77:0::1

# pvsock_guest NAME [KEY=VALUE]...: a guest without a network
pvsock_guest() {
	guest_create "$@"
}

# pvsock_plug GUEST [KEY=VALUE]...: have the guest find a backend
pvsock_plug() {
	__pvsock_guest=$1
	shift
	PLUG_KEYS=$*
	plug_nodes "$__pvsock_guest" 0 ''
	PLUG_KEYS=
	plug_wait "$front" 4 15 && plug_wait "$back" 4 15
}

# pvsock_can KEY: whether the backend offers an extension
pvsock_can() {
	[ "$(xenstore-read "$back/feature-$1" 2>/dev/null)" = 1 ]
}

# pvsock_kind GUEST: as posixsock is told of what there is
pvsock_kind() {
	plug_paths "$1" 0
	__kind=pv
	! pvsock_can names || __kind=$__kind,names
	! pvsock_can shutdown || __kind=$__kind,shutdown
	! pvsock_can socket-options || __kind=$__kind,options
	! pvsock_can inet6 || __kind=$__kind,inet6
	echo "$__kind"
}

# pvsock_posixsock GUEST [CHECK]...: what programs expect, as results of this test
pvsock_posixsock() {
	__pvsock_guest=$1
	shift
	guest_run "$__pvsock_guest" "POSIXSOCK_ADDRESS6=$PVSOCK_HOST6 posixsock $(pvsock_kind "$__pvsock_guest") \
		$PVSOCK_HOST 25000 $*" 100 >/tmp/posixsock.out
	grep -v '^skip - ' /tmp/posixsock.out >/tmp/posixsock.tried
	peer_results /tmp/posixsock.tried
	sed -n 's/^skip - //p' /tmp/posixsock.out >/tmp/posixsock.skipped
	while IFS= read -r __what; do
		ktap_test_skip "$__what" 'this backend does not offer it'
	done </tmp/posixsock.skipped
}

# pvsock_reload GUEST: unload the backend under open connections, and load it again
pvsock_reload() {
	guest_start "$1" "posixsock $(pvsock_kind "$1") $PVSOCK_HOST 26000 lost"
	guest_run "$1" 'for i in $(seq 100); do grep -q ready /tmp/background.log && exit 0; sleep 0.1; done; exit 1' || return 1
	backend_reload pvcalls-back || return 1
	guest_run "$1" 'for i in $(seq 300); do grep "ok - " /tmp/background.log && break; sleep 0.1; done
		cat /tmp/background.log; grep -q "^ok" /tmp/background.log' 40
}

# pvsock_end GUEST: what the toolstack does in the end
pvsock_end() {
	unplug_nodes "$1" 0
	wait_for 15 '! ls /sys/bus/xen-backend/devices | grep -q pvcalls'
}
