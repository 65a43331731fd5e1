// SPDX-License-Identifier: GPL-2.0
/*
 * Staging grants: pages of the guest that stay mapped because it asked for
 * that, by messages on the control ring, so that its packets cost no grant
 * operation.
 *
 * One context at a time changes the table: the control worker, and the lane
 * once that has ended. Both rings look pages up in softirq, under RCU, and hold
 * none beyond that: data is copied from and to them.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "netback.h"

/* Pages that are unmapped together at the end of a life. */
#define EXIT_BATCH	64

/**
 * stage_init() - set up an empty table
 * @queue: its queue
 *
 * Context: the lane; sleeps.
 * Return: 0 or -ENOMEM.
 */
int stage_init(struct netback_queue *queue)
{
	struct netback_stage *stage = &queue->stage;
	unsigned int nr;

	xpv_map_pool_init(&stage->pool, queue->vif->xdev);
	stage->nr = 0;
	/* What no frontend can ask for without a control ring. */
	stage->max = queue->vif->front.ctrl ? READ_ONCE(netback_staging) : 0;
	if (!stage->max)
		return 0;
	nr = roundup_pow_of_two(clamp(stage->max, 64U, 8192U));
	stage->mask = nr - 1;
	if (xpv_map_batch_init(&stage->last, &stage->pool, EXIT_BATCH))
		return -ENOMEM;
	stage->buckets = kvcalloc(nr, sizeof(*stage->buckets), GFP_KERNEL);
	return stage->buckets ? 0 : -ENOMEM;
}

/* References are handed out densely, so they are their own hash. */
static struct netback_staged __rcu **bucket_of(const struct netback_stage *stage,
					       grant_ref_t ref)
{
	return &stage->buckets[ref & stage->mask];
}

static struct netback_staged *find(const struct netback_stage *stage,
				   grant_ref_t ref)
{
	struct netback_staged *staged =
		rcu_dereference_check(*bucket_of(stage, ref), true);

	while (staged && staged->ref != ref)
		staged = rcu_dereference_check(staged->next, true);
	return staged;
}

/**
 * stage_find() - look a page up
 * @stage: the queue's pages
 * @ref: its grant; untrusted
 * @write: for writing
 *
 * Context: softirq, or bottom halves disabled. The page stays until the caller
 * enables them.
 * Return: its address, or NULL if it is not mapped in that way.
 */
void *stage_find(const struct netback_stage *stage, grant_ref_t ref,
		 bool write)
{
	const struct netback_staged *staged;

	if (!READ_ONCE(stage->nr))
		return NULL;
	staged = find(stage, ref);
	if (!staged || (write && staged->readonly))
		return NULL;
	return staged->at;
}

static void insert(struct netback_stage *stage, struct netback_staged *staged)
{
	struct netback_staged __rcu **bucket = bucket_of(stage, staged->ref);

	RCU_INIT_POINTER(staged->next, rcu_dereference_protected(*bucket, true));
	/* Pairs with find(): the page before the way to it. */
	rcu_assign_pointer(*bucket, staged);
	WRITE_ONCE(stage->nr, stage->nr + 1);
}

static struct netback_staged *take_out(struct netback_stage *stage,
				       grant_ref_t ref)
{
	struct netback_staged __rcu **at = bucket_of(stage, ref);
	struct netback_staged *staged;

	for (;;) {
		staged = rcu_dereference_protected(*at, true);
		if (!staged)
			return NULL;
		if (staged->ref == ref)
			break;
		at = &staged->next;
	}
	rcu_assign_pointer(*at, rcu_dereference_protected(staged->next, true));
	WRITE_ONCE(stage->nr, stage->nr - 1);
	return staged;
}

static void add_to_batch(struct xpv_map_batch *batch,
			 struct netback_staged *staged)
{
	batch->pages[batch->nr] = staged->page;
	batch->handles[batch->nr++] = staged->handle;
}

/*
 * Map the entries of one kind. The new pages hang on @fresh until all of both
 * kinds are mapped.
 */
static int map_kind(struct netback_stage *stage, struct xpv_map_batch *batch,
		    const struct netif_gref *list, unsigned int nr,
		    bool readonly, struct netback_staged **fresh)
{
	grant_ref_t *refs = kmalloc_array(nr, sizeof(*refs), GFP_KERNEL);
	struct netback_staged *staged;
	unsigned int i, todo = 0;
	int err = -ENOMEM;

	if (!refs)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		if (!!(list[i].flags & NETIF_GREF_READONLY) == readonly)
			refs[todo++] = list[i].ref;
	err = todo ? xpv_map_batch_map(batch, refs, todo, readonly) : 0;
	for (i = 0; !err && i < todo; i++) {
		staged = *fresh;
		*fresh = rcu_dereference_protected(staged->next, true);
		staged->ref = refs[i];
		staged->readonly = readonly;
		staged->page = batch->pages[i];
		staged->handle = batch->handles[i];
		staged->at = page_address(staged->page);
		insert(stage, staged);
	}
	/* They are the table's now. */
	if (!err)
		batch->nr = 0;
	kfree(refs);
	return err;
}

static void free_chain(struct netback_staged *chain)
{
	struct netback_staged *next;

	for (; chain; chain = next) {
		next = rcu_dereference_protected(chain->next, true);
		kfree(chain);
	}
}

/* Room for @nr pages, so that nothing is short once they are mapped. */
static struct netback_staged *make_chain(unsigned int nr)
{
	struct netback_staged *chain = NULL, *staged;

	while (nr--) {
		staged = kmalloc(sizeof(*staged), GFP_KERNEL);
		if (!staged) {
			free_chain(chain);
			return NULL;
		}
		RCU_INIT_POINTER(staged->next, chain);
		chain = staged;
	}
	return chain;
}

/* No page twice: neither in the table nor in the list. */
static bool is_fresh(struct netback_stage *stage,
		     const struct netif_gref *list, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		if (!list[i].ref || find(stage, list[i].ref))
			return false;
		for (j = 0; j < i; j++)
			if (list[i].ref == list[j].ref)
				return false;
	}
	return true;
}

/* Take the entries of one kind out again, whose fellows could not be mapped. */
static void unmap_kind(struct netback_stage *stage,
		       struct xpv_map_batch *batch,
		       const struct netif_gref *list, unsigned int nr)
{
	struct netback_staged *staged, *gone = NULL;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		staged = take_out(stage, list[i].ref);
		if (!staged)
			continue;
		add_to_batch(batch, staged);
		/* Found until the grace period is over: kept apart till then. */
		staged->chain = gone;
		gone = staged;
	}
	if (!gone)
		return;
	synchronize_rcu();
	xpv_map_batch_unmap_now(batch);
	for (; gone; gone = staged) {
		staged = gone->chain;
		kfree(gone);
	}
}

/**
 * stage_add() - map pages of the guest and keep them
 * @stage: the queue's pages
 * @list: which; untrusted, in private memory
 * @nr: how many, 1 to %NETIF_GREFS_PER_LIST
 *
 * All or none.
 *
 * Context: the control worker; sleeps.
 * Return: 0; -ENOSPC if that is more than may be kept; -EINVAL if the list is
 * wrong, or Xen refuses one of them; -ENOMEM.
 */
int stage_add(struct netback_stage *stage, const struct netif_gref *list,
	      unsigned int nr)
{
	struct xpv_map_batch batch;
	struct netback_staged *fresh;
	int err;

	if (nr > stage->max - stage->nr)
		return -ENOSPC;
	if (!is_fresh(stage, list, nr))
		return -EINVAL;
	err = xpv_map_batch_init(&batch, &stage->pool, nr);
	if (err)
		return err;
	fresh = make_chain(nr);
	if (!fresh) {
		err = -ENOMEM;
		goto out_exit;
	}
	err = map_kind(stage, &batch, list, nr, false, &fresh);
	if (!err)
		err = map_kind(stage, &batch, list, nr, true, &fresh);
	if (err)
		unmap_kind(stage, &batch, list, nr);
	free_chain(fresh);
out_exit:
	xpv_map_batch_exit(&batch);
	return err;
}

/**
 * stage_del() - no longer keep pages of the guest
 * @stage: the queue's pages
 * @list: which; untrusted, in private memory. The status of each is filled in.
 * @nr: how many, 1 to %NETIF_GREFS_PER_LIST
 *
 * Context: the control worker; sleeps.
 */
void stage_del(struct netback_stage *stage, struct netif_gref *list,
	       unsigned int nr)
{
	struct xpv_map_batch batch;
	unsigned int i;
	int err = xpv_map_batch_init(&batch, &stage->pool, nr);

	for (i = 0; i < nr; i++) {
		if (err)
			list[i].status = XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
		else if (stage->buckets && find(stage, list[i].ref))
			list[i].status = XEN_NETIF_CTRL_STATUS_SUCCESS;
		else
			list[i].status =
				XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	if (err)
		return;
	if (stage->buckets)
		unmap_kind(stage, &batch, list, nr);
	xpv_map_batch_exit(&batch);
	/* It may be long until others are mapped. */
	xpv_map_pool_shrink(&stage->pool, 0);
}

/* What Xen refuses to unmap stays in the device's account. */
static void exit_bucket(struct netback_stage *stage, unsigned int bucket)
{
	struct xpv_map_batch *batch = &stage->last;
	struct netback_staged __rcu **head = &stage->buckets[bucket];
	struct netback_staged *staged;

	while ((staged = rcu_dereference_protected(*head, true))) {
		take_out(stage, staged->ref);
		add_to_batch(batch, staged);
		kfree(staged);
		if (batch->nr == EXIT_BATCH)
			xpv_map_batch_unmap_now(batch);
	}
}

/**
 * stage_exit() - unmap all and free the table
 * @stage: the pages of a queue that has stopped; nothing happens if there is
 *	no table
 *
 * Context: the lane; sleeps.
 */
void stage_exit(struct netback_stage *stage)
{
	unsigned int i;

	if (stage->buckets && stage->nr) {
		for (i = 0; i <= stage->mask; i++)
			exit_bucket(stage, i);
		xpv_map_batch_unmap_now(&stage->last);
	}
	xpv_map_batch_exit(&stage->last);
	if (!stage->buckets)
		return;
	xpv_map_pool_shrink(&stage->pool, 0);
	kvfree(stage->buckets);
	stage->buckets = NULL;
	stage->nr = 0;
}
