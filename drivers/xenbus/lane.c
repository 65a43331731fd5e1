// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes, on the kernel's workqueues: a lane is one delayed work item, which a
 * workqueue never runs twice at once; a group is one unbound workqueue, whose
 * max_active is the cap.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xpv/lane.h>

static unsigned int lane_cap = 8;
module_param(lane_cap, uint, 0444);
MODULE_PARM_DESC(lane_cap,
		 "How many devices of one class and other-end domain may work at once");

/* More than any class has, the end included. */
#define CLASS_MAX	16

/*
 * struct xpv_lane_group - lanes of one side and class towards one domain
 * @link: in groups
 * @queue: runs the lanes
 * @class: of the devices
 * @domid: the domain
 * @side: ours
 * @lanes: lanes in the group, one reference each
 */
struct xpv_lane_group {
	struct list_head link;
	struct workqueue_struct *queue;
	char class[CLASS_MAX];
	int domid;
	enum xpv_side side;
	unsigned int lanes;
};

static LIST_HEAD(groups);
static DEFINE_MUTEX(groups_lock);	/* groups and every group's lanes */

/*
 * A frontend may be what memory is reclaimed through, so its lanes must not
 * wait for memory to get a worker. Lanes rest while the domain is saved: the
 * store does not answer then, and what it said before may be void.
 */
static struct workqueue_struct *group_queue(const struct xpv_lane_group *group)
{
	unsigned int cap = max(lane_cap, 2U);
	unsigned int flags = WQ_UNBOUND | WQ_FREEZABLE;

	if (group->side == XPV_FRONTEND)
		flags |= WQ_MEM_RECLAIM;
	return alloc_workqueue("xpv-%s-%d", flags, cap, group->class, group->domid);
}

static struct xpv_lane_group *group_find(enum xpv_side side, const char *class, int domid)
{
	struct xpv_lane_group *group;

	lockdep_assert_held(&groups_lock);
	list_for_each_entry(group, &groups, link)
		if (group->side == side && group->domid == domid &&
		    !strcmp(group->class, class))
			return group;
	return NULL;
}

static struct xpv_lane_group *group_create(enum xpv_side side, const char *class, int domid)
{
	struct xpv_lane_group *group = kzalloc(sizeof(*group), GFP_KERNEL);

	if (!group)
		return NULL;
	group->side = side;
	group->domid = domid;
	strscpy(group->class, class, sizeof(group->class));
	group->queue = group_queue(group);
	if (!group->queue) {
		kfree(group);
		return NULL;
	}
	list_add(&group->link, &groups);
	return group;
}

static struct xpv_lane_group *group_get(enum xpv_side side, const char *class, int domid)
{
	struct xpv_lane_group *group;

	mutex_lock(&groups_lock);
	group = group_find(side, class, domid);
	if (!group)
		group = group_create(side, class, domid);
	if (group)
		group->lanes++;
	mutex_unlock(&groups_lock);
	return group;
}

static void group_put(struct xpv_lane_group *group)
{
	bool last;

	mutex_lock(&groups_lock);
	last = !--group->lanes;
	if (last)
		list_del(&group->link);
	mutex_unlock(&groups_lock);
	if (!last)
		return;
	destroy_workqueue(group->queue);
	kfree(group);
}

static void lane_work(struct work_struct *work)
{
	struct xpv_lane *lane = container_of(to_delayed_work(work),
					     struct xpv_lane, work);

	if (READ_ONCE(lane->dead))
		return;
	lane->runs++;
	lane->run(lane, atomic_long_xchg(&lane->events, 0));
	xpv_lane_step(lane, NULL);
}

int xpv_lane_init(struct xpv_lane *lane, enum xpv_side side, const char *class,
		  int domid, xpv_lane_fn run)
{
	lane->group = group_get(side, class, domid);
	if (!lane->group)
		return -ENOMEM;
	lane->run = run;
	INIT_DELAYED_WORK(&lane->work, lane_work);
	return 0;
}

void xpv_lane_mark(struct xpv_lane *lane, unsigned long events)
{
	if (READ_ONCE(lane->dead))
		return;
	atomic_long_or(events, &lane->events);
	mod_delayed_work(lane->group->queue, &lane->work, 0);
}

void xpv_lane_retry(struct xpv_lane *lane, unsigned int ms)
{
	if (READ_ONCE(lane->dead))
		return;
	WRITE_ONCE(lane->due, true);
	queue_delayed_work(lane->group->queue, &lane->work,
			   msecs_to_jiffies(ms));
}

void xpv_lane_step(struct xpv_lane *lane, const char *what)
{
	lane->since = ktime_get();
	WRITE_ONCE(lane->step, what);
}
EXPORT_SYMBOL_GPL(xpv_lane_step);

void xpv_lane_kill(struct xpv_lane *lane)
{
	WRITE_ONCE(lane->dead, true);
}

void xpv_lane_destroy(struct xpv_lane *lane)
{
	cancel_delayed_work_sync(&lane->work);
	group_put(lane->group);
}
