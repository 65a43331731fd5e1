/* SPDX-License-Identifier: GPL-2.0 */
/* The time is what the test says. */
#ifndef SHIM_LINUX_JIFFIES_H
#define SHIM_LINUX_JIFFIES_H

#define HZ	250

#define time_before(a, b)	((long)((a) - (b)) < 0)

extern unsigned long jiffies;

#endif
