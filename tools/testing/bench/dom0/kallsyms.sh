#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tell the host machine where this kernel's functions are.

echo 0 >/proc/sys/kernel/kptr_restrict
grep ' [tT] [^[]*$' /proc/kallsyms >/var/log/xen/kallsyms
