#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what programs do with stream sockets works on PV sockets as on TCP, in a guest without a network
# runs: dom0
# guest: pv pvh* hvm*
# pair: ours/ours
# vcpus: 2
# needs: pvcalls-front pvcalls-back
# memory: 384
# length: long
# time: 150

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/pvsock.sh"

# The same program, in dom0 on TCP, tells what is to be expected.
on_tcp() {
	POSIXSOCK_ADDRESS6=$PVSOCK_HOST6 /xpv/programs/posixsock tcp "$PVSOCK_HOST" 23000 >/tmp/posixsock.tcp
	! grep -v '^ok' /tmp/posixsock.tcp
}

# A program of the distribution, which knows nothing of PV sockets.
unmodified() {
	iperf3 -s -1 -B "$PVSOCK_HOST" -p 24000 >/tmp/iperf3.log 2>&1 &
	sleep 1
	guest_run g "LD_PRELOAD=/usr/sbin/libxenpv-run.so iperf3 -c $PVSOCK_HOST -p 24000 -n 20M -i 0" 60 &&
		wait_for 10 'grep -q receiver /tmp/iperf3.log'
}

# A hundred connections at once, the last of which end first: the large rings, which
# the first ones had, are there for the next ones.
crowd() {
	service netbench /xpv/programs/netbench serve 28000
	sleep 1
	guest_run g "netbench pv many $PVSOCK_HOST 28000 100" || return 1
	guest_run g 'for i in $(seq 50); do
			grep -q "sockets: 0 at the backend" /sys/kernel/debug/xenbus-mt/devices && break
			sleep 0.2
		done
		cat /sys/kernel/debug/xenbus-mt/devices
		grep -q "large rings: 32 of 32" /sys/kernel/debug/xenbus-mt/devices'
}

# A socket waits for a backend for two seconds only.
frontend_goes() {
	guest_run g 'rmmod pvcalls-front && insmod /modules/pvcalls-front.ko' 30 || return 1
	plug_paths g 0
	plug_wait "$front" 4 15 || return 1
	guest_run g "posixsock pv $PVSOCK_HOST 27000 echo" 30
}

ktap_print_header
ktap_set_plan 52
net_bridge xpv0
ktap_test_result 'the guest is up' pvsock_guest g || ktap_exit_fail_msg 'no guest'
ktap_test_result 'both ends connect' pvsock_plug g || ktap_exit_fail_msg 'no backend'
ktap_test_result 'TCP does all of it' on_tcp
pvsock_posixsock g
ktap_test_result 'large rings outlast a crowd' crowd
ktap_test_result 'an unmodified program runs on them' unmodified
ktap_test_result 'connections end with the backend, and new ones are made' pvsock_reload g
ktap_test_result 'the frontend is unloaded and loaded' frontend_goes
cat /sys/kernel/debug/xenbus-mt/devices
guest_run g 'cat /sys/kernel/debug/xenbus-mt/devices'
ktap_test_result 'the device goes' pvsock_end g
ktap_finished
