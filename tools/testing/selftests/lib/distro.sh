# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The distribution in guests: dom0's own root disk, which they can only read. So
# what is in dom0 runs in a guest too, and no guest's image has to hold it. Needs
# dom0.sh.

DISTRO=/mnt/distro

# Beside root, whom programs that give up their privileges want to be.
DISTRO_USERS='root:x:0:0:root:/root:/bin/sh
sshd:x:101:65534:sshd:/run/sshd:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin'
DISTRO_GROUPS='root:x:0:
nogroup:x:65534:'

# distro_guest NAME [KEY=VALUE]...: a guest that has the distribution, on xvdz
distro_guest() {
	__root=$(awk '$2 == "/" && $1 ~ "^/dev/" { print $1 }' /proc/mounts)
	guest_create "$@" disk="xvdz:$__root:ro" || return 1
	guest_run "$1" "for i in \$(seq 50); do [ -b /dev/xvdz ] && break; sleep 0.1; done
		mkdir -p $DISTRO && mount -t ext4 -o ro /dev/xvdz $DISTRO && cd $DISTRO || exit 1
		for folder in dev proc sys tmp; do mount -o rbind /\$folder \$folder || exit 1; done
		mount -o bind /usr/sbin xpv && mount -t tmpfs tmpfs run && mkdir -m 755 run/sshd || exit 1
		echo '$DISTRO_USERS' >run/passwd && mount -o bind run/passwd etc/passwd &&
		echo '$DISTRO_GROUPS' >run/group && mount -o bind run/group etc/group"
}

# distro_run NAME 'COMMAND' [SECONDS]: as guest_run, among the distribution's files;
# /tmp is the guest's, and /xpv holds xenpv and our test programs
distro_run() {
	guest_run "$1" "[ \"\$DISTRO\" ] || DISTRO=1 exec chroot $DISTRO /bin/sh \$0
$2" "${3:-60}"
}

# distro_start NAME PROGRAM 'COMMAND': one that stays; what it says is in
# /tmp/PROGRAM.log of the guest
distro_start() {
	distro_run "$1" "setsid $3 >/tmp/$2.log 2>&1 </dev/null &" 10
}
