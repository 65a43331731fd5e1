# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sockets that dom0 carries out, and who is at their other end. Needs dom0.sh,
# plug.sh, ktap.sh and peer.sh.

# shellcheck disable=SC2034 # for plug.sh
PLUG_CLASS=pvcalls

# sock_server: begin to serve port 7000 in dom0, as 10.77.9.1 and fd77:9::1
sock_server() {
	net_bridge xpv9 || return 1
	setsid /xpv/programs/sockpeer serve >/tmp/serve.log 2>&1 </dev/null &
	echo $! >/tmp/serve.pid
	wait_for 5 'grep -q serving /tmp/serve.log'
}

# sock_server_end: and all that it has forked
sock_server_end() {
	kill -KILL "-$(cat /tmp/serve.pid)"
	wait_for 5 '! grep -qs sockpeer /proc/[0-9]*/comm'
}

# sock_plug GUEST NUMBER [KEY=VALUE]...: give it one, with a policy
sock_plug() {
	__sock_guest=$1 __sock_number=$2
	shift 2
	PLUG_KEYS=$*
	plug_nodes "$__sock_guest" "$__sock_number" -
	PLUG_KEYS=
}

# sock_end GUEST NUMBER...: what the toolstack does in the end
sock_end() {
	__sock_guest=$1
	shift
	for __sock_number; do
		unplug_nodes "$__sock_guest" "$__sock_number"
	done
	wait_for 15 '! ls /sys/bus/xen-backend/devices | grep -q pvcalls'
}
