# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What is done to a disk inside a guest. XPV_LONG=1 does more of it.

# disk_fio DISK SIZES: random writes of mixed block sizes, verified by checksum
disk_fio() {
	fio --name=verify --filename="$1" --rw=randwrite --bsrange="$2" \
		--size="${XPV_FIO_SIZE:-$([ -n "$XPV_LONG" ] && echo 192m || echo 12m)}" \
		--direct=1 --ioengine=libaio --iodepth=16 \
		--verify=crc32c --verify_fatal=1 --do_verify=1 \
		--randseed=7 --thread --minimal --output=/tmp/fio.log ||
		{ cat /tmp/fio.log; return 1; }
}

# disk_files DISK: make ext4, write files, unmount, mount again, compare
disk_files() {
	modprobe -q ext4
	mkfs.ext4 -q -F "$1" || return 1
	mkdir -p /mnt/disk
	mount -t ext4 "$1" /mnt/disk || return 1
	for __file in $(seq "$([ -n "$XPV_LONG" ] && echo 200 || echo 20)"); do
		dd if=/dev/urandom of="/mnt/disk/$__file" bs=777 \
			count=$((__file * 7)) 2>/dev/null || return 1
	done
	(cd /mnt/disk && md5sum [0-9]* >SUMS) || return 1
	umount /mnt/disk && mount -t ext4 -o ro "$1" /mnt/disk || return 1
	(cd /mnt/disk && md5sum -c SUMS >/dev/null) || return 1
	umount /mnt/disk
}

# disk_front_leaves: unload the frontend. Who looks for partitions on a disk that has
# just come has it open, for a moment.
disk_front_leaves() {
	for __try in $(seq 100); do
		[ -d /sys/module/xen_blkfront ] && ! rmmod xen-blkfront 2>/dev/null || return 0
		sleep 0.05
	done
	rmmod xen-blkfront
}

# disk_front [PARAMETER]...: the frontend anew, with the guest's first disk
disk_front() {
	disk_front_leaves && insmod /modules/xen-blkfront.ko "$@" || return 1
	for __try in $(seq 200); do
		[ -b /dev/xvdb ] && return
		sleep 0.05
	done
	return 1
}
