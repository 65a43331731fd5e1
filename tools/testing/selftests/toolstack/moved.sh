#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest whose disk and network were moved to a driver domain is migrated on the same host and boots again, and finds them there
# runs: dom0
# guest: pv pvh*
# pair: ours/ours
# memory: 192
# needs: xen-blkfront xen-blkback xen-netfront xen-netback
# length: long
# time: 240

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/driverdomain.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run ha "$1" "${2:-60}"
}

driver_domain_boots() {
	driver_domains dd disk="xvdb:$(disk_path data)" vif=xpv0 && driver_domain_bridge dd
}

# All of it is dom0's at first. It boots when it is asked to, which is xl's default.
guest_boots() {
	guest_create ha disk="xvdb:$(disk_path data)" vif=xpv0 config="on_reboot = 'restart'" && net_configure ha 2
}

of_disk() {
	blockdev --flushbufs "$(disk_path data)" && md5sum <"$(disk_path data)"
}

# What it writes is on the disk that both backends have; what it reads is that.
works() {
	in_guest 'dd if=/dev/urandom of=/dev/xvdb bs=64k count=32 oflag=direct 2>/dev/null' && reads_it &&
		net_load ha tcp 10.77.0.1 1024
}

reads_it() {
	[ "$(in_guest 'echo 3 >/proc/sys/vm/drop_caches; md5sum </dev/xvdb')" = "$(of_disk)" ]
}

moves() {
	rehome ha xvdb dd params=/dev/xvdb --wait=30 && rehome ha vif/0 dd bridge=br0 --wait=30 && works
}

# gone DOMID: of that guest, which this one was, the driver domain serves nothing
gone() {
	! { xenstore-ls -f "/local/domain/$(xl domid dd)/backend" | grep "/$1/" ||
		guest_run dd 'ls /sys/bus/xen-backend/devices' | grep -- "-$1-"; }
}

# goes_on_there DOMID: as another domain than that
goes_on_there() {
	xl_lists ha block "$(xl domid dd)" && xl_lists ha network "$(xl domid dd)" && works || return 1
	wait_for 10 "gone $1 >/tmp/left" || { cat /tmp/left; return 1; }
}

# Its console is logged by the name that it had when it came, see save.sh.
migrates() {
	was=$(xl domid ha)
	xl migrate -s '' ha 'xl migrate-receive' >/tmp/xl.log 2>&1 || { cat /tmp/xl.log; return 1; }
	guest_refresh ha && echo /var/log/xen/console/guest-ha--incoming.log >"$XPV_RUN/guests/ha/log" &&
		goes_on_there "$was"
}

# The kernel runs /sbin/reboot. What the guest knew of its interfaces is gone.
boots_again() {
	was=$(xl domid ha)
	in_guest 'rm -f /sbin/reboot && printf "#!/bin/sh\nsync\nexec busybox reboot -f\n" >/sbin/reboot && chmod +x /sbin/reboot' &&
		wc -c </var/log/xen/console/guest-ha.log >"$XPV_RUN/guests/ha/began" && xl reboot ha || return 1
	wait_for 60 '! guest_exists ha || [ "$(xl domid ha)" != "$was" ]' && wait_for 30 'guest_exists ha' &&
		guest_refresh ha && guest_wait_boot ha || { cat /var/log/xen/xl-ha*.log; return 1; }
	reads_it && net_configure ha 2 && goes_on_there "$was"
}

nothing_leaked() {
	guest_run dd '! dmesg | grep LEAK' && ! dmesg | grep LEAK && ! grep LEAK /var/log/xen/console/guest-*.log
}

ktap_print_header
ktap_set_plan 8
net_serve && disk_make data 16M >/dev/null || ktap_exit_fail_msg 'nothing to serve'
ktap_test_result 'a driver domain boots' driver_domain_boots || ktap_exit_fail_msg 'no driver domain'
ktap_test_result 'a guest works with dom0' eval 'guest_boots && works' || ktap_exit_fail_msg 'no guest'
ktap_test_result 'its disk and its network move to the driver domain' moves
what='it is migrated on the same host, and goes on with them there'
case $XPV_GUEST in
pv) ktap_test_skip "$what" 'Xen as Debian builds it has no shadow paging, which a live PV guest needs' ;;
*) ktap_test_result "$what" migrates || ktap_exit_fail_msg 'no guest' ;;
esac
ktap_test_result 'it boots again, and finds them there' boots_again
ktap_test_result 'and once more' boots_again
ktap_test_result 'what is destroyed leaves nothing' eval 'was=$(xl domid ha); guest_destroy ha && wait_for 10 "gone $was"'
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
