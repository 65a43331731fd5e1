// SPDX-License-Identifier: GPL-2.0
/* How many answers a ring gives together. See hold.h. */
#include <linux/kernel.h>

#include "hold.h"

#define NEED_MIN	2U
#define NEED_MAX	1024U

/**
 * hold_init() - nothing is known
 * @hold: to be set
 */
void hold_init(struct hold *hold)
{
	hold->depth = 1;
	hold->score = 0;
	hold->need = NEED_MIN;
	hold->trial = false;
}

/* A trial waits for twice the depth; at the largest, for whether it still is. */
static unsigned int tried(const struct hold *hold)
{
	return min(2 * hold->depth, HOLD_DEPTH_MAX);
}

/**
 * hold_nr() - how many answers to give together
 * @hold: what is known
 *
 * Return: at least 1, which is to hold none back.
 */
unsigned int hold_nr(const struct hold *hold)
{
	return hold->trial ? tried(hold) : max(hold->depth / 2, 1U);
}

/**
 * hold_enough() - so many came
 * @hold: what is known
 */
void hold_enough(struct hold *hold)
{
	if (hold->trial) {
		hold->trial = false;
		hold->need = hold->depth < tried(hold) ?
				     max(hold->need / 2, NEED_MIN) :
				     min(4 * hold->need, NEED_MAX);
		hold->depth = tried(hold);
	} else if (++hold->score >= hold->need) {
		hold->score = 0;
		hold->trial = true;
	}
}

/**
 * hold_in_vain() - fewer came in the time there is
 * @hold: what is known
 * @seen: so many are unanswered
 *
 * Of a trial that often shows no more than what is known already, and the next
 * one waits longer. Else the guest has fewer than it had; or was busy with
 * something else, so little is forgotten at a time.
 */
void hold_in_vain(struct hold *hold, unsigned int seen)
{
	seen = min(seen, HOLD_DEPTH_MAX);
	if (hold->trial && seen >= hold->depth) {
		hold->need = min(4 * hold->need, NEED_MAX);
		hold->depth = seen;
	} else {
		hold->need = NEED_MIN;
		hold->depth = max3(seen, hold->depth / 4, 1U);
	}
	hold->score = 0;
	hold->trial = false;
}
