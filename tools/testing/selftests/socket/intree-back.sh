#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: PV sockets on the kernel's own backend, which knows no extension: what of programs works there; its own frontend is recorded beside it
# runs: dom0
# guest: pv
# pair: ours/intree
# vcpus: 2
# needs: pvcalls-front pvcalls-back-intree pvcalls-front-intree
# memory: 256
# length: long
# time: 240

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/pvsock.sh"
. "${0%/*}/../lib/sock.sh"

# What can be judged: this backend never ends an event that finds nothing to send, as one
# after data was read, and hears of no later one until something comes from the network.
# So who sends more than once may wait for ever; its own frontend does, too.
checks='refused again accept many backlog inet6 flags amount shut pipe poll select options'

# Each at a port of its own: one that hangs ends, and the next begins.
posixsock() {
	guest_run g "POSIXSOCK_SECONDS=$((15 * ${XPV_SLOW:-1})) posixsock pv $PVSOCK_HOST $port $1" 40
}

# drive BYTES: there and back, by the kernel's own frontend in another guest
drive() {
	guest_run h "dmesg -c >/dev/null
		timeout 10 sh -c 'echo stream 10.77.9.1 7000 $1 >/sys/module/pvcalls_front_intree/parameters/drive'
		dmesg | grep 'bytes there and back'" 40
}

own_frontend() {
	guest_create h front=none && sock_plug h 0 && plug_paths h 0 && plug_wait "$back" 2 &&
		guest_run h 'insmod /modules/pvcalls-front-intree.ko' && plug_wait "$front" 4 || return 1
	for bytes in 1 1000 100000 1000000; do
		echo "its own frontend: $(drive $bytes)"
	done
	guest_destroy h
	xenstore-rm "$back"
}

# It takes its device away by itself, and may be loaded again.
unloads() {
	rmmod pvcalls_back_intree
}

ktap_print_header
ktap_set_plan 20
net_bridge xpv0
ktap_test_result 'somebody serves in dom0' sock_server || ktap_exit_fail_msg 'no server'
ktap_test_result "the kernel's backend loads" insmod /xpv/modules/pvcalls-back-intree.ko || ktap_exit_fail_msg 'no backend'
ktap_test_result 'the guest is up' pvsock_guest g || ktap_exit_fail_msg 'no guest'
ktap_test_result 'both ends connect' pvsock_plug g || ktap_exit_fail_msg 'they do not'
port=29000
for check in $checks; do
	port=$((port + 1))
	ktap_test_result "posixsock: $check" posixsock "$check"
done
ktap_test_result 'the device goes' pvsock_end g
ktap_test_result 'another guest has it with its own frontend' own_frontend
sock_server_end
ktap_test_result 'the backend goes' wait_for 10 unloads
ktap_finished
