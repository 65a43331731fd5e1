// SPDX-License-Identifier: GPL-2.0
/*
 * What waits in the stack's queue for a guest that does not take it. Whoever
 * chose the queueing discipline chose its limit in packets, which says little of
 * memory, and for each of our queues anew: by default it is some ten megabytes.
 * A guest decides how long that is held. So we look, while it has no buffers, and
 * what is too much is dropped, the oldest first: of a guest that keeps taking
 * packets, more than it would ever need; of one that takes none, as while it is
 * saved, what it can go on with.
 *
 * The discipline's own figures are read, so that any of them will do.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <net/sch_generic.h>

#include "netback.h"

/* Most memory that may wait for a guest, which its queues share. */
#define BACKLOG_MOST	SZ_16M

/* The same of one that has taken nothing for so long. */
#define BACKLOG_SILENT	SZ_2M
#define SILENT_TIME	msecs_to_jiffies(100)

/* What each queue may have in any case. */
#define BACKLOG_LEAST	SZ_256K

/* What a packet takes beside its data. */
#define SKB_COST	SZ_1K

/**
 * backlog_look() - see what waits in the stack's queue
 * @queue: the queue
 * @packets: filled
 * @bytes: filled
 *
 * Context: any.
 */
void backlog_look(const struct netback_queue *queue, u32 *packets, u32 *bytes)
{
	struct Qdisc *qdisc;

	rcu_read_lock();
	qdisc = rcu_dereference(netback_txq(queue)->qdisc);
	qdisc_qstats_qlen_backlog(qdisc, packets, bytes);
	rcu_read_unlock();
}

static u64 memory_of(const struct netback_queue *queue)
{
	u32 packets, bytes;

	backlog_look(queue, &packets, &bytes);
	return bytes + (u64)packets * SKB_COST;
}

static u64 most(const struct netback_queue *queue)
{
	const struct netback_rx *rx = &queue->rx;
	bool silent = rx->need &&
		      time_after_eq(jiffies, rx->full_since + SILENT_TIME);
	u32 all = silent ? BACKLOG_SILENT : BACKLOG_MOST;

	return max_t(u32, all / max(queue->vif->nr_queues, 1U), BACKLOG_LEAST);
}

/**
 * backlog_is_large() - whether too much waits
 * @queue: the queue, its lock held
 */
bool backlog_is_large(const struct netback_queue *queue)
{
	return memory_of(queue) > most(queue);
}

/**
 * backlog_is_small() - whether, after it was too much, it no longer is
 * @queue: the queue, its lock held
 *
 * Not with the first packet less, so that it takes a while to be so again.
 */
bool backlog_is_small(const struct netback_queue *queue)
{
	return memory_of(queue) <= most(queue) / 2;
}
