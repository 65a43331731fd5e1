/* SPDX-License-Identifier: GPL-2.0 */
/* In a single thread, to wait is to let what was put off happen. */
#ifndef SHIM_LINUX_COMPLETION_H
#define SHIM_LINUX_COMPLETION_H

#include <stdbool.h>

struct completion {
	unsigned int done;
};

static inline void init_completion(struct completion *x)
{
	x->done = 0;
}

static inline void complete(struct completion *x)
{
	x->done++;
}

static inline bool try_wait_for_completion(struct completion *x)
{
	if (!x->done)
		return false;
	x->done--;
	return true;
}

/* Runs the fakes until it is done. */
void wait_for_completion(struct completion *x);

#endif
