#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: cell.sh TEST
# Runs one test of the matrix in dom0; XPV_* in the environment name the cell.

. "${0%/*}/dom0.sh"
. "${0%/*}/ktap.sh"

# A guest's test reports from inside; what it needs is set up here.
run_in_guest() {
	guest_create test boot=real || ktap_exit_fail_msg 'the guest did not come up'
	disks=$(for disk in $XPV_DISKS; do echo "/dev/${disk%%=*}"; done)
	guest_run test "export XPV_LONG=$XPV_LONG XPV_DISK='$disks'; sh /selftests/${1#*/selftests/}" "$XPV_TIME"
}

case $XPV_BACK in
'') ;;
*) backend "$XPV_BACK" || ktap_exit_fail_msg "the $XPV_BACK backend is not available" ;;
esac

case $XPV_RUNS in
guest) run_in_guest "$1" ;;
*) exec sh "$1" ;;
esac
