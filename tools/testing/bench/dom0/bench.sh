# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What the scripts of all pairs share. Each measures one guest under one pair of
# drivers after the other. What to do comes in the environment:
#   BENCH_STEPS	pairs in their order, FRONT/BACK or native, such as
#		'ours/ours intree/intree ours/ours'
#   BENCH_CASES	NAME:LOAD:COUNT, LOAD being the script's own words and COUNT what
#		the shorter run has when counting
#   BENCH_QUEUES	queues, jobs and processors of the guest
#   BENCH_SECONDS	how long speed is measured
#   BENCH_MODE	wall (speed) or counts
#   BENCH_PROFILE	not empty: say where functions are, see profiled()
# and the results go to the host machine in lines:
#   @wall PAIR CASE SPEED
#   @mark PAIR CASE DONE	a row of the counters was taken (counter.c) when so much was
#		done; what counts is the difference

# A request takes about a hundred times as long here as on silicon, in a PVH guest
# three hundred times, and so does the moment for which a ring of ours is watched
# (its default is 20 us).
# shellcheck disable=SC2034 # the scripts of the pairs use it
case $XPV_GUEST in
pvh) poll_us=6000 ;;
*) poll_us=2000 ;;
esac

fail() {
	echo "@fail $*"
	exit 1
}

# front_loading ours|intree MODULE [PARAMETER]...: the command for the guest
front_loading() {
	__front=$1 __module=$2
	shift 2
	case $__front in
	ours) echo "insmod /modules/xenbus-mt.ko && insmod /modules/$__module.ko $*" ;;
	*) echo "modprobe $__module $*" ;;
	esac
}

front_unloading() {
	echo "for m in $1 xenbus-mt; do
		[ ! -d /sys/module/\$(echo \$m | tr - _) ] || rmmod \$m || exit 1; done"
}

# configuring ADDRESS: the command that gives a guest's interface one, and waits
# until it can send
configuring() {
	echo "for i in \$(seq 100); do [ -d /sys/class/net/eth0 ] && break; sleep 0.1; done
		ip link set eth0 up && ip addr add $1/24 dev eth0 || exit 1
		for i in \$(seq 100); do [ \"\$(cat /sys/class/net/eth0/carrier)\" = 1 ] && exit; sleep 0.1; done
		exit 1"
}

# profiled: with dom0 on the first processor and guests on the second it is known whose
# instructions are counted; leave to the host machine where the functions of both are.
# All guests have loaded the same in the same order.
profiled() {
	[ -n "$BENCH_PROFILE" ] || return 0
	xl vcpu-pin Domain-0 all 0
	echo 0 >/proc/sys/kernel/kptr_restrict
	cat /proc/kallsyms >"/var/log/xen/dom0-${pair##*/}.symbols"
	[ "$pair" != native ] || return 0
	for __guest in $(xl list | awk 'NR > 2 { print $1 }'); do
		xl vcpu-pin "$__guest" all 1
		guest_run "$__guest" 'echo 0 >/proc/sys/kernel/kptr_restrict; grep "]$" /proc/kallsyms' 60 \
			>"/var/log/xen/guest-${pair%%/*}.symbols" || fail "$pair: $__guest does not tell its symbols"
	done
}

# bench: all steps. The script has use_pair, which puts $pair in the place of what
# was before; wall and counts, which measure a case; and detach.
bench() {
	# shellcheck disable=SC2034 # it is what the script's functions go by
	for pair in $BENCH_STEPS; do
		use_pair
		profiled
		for case in $BENCH_CASES; do
			"$BENCH_MODE" "$case"
		done
	done
	detach
}
