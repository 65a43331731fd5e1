# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What is held before and after many cycles. Needs dom0.sh, plug.sh and ktap.sh.
# A test that uses it allows the messages of Xen's list of grants:
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

# census >FILE: a name and a number a line: the guest's active grants as Xen
# counts them, store nodes, interrupts, threads, unreclaimable slab (KB)
census() {
	sleep 2		# the deferred frees
	xl dmesg -c >/dev/null
	xl debug-keys g
	sleep 0.5
	echo "grants $(xl dmesg | grep -c '\[0x[0-9a-f]*\]')"
	echo "nodes $(xenstore-ls | wc -l)"
	echo "interrupts $(grep -c "$PLUG_CLASS" /proc/interrupts)"
	echo "threads $(ls -d /proc/[0-9]* | while read -r p; do cat "$p/comm" 2>/dev/null; done | grep -vc '^kworker\|^sh$')"
	echo "slab $(awk '/^SUnreclaim/ { print $2 }' /proc/meminfo)"
}

__census_count() {
	sed -n "s/^$2 //p" "/tmp/$1"
}

# back WHAT [SLACK]: no more of it than before. The system's own threads come and
# go, a few at a time; of ours there would be one more for every cycle.
__census_back() {
	[ "$(__census_count after "$1")" -le $(($(__census_count before "$1") + ${2:-0})) ]
}

# Caches and per-CPU magazines move a little; a device leaked a cycle does not
# hide in 512 KB and 2 KB a cycle of the long form.
__census_slab_is_flat() {
	__grown=$(($(__census_count after slab) - $(__census_count before slab)))
	echo "$__grown KB more after $1 cycles"
	[ $__grown -lt $((512 + 2 * $1)) ]
}

# census_results CYCLES: five results of /tmp/before and /tmp/after
census_results() {
	paste /tmp/before /tmp/after | sed 's/^/# /'
	for __what in grants nodes interrupts; do
		ktap_test_result "$__what are back to what they were" __census_back $__what
	done
	ktap_test_result 'threads are back to what they were' __census_back threads 4
	ktap_test_result 'unreclaimable slab is flat' __census_slab_is_flat "$1"
}
