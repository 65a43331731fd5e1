#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the driver domain of a disk and a network dies under its users, and a fresh one takes over, over and over: nothing is lost, nothing is left
# runs: dom0
# guest: pv
# pair: ours/ours
# memory: 192
# needs: fio xen-blkfront xen-blkback xen-netfront xen-netback
# length: long
# time: 1800
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/census.sh"
. "${0%/*}/../lib/soak.sh"
. "${0%/*}/../lib/driverdomain.sh"

SOAK_USERS='xvdb net'
SOAK_GUEST=soak
cycles=$(soak_count 50)		# of a domain with two backends

# To boot a driver domain takes longer than all the rest of a cycle: so it is restored.
fresh() {
	(XPV_LONG='' && guest_create "$1" memory=144 disk="xvdb:$(disk_path shared)" vif=xpv0) &&
		driver_domain_begin "$1" && driver_domain_bridge "$1"
}

# Both have the same disk from dom0, and nobody keeps anything of it in a cache.
driver_domains_begin() {
	disk_make shared 32M >/dev/null && fresh dda && fresh ddb && echo dda ddb >/tmp/domains
}

guest_is_up() {
	guest_create soak disk="$(driver_domain_disk dda /dev/xvdb)" vif=backend=dda,bridge=br0 && net_configure soak 2 xpv0
}

# While the users go on with the spare, its own spare comes.
takes_over() {
	read -r serves spare </tmp/domains
	guest_destroy "$serves" || return 1
	fresh "$serves" &
	rehome soak xvdb "$spare" && rehome soak vif/0 "$spare"
	moved=$?
	wait $! && echo "$spare" "$serves" >/tmp/domains && return $moved
}

cycle() {
	takes_over && soak_flows
}

# Twice, so that the names are where they were.
anew() {
	takes_over && takes_over
}

ktap_print_header
ktap_set_plan $((SOAK_RESULTS + 2))
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'two driver domains are up' driver_domains_begin || ktap_exit_fail_msg 'no driver domains'
ktap_test_result 'a guest has a disk and a network of one' guest_is_up || ktap_exit_fail_msg 'no guest'
soak "$cycles" "$cycles driver domains are destroyed, with $((cycles * 2)) backends, and others take over"
ktap_finished
