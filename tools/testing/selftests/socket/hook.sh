#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a hook of the kernel makes TCP sockets PV sockets: of a command, static and set-user-ID ones too, or of a whole guest, and of nobody else
# runs: dom0
# guest: pv@6.12 pvh@6.12
# pair: ours/ours
# vcpus: 2
# needs: pvcalls-front pvcalls-back
# memory: 256
# length: long
# time: 150

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/pvsock.sh"

run='xenpv run --bpf'
folder=/sys/fs/cgroup

guest_is_ready() {
	guest_run g "mount -t cgroup2 cgroup2 $folder && mkdir $folder/tcp &&
		cp /usr/sbin/posixsock /tmp/other && chown 65534 /tmp/other && chmod 4755 /tmp/other"
}

# asks PROGRAM...: a program that asks for TCP, static as posixsock is, and tells what it gets
asks() {
	guest_run g "$* tcp $PVSOCK_HOST 24000 protocol"
}

gets_tcp() {
	asks "$@"
}

gets_pv() {
	__said=$(asks "$@")
	echo "$__said"
	[ "$(echo "$__said" | grep -c 'is 259, not 6$')" = 2 ]
}

# What the kernel calls in the place of functions: the hook while it is in use.
hook_is_used() {
	guest_run g "grep update_socket_protocol /sys/kernel/debug/tracing/enabled_functions"
}

# Neither hook nor process nor cgroup, a moment after the last program ended.
nothing_is_left() {
	guest_run g "for i in \$(seq 50); do
			left=\$(grep update_socket_protocol /sys/kernel/debug/tracing/enabled_functions
				pidof xenpv; ls -d $folder/xenpv-* 2>/dev/null)
			[ \"\$left\" ] || exit 0
			sleep 0.1
		done
		echo \"left: \$left\"; exit 1"
}

data_arrives() {
	guest_run g "$run netload tcp $PVSOCK_HOST $NET_PORT 1024 2 && $run netload tcp $PVSOCK_HOST6 $NET_PORT 1024" 100
}

shared_program() {
	guest_run g "$run iperf3 -c $PVSOCK_HOST -n 2M -i 0"
}

# As a daemon does, whose command has ended.
others_have_tcp_meanwhile() {
	guest_run g "$run sh -c 'setsid sleep 1000 >/dev/null 2>&1 </dev/null &'" && hook_is_used && gets_tcp posixsock &&
		guest_run g 'pidof xenpv' && guest_run g 'killall sleep'
}

status_is_the_commands() {
	guest_run g "$run sh -c 'exit 42'; [ \$? = 42 ] || exit 1; $run sh -c 'kill -9 \$\$'; [ \$? = 137 ] || exit 1
		$run /nosuch; [ \$? = 1 ]"
}

default_is_on() {
	guest_run g "xenpv sock default on; [ \$? = 1 ] && [ \"\$(xenpv sock default)\" = off ] || exit 1
		mount -t bpf bpf /sys/fs/bpf && xenpv sock default on --except=$folder/tcp && [ \"\$(xenpv sock default)\" = on ]" &&
		gets_pv posixsock && gets_pv /tmp/other
}

excepted_have_tcp() {
	gets_tcp "echo 0 >$folder/tcp/cgroup.procs; posixsock" && gets_tcp unshare -n posixsock
}

default_is_off() {
	guest_run g "xenpv sock default off && posixsock tcp $PVSOCK_HOST 24000 protocol && [ \"\$(xenpv sock default)\" = off ]" &&
		nothing_is_left && guest_run g '[ -z "$(ls /sys/fs/bpf)" ]'
}

without_a_backend() {
	pvsock_end g || return 1
	guest_run g "xenpv sock default on 2>/tmp/said; [ \$? = 1 ] && $run true 2>>/tmp/said; [ \$? = 1 ] || exit 1
		cat /tmp/said; [ \$(grep -c 'there are no PV sockets here: ' /tmp/said) = 2 ]" &&
		gets_tcp "$run --fallback posixsock" && nothing_is_left
}

ktap_print_header
ktap_set_plan 14
net_bridge xpv0
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up' pvsock_guest g || ktap_exit_fail_msg 'no guest'
ktap_test_result 'both ends connect' pvsock_plug g || ktap_exit_fail_msg 'no backend'
ktap_test_result 'it has cgroups' guest_is_ready || ktap_exit_fail_msg 'no cgroups'
ktap_test_result 'programs have TCP' gets_tcp posixsock
ktap_test_result 'a static one has PV sockets by the hook' gets_pv $run posixsock
ktap_test_result 'one of another user too' gets_pv $run /tmp/other
ktap_test_result 'its data goes through dom0, and back' data_arrives
ktap_test_result 'that of a program with shared libraries too' shared_program
ktap_test_result 'what runs beside a command has TCP' others_have_tcp_meanwhile
ktap_test_result 'a command that ended leaves its status and nothing else' eval 'status_is_the_commands && nothing_is_left'
ktap_test_result 'all programs have PV sockets by default' default_is_on
ktap_test_result 'but those of a cgroup and of another network' excepted_have_tcp
ktap_test_result 'until that is off' default_is_off
ktap_test_result 'without a backend it is refused, or TCP' without_a_backend
ktap_finished
