/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many answers a ring gives together. Pure: decides, and does nothing.
 */
#ifndef BLKBACK_HOLD_H
#define BLKBACK_HOLD_H

#include <linux/types.h>

/* The largest depth that is looked for. */
#define HOLD_DEPTH_MAX	32U

/**
 * struct hold - what is known of how many requests a guest has at a time
 * @depth: so many, or a few more
 * @score: how often as many came as were waited for, since the last trial
 * @need: how often they have to until the next
 * @trial: more are waited for, to see whether the guest has them
 *
 * Half of a guest's requests are answered together: so it goes on with one half
 * while it is served the other, and is told, and interrupted, but twice for
 * all of them. How many it has cannot be seen, for who is answered in time
 * never has all of them out. It is tried now and then, by waiting for more
 * before any is answered.
 */
struct hold {
	unsigned int depth;
	unsigned int score;
	unsigned int need;
	bool trial;
};

void hold_init(struct hold *hold);
unsigned int hold_nr(const struct hold *hold);
void hold_enough(struct hold *hold);
void hold_in_vain(struct hold *hold, unsigned int seen);

#endif
