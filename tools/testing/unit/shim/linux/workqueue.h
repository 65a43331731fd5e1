/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work queues on threads, with what lanes rely on:
 *  - a work item never runs twice at once; queued while it runs, it runs again
 *    afterwards; queued while it is pending, nothing happens;
 *  - at most max_active items of a queue are running or next in line;
 *  - a work function may free its own item;
 *  - while cancel_delayed_work_sync() waits, queueing is refused.
 * A jiffy is a millisecond.
 */
#ifndef SHIM_LINUX_WORKQUEUE_H
#define SHIM_LINUX_WORKQUEUE_H

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/types.h>

struct workqueue_struct;
struct work_struct;

typedef void (*work_func_t)(struct work_struct *work);

enum shim_work_state {
	SHIM_WORK_IDLE,
	SHIM_WORK_TIMED,	/* in the queue's timers */
	SHIM_WORK_WAITING,	/* beyond max_active */
	SHIM_WORK_READY,	/* counted in max_active */
	SHIM_WORK_CANCELING,
};

struct work_struct {
	work_func_t func;
	struct list_head link;
	enum shim_work_state state;
	struct workqueue_struct *wq;
};

struct delayed_work {
	struct work_struct work;
	ktime_t expires;
};

#define WQ_UNBOUND	2
#define WQ_FREEZABLE	4
#define WQ_MEM_RECLAIM	8

#define INIT_DELAYED_WORK(dwork, function)			\
	do {							\
		(dwork)->work.func = (function);		\
		(dwork)->work.state = SHIM_WORK_IDLE;		\
		(dwork)->work.wq = NULL;			\
	} while (0)

#define INIT_DEFERRABLE_WORK(dwork, function)	INIT_DELAYED_WORK(dwork, function)
#define schedule_delayed_work(dwork, delay) \
	queue_delayed_work(NULL, dwork, delay)
#define HZ			1000
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define round_jiffies_relative(j)	(j)

__attribute__((format(printf, 1, 4)))
struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...);
void destroy_workqueue(struct workqueue_struct *wq);
bool queue_delayed_work(struct workqueue_struct *wq,
			struct delayed_work *dwork, unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
		      unsigned long delay);
bool cancel_delayed_work_sync(struct delayed_work *dwork);

/* How many queues there are; a test looks for leaks with it. */
extern int shim_workqueues;

#endif
