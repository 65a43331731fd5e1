// SPDX-License-Identifier: GPL-2.0
/*
 * The rate limit: what the guest may send, over all of its queues. The
 * toolstack's "rate" key says how many bytes in how many microseconds; an
 * allowance grows by that, up to one such period or two large packets.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>

#include "netback.h"

/**
 * credit_read() - do as the toolstack's "rate" key says, if that is news
 * @vif: the device
 *
 * Context: the lane; sleeps.
 */
void credit_read(struct netback *vif)
{
	struct netback_credit *credit = &vif->credit;
	struct rate rate = { .usec = 1 };

	if (!vif_read_key(vif, "rate", &vif->rate_key))
		return;
	if (vif->rate_key && rate_parse(vif->rate_key, &rate))
		xpv_warn(vif->xdev, "%s/rate: \"%s\" is not BYTES,MICROSECONDS: no limit\n",
			 vif->xdev->nodename, vif->rate_key);
	spin_lock_bh(&credit->lock);
	credit->rate.usec = rate.usec;
	credit->left = rate.bytes;
	credit->since = ktime_get_ns();
	WRITE_ONCE(credit->rate.bytes, rate.bytes);
	spin_unlock_bh(&credit->lock);
}

/* What came in since the last look. */
static void grow(struct netback_credit *credit)
{
	u64 now = ktime_get_ns();

	if (rate_grow(&credit->rate, now - credit->since, &credit->left))
		credit->since = now;
}

/**
 * credit_take() - ask whether a packet may be sent now
 * @queue: the queue it comes from, of an interface that has a limit
 * @size: its bytes
 *
 * If not, the queue is run again when it may.
 *
 * Context: the queue's NAPI.
 */
bool credit_take(struct netback_queue *queue, unsigned int size)
{
	struct netback_credit *credit = &queue->vif->credit;
	u64 wait = 0;

	spin_lock(&credit->lock);
	grow(credit);
	if (credit->left >= size || !credit->rate.bytes)
		credit->left -= min_t(u64, size, credit->left);
	else
		wait = rate_wait(&credit->rate, size - credit->left);
	spin_unlock(&credit->lock);
	if (!wait)
		return true;
	netback_count(queue->tx.stats.throttled, 1);
	mod_timer(&queue->tx.credit_timer,
		  jiffies + usecs_to_jiffies(min_t(u64, wait, USEC_PER_SEC)));
	return false;
}

/**
 * credit_timer() - run a queue that was held
 * @timer: of the queue
 */
void credit_timer(struct timer_list *timer)
{
	struct netback_queue *queue =
		container_of(timer, struct netback_queue, tx.credit_timer);

	napi_schedule(&queue->napi);
}
