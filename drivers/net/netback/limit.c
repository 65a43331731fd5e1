// SPDX-License-Identifier: GPL-2.0
/*
 * Byte queue limits (BQL): how much the guest is given before it has taken what
 * it was given earlier. Without them a guest that is slower than what is sent to
 * it has its whole ring before it, however long that takes; with them the rest
 * waits in the queueing discipline, which knows what is worth it.
 *
 * The guest does not tell what it has taken, but puts a new buffer in the place
 * of each. So whoever looks for buffers sees it, and no packet costs more than
 * the noting of its size.
 *
 * A guest that is waited for and takes nothing is believed to have taken all
 * after a while. Then what is sent fills its ring, and it is for backlog.c and the
 * drain time-out to decide. So it is if too much waits for one that takes little.
 */
#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/sizes.h>

#include "netback.h"

/* What a guest may always have before it: an event for less is not worth it. */
#define LIMIT_MIN	SZ_256K

/* How long the guest may take nothing. */
#define LIMIT_TIME	msecs_to_jiffies(100)

/* A guest that tells of no buffers is not waited for either. */
static bool is_counted(const struct netback_queue *queue)
{
	return queue->vif->front.rx_notify;
}

/**
 * limit_init() - set up what lasts as long as the queue
 * @queue: the queue, not connected
 */
void limit_init(struct netback_queue *queue)
{
	timer_setup(&queue->rx.limit_timer, limit_timer, 0);
#ifdef CONFIG_BQL
	netback_txq(queue)->dql.min_limit = LIMIT_MIN;
#endif
}

/*
 * The kernel's own forgets what its limit comes to until the first answer: one packet
 * would be let through, and the others wait for the guest to take it.
 */
static void reset_bql(struct netdev_queue *txq)
{
	netdev_tx_reset_queue(txq);
#ifdef CONFIG_BQL
	txq->dql.limit = txq->dql.min_limit;
	WRITE_ONCE(txq->dql.adj_limit, txq->dql.min_limit);
#endif
}

/**
 * limit_reset() - begin, or end, with a guest that has nothing before it
 * @queue: the queue, its lock held
 */
void limit_reset(struct netback_queue *queue)
{
	struct netback_rx *rx = &queue->rx;

	rx->given = 0;
	rx->counted = 0;
	rx->limit_asked = false;
	rx->taken = rx->ring.prod;
	reset_bql(netback_txq(queue));
	/* Whoever waited for the limit need not. */
	netif_schedule_queue(netback_txq(queue));
}

/**
 * limit_add() - note what the guest is given
 * @queue: the queue, its lock held
 * @first: the packet's first slot; its others are all up to the ring's consumer
 * @len: its bytes; 0 for one that does not come from the stack's queue
 */
void limit_add(struct netback_queue *queue, u32 first, unsigned int len)
{
	struct netback_rx *rx = &queue->rx;

	if (!is_counted(queue))
		return;
	rx->given += len;
	for (; first != rx->ring.cons; first++)
		rx->sums[first & (rx->ring.nr - 1)] = rx->given;
	if (len)
		__netdev_tx_sent_queue(netback_txq(queue), len,
				       netdev_xmit_more());
}

static void count_to(struct netback_queue *queue, u32 taken)
{
	struct netback_rx *rx = &queue->rx;
	u32 sum, bytes;

	if (taken == rx->taken)
		return;
	sum = rx->sums[(taken - 1) & (rx->ring.nr - 1)];
	bytes = sum - rx->counted;
	rx->counted = sum;
	rx->taken = taken;
	rx->limit_asked = false;
	/* The number of packets means nothing to it. */
	netdev_tx_completed_queue(netback_txq(queue), 1, bytes);
}

/*
 * As many buffers as it ever had there at once, and no more, can be unused: of
 * those before, it has taken the packets. That it has never more than that is
 * not certain, so it is never believed to have taken what it was not shown.
 */
static u32 taken_by_now(const struct netback_rx *rx)
{
	u32 taken = rx->known - rx->most;

	if ((s32)(taken - rx->taken) < 0)
		return rx->taken;
	if ((s32)(rx->ring.prod - taken) < 0)
		return rx->ring.prod;
	return taken;
}

/**
 * limit_count() - note what the guest has taken
 * @queue: the queue, its lock held, whose buffers were just looked for
 */
void limit_count(struct netback_queue *queue)
{
	if (is_counted(queue))
		count_to(queue, taken_by_now(&queue->rx));
}

/* Have the guest tell when it has taken half. Return: false if it has. */
static bool ask(struct netback_rx *rx)
{
	u32 half = max((rx->ring.prod - rx->taken) / 2, 1U);
	int nr = rx->known - rx->ring.cons + half;

	return xpv_back_ring_ask(&rx->ring, nr) < nr;
}

/**
 * limit_wait() - the stack was told to wait: see to it that it need not for ever
 * @queue: the queue, its lock held
 */
void limit_wait(struct netback_queue *queue)
{
	struct netback_rx *rx = &queue->rx;
	unsigned int tries = 3;

	do {
		rx_refresh(queue);
		if (!limit_is_reached(queue))
			return;
		/* If there are no buffers it was asked for them. */
	} while (!rx->need && !ask(rx) && --tries);
	rx->limit_asked = true;
	if (timer_pending(&rx->limit_timer))
		return;
	rx->limit_from = rx->taken;
	mod_timer(&rx->limit_timer, jiffies + LIMIT_TIME);
}

/* It may be that it has fewer buffers than it once had: learn that, too. */
static void believe_all(struct netback_queue *queue)
{
	struct netback_rx *rx = &queue->rx;

	rx->most = rx->known - rx->ring.cons;
	count_to(queue, rx->ring.prod);
}

/**
 * limit_timer() - look what became of a wait
 * @timer: of a queue
 */
void limit_timer(struct timer_list *timer)
{
	struct netback_queue *queue =
		container_of(timer, struct netback_queue, rx.limit_timer);
	struct netback_rx *rx = &queue->rx;

	rx_lock(queue);
	if (rx->running && limit_is_reached(queue)) {
		rx_refresh(queue);
		if (rx->taken == rx->limit_from || backlog_is_large(queue))
			believe_all(queue);
		if (limit_is_reached(queue))
			limit_wait(queue);
	}
	rx_unlock(queue);
}
