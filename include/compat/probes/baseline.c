// SPDX-License-Identifier: GPL-2.0
/* Compiles with every kernel: what the other probes stand on works. */
#include <linux/module.h>
#include <linux/blk-mq.h>
#include <xen/xenbus.h>
