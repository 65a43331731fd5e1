#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest's sockets go where the store says that they may, and nowhere else
# runs: dom0
# guest: pv pvh*
# pair: none/ours
# needs: pvcalls-back
# memory: 256
# length: long
# time: 60

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/sock.sh"

# It has no server, and nothing of dom0's.
make_namespace() {
	mkdir -p /run/netns && touch /run/netns/xpv && unshare --net=/run/netns/xpv true
}

refusals_are_told() {
	dmesg | grep "pvcalls-$(__guest peer domid)-0: policy: the guest may not connect to \[::ffff:127.0.0.1\]:7000"
}

# sockets TEXT: what the backend says of device 1
sockets() {
	grep "^ *sockets: $1" /sys/kernel/debug/xenbus-mt/devices
}

linger=/sys/module/pvcalls_back/parameters/linger_seconds

ktap_print_header
ktap_set_plan 45
ktap_test_result 'somebody serves in dom0' sock_server || ktap_exit_fail_msg 'no server'
ktap_test_result 'the guest is up' peer_guest peer || ktap_exit_fail_msg 'no guest'
sock_plug peer 0
peer_run peer policy 0
ktap_test_result 'refusals are told' refusals_are_told
sock_plug peer 1 allow-connect=10.77.9.0/24:7000 'deny-connect=[fd77:9::/64]' \
	'allow-bind=*:80,*:9000-9010' max-sockets=3
echo 5 >$linger
peer_run peer policy 1
ktap_test_result 'released sockets stay while they have something to send' sockets '3 of 3, 3 of them released'
ktap_test_result 'nothing is held' peer_holds_nothing
ktap_test_result 'but not for long, if nobody takes it' wait_for 15 'sockets "0 of 3, 0 of them"'
echo 60 >$linger
sock_plug peer 3 'allow-connect=*' 'deny-connect=127.0.0.0/8,[::1]'
peer_run peer policy 3
ktap_test_result 'a network namespace is made' make_namespace
sock_plug peer 2 netns=xpv
peer_run peer elsewhere 2
ktap_test_result 'the devices go' sock_end peer 0 1 2 3
umount /run/netns/xpv
ktap_test_result 'the server goes' sock_server_end
ktap_finished
