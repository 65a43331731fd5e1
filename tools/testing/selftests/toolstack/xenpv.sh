#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: xenpv refuses what makes no sense, and says what becomes of a device that moves: no domain takes part
# runs: dom0
# time: 90

. "${0%/*}/../lib/ktap.sh"

xenpv=${XENPV:-/xpv/programs/xenpv}

# Domains that nobody has: a guest, and one that serves it.
guest=30001
back=30002
fronts=/local/domain/$guest/device
backs=/local/domain/$back/backend
copies=/libxl/$guest/device
# A kind of device for which there is no driver, in this domain.
ours=/local/domain/0/backend/xpvnone
# What xl keeps of the guest.
config=/var/lib/xen/userdata-d.$guest.00000000-0000-4000-8000-000000000001.libxl-json

domains_begin() {
	domains_end
	xenstore-write /local/domain/$guest/name xpv-guest $fronts '' /local/domain/$back/name xpv-back
}

domains_end() {
	for dir in /local/domain/$guest /local/domain/$back /libxl/$guest $ours/$guest; do
		! xenstore-exists $dir || xenstore-rm $dir
	done
	rm -f $config
}

# share TAG [OPTION]...: for the guest, and nobody waits
share() {
	__tag=$1
	shift
	$xenpv 9p attach xpv-guest "$__tag" /srv --backend=xpv-back --wait=0 "$@"
}

sockets() {
	$xenpv sock attach xpv-guest --backend=xpv-back --wait=0 "$@"
}

# says TEXT COMMAND...: it fails, and says so
says() {
	__text=$1
	shift
	__said=$("$@" 2>&1) && echo "$*: succeeded" && return 1
	echo "$__said"
	case $__said in *"$__text"*) ;; *) return 1 ;; esac
}

# wait_for_state DIRECTORY STATE
wait_for_state() {
	for __i in $(seq 100); do
		[ "$(xenstore-read "$1/state" 2>/dev/null)" != "$2" ] || return 0
		sleep 0.1
	done
	return 1
}

# noted CLASS/NUMBER KEY VALUE: a device that the toolstack noted, with this; its backend, of
# the kind without a driver, has gone
noted() {
	__back=$backs/xpvnone/$guest/${1#*/}
	xenstore-write $fronts/$1/state 1 $fronts/$1/backend $__back \
		$copies/$1/backend $__back $copies/$1/frontend-id $guest "$copies/$1/$2" "$3"
}

# Its old backend has gone, and it has a script.
device_without_backend() {
	domains_begin && printf '#!/bin/sh\necho "$1" >>/tmp/xpv-script\n' >/tmp/xpv-script.sh &&
		chmod +x /tmp/xpv-script.sh && rm -f /tmp/xpv-script &&
		noted xpvnone/0 script "${1:-/tmp/xpv-script.sh}"
}

moved_is_set_up() {
	device_without_backend || return 1
	(wait_for_state $ours/$guest/0 1 && xenstore-write $ours/$guest/0/state 2) &
	$xenpv rehome xpv-guest xpvnone/0 0 --wait=0 && [ "$(cat /tmp/xpv-script)" = add ]
}

unserved_is_told() {
	device_without_backend &&
		says "/tmp/xpv-script.sh was not run" $xenpv rehome xpv-guest xpvnone/0 0 --wait=0 &&
		[ ! -e /tmp/xpv-script ] && device_without_backend /bin/false || return 1
	(wait_for_state $ours/$guest/0 1 && xenstore-write $ours/$guest/0/state 2) &
	says 'moved, but /bin/false failed' $xenpv rehome xpv-guest xpvnone/0 0 --wait=0
}

failed_script_is_told() {
	device_without_backend || return 1
	(wait_for_state $ours/$guest/0 1 &&
		xenstore-write $ours/$guest/0/state 2 $ours/$guest/0/hotplug-error 'no such bridge') &
	says 'moved, but its script failed in domain Domain-0: no such bridge' $xenpv rehome xpv-guest xpvnone/0 0 --wait=2
}

nonsense_does_not_move() {
	device_without_backend || return 1
	before=$(xenstore-ls -f)
	long=$(printf '%03841d' 0)
	for words in '0 params' '0 =x' '0 a!b=x' '0 a/b=x' '0 a:b=x' "0 a=$long" "0 $long=x" '0 state=4' 'nosuch' "$guest" \
		"$back" '0 --backend=0' '0 --wait=86401'; do
		# shellcheck disable=SC2086 # several words
		! $xenpv rehome xpv-guest xpvnone/0 $words 2>/dev/null || return 1
	done
	[ "$(xenstore-ls -f)" = "$before" ]
}

removed_end_stays() {
	device_without_backend && xenstore-rm $fronts/xpvnone/0 &&
		says "removed its end of 'xpvnone/0'" $xenpv rehome xpv-guest xpvnone/0 0 --wait=0 &&
		[ "$(xenstore-read $copies/xpvnone/0/backend)" = $backs/xpvnone/$guest/0 ] && ! xenstore-exists $ours/$guest
}

# moved CLASS/NUMBER: to this domain, as the guest's end and the toolstack's copy have it
moved() {
	[ "$(xenstore-read "$copies/$1/backend")" = "$ours/$guest/${1#*/}" ] &&
		[ "$(xenstore-read "$fronts/$1/backend-id")" = 0 ] ||
		{ echo "$1: $(xenstore-read "$copies/$1/backend")"; return 1; }
}

# A disk, a folder, and an interface whose guest removed its end, of one domain; and a
# disk that nobody noted, which the guest says is of that one.
domain_with_devices() {
	domains_begin && noted vbd/51728 dev xvdb && noted 9pfs/0 tag t && noted vif/1 bridge a &&
		xenstore-rm $fronts/vif/1 && xenstore-write $fronts/vbd/51744/backend-id $back $fronts/vbd/51744/state 1
}

# What cannot move does not hold up the rest.
all_move_from() {
	says "removed its end of it" $xenpv rehome --all "$@" 0 --wait=0 && moved vbd/51728 && moved 9pfs/0 &&
		[ "$(xenstore-read $copies/vif/1/backend)" = $backs/xpvnone/$guest/1 ] &&
		[ "$(xenstore-read $fronts/vbd/51744/backend-id)" = $back ] &&
		[ "$(echo "$__said" | grep -c '^xpv-guest ')" = 3 ]
}

# Of a domain by its name, by its number when it is gone, and of any that is gone.
all_move() {
	domain_with_devices && all_move_from xpv-back || return 1
	[ -n "$XPV_LONG" ] || return 0
	domain_with_devices && xenstore-rm /local/domain/$back &&
		all_move_from $back && domain_with_devices && xenstore-rm /local/domain/$back && all_move_from
}

# Nor do those of others.
all_of_others_stay() {
	domain_with_devices && before=$(xenstore-ls -f) || return 1
	says 'wants the new backend' $xenpv rehome --all &&
		says 'wants the new backend' $xenpv rehome --all xpv-guest vbd/51728 0 &&
		says "there is no domain 'nosuch'" $xenpv rehome --all nosuch &&
		says "there is no domain 'nosuch'" $xenpv rehome --all nosuch 0 &&
		says 'rehome: 99999 is more than 32751' $xenpv rehome --all 99999 0 &&
		says 'has them already' $xenpv rehome --all xpv-back $back &&
		says 'domain 30009 serves no device of a guest' $xenpv rehome --all 30009 0 &&
		says 'are in domains that there are' $xenpv rehome --all 0 && [ "$(xenstore-ls -f)" = "$before" ]
}

# kept DISK VIF: the configuration, with more members of one disk and of one interface
kept() {
	printf '{"name":"a/b\\\\c","max":18446744073709551615,"rate":1.50,"disks":[{"vdev":"xvda"},{"vdev":"xvdb"%s}],' "$1"
	printf '"none":null,"nics":[{"devid":0},{"devid":1%s}]}\0' "$2"
}

# is_kept DISK VIF: nothing else is, and the lock is gone
is_kept() {
	kept "$1" "$2" >/tmp/kept && tr -d ' \n' <$config >/tmp/config || return 1
	tr -d '\0' </tmp/config
	cmp /tmp/kept /tmp/config && [ "$(echo /var/lib/xen/userdata-?.$guest.*)" = $config ]
}

config_follows() {
	disk=',"backend_domid":30002,"pdev_path":"/dev/a"'
	moved=',"backend_domid":30002,"pdev_path":"/dev/b","backend_domname":"Domain-0"'
	domains_begin && noted vbd/51728 dev xvdb && noted vif/1 bridge a && kept "$disk" ',"bridge":"a"' >$config &&
		$xenpv rehome xpv-guest xvdb 0 params=/dev/b mode=w --wait=0 && is_kept "$moved" ',"bridge":"a"' &&
		$xenpv rehome xpv-guest vif/1 0 bridge=b 'ip=c"d\e' --wait=0 &&
		is_kept "$moved" ',"bridge":"b","backend_domname":"Domain-0","ip":"c\"d\\e"'
}

# Nor does it become what it was not.
damaged_config_is_told() {
	domains_begin && noted vif/1 bridge a && kept '' '' | head -c -3 >$config && cp $config /tmp/damaged &&
		$xenpv rehome xpv-guest vif/1 0 --wait=0 2>/tmp/said || return 1
	cat /tmp/said
	grep -q "keeps of domain $guest still names its old backend" /tmp/said && cmp /tmp/damaged $config
}

# Each names what is wrong, and nothing is written.
nonsense_is_refused() {
	domains_begin || return 1
	before=$(xenstore-ls -f)
	long=$(printf '%01024d' 0)
	says "there is no domain 'nosuch'" $xenpv 9p attach nosuch t /srv --wait=0 &&
		says "there is no domain '$((guest + 9))'" $xenpv 9p attach $((guest + 9)) t /srv --wait=0 &&
		says "there is no domain '99999999999999999999'" $xenpv sock attach 99999999999999999999 &&
		says "there is no domain 'nosuch'" share t --backend=nosuch &&
		says "there is no domain 'nosuch'" $xenpv 9p list nosuch && [ "${__said#DOMAIN}" = "$__said" ] &&
		says 'xpv-guest cannot serve itself' share t --backend=$guest &&
		says '/nosuch: there is no such folder' $xenpv 9p attach xpv-guest t /nosuch &&
		says '/dev/null is no folder' $xenpv 9p attach xpv-guest t /dev/null &&
		says "'srv' is no path" $xenpv 9p attach xpv-guest t srv &&
		says "tag 'a,b'" share a,b && says "tag ''" share '' &&
		says "squash: 'some' is not one of none, root, all" share t --squash=some &&
		says "max-files: '-1' is no number" share t --max-files=-1 &&
		says "max-files: ' 1' is no number" share t '--max-files= 1' &&
		says 'max-files: 4294967296 is more than 4294967295' share t --max-files=4294967296 &&
		says 'squash-uid: 4294967295 is more than' share t --squash-uid=4294967295 &&
		says 'wait: 99999999999999999999 is more than 86400' share t --wait=99999999999999999999 &&
		says 'max-memory: 1048577 is more than 1048576' sockets --max-memory=1048577 &&
		says "attach: '--max-memory' lacks its value" sockets --max-memory &&
		says "attach: '--read-only=1': that option has no value" share t --read-only=1 &&
		says 'number: 1024 is more than 1023' share t --number=1024 &&
		says "attach: '--nonsense' is no option of it" share t --nonsense &&
		says "attach: there is no option '-x'" share t -xy &&
		says 'allow-connect: its value is empty' sockets --allow-connect= &&
		says 'deny-bind: its value is longer than 1023 characters' sockets --deny-bind="$long" &&
		says 'the path is longer than 3840' $xenpv 9p attach xpv-guest t "/$long$long$long$long" --backend=xpv-back &&
		says "detach: '--read-only' is no option of it" $xenpv 9p detach xpv-guest t --read-only &&
		says "policy: '--allow-connect=*' is no option" $xenpv sock policy xpv-guest '--allow-connect=*' &&
		says "has no share 't'" $xenpv 9p detach xpv-guest t &&
		says 'has no sockets elsewhere' $xenpv sock detach xpv-guest &&
		says "has no device 'vbd/1'" $xenpv rehome xpv-guest vbd/1 0 &&
		[ "$(xenstore-ls -f)" = "$before" ]
}

# This domain has no frontend of sockets: TCP goes on, and is told of once.
falls_back() {
	iperf3 -s -1 -B 127.0.0.1 -p 24999 >/tmp/iperf3.log 2>&1 &
	for __i in $(seq 50); do
		! grep -q ':61A7 00000000:0000 0A' /proc/net/tcp || break
		sleep 0.1
	done
	! $xenpv run iperf3 -c 127.0.0.1 -p 24999 -n 100K -i 0 || return 1
	$xenpv run --fallback iperf3 -c 127.0.0.1 -p 24999 -n 100K -i 0 2>/tmp/said || { cat /tmp/said; return 1; }
	cat /tmp/said
	[ "$(cat /tmp/said)" = 'xenpv: there are no PV sockets here; this is TCP' ] && wait $!
}

ktap_print_header
ktap_set_plan $([ -n "$XPV_LONG" ] && echo 12 || echo 11)
ktap_test_result 'a device that moves here is set up' moved_is_set_up
# Which takes as long as xenpv waits.
[ -z "$XPV_LONG" ] || ktap_test_result 'or it is told that it is not' unserved_is_told
ktap_test_result 'so is why its script failed' failed_script_is_told
ktap_test_result 'what xl keeps of the guest follows, and nothing else of it changes' config_follows
ktap_test_result 'or it is told that it does not' damaged_config_is_told
ktap_test_result 'what is told wrong does not begin to move' nonsense_does_not_move
ktap_test_result 'one whose guest removed its end stays' removed_end_stays
ktap_test_result 'all devices of a domain move, or of those that are gone' all_move
ktap_test_result 'others stay' all_of_others_stay
ktap_test_result 'what makes no sense is refused, and why' nonsense_is_refused
ktap_test_result 'programs get TCP where there are no PV sockets, if they may' falls_back
ktap_test_result 'the domains go' domains_end
ktap_finished
