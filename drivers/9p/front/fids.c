// SPDX-License-Identifier: GPL-2.0
/*
 * Fids: what the mounts have at the backend, so that a new one can be told.
 *
 * A request that makes, changes or ends a fid is looked at before it goes, when
 * memory can be had for what it will change; that is done when the answer says
 * that the backend did it too.
 */
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "fids.h"

/* Requests that concern more than a fid's contents. */
#define TLOPEN		12
#define TLCREATE	14
#define TRENAME		20
#define TXATTRWALK	30
#define TXATTRCREATE	32
#define TLOCK		52
#define TRENAMEAT	74
#define TUNLINKAT	76
#define TAUTH		102
#define TATTACH		104
#define TWALK		110
#define TOPEN		112
#define TCREATE		114

#define QID_LEN	13

static u16 get16(const u8 *at)
{
	return at[0] | at[1] << 8;
}

static struct hlist_head *bucket(struct p9front_table *table, u32 fid)
{
	return &table->fids[hash_32(fid, P9FRONT_HASH_BITS)];
}

/**
 * p9front_fid_find() - find a fid
 * @table: all there are
 * @fid: as it is on the wire
 *
 * Return: it, or NULL.
 */
struct p9front_fid *p9front_fid_find(struct p9front_table *table, u32 fid)
{
	struct p9front_fid *f;

	lockdep_assert_held(&table->lock);
	hlist_for_each_entry(f, bucket(table, fid), link)
		if (f->fid == fid)
			return f;
	return NULL;
}

static void drop(struct p9front_table *table, struct p9front_fid *f)
{
	hlist_del_init(&f->link);
	p9front_locks_drop(table, f->fid);
	p9front_name_put(f->name);
	kfree(f);
}

/**
 * p9front_fids_drop() - forget all fids of a mount
 * @table: all there are
 * @id: the mount's number
 */
void p9front_fids_drop(struct p9front_table *table, unsigned int id)
{
	struct p9front_fid *f;
	struct hlist_node *next;
	unsigned int i;

	spin_lock_irq(&table->lock);
	for (i = 0; i < P9FRONT_HASH_SIZE; i++)
		hlist_for_each_entry_safe(f, next, &table->fids[i], link)
			if (f->fid >> P9FRONT_FID_BITS == id)
				drop(table, f);
	spin_unlock_irq(&table->lock);
}

/* Planning */

/* One string of a message. Return: where it ends, 0 if it is not all there. */
static u32 string_at(const u8 *msg, u32 len, u32 at)
{
	if (at + 2 > len || at + 2 + get16(msg + at) > len)
		return 0;
	return at + 2 + get16(msg + at);
}

static int plan_name(struct p9front_change *change, const u8 *msg, u32 at)
{
	struct p9front_name *name = p9front_name_new(msg + at + 2,
						     get16(msg + at));

	if (!name)
		return -ENOMEM;
	change->names[change->nr_names++] = name;
	return 0;
}

/* nwname[2] nwname*(wname[s]) */
static int plan_walk(struct p9front_change *change, const u8 *msg, u32 len)
{
	u32 at = P9FRONT_HEAD + 8, end;
	unsigned int nr, i;
	int err;

	if (at + 2 > len)
		return -EINVAL;
	nr = get16(msg + at);
	if (nr > P9FRONT_WALK_MAX)
		return -EINVAL;
	at += 2;
	for (i = 0; i < nr; i++, at = end) {
		end = string_at(msg, len, at);
		if (!end)
			return -EINVAL;
		/* Where that leads is not kept. */
		if (get16(msg + at) == 2 && !memcmp(msg + at + 2, "..", 2))
			change->lost = true;
		err = plan_name(change, msg, at);
		if (err)
			return err;
	}
	return 0;
}

static int plan_names(struct p9front_change *change, const u8 *msg, u32 len)
{
	u32 at, end;
	int err;

	switch (change->type) {
	case TATTACH:
		change->names[0] = p9front_name_new(msg, len);
		change->nr_names = 1;
		return change->names[0] ? 0 : -ENOMEM;
	case TWALK:
		return plan_walk(change, msg, len);
	case TLCREATE:
	case TCREATE:
	case TUNLINKAT:
		at = P9FRONT_HEAD + 4;
		break;
	case TRENAME:
		at = P9FRONT_HEAD + 8;
		break;
	case TRENAMEAT:
		at = P9FRONT_HEAD + 4;
		end = string_at(msg, len, at);
		if (!end || !string_at(msg, len, end + 4))
			return -EINVAL;
		err = plan_name(change, msg, end + 4);
		if (err)
			return err;
		break;
	default:
		return 0;
	}
	end = string_at(msg, len, at);
	if (!end)
		return -EINVAL;
	/* flags[4], or perm[4] mode[1] */
	if (change->type == TLCREATE && end + 4 <= len)
		change->flags = p9front_get32(msg + end);
	if (change->type == TCREATE && end + 5 <= len)
		change->flags = msg[end + 4];
	return plan_name(change, msg, at);
}

static bool is_change(u8 type)
{
	switch (type) {
	case TLOPEN:
	case TLCREATE:
	case TRENAME:
	case TXATTRWALK:
	case TXATTRCREATE:
	case TLOCK:
	case TRENAMEAT:
	case TUNLINKAT:
	case TAUTH:
	case TATTACH:
	case TWALK:
	case TOPEN:
	case TCREATE:
	case P9FRONT_TCLUNK:
	case P9FRONT_TREMOVE:
		return true;
	default:
		return false;
	}
}

static u32 wire_fid(unsigned int id, const u8 *msg, u32 at)
{
	return p9front_get32(msg + at) | id << P9FRONT_FID_BITS;
}

static bool makes_fid(const struct p9front_change *change)
{
	switch (change->type) {
	case TATTACH:
	case TAUTH:
		return true;
	case TWALK:
	case TXATTRWALK:
		return change->newfid != change->fid;
	default:
		return false;
	}
}

static void plan_fids(struct p9front_change *change, unsigned int id,
		      const u8 *msg, u32 len)
{
	u32 at[P9FRONT_FIDS];
	unsigned int nr = p9front_find_fids(msg, len, at);

	change->fid = nr > 0 ? wire_fid(id, msg, at[0]) : P9FRONT_NOFID;
	change->newfid = nr > 1 ? wire_fid(id, msg, at[1]) : P9FRONT_NOFID;
	if (change->type == TLOPEN && len >= P9FRONT_HEAD + 8)
		change->flags = p9front_get32(msg + P9FRONT_HEAD + 4);
	if (change->type == TOPEN && len >= P9FRONT_HEAD + 5)
		change->flags = msg[P9FRONT_HEAD + 4];
}

/**
 * p9front_change_plan() - see what a request will change
 * @id: the number of the mount whose it is
 * @msg: the request
 * @len: its length
 * @result: NULL if it changes nothing, or what p9front_change_make() takes
 *
 * Context: process; sleeps (GFP_NOFS).
 * Return: 0 or a negative errno.
 */
int p9front_change_plan(unsigned int id, const u8 *msg, u32 len,
			struct p9front_change **result)
{
	struct p9front_change *change;
	int err;

	*result = NULL;
	if (!is_change(msg[4]))
		return 0;
	change = kzalloc(sizeof(*change), GFP_NOFS);
	if (!change)
		return -ENOMEM;
	change->type = msg[4];
	plan_fids(change, id, msg, len);
	if (change->type == TLOCK)
		change->lock = p9front_lock_plan(msg, len);
	err = plan_names(change, msg, len);
	if (!err && makes_fid(change)) {
		change->fresh = kzalloc(sizeof(*change->fresh), GFP_NOFS);
		err = change->fresh ? 0 : -ENOMEM;
	}
	if (err) {
		p9front_change_drop(change);
		return err;
	}
	*result = change;
	return 0;
}

/**
 * p9front_change_drop() - it will not be made
 * @change: the change, or NULL
 */
void p9front_change_drop(struct p9front_change *change)
{
	unsigned int i;

	if (!change)
		return;
	for (i = 0; i < change->nr_names; i++)
		p9front_name_put(change->names[i]);
	kfree(change->fresh);
	kfree(change->lock);
	kfree(change);
}

/* Making */

/* The next name that was planned; the caller's from now on. */
static struct p9front_name *take_name(struct p9front_change *change,
				      unsigned int i)
{
	struct p9front_name *name = change->names[i];

	change->names[i] = NULL;
	return name;
}

static void add_fid(struct p9front_table *table, struct p9front_change *change, u32 fid,
		    struct p9front_name *name, const u8 *qid)
{
	struct p9front_fid *f = change->fresh;
	struct p9front_fid *old = p9front_fid_find(table, fid);

	if (old)
		drop(table, old);
	change->fresh = NULL;
	f->fid = fid;
	f->name = name;
	if (qid)
		memcpy(f->qid, qid, QID_LEN);
	hlist_add_head(&f->link, bucket(table, fid));
}

/* Down from where a fid is, by the names that were planned. */
static struct p9front_name *walk_down(struct p9front_table *table,
				      struct p9front_change *change,
				      struct p9front_name *name)
{
	unsigned int i;

	if (!name || change->lost)
		return NULL;
	name->refs++;
	for (i = 0; i < change->nr_names; i++)
		name = p9front_name_add(table, name, take_name(change, i));
	return name;
}

/* nwqid[2] nwqid*(wqid[13]): less than was asked for is a failure. */
static void make_walk(struct p9front_table *table, struct p9front_change *change,
		      const u8 *msg, u32 len)
{
	struct p9front_fid *f = p9front_fid_find(table, change->fid);
	struct p9front_name *name;
	const u8 *qid;
	u16 nr;

	if (!f || len < P9FRONT_HEAD + 2)
		return;
	nr = get16(msg + P9FRONT_HEAD);
	if (nr != change->nr_names || len < P9FRONT_HEAD + 2 + nr * QID_LEN)
		return;
	qid = nr ? msg + P9FRONT_HEAD + 2 + (nr - 1) * QID_LEN : f->qid;
	name = walk_down(table, change, f->name);
	if (change->fresh) {
		add_fid(table, change, change->newfid, name, qid);
	} else {
		p9front_name_put(f->name);
		f->name = name;
		memmove(f->qid, qid, QID_LEN);
	}
}

/* The fid of the folder is the file's from now on, and open. */
static void make_create(struct p9front_table *table, struct p9front_change *change,
			const u8 *msg, u32 len)
{
	struct p9front_fid *f = p9front_fid_find(table, change->fid);
	struct p9front_name *name;

	if (!f || len < P9FRONT_HEAD + QID_LEN)
		return;
	name = walk_down(table, change, f->name);
	p9front_name_put(f->name);
	f->name = name;
	f->open = change->type == TCREATE ? TOPEN : TLOPEN;
	f->flags = change->flags;
	memcpy(f->qid, msg + P9FRONT_HEAD, QID_LEN);
}

static void make_open(struct p9front_table *table, struct p9front_change *change)
{
	struct p9front_fid *f = p9front_fid_find(table, change->fid);

	if (!f)
		return;
	f->open = change->type;
	f->flags = change->flags;
}

static void make_rename(struct p9front_table *table, struct p9front_change *change)
{
	struct p9front_fid *f = p9front_fid_find(table, change->fid);
	struct p9front_fid *to = p9front_fid_find(table, change->newfid);

	if (f && to && f->name && f->name->parent && to->name)
		p9front_name_move(table, f->name, to->name, take_name(change, 0));
}

/* The new name was planned first, then the old one. */
static void make_renameat(struct p9front_table *table, struct p9front_change *change)
{
	struct p9front_fid *from = p9front_fid_find(table, change->fid);
	struct p9front_fid *to = p9front_fid_find(table, change->newfid);
	struct p9front_name *old = change->names[1], *name, *target;

	if (!from || !to || !from->name || !to->name)
		return;
	name = p9front_name_find(table, from->name, old->text, old->len);
	if (name) {
		p9front_name_move(table, name, to->name, take_name(change, 0));
		return;
	}
	target = p9front_name_find(table, to->name, change->names[0]->text,
				   change->names[0]->len);
	if (target)
		p9front_name_remove(table, target);
}

static void make_unlink(struct p9front_table *table, struct p9front_change *change)
{
	struct p9front_fid *f = p9front_fid_find(table, change->fid);
	struct p9front_name *name;

	if (!f || !f->name)
		return;
	name = p9front_name_find(table, f->name, change->names[0]->text,
				 change->names[0]->len);
	if (name)
		p9front_name_remove(table, name);
}

/* A fid ends with the request, whatever becomes of that. */
static void make_end(struct p9front_table *table, struct p9front_change *change,
		     bool done)
{
	struct p9front_fid *f = p9front_fid_find(table, change->fid);

	if (!f)
		return;
	if (change->type == P9FRONT_TREMOVE && done && f->name && f->name->parent &&
	    !f->name->gone)
		p9front_name_remove(table, f->name);
	drop(table, f);
}

/* Extended attributes are not looked for again. */
static void make_lost(struct p9front_table *table, struct p9front_change *change)
{
	struct p9front_fid *f = p9front_fid_find(table, change->fid);

	if (!f)
		return;
	p9front_name_put(f->name);
	f->name = NULL;
}

/* status[1], 0 if it was done. */
static void make_lock(struct p9front_table *table, struct p9front_change *change,
		      const u8 *msg, u32 len)
{
	struct p9front_fid *f = p9front_fid_find(table, change->fid);

	if (!f || len <= P9FRONT_HEAD || msg[P9FRONT_HEAD])
		return;
	p9front_lock_make(table, f, change->lock);
	change->lock = NULL;
}

static void make(struct p9front_table *table, struct p9front_change *change,
		 const u8 *msg, u32 len)
{
	switch (change->type) {
	case TATTACH:
		if (len >= P9FRONT_HEAD + QID_LEN)
			add_fid(table, change, change->fid, take_name(change, 0),
				msg + P9FRONT_HEAD);
		break;
	case TWALK:
		make_walk(table, change, msg, len);
		break;
	case TLCREATE:
	case TCREATE:
		make_create(table, change, msg, len);
		break;
	case TLOPEN:
	case TOPEN:
		make_open(table, change);
		break;
	case TLOCK:
		make_lock(table, change, msg, len);
		break;
	case TRENAME:
		make_rename(table, change);
		break;
	case TRENAMEAT:
		make_renameat(table, change);
		break;
	case TUNLINKAT:
		make_unlink(table, change);
		break;
	case TAUTH:
		add_fid(table, change, change->fid, NULL, NULL);
		break;
	case TXATTRWALK:
		if (change->fresh)
			add_fid(table, change, change->newfid, NULL, NULL);
		else
			make_lost(table, change);
		break;
	case TXATTRCREATE:
		make_lost(table, change);
		break;
	}
}

/**
 * p9front_change_make() - a request was answered: change what it changed
 * @table: all there are
 * @change: the change, or NULL; not to be used any more
 * @msg: the answer
 * @len: its length
 *
 * Context: any.
 */
void p9front_change_make(struct p9front_table *table,
			 struct p9front_change *change, const u8 *msg, u32 len)
{
	unsigned long flags;
	bool done;

	if (!change)
		return;
	done = msg[4] == change->type + 1;
	spin_lock_irqsave(&table->lock, flags);
	if (change->type == P9FRONT_TCLUNK || change->type == P9FRONT_TREMOVE)
		make_end(table, change, done);
	else if (done)
		make(table, change, msg, len);
	spin_unlock_irqrestore(&table->lock, flags);
	p9front_change_drop(change);
}

/**
 * p9front_fids_stale() - whether a request is of a fid that could not be found
 *	again
 * @table: all there are
 * @id: the number of the mount whose it is
 * @msg: the request
 * @len: its length
 *
 * Context: process.
 */
bool p9front_fids_stale(struct p9front_table *table, unsigned int id,
			const u8 *msg, u32 len)
{
	struct p9front_fid *f;
	u32 at[P9FRONT_FIDS];
	unsigned int nr, i;
	bool stale = false;

	if (!READ_ONCE(table->any_stale))
		return false;
	nr = p9front_find_fids(msg, len, at);
	spin_lock_irq(&table->lock);
	for (i = 0; i < nr; i++) {
		f = p9front_fid_find(table, wire_fid(id, msg, at[i]));
		stale |= f && f->stale;
	}
	spin_unlock_irq(&table->lock);
	return stale;
}

/**
 * p9front_fid_end_untold() - end a fid that no backend has to hear of
 * @table: all there are
 * @id: the number of the mount whose it is
 * @msg: the request to end it
 * @life: a connection that is, or is to come; the request did not go to it
 *
 * Backends are told of fids under the same lock: one that a backend was not told
 * of before is not told to any after.
 *
 * Context: process.
 * Return: false if that connection's backend, or one after it, knows the fid.
 */
bool p9front_fid_end_untold(struct p9front_table *table, unsigned int id,
			    const u8 *msg, unsigned int life)
{
	struct p9front_fid *f;
	bool untold;

	spin_lock_irq(&table->lock);
	f = p9front_fid_find(table, wire_fid(id, msg, P9FRONT_HEAD));
	untold = !f || f->stale || f->told < life;
	if (f && untold)
		drop(table, f);
	spin_unlock_irq(&table->lock);
	return untold;
}
