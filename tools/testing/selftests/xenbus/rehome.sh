#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a disk goes on with a backend in another domain: that of a destroyed driver domain with a spare's, and to dom0 and back
# runs: dom0
# guest: pv
# pair: ours/ours
# vcpus: 1
# memory: 320
# needs: fio xen-blkfront xen-blkback
# length: long
# time: 360

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/driverdomain.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run ha "$1" "${2:-60}"
}

# In hundredths of a second.
now() {
	read -r up _ </proc/uptime
	now=${up%.*}${up#*.}
}

# Both have the same disk from dom0, and nobody keeps anything of it in a cache.
driver_domains_boot() {
	shared=$(disk_make shared 48M) && driver_domains 'dda ddb' disk="xvdb:$shared"
}

# One writes and verifies; another notes the time of each write that was answered.
start_traffic() {
	in_guest 'rm -f /tmp/stop /tmp/background.log; echo >/tmp/pulse' && guest_start ha 'while [ ! -e /tmp/stop ]; do
		fio --name=ha --filename=/dev/xvdb --rw=randrw --bsrange=512-64k --size=16m --direct=1 \
			--ioengine=libaio --iodepth=16 --verify=crc32c --verify_fatal=1 --thread \
			--minimal --output=/tmp/fio.log || { echo failed; cat /tmp/fio.log; exit 1; }
		echo round; done; echo stopped' && guest_start ha 'while [ ! -e /tmp/stop ]; do
		dd if=/dev/urandom of=/dev/xvdb bs=4k seek=8192 count=1 oflag=direct 2>/dev/null || echo failed
		cut -d" " -f1 /proc/uptime >>/tmp/pulse; done'
}

traffic_goes_on() {
	in_guest 'pulses=$(wc -l </tmp/pulse)
		for i in $(seq 100); do
			sleep 0.2
			grep failed /tmp/background.log && exit 1
			[ $(wc -l </tmp/pulse) -gt $((pulses + 3)) ] && exit
		done; cat /sys/block/xvdb/stat; exit 1'
}

# gap: the longest that a write took since the last call, in seconds
gap() {
	in_guest 'awk "last && \$1 - last > most { most = \$1 - last } \$1 { last = \$1 } END { print most }" /tmp/pulse; echo >/tmp/pulse'
}

traffic_was_right() {
	in_guest 'touch /tmp/stop
		for i in $(seq 300); do grep -q "^stopped\|^failed" /tmp/background.log && break; sleep 0.2; done
		tail -n 3 /tmp/background.log; grep -q "^stopped" /tmp/background.log && ! grep failed /tmp/background.log' 90
}

# goes_on_with DOMAIN [KEY=VALUE]...: the disk, and how long that takes
goes_on_with() {
	gap >/dev/null
	now
	start=$now
	rehome ha xvdb "$@" || return 1
	now
	echo "xenpv rehome took $((now - start))0 ms"
	traffic_goes_on || return 1
	echo "the longest that a write took: $(gap) s"
}

spare_takes_over() {
	gap >/dev/null
	now
	start=$now
	guest_destroy dda || return 1
	now
	echo "xl destroy took $((now - start))0 ms"
	start=$now
	rehome ha xvdb ddb || return 1
	now
	echo "xenpv rehome took $((now - start))0 ms"
	traffic_goes_on || return 1
	echo "the longest that a write took: $(gap) s, from before the destruction on"
}

# listed DOMID: xl knows who has the disk
listed() {
	xl block-list ha
	[ "$(xl block-list ha | awk '$1 == 51728 { print $2, $4 }')" = "$1 4" ]
}

# A backend that cannot close keeps its disk: what it has begun may come late.
hung_one_keeps_it() {
	xl pause ddb && sleep 0.5
	rehome ha xvdb 0 "params=$(disk_path shared)" --wait=3 >/tmp/refused 2>&1 && return 1
	cat /tmp/refused
	grep -q 'does not let go of it' /tmp/refused && xl unpause ddb && traffic_goes_on && listed "$(xl domid ddb)"
}

disk_is_right() {
	[ "$(in_guest 'md5sum </dev/xvdb')" = "$(md5sum <"$(disk_path shared)")" ]
}

nonsense_is_refused() {
	for words in 'ha xvdz ddb' 'ha vbd/1 ddb' 'nosuch xvdb ddb' 'ha xvdb nosuch' 'ha xvdb ha' 'ha xvdb 0' \
		'ha xvdb' 'ha xvdb ddb state=4' 'ha xvdb ddb params' 'ha xvdb ddb --nonsense'; do
		# shellcheck disable=SC2086 # several words
		! rehome $words || return 1
	done
	rehome --help | grep -q 'params=' && listed 0
}

# traces: nodes of the guest's disk
traces() {
	xenstore-ls -f | grep "/vbd/$domid/51728\|domain/0/backend/vbd/$domid \|/$domid/device/vbd/"
}

# A disk of a domain that hangs: the guest lets go, and who comes to use it sees an
# error. The domain does when it goes on, and then the toolstack can take it away.
hung_one_is_detached() {
	back=$(xenstore-read "/local/domain/$domid/device/vbd/51728/backend")
	xl pause ddb && xenstore-write "$back/online" 0 "$back/state" 5
	in_guest 'before=$(cut -d. -f1 /proc/uptime)
		! dd if=/dev/xvdb of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null || exit 1
		took=$(($(cut -d. -f1 /proc/uptime) - before)); echo "$took s"; [ $took -lt 5 ]' &&
		[ "$(xenstore-read "/local/domain/$domid/device/vbd/51728/state")" = 6 ]
	left=$?
	xl unpause ddb
	wait_for 10 "[ \"\$(xenstore-read $back/state)\" = 6 ]" && detaches && [ $left = 0 ]
}

detaches() {
	xl block-detach ha xvdb && wait_for 10 '! traces' && in_guest '! [ -b /dev/xvdb ]'
}

attaches_again() {
	xl block-attach ha "$(driver_domain_disk ddb /dev/xvdb)" &&
		in_guest 'for i in $(seq 50); do [ -b /dev/xvdb ] && exit; sleep 0.1; done; exit 1' &&
		disk_is_right
}

# A discard that the hung domain did not get to, and a write to where it was, once
# it is said to be done.
discard_and_write() {
	in_guest 'rm -f /tmp/late; dd if=/dev/urandom of=/tmp/data bs=64k count=1 2>/dev/null' &&
		guest_start ha 'blkdiscard -o 41943040 -l 65536 /dev/xvdb &&
			dd if=/tmp/data of=/dev/xvdb bs=64k seek=640 count=1 oflag=direct && echo done >/tmp/late'
}

# What is asked from now on does not wait for a hung domain. Who seeks does: the kernel
# has the disk's inode locked while something is discarded.
new_requests_pass() {
	in_guest 'dd if=/dev/xvdb of=/dev/null bs=64k count=1 iflag=direct 2>/dev/null' 20
}

late_write_is_there() {
	in_guest 'for i in $(seq 100); do [ -e /tmp/late ] && break; sleep 0.2; done; [ -e /tmp/late ]' &&
		[ "$(in_guest 'md5sum </tmp/data')" = "$(dd if="$(disk_path shared)" bs=64k skip=640 count=1 iflag=direct 2>/dev/null | md5sum)" ]
}

# What it can still do is not done elsewhere before Xen has unmapped the rings for it.
hung_one_is_left() {
	start_traffic && traffic_goes_on && xl pause ddb && sleep 1 && discard_and_write || return 1
	rehome ha vbd/51728 0 "params=$(disk_path shared)" --wait=5 --force && new_requests_pass || return 1
	in_guest '! [ -e /tmp/late ]' || __complain 'a discard was done that can come late' || return 1
	guest_destroy ddb && late_write_is_there && traffic_was_right && disk_is_right
}

# The bus waits up to 5 s for a backend to close, which it has known elsewhere.
shuts_down() {
	now
	start=$now
	guest_shutdown ha || return 1
	now
	echo "it took $((now - start))0 ms"
	[ $((now - start)) -lt 450 ]
}

# The kernel's own frontend stays where it was, and goes on there.
other_stays() {
	guest_create old front=intree memory=192 disk=xvdb=16M || return 1
	rehome old xvdb ddb params=/dev/xvdb --wait=3 2>&1 | grep 'does not follow' || return 1
	guest_run old 'dd if=/dev/xvdb of=/dev/null bs=64k count=4 iflag=direct 2>/dev/null' && guest_destroy old
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK /var/log/xen/console/guest-*.log && ! traces
}

ktap_print_header
ktap_set_plan 23
ktap_test_result 'two driver domains boot' driver_domains_boot || ktap_exit_fail_msg 'no driver domains'
ktap_test_result 'a guest boots with a disk of one' guest_create ha disk="$(driver_domain_disk dda /dev/xvdb)" ||
	ktap_exit_fail_msg 'no guest'
domid=$(xl domid ha)
ktap_test_result 'the toolstack noted its disk' traces
ktap_test_result 'it writes' start_traffic
ktap_test_result 'and goes on' traffic_goes_on
ktap_test_result 'the driver domain is destroyed, and the spare takes over' spare_takes_over
ktap_test_result 'xl knows' listed "$(xl domid ddb)"
ktap_test_result 'a backend that does not let go keeps the disk' hung_one_keeps_it
ktap_test_result 'the disk goes on with dom0' goes_on_with 0 "params=$(disk_path shared)"
ktap_test_result 'xl knows' listed 0
ktap_test_result 'what makes no sense is refused' nonsense_is_refused
ktap_test_result 'the disk goes back to the driver domain' goes_on_with ddb params=/dev/xvdb
ktap_test_result 'xl knows' listed "$(xl domid ddb)"
ktap_test_result 'all it wrote reads back' traffic_was_right
ktap_test_result 'and is what dom0 finds' disk_is_right
ktap_test_result 'the disk is detached, and leaves nothing' detaches
ktap_test_result 'and attached again' attaches_again
ktap_test_result 'it is detached from a domain that hangs' hung_one_is_detached
ktap_test_result 'and attached again' attaches_again
ktap_test_result 'a frontend that cannot follow keeps its backend' other_stays
ktap_test_result 'a hung backend is left behind by force' hung_one_is_left
ktap_test_result 'a guest whose backend moved shuts down in time' shuts_down
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
