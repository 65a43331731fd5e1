#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest has its sockets in another driver domain's network once its own was destroyed
# runs: dom0
# guest: pv
# pair: ours/ours
# memory: 256
# needs: pvcalls-front pvcalls-back
# length: long
# time: 240

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/driverdomain.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

driver_domains_boot() {
	driver_domains 'dda ddb' vif=xpv0 && net_configure dda 11 xpv0 && net_configure ddb 12 xpv0
}

# A program that knows TCP alone, in a guest without a network.
connects() {
	guest_run ha 'LD_PRELOAD=/usr/sbin/libxenpv-run.so iperf3 -c 10.77.0.1 -n 2M -i 0' 60
}

# sockets STATE: how many dom0 has at port 24001 in that state
sockets() {
	grep -c ":5DC1 [0-9A-F]*:[0-9A-F]* $1 " /proc/net/tcp6
}

# Two connections: one to talk of the other.
stays_connected() {
	service other-iperf3 iperf3 -s -p 24001
	wait_for 10 '[ "$(sockets 0A)" = 1 ]' || return 1
	guest_start ha 'LD_PRELOAD=/usr/sbin/libxenpv-run.so iperf3 -c 10.77.0.1 -p 24001 -t 600 -i 0; echo ended $?'
	wait_for 10 '[ "$(sockets 01)" = 2 ]' || { grep :5DC1 /proc/net/tcp6; return 1; }
	guest_run ha 'cat /tmp/background.log; ! grep ended /tmp/background.log'
}

# Its end is what a program sees of it.
connection_ends() {
	guest_run ha 'for i in $(seq 100); do grep ended /tmp/background.log && break; sleep 0.2; done
		tail -n 3 /tmp/background.log; grep -q "ended [1-9]" /tmp/background.log'
}

# A domain that hangs: what asks it ends when somebody said so, and what is asked
# later works again once it goes on.
hung_one_is_given_up() {
	guest_run ha 'echo 2 >/sys/bus/xen/devices/pvcalls-0/fail_after' && xl pause dda || return 1
	guest_run ha 'before=$(cut -d. -f1 /proc/uptime)
		! LD_PRELOAD=/usr/sbin/libxenpv-run.so iperf3 -c 10.77.0.1 -n 2M -i 0 || exit 1
		took=$(($(cut -d. -f1 /proc/uptime) - before)); echo "$took s"; [ $took -lt 8 ]' &&
		guest_run ha 'echo 0 >/sys/bus/xen/devices/pvcalls-0/fail_after'
	given_up=$?
	xl unpause dda
	wait_for 20 "$XENPV sock list ha | grep '^ha *dda *Connected *Connected'" && connects && [ $given_up = 0 ]
}

spare_takes_over() {
	guest_destroy dda && rehome ha pvcalls/0 ddb
}

listed() {
	$XENPV sock list ha
	$XENPV sock list ha | grep -q "^ha *$1 *Connected *Connected"
}

detaches() {
	$XENPV sock detach ha && ! xenstore-ls -f | grep "/pvcalls/$domid/0\|/$domid/device/pvcalls/0"
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK /var/log/xen/console/guest-*.log
}

ktap_print_header
ktap_set_plan 12
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'two driver domains boot' driver_domains_boot || ktap_exit_fail_msg 'no driver domains'
ktap_test_result 'a guest is up' guest_create ha || ktap_exit_fail_msg 'no guest'
domid=$(xl domid ha)
ktap_test_result 'it has sockets of one' "$XENPV" sock attach ha --backend=dda
ktap_test_result 'they work' connects
ktap_test_result 'one that hangs is given up, if somebody says so' hung_one_is_given_up
ktap_test_result 'one stays connected' stays_connected
ktap_test_result 'the driver domain is destroyed, and the spare takes over' spare_takes_over
ktap_test_result 'the connection ends' connection_ends
ktap_test_result 'xenpv knows' listed ddb
ktap_test_result 'new ones are made there' connects
ktap_test_result 'the sockets are detached, and leave nothing' detaches
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
