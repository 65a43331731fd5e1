/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the backend knows for the mounts of a share, kept so that a new one can
 * be told: fids, and the names of the files that they are of.
 *
 * Requests are the client's; answers are a backend's, and copied out of the
 * ring. User space compiles fids.c, names.c and locks.c for their tests and
 * their fuzz target.
 */
#ifndef P9FRONT_FIDS_H
#define P9FRONT_FIDS_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include "wire.h"

/* A fid on the wire is that of a mount, and the mount's number above it. */
#define P9FRONT_FID_BITS	24

/* Names that one walk has, at most. */
#define P9FRONT_WALK_MAX	16

#define P9FRONT_HASH_BITS	9
#define P9FRONT_HASH_SIZE	512

#define P9FRONT_QID	13

/**
 * struct p9front_lock - a request that changed locks
 * @link: among all of the share, in the order in which the backend did them
 * @fid: by which, as it is on the wire
 * @qid: of which file
 * @told: the connection whose backend was asked for it last
 * @len: of @msg
 * @msg: the request
 */
struct p9front_lock {
	struct list_head link;
	u32 fid;
	u8 qid[P9FRONT_QID];
	unsigned int told;
	u32 len;
	u8 msg[];
};

/**
 * struct p9front_name - where a file is
 * @link: among those that are known, by @parent and @text
 * @parent: what it is in, held; NULL for what a mount attached to
 * @refs: held by fids and by names that are in it
 * @gone: no file is called so any more
 * @temp: a root: the fid that a new session has for it, while fids are told
 * @life: the connection of @temp
 * @qid: a root: which folder it is, by that connection
 * @len: length of @text
 * @text: the name; of a root the request that attached to it
 */
struct p9front_name {
	struct hlist_node link;
	struct p9front_name *parent;
	unsigned int refs;
	bool gone;
	u32 temp;
	unsigned int life;
	u8 qid[P9FRONT_QID];
	u32 len;
	char *text;
};

/**
 * struct p9front_fid - what the backend knows for a mount
 * @link: among all of the share, by @fid
 * @fid: as it is on the wire
 * @name: where the file is, held; NULL if it cannot be had again
 * @qid: which file it is
 * @stale: it could not be had again
 * @open: the request that opens it; 0 if it is not open
 * @flags: how it is open
 * @told: the connection whose backend was told of it last
 * @locks_lost: some that were taken by it are not known
 */
struct p9front_fid {
	struct hlist_node link;
	u32 fid;
	struct p9front_name *name;
	u8 qid[P9FRONT_QID];
	bool stale;
	u8 open;
	u32 flags;
	unsigned int told;
	bool locks_lost;
};

/**
 * struct p9front_change - what a request will change
 * @type: the request's
 * @lost: it leads where names do not tell
 * @fid: what it is of
 * @newfid: the other fid that it names
 * @flags: how a file is opened
 * @fresh: for a new fid
 * @lock: for locks of a fid; NULL if they cannot be kept
 * @nr_names: how many names it has
 * @names: them
 */
struct p9front_change {
	u8 type;
	bool lost;
	u32 fid;
	u32 newfid;
	u32 flags;
	struct p9front_fid *fresh;
	struct p9front_lock *lock;
	unsigned int nr_names;
	struct p9front_name *names[P9FRONT_WALK_MAX];
};

/**
 * struct p9front_table - all fids of a share
 * @lock: protects all of it, and all that is in it; taken in any context
 * @fids: by their number on the wire
 * @names: by what they are in and what they are
 * @any_stale: some fid is
 * @locks: what locks there are was made by
 * @nr_locks: how many of these
 */
struct p9front_table {
	spinlock_t lock;	/* see above */
	struct hlist_head fids[P9FRONT_HASH_SIZE];
	struct hlist_head names[P9FRONT_HASH_SIZE];
	bool any_stale;
	struct list_head locks;
	unsigned int nr_locks;
};

/* names.c */
struct p9front_name *p9front_name_new(const void *text, u32 len);
void p9front_name_put(struct p9front_name *name);
struct p9front_name *p9front_name_find(struct p9front_table *table,
				       const struct p9front_name *parent,
				       const char *text, u32 len)
	__must_hold(&table->lock);
struct p9front_name *p9front_name_add(struct p9front_table *table,
				      struct p9front_name *parent,
				      struct p9front_name *name)
	__must_hold(&table->lock);
void p9front_name_remove(struct p9front_table *table, struct p9front_name *name)
	__must_hold(&table->lock);
void p9front_name_move(struct p9front_table *table, struct p9front_name *name,
		       struct p9front_name *parent, struct p9front_name *fresh)
	__must_hold(&table->lock);
struct p9front_name *p9front_name_root(struct p9front_name *name);

/* locks.c */
struct p9front_lock *p9front_lock_plan(const u8 *msg, u32 len);
void p9front_lock_make(struct p9front_table *table, struct p9front_fid *f,
		       struct p9front_lock *lock)
	__must_hold(&table->lock);
u32 p9front_lock_next(struct p9front_table *table, unsigned int life, u8 *msg,
		      u32 max);
void p9front_locks_drop(struct p9front_table *table, u32 fid)
	__must_hold(&table->lock);

/* fids.c */
struct p9front_fid *p9front_fid_find(struct p9front_table *table, u32 fid)
	__must_hold(&table->lock);
void p9front_fids_drop(struct p9front_table *table, unsigned int id);
int p9front_change_plan(unsigned int id, const u8 *msg, u32 len,
			struct p9front_change **result);
void p9front_change_drop(struct p9front_change *change);
void p9front_change_make(struct p9front_table *table,
			 struct p9front_change *change, const u8 *msg, u32 len);
bool p9front_fids_stale(struct p9front_table *table, unsigned int id,
			const u8 *msg, u32 len);
bool p9front_fid_end_untold(struct p9front_table *table, unsigned int id,
			    const u8 *msg, unsigned int life);

#endif
