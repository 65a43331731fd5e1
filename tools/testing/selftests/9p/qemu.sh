#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a folder that QEMU shares: files both ways, several mounts, many at work, and who is killed leaves the others alone
# runs: dom0
# guest: pv pvh* hvm*
# pair: ours/q9p intree/q9p*
# vcpus: 2
# needs: 9pnet_xen
# memory: 512
# length: long
# time: 480

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"

folder=/tmp/shares/qemu

in_guest() {
	guest_run q "$1" "${2:-60}"
}

mounts() {
	in_guest "modprobe 9p; mkdir -p /mnt/$1 && mount -t 9p -o trans=xen,version=9p2000.L$2 share /mnt/$1"
}

files_of_the_guest() {
	in_guest "cd /mnt/a && for n in 0 1 4095 4096 4097 65536 1000000 5000000; do
			head -c \$n /dev/urandom >file\$n || exit 1
		done
		md5sum file* >SUMS" || return 1
	(cd $folder && md5sum -c SUMS)
}

files_of_dom0() {
	(cd $folder && for n in 0 1 511 4096 99999 7000000; do
		head -c $n /dev/urandom >dom0-$n || exit 1
	done && md5sum dom0-* >SUMS0) || return 1
	in_guest 'cd /mnt/a && md5sum -c SUMS0'
}

# Messages of all sizes, past both ends of what the rings hold.
sizes() {
	for msize in 4096 8192 65536 524288 1048576 4194304; do
		mounts m ",msize=$msize" || return 1
		in_guest "cd /mnt/m && md5sum -c SUMS0 && for bs in 4k 999 64k 3000000; do
				dd if=/mnt/a/dom0-99999 of=copy bs=\$bs 2>/dev/null &&
					cmp copy dom0-99999 || exit 1
			done >/dev/null; dd if=/mnt/a/dom0-7000000 of=copy bs=1M 2>/dev/null &&
			cmp copy dom0-7000000 && ls -la >/dev/null && cd / && umount /mnt/m" || return 1
	done
}

mapped() {
	mounts m ,cache=mmap || return 1
	in_guest 'cd /mnt/m && cmp dom0-7000000 /mnt/a/dom0-7000000 &&
		dd if=dom0-7000000 of=mapped bs=10k 2>/dev/null && cd / && umount /mnt/m && cmp /mnt/a/mapped /mnt/a/dom0-7000000'
}

big_directory() {
	in_guest 'mkdir /mnt/a/big && cd /mnt/a/big && seq 500 | xargs touch && [ $(ls | wc -l) = 500 ]' || return 1
	[ "$(ls $folder/big | wc -l)" = 500 ]
}

# One session carries all mounts; each has its own files open.
two_mounts() {
	mounts b && in_guest 'exec 3>/mnt/a/x 4>/mnt/b/y; echo a >&3; echo b >&4; exec 5</mnt/b/x
		read -r word <&5; [ "$word" = a ] && umount /mnt/b; exec 4>&- 5<&-
		umount /mnt/b && echo more >&3 && exec 3>&- && [ "$(cat /mnt/a/x /mnt/a/y)" = "a
more
b" ]'
}

many_at_work() {
	in_guest 'cd /mnt/a && mkdir work && for i in $(seq 16); do
			(dd if=/dev/urandom of=/tmp/w$i bs=300k count=8 2>/dev/null &&
				dd if=/tmp/w$i of=work/$i bs=300k 2>/dev/null && cmp /tmp/w$i work/$i || echo wrong $i) &
		done; wait; rm -f /tmp/w*' 120 >/tmp/many.log 2>&1
	status=$?
	cat /tmp/many.log
	[ $status = 0 ] && [ ! -s /tmp/many.log ]
}

# Reads and writes that end in the middle, and what comes after them.
killed() {
	in_guest 'cd /mnt/a && dd if=/dev/zero of=long bs=1M count=40 2>/dev/null
		for i in $(seq 30); do
			dd if=long of=/dev/null bs=1M 2>/dev/null & reader=$!
			dd if=/dev/zero of=long2 bs=1M count=40 2>/dev/null & writer=$!
			usleep $((i * 3000)); kill -9 $reader $writer; wait $reader $writer
		done 2>/dev/null; md5sum -c SUMS >/dev/null && md5sum -c SUMS0 >/dev/null'
}

# Nobody waits any more, and nothing is left, on any ring.
idle() {
	in_guest 'cat /sys/kernel/debug/xenbus-mt/devices; grep "^ *ring " /sys/kernel/debug/xenbus-mt/devices >/tmp/rings
		[ -s /tmp/rings ] && ! grep -v ": live, 0 requests out, 0 whom" /tmp/rings'
}

unmounts() {
	in_guest 'umount /mnt/a && mount -t 9p -o trans=xen,version=9p2000.L share /mnt/a && ls /mnt/a >/dev/null && umount /mnt/a'
}

no_such_share() {
	in_guest '! mount -t 9p -o trans=xen,version=9p2000.L nosuch /mnt/a && ! grep " /mnt/a " /proc/mounts'
}

# QEMU 7.2 ends when a frontend begins anew, so this is the last.
module_goes() {
	in_guest 'rmmod 9pnet_xen'
}

# It carries out one request of a ring at a time.
one_processor() {
	guest_create q1 vcpus=1 memory=256 config="p9 = [ 'tag=share,path=$folder,security_model=none' ]" || return 1
	guest_run q1 'modprobe 9p; mkdir -p /mnt/a && mount -t 9p -o trans=xen,version=9p2000.L share /mnt/a || exit 1
		for i in 1 2 3 4; do dd if=/mnt/a/long of=/dev/null bs=64k 2>/dev/null & done; wait
		grep "^ *ring " /sys/kernel/debug/xenbus-mt/devices | tee /tmp/rings
		[ "$(grep -c ": live" /tmp/rings)" = 2 ] && ! grep -q " 0 answers" /tmp/rings' 120
}

ktap_print_header
ktap_set_plan 15
mkdir -p $folder
ktap_test_result 'the guest boots' guest_create q \
	config="p9 = [ 'tag=share,path=$folder,security_model=none' ]" || ktap_exit_fail_msg 'no guest'
ktap_test_result 'its folder is mounted' mounts a || ktap_exit_fail_msg 'no folder'
ktap_test_result 'files of the guest arrive' files_of_the_guest
ktap_test_result 'files of dom0 arrive' files_of_dom0
if [ "$XPV_FRONT" = ours ]; then
	ktap_test_result 'messages can be of any size' sizes
	ktap_test_result 'it can be mounted twice' two_mounts
	ktap_test_result 'files are mapped' mapped
else
	ktap_test_skip 'messages can be of any size' 'the in-tree frontend has one mount'
	ktap_test_skip 'it can be mounted twice' 'the in-tree frontend has one mount'
	ktap_test_skip 'files are mapped' 'the in-tree frontend has one mount'
fi
ktap_test_result 'a big directory' big_directory
ktap_test_result 'many at work at a time' many_at_work
if [ "$XPV_FRONT" = ours ]; then
	ktap_test_result 'some of them are killed' killed
	ktap_test_result 'nothing is left over' idle
else
	ktap_test_skip 'some of them are killed' 'the in-tree frontend leaves them waiting'
	ktap_test_skip 'nothing is left over' 'the in-tree frontend does not tell'
fi
ktap_test_result 'it is unmounted, and mounted again' unmounts
ktap_test_result 'a share that is not there is not mounted' no_such_share
if [ "$XPV_FRONT" = ours ]; then
	ktap_test_result 'the frontend is unloaded' module_goes
else
	ktap_test_skip 'the frontend is unloaded' 'the in-tree one is'
fi
guest_destroy q
if [ "$XPV_FRONT" = ours ]; then
	ktap_test_result 'a guest with one processor has two rings, and uses both' one_processor
	guest_destroy q1
else
	ktap_test_skip 'a guest with one processor has two rings, and uses both' 'the in-tree frontend does not tell'
fi
rm -rf $folder
ktap_finished
