#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: many vifs are attached at once: all connect, and how long it takes is told
# runs: dom0
# guest: pv
# pair: ours/ours intree/intree*
# needs: xen-netfront xen-netback
# time: 240
#
# No toolstack and no scripts: what is timed is the drivers, and xenstored, whose part
# is told. The long form has 64, in two guests, since xenstored lets one have a thousand
# nodes. It lets it have 128 watches, of which 44 vifs may take no more than two each.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

PLUG_CLASS=vif
vifs=$([ -n "$XPV_LONG" ] && echo '44 20' || echo 8)	# of each guest
devices=0
for each in $vifs; do devices=$((devices + each)); done
limit=90

now() {
	read -r up _ </proc/uptime
	now=${up%.*}${up#*.}
}

# What xenstored had of a processor, in hundredths of a second.
store_time() {
	read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user system _ </proc/"$(cat /run/xen/xenstored.pid)"/stat
	store=$((user + system))
}

# The in-tree frontend has buffers of a megabyte for each.
create() {
	for each in $vifs; do
		guest_create "storm$each" memory=$((128 + each * 6)) || return 1
	done
}

# each_vif COMMAND: for every vif, with its $back and $front
each_vif() {
	for each in $vifs; do
		for i in $(seq "$each"); do
			plug_paths "storm$each" "$i"
			eval "$1" || return 1
		done
	done
}

# All nodes but the states, as plug_prepare has them, in few steps: what is below a
# directory has its rights.
prepare() {
	states='' paths='' nodes=''
	for each in $vifs; do
		plug_paths "storm$each" 1
		xenstore-write "${back%/*}" '' "${front%/*}" '' &&
			xenstore-chmod "${back%/*}" n0 "r$domid" && xenstore-chmod "${front%/*}" "n$domid" r0 || return 1
	done
	each_vif 'mac=$(__plug_mac "$i")
		nodes="$nodes $back/frontend-id $domid $back/frontend $front $back/online 1 $back/handle $i
			$back/mac $mac $back/bridge xpv0 $back/type vif $back/script vif-bridge
			$back/hotplug-status connected $front/backend-id 0 $front/backend $back
			$front/handle $i $front/mac $mac"
		states="$states $back/state 1 $front/state 1"
		paths="$paths $back/state $front/state"'
	# shellcheck disable=SC2086 # paths and values
	xenstore-write $nodes
}

connected() {
	xenstore-ls -f /local/domain/0/backend/vif | grep -c '/state = "4"'
}

begin() {
	store_time
	store_start=$store
	now
	start=$now
}

end() {
	now
	store_time
	took="$(((now - start) * 10)) ms, for $(((store - store_start) * 10)) ms of which xenstored worked"
}

# A frontend is Connected before its backend is, so both are waited for.
attach() {
	begin
	# shellcheck disable=SC2086 # paths and values
	xenstore-write $states
	# shellcheck disable=SC2086 # paths
	/xpv/dom0/await 4 $limit $paths
	good=$?
	end
	echo "$XPV_FRONT/$XPV_BACK: $(connected) of $devices vifs in $took"
	return $good
}

detach() {
	closing='' paths='' dirs=''
	each_vif 'closing="$closing $back/online 0 $back/state 5" paths="$paths $back/state" dirs="$dirs $front $back"'
	begin
	# shellcheck disable=SC2086 # paths and values
	xenstore-write $closing
	# shellcheck disable=SC2086 # paths
	/xpv/dom0/await 6 $limit $paths
	good=$?
	end
	echo "$XPV_FRONT/$XPV_BACK: closed in $took"
	# shellcheck disable=SC2086 # paths
	xenstore-rm $dirs
	return $good
}

gone() {
	wait_for 30 '[ -z "$(ls /sys/bus/xen-backend/devices | grep vif)" ]'
}

ktap_print_header
ktap_set_plan 4
net_bridge xpv0
ktap_test_result 'the guests are up' create || ktap_exit_fail_msg 'no guest'
prepare || ktap_exit_fail_msg 'no nodes'
ktap_test_result "$devices vifs connect" attach
ktap_test_result 'and close' detach
ktap_test_result 'they are gone' gone
for each in $vifs; do
	guest_destroy "storm$each"
done
ktap_finished
