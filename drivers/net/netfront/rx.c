// SPDX-License-Identifier: GPL-2.0
/*
 * Responses of the receive ring: slot by slot to the parser, packet by packet
 * to the stack.
 *
 * A packet may be published in pieces: what was seen of it waits in the queue.
 */
#include <linux/build_bug.h>
#include <linux/ktime.h>

#include "../watch.h"
#include "netfront.h"

static void rx_broken(struct netfront_queue *queue, const char *why)
{
	queue->rx.broken = true;
	xpv_device_fail(queue->nf->dev, -EPROTO, "%s (queue %u)", why,
			queue->index);
}

static const char *reason(int err)
{
	return err == -EILSEQ ? "backend filled another buffer than the next" :
				"backend sent a packet without an end";
}

/*
 * Take one slot. A slot whose buffer holds no part of a packet, an extra's or a
 * failed one's, gives it back.
 * Return: 1 if it was the last of a packet; 0; -EPROTO.
 */
static int take_slot(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;
	u16 index = rx->ring.cons & (rx->ring.nr - 1);
	u16 buf = rx->posted[index];
	u32 slot[NETFRONT_RX_SLOT / sizeof(u32)];
	int what;

	BUILD_BUG_ON(sizeof(slot) != sizeof(struct xen_netif_rx_response));
	xpv_front_ring_get(&rx->ring, slot, sizeof(slot));
	rx->taken++;
	rx->posted[index] = NETFRONT_NONE;
	what = netfront_packet_feed(&rx->pkt, (u8 *)slot, index);
	if (what > 0 && what & NETFRONT_SLOT_DATA)
		rx->parts[rx->pkt.nr - 1] = buf;
	else
		netfront_rx_spare(rx, buf);
	if (what < 0) {
		rx_broken(queue, reason(what));
		return -EPROTO;
	}
	return !!(what & NETFRONT_SLOT_LAST);
}

/* Return: 1 if a packet was taken whole; 0 if there is none; -EPROTO. */
static int take_packet(struct netfront_queue *queue, int *pending)
{
	struct netfront_rx *rx = &queue->rx;
	int last = 0;

	while (!last) {
		if (!*pending)
			*pending = xpv_front_ring_pending(&rx->ring);
		if (*pending < 0) {
			rx_broken(queue, "backend filled more buffers than there were");
			return -EPROTO;
		}
		if (!*pending)
			return 0;
		last = take_slot(queue);
		--*pending;
	}
	return last;
}

static u64 watch_window(void)
{
	return xpv_poll_window(READ_ONCE(netfront_poll_us));
}

/*
 * A round begins: after an event, of which to learn how soon it came, or
 * because the last round said that the ring is to be watched. What that one
 * found the stack has got since.
 */
static void begin_round(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;
	u64 window = watch_window();
	u64 now;

	if (rx->stay) {
		rx->stay = false;
		if (net_watch(&queue->napi, &rx->poll, window,
			      xpv_front_ring_stirs, &rx->ring))
			netfront_rx_count(rx, &rx->stats.polled);
		else
			netfront_rx_count(rx, &rx->stats.polled_vainly);
		return;
	}
	if (!rx->poll.rest_ns || !xpv_front_ring_stirs(&rx->ring))
		return;
	now = ktime_get_ns();
	net_nap_learn(&rx->nap, now, rx->poll.rest_ns, READ_ONCE(netfront_poll_us));
	xpv_poll_begin(&rx->poll, now, window);
	rx->poll.rest_ns = 0;
}

/* All packets were taken. */
static void end_round(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;

	if (!READ_ONCE(netfront_poll_us) || rx->broken)
		return;
	rx->stay = watch_window() && xpv_poll_pays(&rx->poll);
	if (!rx->stay)
		rx->poll.rest_ns = ktime_get_ns();
}

/**
 * netfront_rx_poll() - take packets
 * @queue: the queue
 * @budget: how many at most
 *
 * If the ring is to be watched when they are taken, it is with the next round,
 * for which NAPI has to come back at once.
 *
 * Context: NAPI.
 * Return: how many there were.
 */
int netfront_rx_poll(struct netfront_queue *queue, int budget)
{
	struct netfront_rx *rx = &queue->rx;
	int pending = 0, done = 0;

	begin_round(queue);
	rcu_read_lock();	/* for the program */
	while (done < budget && !rx->broken) {
		if (take_packet(queue, &pending) <= 0)
			break;
		netfront_rx_packet(queue);
		netfront_packet_start(&rx->pkt);
		done++;
		if (xpv_front_ring_free(&rx->ring) >= rx->ring.nr / 4)
			netfront_rx_fill(queue);
	}
	rcu_read_unlock();
	netfront_xdp_flush(queue);
	netfront_rx_fill(queue);
	rx->whole += done;
	if (done && done < budget)
		end_round(queue);
	return done;
}

/**
 * netfront_rx_arm() - ask for an event
 * @queue: the queue
 *
 * Context: NAPI.
 * Return: false if there is something to take already.
 */
bool netfront_rx_arm(struct netfront_queue *queue)
{
	if (queue->rx.broken)
		return true;
	return !xpv_front_ring_final_check(&queue->rx.ring);
}
