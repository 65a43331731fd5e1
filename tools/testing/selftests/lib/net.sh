# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What tests of vifs do, in dom0. Needs dom0.sh. Guests are hosts on the bridges
# xpv0, xpv1, ... that their vifs are on: on xpvN dom0 is 10.77.N.1 and
# fd77:N::1, and the guest with the number H is 10.77.N.H and fd77:N::H.

NETLOAD=/xpv/programs/netload
NET_PORT=7000

# net_guest NAME NUMBER [TYPE] [KEY=VALUE]...: create a guest, see guest_create,
# and give its vifs addresses
net_guest() {
	__net_guest=$1
	__net_number=$2
	shift 2
	guest_create "$__net_guest" "$@" && net_configure "$__net_guest" "$__net_number"
}

# net_bridges GUEST: the bridges of its vifs, in order
net_bridges() {
	sed -n '/^vif/s/,/\n/gp' "$XPV_RUN/guests/$1/config" | sed -n "s/.*bridge=\([^,']*\).*/\1/p"
}

# In the guest: what is to be the name and who has it. Devices connect at the
# same time, so that which is eth0 is for nobody to know.
NET_NAME='name() {
		net=/sys/bus/xen/devices/vif-$1/net
		for i in $(seq 100); do [ -n "$(ls $net 2>/dev/null)" ] && break; sleep 0.1; done
		is=$(ls $net)
		[ "$is" != eth$1 ] || return 0
		if [ -d /sys/class/net/eth$1 ]; then
			ip link set eth$1 down && ip link set eth$1 name other$1 || return 1
		fi
		ip link set "$is" down && ip link set "$is" name eth$1
	}'

# net_configure GUEST NUMBER [BRIDGE]...: bring its interfaces up and call that of
# vif 0 eth0, and so on, in the order of its vifs, or of these BRIDGES
net_configure() {
	__net_guest=$1
	__number=$2
	shift 2
	# shellcheck disable=SC2046 # a word a bridge
	[ $# -gt 0 ] || set -- $(net_bridges "$__net_guest")
	__script='' __index=0
	for __bridge; do
		__net=${__bridge#xpv}
		__script="$__script
			name $__index && up eth$__index 10.77.$__net.$__number/24 fd77:$__net::$__number/64 || exit 1"
		__index=$((__index + 1))
	done
	guest_run "$__net_guest" "$NET_NAME
		up() {
			echo 0 >/proc/sys/net/ipv6/conf/\$1/accept_dad
			ip link set \$1 up && ip addr add \$2 dev \$1 && ip -6 addr add \$3 dev \$1 || return 1
			for i in \$(seq 100); do [ \"\$(cat /sys/class/net/\$1/carrier)\" = 1 ] && return; sleep 0.1; done
			echo \"\$1 has no carrier\"
			return 1
		}$__script"
}

# net_vif GUEST [INDEX]: dom0's end of a vif
net_vif() {
	echo "vif$(__guest "$1" domid).${2:-0}"
}

# net_waiting VIF: KB of memory that what waits for its guest takes, by the count of
# the queueing discipline; beside its data a packet takes about one
net_waiting() {
	# Busybox has a tc that knows nothing.
	/usr/sbin/tc -s -j qdisc show dev "$1" | tr ',{}' '\n\n\n' | awk -F: '
		/"backlog"/ { bytes = $2 }
		/"qlen"/ { found = 1; kb = bytes / 1024 + $2; if (kb > most) most = kb }
		END { printf "%d\n", most; exit !found }'
}

# net_waiting_most VIF COMMAND: the most that waits while the command holds
net_waiting_most() {
	__most=0
	while eval "$2"; do
		__now=$(net_waiting "$1") || return 1
		[ "$__now" -le $__most ] || __most=$__now
		sleep 0.2
	done
	echo $__most
}

# net_serve: what netload and iperf3 in guests talk to, in dom0
net_serve() {
	service netload $NETLOAD serve $NET_PORT
	service iperf3 iperf3 -s
	wait_for 10 "[ \$(grep -c ':$(printf %04X $NET_PORT) \|:1451 ' /proc/net/tcp6) -ge 2 ]"
}

# net_load GUEST WORK ADDRESS [ARGUMENT]...: netload in the guest
net_load() {
	__net_guest=$1 __work=$2 __address=$3
	shift 3
	case $__work in ping) ;; *) __address="$__address $NET_PORT" ;; esac
	guest_run "$__net_guest" "netload $__work $__address $*" 120
}

# net_traffic GUEST ADDRESS: connection after connection, in the background
net_traffic() {
	guest_run "$1" "rm -f /tmp/stop /tmp/traffic.log
		setsid netload traffic $2 $NET_PORT /tmp/stop >/tmp/traffic.log 2>&1 </dev/null &" 10
}

# net_traffic_flows GUEST: whether a connection is done in time
net_traffic_flows() {
	guest_run "$1" 'before=$(grep -c round /tmp/traffic.log)
		for i in $(seq 300); do
			grep failed /tmp/traffic.log && break
			[ "$(grep -c round /tmp/traffic.log)" = "$before" ] || exit 0
			sleep 0.1
		done
		tail -n 3 /tmp/traffic.log
		exit 1'
}

# net_traffic_ends GUEST: stop it, and tell whether all of it was right
net_traffic_ends() {
	guest_run "$1" 'touch /tmp/stop
		for i in $(seq 600); do grep -q "^stopped\|^failed" /tmp/traffic.log && break; sleep 0.1; done
		tail -n 3 /tmp/traffic.log; grep -q "^stopped" /tmp/traffic.log' 90
}

# net_front_load GUEST [PARAMETER]...: the guest's frontend anew, with PARAMETERS.
# The guest's addresses are gone with its interfaces: see net_configure. The
# in-tree one stays while it has devices.
net_front_load() {
	__net_guest=$1
	shift
	case $XPV_FRONT in
	ours) __load='insmod /modules/xen-netfront.ko' ;;
	*)
		__load='modprobe xen-netfront'
		guest_run "$__net_guest" 'cd /sys/bus/xen/drivers/vif || exit
			for i in vif-*; do echo $i >unbind; done' || return 1
		;;
	esac
	guest_run "$__net_guest" "rmmod xen-netfront && $__load $*"
}

# net_back_load [PARAMETER]...: the backend anew. The toolstack runs a vif's
# script only when it attaches it, so this runs it for all that are there.
net_back_load() {
	backend_reload xen-netback "$@" || return 1
	net_scripts
}

# net_scripts: run the script of every vif that is not on its bridge, when it is there
net_scripts() {
	for __path in $(xenstore-ls -f /local/domain/0/backend/vif | sed -n 's,^\(.*/[0-9]*/[0-9]*\)/bridge = .*,\1,p'); do
		__vif=vif$(echo "${__path#*/vif/}" | tr / .)
		wait_for 10 "[ -d /sys/class/net/$__vif ]" || __complain "no $__vif" || return 1
		[ ! -d "/sys/class/net/$__vif/master" ] || continue
		XENBUS_PATH=${__path#/local/domain/0/} vif=$__vif type_if=vif \
			/etc/xen/scripts/vif-bridge online || return 1
	done
}

# net_port BRIDGE: a port of BRIDGE, named BRIDGEport, whose other end is BRIDGEend
net_port() {
	net_bridge "$1" || return 1
	modprobe veth
	# The shell's own ip does not name the peer.
	/usr/bin/ip link add "$1port" type veth peer name "$1end" || return 1
	for __end in "$1port" "$1end"; do
		echo 1 >"/proc/sys/net/ipv6/conf/$__end/disable_ipv6"
		ip link set "$__end" up || return 1
	done
	ip link set "$1port" master "$1"
}

# net_mirror BRIDGE: what netpeer talks to, on a port of BRIDGE
net_mirror() {
	net_port "$1" && service "mirror-$1" /xpv/programs/netpeer mirror "$1end"
}

# net_card GUEST BRIDGE: a vif of GUEST that QEMU serves, as a card with a network behind
# it, which is BRIDGE. That of dom0's own QEMU has none; this one does nothing else.
net_card() {
	net_bridge "$2" && modprobe tun || return 1
	# Run from where it is, it would come over 9p page by page.
	[ -x $XPV_RUN/qemu-card ] || cp /xpv/programs/qemu-card $XPV_RUN || return 1
	service card $XPV_RUN/qemu-card -machine xenpv -xen-attach -xen-domid "$(__guest "$1" domid)" \
		-name card -nodefaults -no-user-config -display none \
		-netdev "tap,id=lan,ifname=$2card,script=no,downscript=no" -device xen-net-device,netdev=lan,idx=0
	wait_for 20 "[ -d /sys/class/net/$2card ]" || {
		cat /tmp/card.log
		return 1
	}
	echo 1 >"/proc/sys/net/ipv6/conf/$2card/disable_ipv6"
	ip link set "$2card" up && ip link set "$2card" master "$2"
}

# net_pktgen GUEST COUNT SIZE: packets to nobody, as fast as eth0 takes them
net_pktgen() {
	guest_run "$1" "modprobe pktgen && cd /proc/net/pktgen && echo add_device eth0 >kpktgend_0 || exit
		for line in 'count $2' 'pkt_size $3' 'dst 10.77.0.99' 'dst_mac 00:16:3e:77:77:77'; do
			echo \"\$line\" >eth0 || exit
		done
		echo start >pgctrl
		grep -A 2 '^Result: OK' eth0
		good=\$?
		echo rem_device_all >kpktgend_0
		exit \$good" 60
}
