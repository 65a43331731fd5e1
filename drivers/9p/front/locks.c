// SPDX-License-Identifier: GPL-2.0
/*
 * Locks that mounts have at the backend: the requests that made them, in the order
 * in which they did, so that a new backend can be asked for the same.
 *
 * A lock is its owner's, whichever fid of the file it is changed by. A later request
 * says more than an earlier one of the same owner, of the same file, and of a range
 * within its own, so that those are forgotten.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "fids.h"

/* type[1] flags[4] start[8] length[8] proc_id[4] client_id[s], behind a fid */
#define POS_TYPE		(P9FRONT_HEAD + 4)
#define POS_FLAGS	(P9FRONT_HEAD + 5)
#define POS_START	(P9FRONT_HEAD + 9)
#define POS_LENGTH	(P9FRONT_HEAD + 17)
#define POS_OWNER	(P9FRONT_HEAD + 25)
#define LEN_MIN		(POS_OWNER + 6)

/* The longest request that is kept, and how many of a share. */
#define LEN_MAX		512
#define LOCKS_MAX	1024

#define TYPE_UNLOCK	2

static u64 first(const struct p9front_lock *lock)
{
	return p9front_get32(lock->msg + POS_START) |
	       (u64)p9front_get32(lock->msg + POS_START + 4) << 32;
}

/* The last byte of a range: one of no length goes to the end of all files. */
static u64 last(const struct p9front_lock *lock)
{
	u64 length = p9front_get32(lock->msg + POS_LENGTH) |
		     (u64)p9front_get32(lock->msg + POS_LENGTH + 4) << 32;

	if (!length || length - 1 > U64_MAX - first(lock))
		return U64_MAX;
	return first(lock) + length - 1;
}

static bool same_owner(const struct p9front_lock *a,
		       const struct p9front_lock *b)
{
	return a->fid >> P9FRONT_FID_BITS == b->fid >> P9FRONT_FID_BITS &&
	       !memcmp(a->qid + 5, b->qid + 5, P9FRONT_QID - 5) &&
	       a->len == b->len &&
	       !memcmp(a->msg + POS_OWNER, b->msg + POS_OWNER, a->len - POS_OWNER);
}

static void forget(struct p9front_table *table, struct p9front_lock *lock)
{
	list_del(&lock->link);
	kfree(lock);
	table->nr_locks--;
}

/**
 * p9front_lock_plan() - keep a request that will lock, or unlock
 * @msg: the request
 * @len: its length
 *
 * Context: process; sleeps (GFP_NOFS).
 * Return: it; NULL if it is none that can be kept, or there is no memory.
 */
struct p9front_lock *p9front_lock_plan(const u8 *msg, u32 len)
{
	struct p9front_lock *lock;

	if (len < LEN_MIN || len > LEN_MAX)
		return NULL;
	lock = kzalloc(sizeof(*lock) + len, GFP_NOFS);
	if (!lock)
		return NULL;
	lock->len = len;
	memcpy(lock->msg, msg, len);
	/* Nobody is there to wait when it is sent again. */
	p9front_put32(lock->msg + POS_FLAGS, 0);
	return lock;
}

/*
 * Forget what a lock says more of. What is unlocked of an earlier one goes with
 * that: @lock is of its fid then.
 *
 * Return: whether there are others that it says something of.
 */
static bool supersede(struct p9front_table *table, struct p9front_lock *lock)
{
	struct p9front_lock *old, *next;
	bool meets = false;

	list_for_each_entry_safe(old, next, &table->locks, link) {
		if (!same_owner(old, lock) || first(old) > last(lock) ||
		    first(lock) > last(old))
			continue;
		if (first(old) >= first(lock) && last(old) <= last(lock)) {
			forget(table, old);
			continue;
		}
		meets = true;
		if (lock->msg[POS_TYPE] == TYPE_UNLOCK)
			lock->fid = old->fid;
	}
	return meets;
}

/**
 * p9front_lock_make() - the backend did it
 * @table: all there are
 * @f: the fid that it was of
 * @lock: from p9front_lock_plan(), or NULL; the table's from now on
 *
 * Context: any.
 */
void p9front_lock_make(struct p9front_table *table, struct p9front_fid *f,
		       struct p9front_lock *lock)
{
	bool needed;

	lockdep_assert_held(&table->lock);
	if (!lock) {
		f->locks_lost = true;
		return;
	}
	lock->fid = f->fid;
	lock->told = f->told;
	memcpy(lock->qid, f->qid, P9FRONT_QID);
	needed = supersede(table, lock);
	if (lock->msg[POS_TYPE] != TYPE_UNLOCK)
		needed = true;
	if (!needed || table->nr_locks == LOCKS_MAX) {
		f->locks_lost |= needed;
		kfree(lock);
		return;
	}
	list_add_tail(&lock->link, &table->locks);
	table->nr_locks++;
}

/**
 * p9front_lock_next() - what to ask a new backend for next
 * @table: all there are
 * @life: the connection to it
 * @msg: room for the request
 * @max: bytes of that
 *
 * Context: process.
 * Return: its length; 0 if there is none any more.
 */
u32 p9front_lock_next(struct p9front_table *table, unsigned int life, u8 *msg,
		      u32 max)
{
	struct p9front_lock *lock;
	struct p9front_fid *f;
	u32 len = 0;

	spin_lock_irq(&table->lock);
	list_for_each_entry(lock, &table->locks, link) {
		f = p9front_fid_find(table, lock->fid);
		if (lock->told == life || !f || f->stale || lock->len > max)
			continue;
		lock->told = life;
		len = lock->len;
		memcpy(msg, lock->msg, len);
		p9front_put32(msg + P9FRONT_HEAD, lock->fid);
		break;
	}
	spin_unlock_irq(&table->lock);
	return len;
}

/**
 * p9front_locks_drop() - forget the locks of a fid that ends
 * @table: all there are
 * @fid: as it is on the wire
 *
 * Context: any.
 */
void p9front_locks_drop(struct p9front_table *table, u32 fid)
{
	struct p9front_lock *lock, *next;

	lockdep_assert_held(&table->lock);
	list_for_each_entry_safe(lock, next, &table->locks, link)
		if (lock->fid == fid)
			forget(table, lock);
}
