// SPDX-License-Identifier: GPL-2.0
/*
 * A new backend is told what the one before knew: a session like the old one,
 * then each fid, by attaching as its mount did, walking to the file, seeing that
 * it is still that one, and opening it if it was open, and locking what was locked
 * by it. What cannot be had again is stale: who relies on a lock must not go on
 * without. Then requests that were out are sent again.
 *
 * A request whose answer was lost may have been done before: then making what is
 * there, or removing what is not, fails.
 */
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "p9front.h"

#define TLOPEN		12
#define TATTACH		104
#define TWALK		110

/* A fid of ours, for roots: above those of all mounts. */
#define TEMP_FIRST	((u32)P9FRONT_MAX_MOUNTS << P9FRONT_FID_BITS)

/* Ways to open a file that were for that time only. */
#define DOTL_ONCE	01300	/* create, exclusively, truncate */
#define LEGACY_ONCE	0x10	/* truncate */

/* All that the names of one fid may take, as 9P writes them. */
#define PATH_MAX_BYTES	(16 * 1024)

/* A message: a walk of the longest names, or an attach of long ones. */
#define MSG_MAX		(8 * 1024)

/**
 * struct teller - what is being told to a backend
 * @pf: the share
 * @life: the connection
 * @call: for all that is asked
 * @temps: how many roots were attached to
 * @stale: how many fids could not be had
 * @fid: the fid being told
 * @qid: which file it was of
 * @open: how it was open
 * @flags: likewise
 * @locks_lost: it had more locks than are known
 * @root: what its path begins at; held
 * @nr: how many names there are
 * @len: bytes of them
 * @path: them
 */
struct teller {
	struct p9front *pf;
	unsigned int life;
	struct p9front_call call;
	u32 temps;
	unsigned int stale;
	u32 fid;
	u8 qid[P9FRONT_QID];
	u8 open;
	u32 flags;
	bool locks_lost;
	struct p9front_name *root;
	unsigned int nr;
	u32 len;
	u8 path[PATH_MAX_BYTES];
};

/* Asking */

static u8 *begin(struct teller *t, u8 type)
{
	t->call.msg[4] = type;
	t->call.len = P9FRONT_HEAD;
	return t->call.msg + P9FRONT_HEAD;
}

/* Return: 0 if it was done; 1 if the backend refused; or a negative errno. */
static int ask(struct teller *t, u32 len)
{
	struct p9front_head head = {
		.size = P9FRONT_HEAD + len,
		.type = t->call.msg[4],
		.tag = P9FRONT_NOTAG,
	};
	int err;

	/* A path that was walked in parts may be longer than any message. */
	if (head.size > t->pf->version.msize)
		return 1;
	p9front_put_head(t->call.msg, &head);
	t->call.len = head.size;
	err = p9front_make_call(t->pf, &t->call);
	if (err)
		return err;
	return t->call.answer[4] != head.type + 1;
}

static bool same_file(const u8 *a, const u8 *b)
{
	return a[0] == b[0] && !memcmp(a + 5, b + 5, P9FRONT_QID - 5);
}

static int clunk(struct teller *t, u32 fid)
{
	p9front_put32(begin(t, P9FRONT_TCLUNK), fid);
	return ask(t, 4);
}

/* What the mounts agreed on, none of them can change any more. */
static int tell_version(struct teller *t)
{
	struct p9front_version wanted = t->pf->version, got;
	u32 len;
	int err;

	wanted.msize = t->pf->size;
	len = p9front_fill_version(t->call.msg, MSG_MAX, P9FRONT_NOTAG,
				   &wanted);
	t->call.msg[4] = P9FRONT_TVERSION;
	err = ask(t, len - P9FRONT_HEAD);
	if (err)
		return err;
	if (p9front_parse_version(t->call.answer, t->call.answer_len, &got))
		return -EPROTO;
	return got.msize < t->pf->version.msize ||
	       strcmp(got.dialect, wanted.dialect);
}

/* Attach as the mount did, to a fid of ours. */
static int tell_root(struct teller *t)
{
	struct p9front_name *root = t->root;
	u32 temp = TEMP_FIRST | t->temps;
	int err;

	if (root->life == t->life)
		return 0;
	if (root->len > MSG_MAX || root->len < P9FRONT_HEAD + 8)
		return 1;
	memcpy(t->call.msg, root->text, root->len);
	p9front_put32(t->call.msg + P9FRONT_HEAD, temp);
	/* Nobody has proved anything to this backend. */
	p9front_put32(t->call.msg + P9FRONT_HEAD + 4, P9FRONT_NOFID);
	err = ask(t, root->len - P9FRONT_HEAD);
	if (err)
		return err;
	if (t->call.answer_len < P9FRONT_HEAD + P9FRONT_QID)
		return -EPROTO;
	t->temps++;
	root->temp = temp;
	root->life = t->life;
	memcpy(root->qid, t->call.answer + P9FRONT_HEAD, P9FRONT_QID);
	return 0;
}

/* Walk some names on. @found is the qid of where that leads. */
static int walk_some(struct teller *t, u32 from, unsigned int nr,
		     const u8 *names, u32 len, u8 *found)
{
	u8 *body = begin(t, TWALK);
	const u8 *answer = t->call.answer + P9FRONT_HEAD;
	int err;

	if (P9FRONT_HEAD + 10 + len > MSG_MAX)
		return 1;
	p9front_put32(body, from);
	p9front_put32(body + 4, t->fid);
	p9front_put16(body + 8, nr);
	memcpy(body + 10, names, len);
	err = ask(t, 10 + len);
	if (err)
		return err;
	if (t->call.answer_len < P9FRONT_HEAD + 2 ||
	    (answer[0] | answer[1] << 8) != nr ||
	    t->call.answer_len < P9FRONT_HEAD + 2 + nr * P9FRONT_QID)
		return 1;
	if (nr)
		memcpy(found, answer + 2 + (nr - 1) * P9FRONT_QID,
		       P9FRONT_QID);
	return 0;
}

static u32 names_len(const u8 *names, unsigned int nr)
{
	u32 len = 0;

	while (nr--)
		len += 2 + (names[len] | names[len + 1] << 8);
	return len;
}

/* Return: 0 if the fid is there and is that file. */
static int walk(struct teller *t)
{
	const u8 *names = t->path;
	unsigned int left = t->nr, nr;
	u32 from = t->root->temp, len;
	u8 found[P9FRONT_QID];
	int err;

	memcpy(found, t->root->qid, P9FRONT_QID);
	do {
		nr = min_t(unsigned int, left, P9FRONT_WALK_MAX);
		len = names_len(names, nr);
		err = walk_some(t, from, nr, names, len, found);
		if (err)
			break;
		from = t->fid;
		names += len;
		left -= nr;
	} while (left);
	if (!err && same_file(found, t->qid))
		return 0;
	/* What was walked to on the way, or is another file. */
	if (err >= 0 && (!err || from == t->fid))
		clunk(t, t->fid);
	return err ?: 1;
}

static int open_again(struct teller *t)
{
	u8 *body = begin(t, t->open);
	int err;

	p9front_put32(body, t->fid);
	if (t->open == TLOPEN) {
		p9front_put32(body + 4, t->flags & ~DOTL_ONCE);
		err = ask(t, 8);
	} else {
		body[4] = t->flags & ~LEGACY_ONCE;
		err = ask(t, 5);
	}
	if (err > 0)
		clunk(t, t->fid);
	return err;
}

static int tell_fid(struct teller *t)
{
	int err;

	if (!t->root || t->locks_lost)
		return 1;
	err = tell_root(t);
	if (!err)
		err = walk(t);
	if (!err && t->open)
		err = open_again(t);
	return err;
}

/* Finding what to tell */

/* The names from the root to the file, as 9P writes them. */
static bool write_path(struct teller *t, const struct p9front_name *name)
{
	const struct p9front_name *n;
	u32 at;

	t->nr = 0;
	t->len = 0;
	for (n = name; n->parent; n = n->parent) {
		t->nr++;
		t->len += 2 + n->len;
		if (t->len > PATH_MAX_BYTES)
			return false;
	}
	at = t->len;
	for (n = name; n->parent; n = n->parent) {
		at -= 2 + n->len;
		p9front_put16(t->path + at, n->len);
		memcpy(t->path + at + 2, n->text, n->len);
	}
	return true;
}

static void take_fid(struct teller *t, struct p9front_fid *f)
{
	f->told = t->life;
	t->fid = f->fid;
	memcpy(t->qid, f->qid, sizeof(t->qid));
	t->open = f->open;
	t->flags = f->flags;
	t->locks_lost = f->locks_lost;
	t->root = p9front_name_root(f->name);
	if (t->root && write_path(t, f->name))
		t->root->refs++;
	else
		t->root = NULL;
}

static bool next_fid(struct teller *t, unsigned int bucket)
{
	struct p9front *pf = t->pf;
	struct p9front_fid *f;
	bool found = false;

	spin_lock_irq(&pf->table.lock);
	hlist_for_each_entry(f, &pf->table.fids[bucket], link) {
		if (f->told == t->life || f->stale)
			continue;
		take_fid(t, f);
		found = true;
		break;
	}
	spin_unlock_irq(&pf->table.lock);
	return found;
}

/* Return: 0, or a negative errno of the connection. */
static int finish_fid(struct teller *t, int err)
{
	struct p9front *pf = t->pf;
	struct p9front_fid *f;
	bool ended;

	spin_lock_irq(&pf->table.lock);
	p9front_name_put(t->root);
	f = p9front_fid_find(&pf->table, t->fid);
	if (err > 0 && f) {
		f->stale = true;
		WRITE_ONCE(pf->table.any_stale, true);
		t->stale++;
	}
	ended = !f;
	spin_unlock_irq(&pf->table.lock);
	/* Its mount has gone meanwhile. */
	if (!err && ended)
		err = clunk(t, t->fid);
	return min(err, 0);
}

static int tell_fids(struct teller *t)
{
	unsigned int i;
	int err;

	for (i = 0; i < P9FRONT_HASH_SIZE; i++)
		while (next_fid(t, i)) {
			err = finish_fid(t, tell_fid(t));
			if (err < 0)
				return err;
		}
	while (t->temps) {
		err = clunk(t, TEMP_FIRST | --t->temps);
		if (err < 0)
			return err;
	}
	return 0;
}

/*
 * In the order in which they were taken. Somebody else may have one by now: the
 * backend says so, and nobody waits.
 */
static int tell_locks(struct teller *t)
{
	const struct p9front_call *call = &t->call;
	u32 len;
	int err;

	while ((len = p9front_lock_next(&t->pf->table, t->life, call->msg,
					MSG_MAX))) {
		t->fid = p9front_get32(call->msg + P9FRONT_HEAD);
		err = ask(t, len - P9FRONT_HEAD);
		if (!err && (call->answer_len <= P9FRONT_HEAD ||
			     call->answer[P9FRONT_HEAD]))
			err = 1;
		if (err > 0) {
			err = min(clunk(t, t->fid), 0);
			t->root = NULL;
			finish_fid(t, 1);
		}
		if (err < 0)
			return err;
	}
	return 0;
}

/* Return: 0; 1 if the backend is not one for these mounts; or an errno. */
static int tell(struct p9front *pf, unsigned int life)
{
	struct teller *t = kvzalloc(sizeof(*t), GFP_NOIO);
	int err = -ENOMEM;

	if (!t)
		return err;
	t->pf = pf;
	t->life = life;
	t->call.msg = kmalloc(MSG_MAX, GFP_NOIO);
	if (t->call.msg)
		err = tell_version(t);
	if (!err)
		err = tell_fids(t);
	if (!err)
		err = tell_locks(t);
	if (!err && t->stale)
		xpv_warn(pf->dev, "%u files could not be found again, or not with their locks\n",
			 t->stale);
	kfree(t->call.msg);
	kvfree(t);
	return err;
}

/* Then requests pass. */

static void resend(struct p9front_mount *mount)
{
	struct p9_req_t *req;
	int err;

	while ((req = p9front_resend_next(mount))) {
		err = p9front_send(mount, req, NULL, true);
		if (p9front_resend_end(mount))
			p9_req_put(mount->client, req);
		else if (err == -ENOTCONN && p9front_hold(mount, req))
			return;
		else if (err)
			p9front_unsent(mount, req, err);
	}
}

static void abandon(struct p9front_mount *mount)
{
	struct p9front *pf = mount->pf;

	spin_lock_irq(&pf->lock);
	mount->dead = true;
	spin_unlock_irq(&pf->lock);
	p9front_held_fail(mount);
}

/* Return: whether the connection is still that one. */
static bool set_ready(struct p9front *pf, unsigned int life, bool session)
{
	unsigned int i;
	bool good;

	spin_lock_irq(&pf->lock);
	good = pf->connected && pf->life == life;
	if (good) {
		pf->ready = true;
		if (!session)
			pf->session = P9FRONT_NO_SESSION;
	}
	spin_unlock_irq(&pf->lock);
	if (!good)
		return false;
	wake_up_all(&pf->wait);
	for (i = 0; i < pf->max_rings; i++)
		p9front_ring_stir(&pf->rings[i]);
	return true;
}

/**
 * p9front_recover() - begin with a backend
 * @work: the share's
 *
 * Ends at once when the backend is lost.
 */
void p9front_recover(struct work_struct *work)
{
	struct p9front *pf = container_of(work, struct p9front, recover);
	bool connected, session;
	unsigned int life;
	int err = 0;

	spin_lock_irq(&pf->lock);
	connected = pf->connected;
	life = pf->life;
	session = pf->session == P9FRONT_SESSION && pf->nr_mounts;
	spin_unlock_irq(&pf->lock);
	/* What is told now would count for the next one. */
	if (!connected)
		return;
	if (session)
		err = tell(pf, life);
	if (err == -ENOTCONN)
		return;
	/* It does not answer, or there is no memory: perhaps it goes next time. */
	if (err == -ETIMEDOUT || err == -EAGAIN || err == -ENOMEM) {
		xpv_device_restart(pf->dev);
		return;
	}
	if (err) {
		xpv_warn(pf->dev, "the new backend cannot go on with what is mounted: error %d\n",
			 err);
		p9front_each_mount(pf, abandon);
	}
	if (set_ready(pf, life, session && !err))
		p9front_each_mount(pf, resend);
}
