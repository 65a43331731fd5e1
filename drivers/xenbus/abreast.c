// SPDX-License-Identifier: GPL-2.0
/*
 * Many requests to xenstore at once. Each waits for its answer, but the kernel has as
 * many of them on the way as there are waiters, and xenstored may wake once for several.
 *
 * The caller works with the others and waits for those that have begun only, so it
 * never depends on whether there is a worker.
 */
#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/workqueue.h>
#include "internal.h"

/* Beside the caller. xenstored leaves a domain's requests alone that are more than 20. */
#define WORKERS		7

struct abreast {
	unsigned int nr;
	atomic_t next;
	void (*one)(void *arg, unsigned int i);
	void *arg;
};

struct worker {
	struct work_struct work;
	struct abreast *all;
};

static void work_off(struct abreast *all)
{
	unsigned int i;

	while ((i = atomic_fetch_inc(&all->next)) < all->nr)
		all->one(all->arg, i);
}

static void worker_run(struct work_struct *work)
{
	work_off(container_of(work, struct worker, work)->all);
}

/**
 * xpv_abreast() - do many things of a kind that wait for xenstore
 * @nr: how many
 * @one: does the one with the number @i, in any order and beside the others
 * @arg: for @one
 *
 * Context: process; sleeps until all are done.
 */
void xpv_abreast(unsigned int nr, void (*one)(void *arg, unsigned int i), void *arg)
{
	struct abreast all = { .nr = nr, .next = ATOMIC_INIT(0), .one = one, .arg = arg };
	unsigned int i, workers = nr ? min_t(unsigned int, nr - 1, WORKERS) : 0;
	struct worker worker[WORKERS];

	for (i = 0; i < workers; i++) {
		worker[i].all = &all;
		INIT_WORK_ONSTACK(&worker[i].work, worker_run);
		queue_work(xpv_abreast_queue, &worker[i].work);
	}
	work_off(&all);
	for (i = 0; i < workers; i++) {
		cancel_work_sync(&worker[i].work);
		destroy_work_on_stack(&worker[i].work);
	}
}
