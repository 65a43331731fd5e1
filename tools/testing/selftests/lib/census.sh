# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What is held before and after many cycles. Needs dom0.sh, plug.sh and ktap.sh.
# A test that uses it allows the messages of Xen's list of grants:
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

# __census_grants: the guests' active grants, in Xen's own list of them, which is in
# its log from the first line to the last or is not counted
__census_grants() {
	xl dmesg -c >/dev/null
	xl debug-keys g
	if wait_for 5 'xl dmesg >/tmp/grants && grep -q "gnttab_usage_print_all \] done" /tmp/grants' &&
		grep -q 'gnttab_usage_print_all \[ key' /tmp/grants; then
		grep -c '\[0x[0-9a-f]*\]' /tmp/grants
	else
		echo unknown
	fi
}

# Those that come and go by themselves left out. To start a process for each would
# take seconds.
__census_threads() {
	__threads=0
	for __process in /proc/[0-9]*; do
		read -r __name <"$__process/comm" || continue
		case $__name in kworker* | sh) ;; *) __threads=$((__threads + 1)) ;; esac
	done 2>/dev/null
	echo $__threads
}

# KB of memory in no statistic of the kernel, which are pages that somebody has and has
# noted down himself, such as a driver: in use, and neither of programs, files, slab,
# tables nor stacks, nor kept at hand by a processor. And unreclaimable slab, without what
# caches keep empty.
__census_memory='for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done
	echo 1 >/proc/sys/vm/stat_refresh
	awk "/^ *count:/ { pages -= 4 * \$2 }
		/^MemTotal:/ { pages += \$2 }
		/^(MemFree|Buffers|Cached|AnonPages|SReclaimable|SUnreclaim|KernelStack|PageTables|Percpu):/ { pages -= \$2 }
		/^SUnreclaim:/ { slab = \$2 }
		END { print pages, slab }" /proc/meminfo /proc/zoneinfo'

# census [GUEST] >FILE: a name and a number a line: grants, store nodes, interrupts of
# event channels, threads, unreclaimable slab (KB); with a guest, its slab and both ends'
# pages besides
census() {
	sleep 2		# the deferred frees
	echo "grants $(__census_grants)"
	echo "nodes $(xenstore-ls | wc -l)"
	echo "interrupts $(grep -c xen-dyn /proc/interrupts)"
	echo "threads $(__census_threads)"
	read -r __pages __slab <<END
$(eval "$__census_memory")
END
	echo "slab $__slab"
	[ -n "$1" ] || return 0
	echo "pages $__pages"
	read -r __pages __slab <<END
$(guest_run "$1" "$__census_memory")
END
	echo "guest-slab $__slab"
	echo "guest-pages $__pages"
}

__census_count() {
	sed -n "s/^$2 //p" "/tmp/$1"
}

# back WHAT [SLACK]: no more of it than before; and there always is some, if it was
# counted at all
__census_back() {
	__was=$(__census_count before "$1") __is=$(__census_count after "$1")
	[ "$__was" -gt 0 ] && [ "$__is" -gt 0 ] && [ "$__is" -le $((__was + ${2:-0})) ]
}

# Caches and per-CPU magazines move a little; a device or a page leaked a cycle does
# not hide in 512 KB and 2 KB a cycle of the long form.
__census_memory_is_flat() {
	__status=0
	for __what in slab pages guest-slab guest-pages; do
		grep -q "^$__what " /tmp/before || continue
		__grown=$(($(__census_count after $__what) - $(__census_count before $__what)))
		echo "$__what: $__grown KB more after $1 cycles"
		__census_back $__what $((512 + 2 * $1)) || __status=1
	done
	return $__status
}

# census_results CYCLES: five results of /tmp/before and /tmp/after
census_results() {
	paste /tmp/before /tmp/after | sed 's/^/# /'
	for __what in grants nodes interrupts; do
		ktap_test_result "$__what are back to what they were" __census_back $__what
	done
	# The system's own threads come and go, a few at a time; of ours there would be
	# one more for every cycle.
	ktap_test_result 'threads are back to what they were' __census_back threads $(($1 > 4 ? 4 : $1 - 1))
	ktap_test_result 'memory is flat' __census_memory_is_flat "$1"
}
