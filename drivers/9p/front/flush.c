// SPDX-License-Identifier: GPL-2.0
/*
 * Flushes: who was killed waits for the backend to say that it has let go of
 * what was asked of it, and cannot be killed any more. A backend says so at once
 * of what changes nothing; what does change something it has to finish, and that
 * takes as long as its disk. So only a backend that does nothing at all is as good
 * as gone, and is treated so.
 */
#include <linux/jiffies.h>
#include <xpv/work.h>
#include "p9front.h"

/*
 * How long a backend may answer nothing: one that has let go of a ring without a
 * word, and one that has not, whose disk may be trying again and again. And how
 * often it is looked.
 */
#define GONE_WAIT	(10 * HZ)
#define SILENT_WAIT	(120 * HZ)
#define FLUSH_LOOK	(HZ + 1)

/**
 * p9front_flush_sent() - a flush is about to go
 * @pf: the share
 * @slot: its slot
 */
void p9front_flush_sent(struct p9front *pf, struct p9front_slot *slot)
{
	slot->since = jiffies;
	queue_delayed_work(xpv_prompt_queue, &pf->watch, FLUSH_LOOK);
}

/* Whether flushes are out; *@since is when the first of them was sent, if before. */
static bool look(struct p9front_ring *ring, unsigned long *since)
{
	bool any = false;
	unsigned int i;

	spin_lock_irq(&ring->lock);
	for (i = 0; i < P9FRONT_SLOTS; i++) {
		const struct p9front_slot *slot = &ring->slots[i];

		if (slot->state != P9FRONT_OUT || slot->type != P9FRONT_TFLUSH)
			continue;
		any = true;
		if (time_before(slot->since, *since))
			*since = slot->since;
	}
	spin_unlock_irq(&ring->lock);
	return any;
}

static bool is_late(struct p9front *pf, unsigned long since)
{
	unsigned int nr = READ_ONCE(pf->nr_rings), i;
	unsigned long answered;
	bool gone = false;

	for (i = 0; i < nr; i++) {
		answered = READ_ONCE(pf->rings[i].answered_at);
		if (time_after(answered, since))
			since = answered;
		gone |= !xpv_evtchn_has_peer(&pf->rings[i].ch);
	}
	/* A ring that is being closed has no peer either. */
	return time_after(jiffies, since + (gone ? GONE_WAIT : SILENT_WAIT)) &&
	       READ_ONCE(pf->connected);
}

/**
 * p9front_watch() - see whether flushes are answered
 * @work: the share's
 */
void p9front_watch(struct work_struct *work)
{
	struct p9front *pf = container_of(to_delayed_work(work),
					  struct p9front, watch);
	unsigned long since = jiffies;
	bool any = false;
	unsigned int i;

	for (i = 0; i < pf->max_rings; i++)
		any |= look(&pf->rings[i], &since);
	if (!any)
		return;
	if (is_late(pf, since)) {
		xpv_err_ratelimited(pf->dev, "the backend does not answer\n");
		xpv_device_restart(pf->dev);
	} else {
		queue_delayed_work(xpv_prompt_queue, &pf->watch, FLUSH_LOOK);
	}
}
