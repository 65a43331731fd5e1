// SPDX-License-Identifier: GPL-2.0
/*
 * A receive ring that is looked at by the clock, without events; see ../nap.h.
 */
#include "netfront.h"

static enum hrtimer_restart nap_over(struct hrtimer *timer)
{
	struct netfront_queue *queue = container_of(timer, struct netfront_queue,
						    rx.nap.timer);

	return net_nap_over(&queue->rx.nap, &queue->napi);
}

/**
 * netfront_nap_init() - set up what is needed to nap
 * @rx: the receive side of a queue that has nothing yet
 */
void netfront_nap_init(struct netfront_rx *rx)
{
	net_nap_init(&rx->nap, nap_over);
}

/**
 * netfront_nap() - whether the queue naps, all packets being taken
 * @rx: the receive side of a queue
 *
 * If so, no event is needed.
 *
 * Context: NAPI.
 */
bool netfront_nap(struct netfront_rx *rx)
{
	switch (net_nap_end(&rx->nap, rx->whole)) {
	case NET_NAP_PAID:
		netfront_rx_count(rx, &rx->stats.napped);
		break;
	case NET_NAP_VAIN:
		netfront_rx_count(rx, &rx->stats.napped_vainly);
		break;
	case NET_NAP_NONE:
		break;
	}
	return !rx->broken && net_nap(&rx->nap, rx->whole, READ_ONCE(netfront_poll_us));
}
