# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What is not among the modules is built in, or of no use here. A function, since the shell
# prefers its own modprobe to any other.

# modprobe [-OPTION]... MODULE [NAME=VALUE]...
modprobe() {
	while :; do
		case $1 in -*) shift ;; *) break ;; esac
	done
	__module=$1
	shift
	[ -f "/xpv/modules/$__module.ko" ] && ! [ -d "/sys/module/$(echo "$__module" | tr - _)" ] || return 0
	insmod "/xpv/modules/$__module.ko" "$@"
}
