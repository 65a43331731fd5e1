// SPDX-License-Identifier: GPL-2.0
/*
 * What a ring has done, for debugfs and for the log. sysfs.c has the sums.
 */
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/seq_file.h>

#include "blkback.h"

#define LOG_INTERVAL	(10 * HZ)

/**
 * stats_log() - log what a ring has done since this was last called
 * @ring: the ring
 *
 * Says nothing more often than every ten seconds.
 *
 * Context: the worker.
 */
void stats_log(struct blkback_ring *ring)
{
	const struct blkback_stats *now = &ring->stats;
	const struct blkback_stats *then = &ring->logged;

	if (ring->next_log && time_before(jiffies, ring->next_log))
		return;
	xpv_info(ring->be->xdev,
		 "queue %u: oo %lu, rd %lu (%lu sectors), wr %lu (%lu sectors), f %lu, ds %lu, kept pages %u/%u\n",
		 ring->index, now->oo_req - then->oo_req,
		 now->rd_req - then->rd_req, now->rd_sect - then->rd_sect,
		 now->wr_req - then->wr_req, now->wr_sect - then->wr_sect,
		 now->f_req - then->f_req, now->ds_req - then->ds_req,
		 ring->cache.nr, ring->cache.limit);
	ring->logged = *now;
	ring->next_log = (jiffies + LOG_INTERVAL) | 1;
}

static void show_latency(struct blkback_ring *ring, struct seq_file *to)
{
	unsigned long nr;
	unsigned int i;

	seq_puts(to, "  latency, us or more: requests:");
	for (i = 0; i < BLKBACK_LATENCIES; i++) {
		nr = READ_ONCE(ring->latency[i]);
		if (nr)
			seq_printf(to, " %lu:%lu", i ? 1UL << i : 0UL, nr);
	}
	seq_putc(to, '\n');
}

/**
 * stats_show() - append lines about a ring
 * @ring: a ring that is or was connected
 * @to: the file
 *
 * Context: process, beside everything: numbers are those of about this moment.
 */
void stats_show(struct blkback_ring *ring, struct seq_file *to)
{
	const struct blkback_stats *stats = &ring->stats;

	seq_printf(to, "queue %u: slots %u busy %u%s%s\n", ring->index,
		   READ_ONCE(ring->shared.nr),
		   READ_ONCE(ring->taken) - READ_ONCE(ring->answered),
		   READ_ONCE(ring->held) ? ", held until none is busy" : "",
		   test_bit(RING_STOPPING, &ring->flags) ? ", stopped" : "");
	seq_printf(to, "  pages: kept %u of %u, unused %u\n",
		   READ_ONCE(ring->cache.nr), READ_ONCE(ring->cache.limit),
		   READ_ONCE(ring->pool.cache.num_pages));
	seq_printf(to, "  requests: rd %lu wr %lu f %lu ds %lu oo %lu\n",
		   READ_ONCE(stats->rd_req), READ_ONCE(stats->wr_req),
		   READ_ONCE(stats->f_req), READ_ONCE(stats->ds_req),
		   READ_ONCE(stats->oo_req));
	seq_printf(to, "  events sent %lu, polls won %lu lost %lu, naps %lu, depth %u\n",
		   READ_ONCE(ring->notified), READ_ONCE(ring->polled),
		   READ_ONCE(ring->polled_vainly), READ_ONCE(ring->naps),
		   READ_ONCE(ring->hold.depth));
	show_latency(ring, to);
}
