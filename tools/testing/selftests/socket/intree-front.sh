#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the kernel's own frontend on our backend: it connects, is refused, and serves; every byte is compared
# runs: dom0
# guest: pv
# pair: none/ours
# vcpus: 2
# needs: pvcalls-back pvcalls-front-intree
# length: long
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/sock.sh"

# It looks for the backend's keys only once, when it finds the device.
connects() {
	sock_plug g 0 || return 1
	plug_wait "$back" 2 && guest_run g 'insmod /modules/pvcalls-front-intree.ko' &&
		plug_wait "$front" 4 && plug_wait "$back" 4
}

# drive WORD...: have it used
drive() {
	guest_run g "dmesg -c >/dev/null; echo '$*' >/sys/module/pvcalls_front_intree/parameters/drive
		status=\$?; dmesg | grep pvcalls; exit \$status" 60
}

listens() {
	grep -q ':1BBC [0-9A-F]*:0000 0A ' /proc/net/tcp /proc/net/tcp6
}

# To it and back, with more than a ring holds on the way.
calls_it() {
	head -c 300000 /dev/urandom >/tmp/sent
	timeout 40 bash -c 'exec 3<>/dev/tcp/10.77.9.1/7100; cat /tmp/sent >&3 & head -c 300000 <&3 >/tmp/came'
	cmp /tmp/sent /tmp/came
}

serves() {
	guest_run g 'dmesg -c >/dev/null; rm -f /tmp/background.log'
	guest_start g 'echo serve 7100 >/sys/module/pvcalls_front_intree/parameters/drive; echo end $?'
	wait_for 10 listens || { guest_run g 'dmesg | grep pvcalls'; return 1; }
	calls_it && guest_run g 'for i in $(seq 100); do grep -q end /tmp/background.log && break; sleep 0.1; done
		dmesg | grep pvcalls; cat /tmp/background.log; grep -q "end 0" /tmp/background.log'
}

# It does not survive that its device is taken away.
goes_with_guest() {
	guest_destroy g && xenstore-rm "$back" && wait_for 15 '[ -z "$(ls /sys/bus/xen-backend/devices)" ]' &&
		! dmesg | grep LEAK
}

ktap_print_header
ktap_set_plan 10
ktap_test_result 'somebody serves in dom0' sock_server || ktap_exit_fail_msg 'no server'
ktap_test_result 'the guest is up' guest_create g || ktap_exit_fail_msg 'no guest'
plug_paths g 0
ktap_test_result 'both ends connect' connects || ktap_exit_fail_msg 'they do not'
ktap_test_result 'a connection carries 4 MB each way' drive stream 10.77.9.1 7000 4000000
ktap_test_result 'and the next one' drive stream 10.77.9.1 7000 100000
ktap_test_result 'one is refused' drive refused 10.77.9.1 7999
ktap_test_result 'it serves' serves
ktap_test_result 'and again, at the same port' serves
sock_server_end
ktap_test_result 'nothing is held of what it released' wait_for 5 'grep "sockets: 0" /sys/kernel/debug/xenbus-mt/devices'
ktap_test_result 'it goes with the guest' goes_with_guest
ktap_finished
