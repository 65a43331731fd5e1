#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest has a shared folder for its root, from its initrd on, and lives from it while the backend goes and comes
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: 9pnet_xen xen-9pback
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/share.sh"

xenpv='/xpv/programs/xenpv 9p'

in_guest() {
	guest_run r "$@"
}

# A small system: busybox, and what carries out the commands of this test.
make_root() {
	cd "$folder" && mkdir -p bin sbin dev proc sys tmp mnt work && cp /bin/busybox bin/ && ln -s busybox bin/sh &&
		cp /xpv/programs/serve /xpv/programs/posixfs sbin/ || return 1
	for name in $(bin/busybox --list); do
		[ -e "bin/$name" ] || ln -s busybox "bin/$name"
	done
	printf '#!/bin/sh\necho begun >/work/begun\nexec serve\n' >sbin/init
	printf '#!/bin/sh\necho ended >/work/ended\nsync\nexec /bin/busybox poweroff -f\n' >sbin/poweroff
	chmod 755 sbin/*
}

guest_boots() {
	guest_create r extra=xpv.root=root boot=nowait && $xenpv attach r root "$folder" --allow-devices --wait=60 &&
		guest_wait_boot r
}

root_is_the_folder() {
	in_guest 'grep " / " /proc/mounts | tail -n 1; grep "^root / 9p rw" /proc/mounts' && [ "$(cat "$folder/work/begun")" = begun ]
}

# Programs run, those too that were written just now, and so does what maps files.
programs_run() {
	in_guest 'cd /work && cp /bin/busybox busybox1 && ./busybox1 true && cmp busybox1 /bin/busybox && mkdir maps && posixfs maps maps'
}

files_arrive() {
	in_guest 'cd /work && head -c 1000000 /dev/urandom >file && md5sum file >SUM' && (cd "$folder/work" && md5sum -c SUM) || return 1
	head -c 500000 /dev/urandom >"$folder/work/theirs"
	[ "$(in_guest 'md5sum </work/theirs')" = "$(md5sum <"$folder/work/theirs")" ]
}

# Each round begins new programs, of a file that was written for it, too.
work_begins() {
	in_guest 'cat >/work/rounds.sh <<END
cd /work
while ! [ -e stop ]; do
	cp /bin/busybox busybox2 && ./busybox2 md5sum -c SUM >/dev/null && rm busybox2 || { echo wrong; exit 1; }
	echo round >>rounds
	echo 3 >/proc/sys/vm/drop_caches
done
echo well
END
		setsid sh /work/rounds.sh >/tmp/ended 2>&1 </dev/null & sleep 1'
}

rounds() {
	cat "$folder/work/rounds" 2>/dev/null | wc -l
}

# What is asked of the guest meanwhile begins programs, too, and waits.
backend_goes_and_comes() {
	for _ in 1 2; do
		rmmod xen-9pback || return 1
		in_guest 'cat /work/SUM | wc -l' 30 >/tmp/asked 2>&1 &
		__asked=$!
		sleep 1
		[ ! -s /tmp/asked ] && insmod /xpv/modules/xen-9pback.ko && wait $__asked && [ "$(cat /tmp/asked)" = 1 ] || {
			cat /tmp/asked
			return 1
		}
	done
	__before=$(rounds)
	wait_for 20 '[ "$(rounds)" -gt $((__before + 1)) ]'
}

work_was_right() {
	in_guest 'touch /work/stop; for i in $(seq 100); do [ -s /tmp/ended ] && break; sleep 0.1; done
		cat /tmp/ended; [ "$(cat /tmp/ended)" = well ]'
}

shuts_down() {
	guest_shutdown r && [ "$(cat "$folder/work/ended")" = ended ]
}

# The toolstack takes the share away with its guest.
folder_is_let_go() {
	wait_for 10 '! ls /sys/bus/xen-backend/devices | grep -q 9pfs' && ! $xenpv list | grep root &&
		umount "$folder" && e2fsck -fn "$(disk_path share-root)" && ! dmesg | grep LEAK && ! grep LEAK "$(guest_log r)"
}

ktap_print_header
ktap_set_plan 9
folder=$(share_folder root 32M) || ktap_exit_fail_msg 'no folder'
ktap_test_result 'there is a root in a folder' make_root || ktap_exit_fail_msg 'no root'
ktap_test_result 'a guest boots with it' guest_boots || ktap_exit_fail_msg 'no guest'
ktap_test_result 'its root is the folder' root_is_the_folder
ktap_test_result 'programs run from it, and files are mapped' programs_run
ktap_test_result 'files go both ways' files_arrive
work_begins
ktap_test_result 'it lives on while the backend goes and comes' backend_goes_and_comes
ktap_test_result 'all it did was right' work_was_right
ktap_test_result 'it shuts down' shuts_down
ktap_test_result 'the folder is let go, and is sound' folder_is_let_go
ktap_finished
