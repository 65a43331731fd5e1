#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest with a disk, a network, a share and sockets is saved, restored and migrated while it uses them
# runs: dom0
# guest: pv pvh* hvm* pv@6.12* pvh@6.12*
# pair: ours/ours
# memory: 192
# disks: xvdb=64M
# vifs: xpv0
# needs: fio xen-blkfront xen-blkback xen-netfront xen-netback 9pnet_xen xen-9pback pvcalls-front pvcalls-back
# length: long
# time: 400

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

XENPV=/xpv/programs/xenpv
image=/root/save.img
commands=/tmp/devices
folder=/tmp/shares/save
host=10.77.0.1

# What is detached leaves a hole in the numbers; of the last one, shells would take the
# names apart.
attaches() {
	mkdir -p $folder "/tmp/shares/it's" && $XENPV 9p attach save other /tmp &&
		$XENPV 9p attach save files $folder --max-files=1000 && $XENPV 9p detach save other &&
		$XENPV 9p attach save "a'b" "/tmp/shares/it's" --number=5 --read-only --squash=root --uid-map=0:100:5,7:8:1 &&
		$XENPV sock attach save --max-sockets=1000 '--allow-bind=*:80,*:25000-28000'
}

dump() {
	$XENPV 9p dump save && $XENPV sock dump save
}

dumps() {
	dump >$commands.txt && sed "s|^xenpv|$XENPV|" $commands.txt >$commands
	cat $commands.txt
	grep -q "9p attach 'save' 'files' '$folder' --number=1 '--max-files=1000' --wait=0" $commands.txt &&
		grep -q -- "--number=5 --read-only '--squash=root' '--uid-map=0:100:5,7:8:1' --wait=0" $commands.txt
}

# Files that are written, read back and compared until they are told to stop.
start_traffic() {
	guest_start save 'while [ ! -e /tmp/stop ]; do
		fio --name=save --filename=/dev/xvdb --rw=randrw --bsrange=512-128k --size=8m --direct=1 \
			--ioengine=libaio --iodepth=8 --verify=crc32c --verify_fatal=1 --thread \
			--minimal --output=/tmp/fio.log || { echo failed; cat /tmp/fio.log; exit 1; }
		echo disk; done; echo disk stopped'
	guest_start save 'dd if=/dev/urandom of=/tmp/source bs=100k count=3 2>/dev/null
		while [ ! -e /tmp/stop ]; do
		cp /tmp/source /mnt/file && cmp /tmp/source /mnt/file || { echo failed; exit 1; }
		echo share; done; echo share stopped'
	net_traffic save $host
}

mounts() {
	guest_run save 'modprobe 9p; mount -t 9p -o trans=xen,version=9p2000.L files /mnt'
}

# rounds WHAT: how often it has come round
all_flows() {
	guest_run save 'for what in disk share; do
		before=$(grep -c "^$what" /tmp/background.log)
		for i in $(seq 100); do
			grep failed /tmp/background.log && exit 1
			[ "$(grep -c "^$what" /tmp/background.log)" = "$before" ] || continue 2
			sleep 0.2
		done
		echo "no $what"; exit 1
		done' && net_traffic_flows save
}

waits_for_loss() {
	guest_run save 'rm -f /tmp/lost' && guest_run save "setsid posixsock pv $host $1 lost >/tmp/lost 2>&1 </dev/null &
		for i in \$(seq 50); do grep -q ready /tmp/lost && exit 0; sleep 0.2; done; cat /tmp/lost; exit 1"
}

saw_loss() {
	guest_run save 'for i in $(seq 150); do grep "ok - " /tmp/lost && break; sleep 0.2; done
		cat /tmp/lost; grep -q "^ok" /tmp/lost' 40
}

said() {
	"$@" >/tmp/xl.log 2>&1 || { cat /tmp/xl.log; return 1; }
}

save_and_restore() {
	said xl save save $image && said xl restore -p $image || return 1
	rm $image
	said sh $commands && xl unpause save && guest_refresh save && all_flows
}

# Over a pipe in the place of ssh. Nobody can attach anything before the guest runs. Its
# console is logged by the name that it had when it came.
migrate() {
	said xl migrate -s '' save 'xl migrate-receive' && said sh $commands && guest_refresh save || return 1
	echo /var/log/xen/console/guest-save--incoming.log >"$XPV_RUN/guests/save/log"
	all_flows
}

same_devices() {
	dump | diff $commands.txt - && [ -z "$(xenstore-ls "/libxl/$(xl domid save)/device/9pfs/0" 2>/dev/null)" ]
}

all_was_right() {
	net_traffic_ends save && guest_run save 'for i in $(seq 300); do
			[ "$(grep -c stopped /tmp/background.log)" = 2 ] && break; sleep 0.2; done
		tail -n 4 /tmp/background.log; [ "$(grep -c stopped /tmp/background.log)" = 2 ] && umount /mnt' 90
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK "$(guest_log save)"
}

ktap_print_header
ktap_set_plan 13
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its network' net_guest save 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'it gets a share and sockets' attaches || ktap_exit_fail_msg 'no share'
ktap_test_result 'the commands for them can be had' dumps
ktap_test_result 'the share is mounted' mounts
ktap_test_result 'all are in use' eval 'start_traffic; all_flows'
ktap_test_result 'so are sockets' waits_for_loss 26000
ktap_test_result 'save and restore: all goes on' save_and_restore || ktap_exit_fail_msg 'no guest'
ktap_test_result 'it has what it had' same_devices
ktap_test_result 'connections were reset, and new ones can be made' saw_loss
what='local migration: all goes on'
case $XPV_GUEST in
pv) ktap_test_skip "$what" 'Xen as Debian builds it has no shadow paging, which a live PV guest needs' ;;
*) ktap_test_result "$what" migrate || ktap_exit_fail_msg 'no guest' ;;
esac
ktap_test_result 'sockets work' guest_run save "posixsock pv $host 27000 echo"
ktap_test_result 'all of it was right' all_was_right
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
