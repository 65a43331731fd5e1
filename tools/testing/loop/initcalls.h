/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the kernel's own xenbus: what it has run when it is built in are functions that
 * xen.c calls, since a module has one such call only.
 */
#ifndef LOOP_INITCALLS_H
#define LOOP_INITCALLS_H

/* As these files have it, too late. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#define dev_fmt pr_fmt

#include <linux/init.h>
#include <linux/module.h>

#define LOOP_INITCALL(when, function)			\
	int loop_##when##_##function(void);		\
	int __init loop_##when##_##function(void)	\
	{						\
		return function();			\
	}

#undef postcore_initcall
#undef subsys_initcall
#undef device_initcall
#define postcore_initcall(function)	LOOP_INITCALL(postcore, function)
#define subsys_initcall(function)	LOOP_INITCALL(subsys, function)
#define device_initcall(function)	LOOP_INITCALL(device, function)

#endif
