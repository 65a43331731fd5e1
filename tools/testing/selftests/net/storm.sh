#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: many vifs are attached at once: all connect, and how long it takes is told
# runs: dom0
# guest: pv
# pair: ours/ours intree/intree*
# needs: xen-netfront xen-netback
# time: 240

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

PLUG_CLASS=vif
devices=$([ -n "$XPV_LONG" ] && echo 64 || echo 8)
memory=$((128 + devices * 6))	# the in-tree frontend's buffers
limit=120

now() {
	read -r up _ </proc/uptime
	now=${up%.*}${up#*.}
}

# All the nodes but the states first, then all states in one go.
prepare() {
	states=''
	for i in $(seq "$devices"); do
		plug_prepare storm "$i" xpv0 || return 1
		states="$states $back/state 1 $front/state 1"
	done
}

connected() {
	xenstore-ls -f "/local/domain/$domid/device/vif" | grep -c '/state = "4"'
}

# One watch after the other: to ask again and again would keep the store busy.
attach() {
	now
	start=$now
	# shellcheck disable=SC2086 # paths and values
	xenstore-write $states
	for i in $(seq "$devices"); do
		plug_wait "/local/domain/$domid/device/vif/$i" 4 $limit || break
	done
	now
	[ "$(connected)" -ge "$devices" ]
	good=$?
	echo "$XPV_FRONT/$XPV_BACK: $(connected) of $devices vifs in $(((now - start) * 10)) ms"
	return $good
}

detach() {
	now
	start=$now
	states=''
	for i in $(seq "$devices"); do
		plug_paths storm "$i"
		states="$states $back/online 0 $back/state 5"
	done
	# shellcheck disable=SC2086 # paths and values
	xenstore-write $states
	wait_for $limit '[ "$(xenstore-ls -f /local/domain/0/backend/vif | grep -c "/state = \"6\"")" -ge "$devices" ]'
	good=$?
	now
	echo "$XPV_FRONT/$XPV_BACK: closed in $(((now - start) * 10)) ms"
	for i in $(seq "$devices"); do
		unplug_nodes storm "$i"
	done
	return $good
}

gone() {
	wait_for 30 '[ -z "$(ls /sys/bus/xen-backend/devices | grep vif)" ]'
}

ktap_print_header
ktap_set_plan 4
net_bridge xpv0
ktap_test_result 'the guest is up' guest_create storm memory=$memory || ktap_exit_fail_msg 'no guest'
prepare || ktap_exit_fail_msg 'no nodes'
ktap_test_result "$devices vifs connect" attach
ktap_test_result 'and close' detach
ktap_test_result 'they are gone' gone
guest_destroy storm
ktap_finished
