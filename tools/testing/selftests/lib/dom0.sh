# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What tests that run in dom0 are written with: backends, disks, guests.
# Functions say what went wrong on standard error and return non-zero.

XPV_RUN=/run/xpv
XPV_MODULES=/xpv/modules
XPV_BACKENDS='xen-blkback xen-netback xen-9pback pvcalls-back'
XPV_PANIC='panic_on_warn=1 oops=panic panic=-1 panic_print=0x20'

# wait_for SECONDS 'CONDITION': poll until the shell condition holds, often at first: most
# do soon
wait_for() {
	read -r __now __rest </proc/uptime
	__until=$((${__now%.*} + $1))
	__pause=02
	until eval "$2"; do
		read -r __now __rest </proc/uptime
		[ "${__now%.*}" -lt $__until ] || return 1
		sleep 0.$__pause
		case $__pause in 02) __pause=05 ;; 05) __pause=1 ;; *) __pause=2 ;; esac
	done
}

__complain() {
	echo "$*" >&2
	return 1
}

# log_mark: what log_said prints begins here
log_mark() {
	__mark="xpv: mark $(cut -d' ' -f1 /proc/uptime)"
	echo "$__mark" >/dev/kmsg
}

# log_said: dom0's messages since log_mark; all there are if the mark is not among
# them any more
log_said() {
	dmesg | awk -v mark="$__mark" 'index($0, mark) { n = 0; next } { line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }'
}

# --- Backends ---------------------------------------------------------------

module_loaded() {
	[ -d "/sys/module/$(echo "$1" | tr - _)" ]
}

# __module_options MODULE WORD...: the values of the words MODULE.NAME=VALUE
__module_options() {
	__module=$1
	shift
	for __word; do
		case $__word in "$__module".*) echo "${__word#*.}" ;; esac
	done
}

backend_unload() {
	for __module in $XPV_BACKENDS xenbus-mt; do
		module_loaded "$__module" || continue
		rmmod "$__module" || __complain "$__module does not unload" || return 1
	done
	rm -f $XPV_RUN/backend
}

# __load_ours [MODULE.NAME=VALUE]...
__load_ours() {
	for __name in xenbus-mt $XPV_BACKENDS; do
		[ -f "$XPV_MODULES/$__name.ko" ] || continue
		# shellcheck disable=SC2046 # one word an option
		insmod "$XPV_MODULES/$__name.ko" $(__module_options "$__name" "$@") ||
			__complain "our $__name does not load" || return 1
	done
}

# __load_intree [MODULE.NAME=VALUE]...
__load_intree() {
	for __name in xen-blkback xen-netback; do
		# shellcheck disable=SC2046 # one word an option
		modprobe "$__name" $(__module_options "$__name" "$@") ||
			__complain "in-tree $__name does not load" || return 1
	done
}

# __backend_is KIND [MODULE.NAME=VALUE]...: nothing is to be done for it. A test that
# was ended may have left some of ours unloaded.
__backend_is() {
	[ "$(cat $XPV_RUN/backend 2>/dev/null)" = "$*" ] || return 1
	[ "$1" = ours ] || return 0
	for __name in xenbus-mt $XPV_BACKENDS; do
		[ ! -f "$XPV_MODULES/$__name.ko" ] || module_loaded "$__name" || return 1
	done
}

# backend ours|intree|qdisk|qnic|q9p [MODULE.NAME=VALUE]...: who serves devices from
# now on; with qdisk QEMU disks, with qnic vifs, with q9p folders, the in-tree ones
# the rest. No guest may be using the backends that it replaces.
backend() {
	! __backend_is "$@" || return 0
	backend_unload || return 1
	__kind=$1
	shift
	case $__kind in
	ours) __load_ours "$@" || return 1 ;;
	intree | qdisk | qnic | q9p) __load_intree "$@" || return 1 ;;
	*) __complain "backend: no such kind: $__kind" || return 1 ;;
	esac
	mkdir -p $XPV_RUN
	echo "$__kind${*:+ $*}" >$XPV_RUN/backend
}

# backend_reload MODULE [NAME=VALUE]...: one module of the backends anew, under its
# guests, which see it gone. The next test finds it as it comes.
backend_reload() {
	__name=$1
	shift
	__kind=$(backend_kind)
	wait_for 5 "rmmod $__name" && sleep 0.5 || return 1
	[ $# = 0 ] || echo "$__kind with $__name $*" >$XPV_RUN/backend
	case $__kind in
	ours) insmod "$XPV_MODULES/$__name.ko" "$@" ;;
	*) modprobe "$__name" "$@" ;;
	esac
}

backend_kind() {
	sed 's/ .*//' $XPV_RUN/backend 2>/dev/null
}

# --- Hotplug scripts --------------------------------------------------------

# distro_scripts: until the test ends the toolstack runs the distribution's own
distro_scripts() {
	umount /etc/xen/scripts
}

# rig_scripts: it runs the rig's again
rig_scripts() {
	grep -q ' /etc/xen/scripts ' /proc/mounts || mount --bind /xpv/dom0/scripts /etc/xen/scripts
}

# --- Disks ------------------------------------------------------------------
# Backing devices, in memory. Each is reached as $(disk_path NAME).

disk_path() {
	readlink "$XPV_RUN/disks/$1"
}

__disk_null() {
	modprobe null_blk nr_devices=0
	__node=/sys/kernel/config/nullb/$1
	mkdir "$__node"
	echo "$2" >"$__node/size"
	echo "${4:-1}" >"$__node/memory_backed"
	[ "$4" = 0 ] || echo 1 >"$__node/discard"
	[ -z "$3" ] || echo "$3" >"$__node/blocksize"
	echo 1 >"$__node/power" || return 1
	echo "/dev/$1"
}

__disk_file() {
	mkdir -p /tmp/disks
	truncate -s "$2M" "/tmp/disks/$1"
	echo "/tmp/disks/$1"
}

__disk_loop() {
	modprobe loop
	__loop=$(losetup -f)
	losetup "$__loop" "$(__disk_file "$1" "$2")" || return 1
	echo "$__loop"
}

__disk_mapped() {
	modprobe -a dm-mod "dm-$2" 2>/dev/null
	__sectors=$(blockdev --getsz "$3") || return 1
	dmsetup create --noudevsync "$1" --table "0 $__sectors $2 $3 0 $4" || return 1
	dmsetup mknodes "$1"
	echo "/dev/mapper/$1"
}

# __disk_test PARAMETERS: parted by commas
__disk_test() {
	# shellcheck disable=SC2046 # one word a parameter
	insmod "$XPV_MODULES/xpv-testdisk.ko" $(echo "$1" | tr , ' ') && echo /dev/xpvtest
}

__megabytes() {
	case $1 in
	*G) echo $((${1%G} * 1024)) ;;
	*M) echo "${1%M}" ;;
	*) echo "$1" ;;
	esac
}

# disk_make NAME SIZE [KIND]: make a disk of SIZE (64M, 1G) and print its path.
#   null	memory-backed null_blk, with discard; the default
#   null4k	the same with 4096-byte sectors
#   void	the same without memory: what is written is lost, and reads leave
#		their pages as they were
#   loop	a loop device over a file on tmpfs
#   file	the bare file
#   linear	dm-linear over null: dmsetup suspend, resume and reload it
#   delay=MS	dm-delay over null
#   test[=PARAMETERS]	tools/testing/disk, of 16 MB, and no other at the same time;
#		its parameters parted by commas
disk_make() {
	__size=$(__megabytes "$2")
	case ${3:-null} in
	null) __path=$(__disk_null "$1" "$__size") ;;
	null4k) __path=$(__disk_null "$1" "$__size" 4096) ;;
	void) __path=$(__disk_null "$1" "$__size" '' 0) ;;
	loop) __path=$(__disk_loop "$1" "$__size") ;;
	file) __path=$(__disk_file "$1" "$__size") ;;
	linear) __path=$(__disk_mapped "$1" linear "$(__disk_null "$1" "$__size")") ;;
	test | test=*) __path=$(__disk_test "$(echo "$3" | sed 's/^test=*//')") ;;
	delay=*) __path=$(__disk_mapped "$1" delay "$(__disk_null "$1" "$__size")" "${3#*=}") ;;
	*) __complain "disk_make: no such kind: $3" || return 1 ;;
	esac || __complain "disk_make: $1 of $2 (${3:-null}) cannot be made" || return 1
	mkdir -p $XPV_RUN/disks
	ln -sfn "$__path" "$XPV_RUN/disks/$1"
	echo "$__path"
}

# disk_remove NAME: undo disk_make, whatever the kind
disk_remove() {
	__path=$(disk_path "$1")
	case $__path in
	/dev/mapper/*) dmsetup remove --noudevsync --force "$1" || return 1 ;;
	/dev/loop*) losetup -d "$__path" || return 1 ;;
	/dev/xpvtest) rmmod xpv-testdisk || return 1 ;;
	esac
	if [ -d "/sys/kernel/config/nullb/$1" ]; then
		rmdir "/sys/kernel/config/nullb/$1" || return 1
	fi
	rm -f "/tmp/disks/$1" "$XPV_RUN/disks/$1"
}

# test_disk NUMBER...: what a disk of the kind test has counted
test_disk() {
	for __number; do
		cat "/sys/module/xpv_testdisk/parameters/$__number"
	done | tr '\n' ' '
}

# test_disk_fails: its power fails
test_disk_fails() {
	echo 1 >/sys/module/xpv_testdisk/parameters/lose
}

# --- Networks ---------------------------------------------------------------

# net_bridge xpvN: a bridge, and dom0 on it as 10.77.N.1 and fd77:N::1
net_bridge() {
	[ ! -d "/sys/class/net/$1" ] || return 0
	modprobe bridge
	__net=${1#xpv}
	# An address of its own, not that of its vifs, which they have in driver domains, too.
	ip link add "$1" address "02:00:00:00:77:$__net" type bridge forward_delay 0 mcast_snooping 0 || return 1
	echo 0 >"/proc/sys/net/ipv6/conf/$1/accept_dad"
	ip addr add "10.77.$__net.1/24" dev "$1"
	ip -6 addr add "fd77:$__net::1/64" dev "$1"
	ip link set "$1" up
}

# net_remove: all interfaces that tests made; their names begin with xpv
net_remove() {
	for __interface in /sys/class/net/xpv*; do
		[ ! -d "$__interface" ] || ip link del "${__interface##*/}"
	done
}

# --- Services ---------------------------------------------------------------

# service NAME COMMAND...: run it in dom0 until the test ends; what it says is in
# /tmp/NAME.log
service() {
	mkdir -p "$XPV_RUN/services"
	[ -f "$XPV_RUN/services/$1" ] && return
	__service=$1
	shift
	setsid "$@" >"/tmp/$__service.log" 2>&1 </dev/null &
	echo $! >"$XPV_RUN/services/$__service"
}

# --- Guests -----------------------------------------------------------------

__guest() {
	cat "$XPV_RUN/guests/$1/$2"
}

# __disk_spec GUEST SPEC: an xl disk line. SPEC is VDEV=SIZE, which makes the
# disk GUEST-VDEV, or VDEV:PATH, or already xl's own (it contains a comma).
__disk_spec() {
	__access=rw
	case $2 in
	*,*)
		echo "$2"
		return
		;;
	*:*)
		__vdev=${2%%:*}
		__target=${2#*:}
		case $__target in *:ro) __access=ro __target=${__target%:ro} ;; esac
		;;
	*=*)
		__vdev=${2%%=*}
		__target=$(disk_make "$1-$__vdev" "${2#*=}") || return 1
		;;
	*) __complain "guest_create: not a disk: $2" || return 1 ;;
	esac
	__type=phy
	[ "$(backend_kind)" != qdisk ] || __type=qdisk
	echo "format=raw,vdev=$__vdev,access=$__access,backendtype=$__type,target=$__target"
}

# disk_spec GUEST SPEC: the same for xl block-attach
disk_spec() {
	__disk_spec "$@"
}

# __vif_spec TYPE SPEC: an xl vif line. SPEC is a bridge that net_bridge makes,
# and more of xl's keywords, or already xl's own (it begins with a keyword).
__vif_spec() {
	case $2 in
	bridge=* | mac=* | ip=* | script=* | backend=* | rate=* | type=*) __line=$2 ;;
	*) __line=bridge=$2 ;;
	esac
	case $2 in xpv[0-9]*) __line=bridge=$2 && net_bridge "${2%%,*}" || return 1 ;; esac
	# Without tun in dom0, an HVM guest has no emulated card.
	case $1,$__line in hvm,*type=*) ;; hvm,*) __line=$__line,type=vif ;; esac
	echo "$__line"
}

# guest_create NAME [TYPE] [KEY=VALUE]...: create a guest and wait for its boot; in
# the short form, one that booted before, see kept.sh.
#   TYPE	pv, pvh or hvm; $XPV_GUEST without it
#   front=	ours, intree or none; $XPV_FRONT without it
#   kernel=	of which series, as the rig set it up; $XPV_KERNEL without it, dom0's if empty
#   vcpus= memory=	$XPV_VCPUS and $XPV_MEMORY without them
#   disk=	repeatable; see __disk_spec. With no disk= at all: $XPV_DISKS
#   vif=	repeatable; see __vif_spec. With no vif= at all: $XPV_VIFS
#   extra=	more of the guest kernel's command line, where a word
#		MODULE.NAME=VALUE is also a parameter of the frontend it names
#   config=	repeatable; a line of the xl configuration as it is
#   boot=	real: it boots here, in the short form too; nowait: so it does, and is
#		not waited for
guest_create() {
	guest_config "$@" || return 1
	case " $* " in
	*' boot='*) ;;
	*) . /xpv/selftests/lib/kept.sh && kept_fits && { kept_restore "$1"; return; } ;;
	esac
	__dir=$XPV_RUN/guests/$1
	__log=/var/log/xen/console/guest-$1.log
	# Of one with the same name before.
	if [ -s "$__log" ]; then wc -c <"$__log"; else echo 0; fi >"$__dir/began"
	xl create -q "$__dir/config" >"$__dir/xl.log" 2>&1 || {
		cat "$__dir/xl.log" >&2
		__complain "guest $1 cannot be created" || return 1
	}
	guest_refresh "$1" || return 1
	case " $* " in *' boot=nowait '*) return 0 ;; esac
	guest_wait_boot "$1"
}

# guest_refresh NAME: find the console of a guest that was created or restored
guest_refresh() {
	__domid=$(xl domid "$1") || return 1
	__dir=$XPV_RUN/guests/$1
	mkdir -p "$__dir"
	echo "$__domid" >"$__dir/domid"
	echo "/var/log/xen/console/guest-$1.log" >"$__dir/log"
	wait_for 10 "xenstore-read /local/domain/$__domid/console/tty >$__dir/tty 2>/dev/null" ||
		__complain "guest $1 has no console"
}

# __boot_config TYPE VERSION: what the guest boots. The toolstack maps these files, see
# rig/dom0/init; those of other kernels than dom0's are fetched when one is wanted.
__boot_config() {
	case $1 in
	hvm) __kernel=/xpv/vmlinuz __ramdisk=/xpv/guest.cpio.gz ;;
	*) __kernel=$XPV_RUN/vmlinux${2:+-$2} __ramdisk=$XPV_RUN/guest${2:+-$2}.cpio ;;
	esac
	[ -f "$__ramdisk" ] || cp "/xpv/${__kernel##*/}" "/xpv/${__ramdisk##*/}" $XPV_RUN || return 1
	echo "kernel = '$__kernel'"
	echo "ramdisk = '$__ramdisk'"
}

# __quick: what dom0's kernel does without to be quick, its guests' do without, too
__quick() {
	grep -o 'mitigations=[^ ]*\|norandmaps' /proc/cmdline | tr '\n' ' '
}

# guest_config NAME [TYPE] [KEY=VALUE]...: write the xl configuration only, to
# $XPV_RUN/guests/NAME/config
guest_config() {
	__name=$1
	shift
	__gtype=${XPV_GUEST:-pv} __front=${XPV_FRONT:-none} __vcpus=${XPV_VCPUS:-1}
	__memory=${XPV_MEMORY:-144} __version=$XPV_KERNEL __disks='' __vifs='' __extra='' __config=''
	case $1 in pv | pvh | hvm) __gtype=$1 && shift ;; esac
	case " $*" in *' disk='*) ;; *) __given=$XPV_DISKS ;; esac
	case " $*" in *' vif='*) ;; *) __given_vifs=$XPV_VIFS ;; esac
	for __option; do
		__value=${__option#*=}
		case $__option in
		front=*) __front=$__value ;;
		kernel=*) __version=$__value ;;
		vcpus=*) __vcpus=$__value ;;
		memory=*) __memory=$__value ;;
		disk=*) __given="$__given $__value" ;;
		vif=*) __given_vifs="$__given_vifs $__value" ;;
		extra=*) __extra=$__value ;;
		config=*) __config="$__config$__value
" ;;
		boot=*) ;;
		*) __complain "guest_create: no such option: $__option" || return 1 ;;
		esac
	done
	for __option in $__given; do
		__line=$(__disk_spec "$__name" "$__option") || return 1
		__disks="$__disks'$__line', "
	done
	for __option in $__given_vifs; do
		__line=$(__vif_spec "$__gtype" "$__option") || return 1
		__vifs="$__vifs'$__line', "
	done
	__given='' __given_vifs=''
	# Firmware and an initrd that is packed and unpacked take more.
	[ "$__gtype" != hvm ] || [ "$__memory" -ge 256 ] || __memory=256
	# So does a newer kernel as it is.
	[ -z "$__version" ] || [ "$__memory" -ge 192 ] || __memory=192
	mkdir -p "$XPV_RUN/guests/$__name"
	cat >"$XPV_RUN/guests/$__name/config" <<END
name = '$__name'
type = '$__gtype'
$(__boot_config "$__gtype" "$__version")
extra = 'console=hvc0 loglevel=1 cryptomgr.notests $XPV_PANIC $(__quick) xpv.front=$__front $__extra'
vcpus = $__vcpus
memory = $__memory
disk = [ $__disks]
vif = [ $__vifs]
on_poweroff = 'destroy'
on_reboot = 'destroy'
on_crash = 'destroy'
tsc_mode = 'native'
vnc = 0
vga = 'none'
$__config
END
}

guest_exists() {
	xl domid "$1" >/dev/null 2>&1
}

# guest_log NAME: the path of the guest's console log
guest_log() {
	__guest "$1" log
}

# guest_wait_boot NAME [SECONDS]
guest_wait_boot() {
	read -r __now __rest </proc/uptime
	__until=$((${__now%.*} + ${2:-240} * ${XPV_SLOW:-1}))
	until /xpv/dom0/ask --ready "$(guest_log "$1")" "$(__guest "$1" began)" 5; do
		read -r __now __rest </proc/uptime
		[ "${__now%.*}" -lt $__until ] && guest_exists "$1" && continue
		tail -n 20 "$(guest_log "$1")" >&2
		__complain "guest $1 did not boot" || return 1
	done
}

# guest_run NAME 'COMMAND' [SECONDS]: run a shell command in the guest, print
# what it prints as it comes, return its status; 137 after SECONDS (60 without),
# 125 if the guest does not answer. One command at a time in a guest.
guest_run() {
	read -r __tty <"$XPV_RUN/guests/$1/tty"
	read -r __log <"$XPV_RUN/guests/$1/log"
	/xpv/dom0/ask "$__log" "$__tty" $((${3:-60} * ${XPV_SLOW:-1})) "$2"
	__status=$?
	[ $__status -ne 125 ] || __complain "guest $1 does not answer"
	return $__status
}

# guest_start NAME 'COMMAND': start a command in the background; its output
# goes to /tmp/background.log in the guest
guest_start() {
	guest_run "$1" "setsid sh -c '$2' >>/tmp/background.log 2>&1 </dev/null &" 10
}

# disk_traffic_flows NAME [REQUESTS]: wait until so many more requests (20) of its xvdb
# were answered, while what guest_start began, which says "done" in the end, goes on
disk_traffic_flows() {
	guest_run "$1" "
		answered() { read -r reads _ _ _ writes _ </sys/block/xvdb/stat && n=\$((reads + writes)); }
		answered || exit
		enough=\$((n + ${2:-20}))
		for i in \$(seq 200); do
			[ \$n -lt \$enough ] || break
			sleep 0.05
			answered
		done
		cat /tmp/background.log
		[ \$n -ge \$enough ] && ! grep -q done /tmp/background.log"
}

# guest_destroy NAME: pull the plug
guest_destroy() {
	xl destroy "$1"
}

# guest_shutdown NAME [SECONDS]: ask the guest to shut down, and wait for it
guest_shutdown() {
	xl shutdown "$1" >/dev/null || return 1
	wait_for "${2:-30}" "! guest_exists $1" || __complain "guest $1 does not shut down"
}
