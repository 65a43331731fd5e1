#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What `make demo` shows: a disk, a folder, the sockets of a web server that has no
# network, and then a network, served by our backends in dom0 to our frontends in a
# guest; that every byte arrives; that disk and network outlive a driver domain that
# serves them, and the disk's data the guest. Every step is checked.

. /xpv/selftests/lib/dom0.sh
. /xpv/selftests/lib/net.sh
. /xpv/selftests/lib/distro.sh
. /xpv/selftests/lib/driverdomain.sh

disk=/dev/xvdb
files=20
host=10.77.0.1
xenpv=/xpv/programs/xenpv

heading() {
	printf '\n== %s\n' "$*"
}

shown() {
	sed 's/^/   /'
}

failed() {
	printf '\n   DOES NOT HOLD: %s\n' "$*"
	exit 1
}

driver_names() {
	case $1 in ours) echo 'ours' ;; *) echo "the kernel's own" ;; esac
}

modules_in_dom0() {
	heading "Modules in dom0: $(driver_names "$XPV_BACK")"
	lsmod | grep -E '^Module|xenbus_mt|xen_(blk|net|9p)back|pvcalls' | shown
	for module in xen-blkback xen-netback; do
		module_loaded $module || failed "$module is loaded in dom0"
	done
}

start_guest() {
	heading "A PV guest starts, with a disk of 128 MB, dom0's programs on another, and no network"
	distro_guest demo pv memory=192 disk=xvdb=128M || failed 'the guest boots'
	xl list | shown
	heading "Modules in the guest: $(driver_names "$XPV_FRONT")"
	guest_run demo "lsmod | grep -E '^Module|xenbus_mt|xen_(blk|net)front'" | shown
	for module in xen_blkfront xen_netfront; do
		guest_run demo "lsmod | grep -q $module" || failed "$module is loaded in the guest"
	done
}

find_disk() {
	heading 'The guest finds the disk'
	guest_run demo "for i in \$(seq 50); do [ -b $disk ] && break; sleep 0.2; done
		cat /proc/partitions; dmesg | grep -E 'blkfront|xvdb' | tail -n 3" | shown
	guest_run demo "[ -b $disk ]" || failed "$disk is there"
}

write_files() {
	heading 'The guest makes a file system and writes 20 files with their checksums'
	guest_run demo "mkfs.ext4 -q $disk && mkdir -p /mnt/disk && mount -t ext4 $disk /mnt/disk && cd /mnt/disk &&
		for i in \$(seq 20); do head -c 1000000 /dev/urandom >file-\$i || exit; done &&
		sha256sum file-* >SUMS && sync && head -n 3 SUMS && df -h /mnt/disk" 60 >/tmp/written ||
		failed 'the files are written'
	shown </tmp/written
}

share_folder() {
	[ "$XPV_FRONT/$XPV_BACK" = ours/ours ] || return 0
	heading 'The guest mounts a folder of dom0'
	mkdir -p /tmp/letters && echo 'Hello from dom0.' >/tmp/letters/to-guest
	"$xenpv" 9p attach demo letters /tmp/letters || failed 'the folder is attached'
	guest_run demo "modprobe 9p; mkdir -p /mnt/letters &&
		mount -t 9p -o trans=xen,version=9p2000.L letters /mnt/letters && cd /mnt/letters &&
		grep letters /proc/mounts && cat to-guest && echo 'Hello from the guest.' >to-dom0" >/tmp/shared ||
		failed "the folder is mounted: $(cat /tmp/shared)"
	shown </tmp/shared
	grep -q 'from dom0' /tmp/shared && grep 'from the guest' /tmp/letters/to-dom0 | shown
	grep -q 'from the guest' /tmp/letters/to-dom0 || failed 'each end reads what the other wrote'
}

serve_pages() {
	[ "$XPV_FRONT/$XPV_BACK" = ours/ours ] || return 0
	heading 'The guest runs nginx, unmodified, whose sockets dom0 carries out'
	guest_run demo 'echo "its interfaces: $(ls /sys/class/net)"' | shown
	"$xenpv" sock attach demo --allow-bind="$host:80" || failed 'it has sockets in dom0'
	"$xenpv" sock list demo | shown
	distro_run demo "mkdir -p /tmp/web && cd /tmp/web && echo 'A page of the guest.' >index.html &&
		echo 'user root; pid pid; events {} http { client_body_temp_path a; proxy_temp_path b;
		fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e; access_log off;
		server { listen $host:80; root /tmp/web; } }' >config &&
		/xpv/xenpv run nginx -p /tmp/web -e error.log -c config" >/tmp/web || failed "nginx: $(cat /tmp/web)"
	heading "dom0 fetches its page from dom0's own address, $host"
	curl -sSi "http://$host/" >/tmp/page 2>&1 || failed "the page: $(cat /tmp/page)"
	tr -d '\r' </tmp/page | shown
	grep -q '^A page of the guest\.$' /tmp/page || failed 'it is the page of the guest'
}

attach_network() {
	heading 'The guest gets a network, and talks to dom0 over it'
	xl network-attach demo bridge=xpv0 || failed 'a network is attached'
	net_configure demo 2 xpv0 || failed 'the guest has an address'
	guest_run demo 'ip addr show eth0 | grep -E "inet |mtu"; ping -n -c 3 '$host' | tail -n 2' >/tmp/ping
	shown </tmp/ping
	grep -q ' 0% packet loss' /tmp/ping || failed 'each echo is answered'
	net_serve || failed 'dom0 listens'
	net_load demo tcp $host 8192 >/tmp/tcp || failed "the data: $(cat /tmp/tcp)"
	echo '8 MB went there and back over TCP, and every byte is right' | shown
}

count_copies() {
	ethtool -S "$(net_vif demo)" | awk '/queue_.*_[rt]x_(staged|copied)/ { sub(/.*queue_[0-9]+_/, ""); n[$1] += $2 }
		END { for (what in n) printf "%s %u\n", what, n[what] }' | sort
}

send_fast() {
	heading 'Two seconds at full speed each way, as fast as the emulator goes'
	for way in '' -R; do
		guest_run demo "iperf3 -c $host -t 2 $way" 30 >/tmp/iperf || failed "iperf3: $(cat /tmp/iperf)"
		grep receiver /tmp/iperf | shown
	done
	[ "$XPV_FRONT/$XPV_BACK" = ours/ours ] || return 0
	heading 'Packets by how their data went: staged ones took no hypercall for a grant'
	count_copies | shown
}

move_devices() {
	[ "$XPV_FRONT/$XPV_BACK" = ours/ours ] || return 0
	heading "A driver domain starts, and serves the guest's disk and network from now on"
	driver_domains driver "disk=xvdb:$(disk_path demo-xvdb)" vif=xpv0 && driver_domain_bridge driver ||
		failed 'the driver domain boots'
	rehome demo xvdb driver params=/dev/xvdb && rehome demo vif/0 driver bridge=br0 || failed 'they move there'
	{ xl block-list demo && xl network-list demo; } | cut -c 1-60 | shown
}

begin_work() {
	guest_run demo 'rm -f /tmp/background.log'
	guest_start demo "cd /mnt/disk && for i in \$(seq 21 40); do
		head -c 1000000 /dev/urandom >file-\$i && sync && sha256sum file-\$i >>SUMS || exit; sleep 0.3; done
		sync && echo 20 more files are written" &&
		guest_start demo "iperf3 -c $host -R -t 12 && echo the download is complete"
}

work_goes_on() {
	guest_run demo 'received() { cat /sys/class/net/eth0/statistics/rx_bytes; }
		before=$(received)
		for i in $(seq 100); do
			[ -e /mnt/disk/file-23 ] && [ $(received) -gt $((before + 20000000)) ] && exit 0; sleep 0.1
		done
		exit 1'
}

lose_driver_domain() {
	[ "$XPV_FRONT/$XPV_BACK" = ours/ours ] || return 0
	heading 'The driver domain is killed while the guest writes and downloads, and dom0 takes over'
	begin_work && work_goes_on || failed 'they go by way of the driver domain'
	guest_destroy driver || failed 'the driver domain goes'
	rehome demo xvdb 0 "params=$(disk_path demo-xvdb)" && rehome demo vif/0 0 bridge=xpv0 || failed 'dom0 takes over'
	guest_run demo 'for i in $(seq 200); do [ "$(grep -cE "written|complete" /tmp/background.log)" = 2 ] && break; sleep 0.2; done
		grep -E "sec .*receiver|written|complete|error" /tmp/background.log' >/tmp/went
	shown </tmp/went
	grep -q written /tmp/went && grep -q complete /tmp/went || failed 'both go on'
	files=40
}

destroy_guest() {
	heading 'The guest is destroyed, its disk still mounted'
	guest_destroy demo || failed 'the guest goes'
	wait_for 20 '[ -z "$(ls /sys/bus/xen-backend/devices)" ]' || failed 'the backends let go of its devices'
	xl list | shown
}

check_from_dom0() {
	image=$(disk_path demo-xvdb)
	heading "dom0 checks the data on $image"
	e2fsck -fy "$image" >/tmp/fsck 2>&1
	[ $? -le 1 ] || failed "the file system is sound: $(cat /tmp/fsck)"
	tail -n 1 /tmp/fsck | shown
	mkdir -p /mnt/disk
	mount -t ext4 "$image" /mnt/disk || failed 'the file system mounts'
	(cd /mnt/disk && sha256sum -c SUMS) >/tmp/sums 2>&1 || failed "the checksums: $(cat /tmp/sums)"
	umount /mnt/disk
	[ "$(grep -c ': OK$' /tmp/sums)" -eq $files ] || failed "all $files files are there"
	echo "$files of $files checksums are right" | shown
}

modules_in_dom0
net_bridge xpv0
start_guest
find_disk
write_files
share_folder
serve_pages
attach_network
send_fast
move_devices
lose_driver_domain
destroy_guest
check_from_dom0
printf '\nEverything held.\n'
