// SPDX-License-Identifier: GPL-2.0
/*
 * The rate limit: what the guest may send, over all of its queues. The
 * toolstack's "rate" key says how many bytes in how many microseconds; an
 * allowance grows by that, up to one such period or two large packets.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "netback.h"

/* At least this much may be sent at once. */
#define BURST_MIN	(128 * 1024)

static int parse(const char *text, u64 *bytes, u64 *usec)
{
	if (sscanf(text, "%llu,%llu", bytes, usec) != 2)
		return -EINVAL;
	/* No period, no limit. */
	if (!*usec) {
		*bytes = 0;
		*usec = 1;
	}
	return 0;
}

/**
 * credit_read() - do as the toolstack's "rate" key says
 * @vif: the device
 *
 * Context: the lane; sleeps.
 */
void credit_read(struct netback *vif)
{
	char *text = xpv_store_text(vif->xdev, XPV_OWN, "rate");
	struct netback_credit *credit = &vif->credit;
	u64 bytes = 0, usec = 1;

	if (!IS_ERR(text)) {
		if (parse(text, &bytes, &usec)) {
			xpv_warn(vif->xdev, "%s/rate: \"%s\" is not BYTES,MICROSECONDS: no limit\n",
				 vif->xdev->nodename, text);
			bytes = 0;
		}
		kfree(text);
	}
	/* xl writes the largest number for no limit. */
	if (bytes > U32_MAX)
		bytes = 0;
	spin_lock_bh(&credit->lock);
	if (bytes != credit->bytes || usec != credit->usec) {
		credit->usec = usec;
		credit->left = bytes;
		credit->since = ktime_get_ns();
		WRITE_ONCE(credit->bytes, bytes);
	}
	spin_unlock_bh(&credit->lock);
}

/* What came in since the last look. */
static void grow(struct netback_credit *credit)
{
	u64 now = ktime_get_ns();
	u64 most = max_t(u64, credit->bytes, BURST_MIN);
	u64 more = mul_u64_u64_div_u64(now - credit->since, credit->bytes,
				       credit->usec * NSEC_PER_USEC);

	if (!more)
		return;
	credit->since = now;
	credit->left = min(credit->left + more, most);
}

/**
 * credit_take() - ask whether a packet may be sent now
 * @queue: the queue it comes from
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

	if (!READ_ONCE(credit->bytes))
		return true;
	spin_lock(&credit->lock);
	grow(credit);
	if (credit->left >= size || !credit->bytes)
		credit->left -= min_t(u64, size, credit->left);
	else
		wait = mul_u64_u64_div_u64(size - credit->left, credit->usec,
					   credit->bytes) + 1;
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
