/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where data paths and primitives have something done later.
 *
 * Memory may be reclaimed through a device of ours: by writing to its disk, or
 * by sending to a server. Then no memory can be had for one more worker, and
 * what a request waits for has to be done all the same. The kernel's own
 * queues (schedule_work()) do not promise that; and since the lanes of
 * frontends do, the kernel warns when a lane waits for a work on one of them.
 */
#ifndef XPV_WORK_H
#define XPV_WORK_H

#include <linux/workqueue.h>

/*
 * For works that end soon, whatever happens.
 *
 * One queue for all devices, that memory can be reclaimed through. When memory
 * is short one thread does all of it, so a work on this queue never waits: not
 * for the other end, nor for a request, nor for a lock that is held across such
 * a wait, nor for memory. A driver that has works which do has a queue of its
 * own for them, with %WQ_MEM_RECLAIM as well if a lane waits for them.
 *
 * Exists as long as the engine is loaded.
 */
extern struct workqueue_struct *xpv_prompt_queue;

#endif
