// SPDX-License-Identifier: GPL-2.0
/*
 * How many files and bytes an export may have: "max-files" and "max-space".
 *
 * What is there is counted once, when the device connects, and only if there is
 * a limit; then the guest's requests are counted along. What others do in the
 * folder meanwhile is not seen before the device connects again. A file counts
 * with its size, whatever of it are holes, until its last name is gone and no
 * fid is of it any more.
 *
 * Requests run side by side, and what each makes of a file's size and names must
 * be counted once. So each file that a fid is of, or a request is about to
 * change, has a note here (struct p9back_counted), by which sizes change one at
 * a time, and what has no name any more is dropped with its last user.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/stat.h>

#include "p9back.h"

/**
 * struct found - a name found in a folder
 * @link: in a list
 * @dentry: the folder it is in, held
 * @name: its name
 * @text: the name's text
 */
struct found {
	struct list_head link;
	struct dentry *dentry;
	struct p9w_str name;
	char text[];
};

/**
 * struct scan - counting in progress
 * @ctx: the kernel's part of reading a folder
 * @todo: what was found and not counted
 * @folder: the one that is read
 * @bytes: memory of what is in @todo
 * @err: why it ended
 */
struct scan {
	struct dir_context ctx;
	struct list_head todo;
	struct dentry *folder;
	size_t bytes;
	int err;
};

/* What may wait to be counted, in bytes of memory: 200000 names and more. */
#define SCAN_MAX	(64 << 20)

static bool note_entry(struct dir_context *ctx, const char *name, int len,
		       loff_t offset, u64 ino, unsigned int type)
{
	struct scan *scan = container_of(ctx, struct scan, ctx);
	size_t size = struct_size((struct found *)NULL, text, len + 1);
	struct found *found;

	if (len > P9W_NAME_MAX || (name[0] == '.' &&
				   (len == 1 || (len == 2 && name[1] == '.'))))
		return true;
	found = NULL;
	if (size <= SCAN_MAX - scan->bytes)
		found = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!found) {
		scan->err = -ENOMEM;
		return false;
	}
	scan->bytes += size;
	memcpy(found->text, name, len);
	found->text[len] = 0;
	found->name.s = found->text;
	found->name.len = len;
	found->dentry = dget(scan->folder);
	/* The last found first: a list as long as the tree is deep. */
	list_add(&found->link, &scan->todo);
	return true;
}

static void drop_found(struct scan *scan, struct found *found)
{
	scan->bytes -= struct_size(found, text, found->name.len + 1);
	dput(found->dentry);
	kfree(found);
}

static int read_folder(struct scan *scan, const struct path *path)
{
	struct file *file = dentry_open(path, O_RDONLY | O_DIRECTORY,
					current_cred());
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	scan->folder = path->dentry;
	err = iterate_dir(file, &scan->ctx);
	scan->ctx.pos = 0;
	__fput_sync(file);
	return err ?: scan->err;
}

static int count_one(struct p9back *be, struct scan *scan,
		     const struct found *found)
{
	struct path folder = {
		.mnt = be->export.root.mnt,
		.dentry = found->dentry,
	};
	struct path path = folder;
	int err = 0;

	path.dentry = p9b_lookup(&folder, &found->name);
	if (IS_ERR(path.dentry))
		return 0;	/* gone meanwhile */
	atomic64_inc(&be->quota.files);
	if (d_is_reg(path.dentry))
		atomic64_add(i_size_read(d_inode(path.dentry)),
			     &be->quota.bytes);
	if (d_can_lookup(path.dentry))
		err = read_folder(scan, &path);
	dput(path.dentry);
	/* Removed meanwhile: other guests may be at work in it. */
	return err == -ENOENT || err == -ESTALE ? 0 : err;
}

static int count_all(struct p9back *be)
{
	struct scan scan = { .ctx.actor = note_entry };
	struct found *found, *next;
	int err;

	INIT_LIST_HEAD(&scan.todo);
	err = read_folder(&scan, &be->export.root);
	while (!err && !list_empty(&scan.todo)) {
		found = list_first_entry(&scan.todo, struct found, link);
		list_del(&found->link);
		err = count_one(be, &scan, found);
		drop_found(&scan, found);
		cond_resched();
	}
	list_for_each_entry_safe(found, next, &scan.todo, link)
		drop_found(&scan, found);
	return err;
}

/**
 * p9b_quota_open() - count what is there, if that is limited
 * @be: the device, its export open
 *
 * Context: the lane; sleeps, as long as the file system takes to be read.
 * Return: 0, or an error, already reported.
 */
int p9b_quota_open(struct p9back *be)
{
	int err;

	atomic64_set(&be->quota.files, 0);
	atomic64_set(&be->quota.bytes, 0);
	if (!be->export.limits.files && !be->export.limits.space)
		return 0;
	xpv_lane_step(&be->xdev->lane, "counting the files");
	err = count_all(be);
	if (!err)
		return 0;
	return xpv_device_fail(be->xdev, err == -EAGAIN ? -EIO : err,
			       "the files in %s cannot be counted",
			       be->export.text);
}

/**
 * p9b_quota_add_file() - count one more file that is about to be made
 * @be: the device
 *
 * Return: 0, or -EDQUOT if there are as many as there may be.
 */
int p9b_quota_add_file(struct p9back *be)
{
	s64 limit = be->export.limits.files;

	if (atomic64_inc_return(&be->quota.files) <= limit || !limit)
		return 0;
	atomic64_dec(&be->quota.files);
	return -EDQUOT;
}

/**
 * p9b_quota_drop_file() - count one file less: it was not made after all
 * @be: the device
 */
void p9b_quota_drop_file(struct p9back *be)
{
	atomic64_dec(&be->quota.files);
}

static bool is_limited(const struct p9back *be)
{
	return be->export.limits.files || be->export.limits.space;
}

static struct hlist_head *bucket(struct p9back_quota *quota,
				 const struct inode *inode)
{
	return &quota->counted[hash_ptr(inode, P9BACK_QUOTA_BITS)];
}

/* Whether the last name of a file is gone. */
static bool is_gone(const struct inode *inode)
{
	return S_ISDIR(inode->i_mode) ? IS_DEADDIR(inode) : !inode->i_nlink;
}

static void count(struct p9back_quota *quota, const struct inode *inode,
		  int sign)
{
	atomic64_add(sign, &quota->files);
	if (S_ISREG(inode->i_mode))
		atomic64_add(sign * i_size_read(inode), &quota->bytes);
}

static struct p9back_counted *find(struct p9back_quota *quota,
				   const struct inode *inode)
{
	struct p9back_counted *one;

	lockdep_assert_held(&quota->lock);
	hlist_for_each_entry(one, bucket(quota, inode), link)
		if (one->inode == inode)
			return one;
	return NULL;
}

/*
 * One that has no name when it comes is no longer counted: whoever removed the
 * last one did that, and had a note until then.
 */
static void add(struct p9back_quota *quota, struct p9back_counted *one,
		struct inode *inode)
{
	lockdep_assert_held(&quota->lock);
	one->inode = inode;
	one->gone = is_gone(inode);
	mutex_init(&one->change);
	hlist_add_head(&one->link, bucket(quota, inode));
	if (one->gone)
		count(quota, inode, 1);
}

/**
 * p9b_quota_hold() - have a note of a file
 * @be: the device
 * @inode: the file, held by the caller until p9b_quota_put()
 *
 * Context: process; sleeps.
 * Return: the note, for p9b_quota_put(); NULL if nothing is limited; or
 * ERR_PTR(-ENOMEM).
 */
struct p9back_counted *p9b_quota_hold(struct p9back *be, struct inode *inode)
{
	struct p9back_quota *quota = &be->quota;
	struct p9back_counted *fresh, *one;

	if (!is_limited(be))
		return NULL;
	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return ERR_PTR(-ENOMEM);
	spin_lock(&quota->lock);
	one = find(quota, inode);
	if (!one) {
		one = fresh;
		fresh = NULL;
		add(quota, one, inode);
	}
	one->users++;
	spin_unlock(&quota->lock);
	kfree(fresh);
	return one;
}

/**
 * p9b_quota_put() - need a note no more
 * @be: the device
 * @one: the note, or NULL
 *
 * Context: process.
 */
void p9b_quota_put(struct p9back *be, struct p9back_counted *one)
{
	struct p9back_quota *quota = &be->quota;

	if (!one)
		return;
	spin_lock(&quota->lock);
	if (--one->users) {
		spin_unlock(&quota->lock);
		return;
	}
	hlist_del(&one->link);
	if (one->gone)
		count(quota, one->inode, -1);
	spin_unlock(&quota->lock);
	kfree(one);
}

/**
 * p9b_quota_unlinked() - count a file no more, in time, whose last name is gone
 * @be: the device
 * @one: its note, taken before one name of it was removed; or NULL
 */
void p9b_quota_unlinked(struct p9back *be, struct p9back_counted *one)
{
	if (!one)
		return;
	spin_lock(&be->quota.lock);
	if (is_gone(one->inode))
		one->gone = true;
	spin_unlock(&be->quota.lock);
}

static int charge(struct p9back *be, u64 old, u64 size)
{
	s64 limit = (s64)be->export.limits.space << 20;
	s64 more = size - old;

	if (size <= old || !limit)
		return 0;
	/* So that no sum is too large for a number. */
	if (size > limit)
		return -EDQUOT;
	if (atomic64_add_return(more, &be->quota.bytes) <= limit)
		return 0;
	atomic64_sub(more, &be->quota.bytes);
	return -EDQUOT;
}

/**
 * p9b_quota_grow() - count what a file is about to grow by
 * @be: the device
 * @inode: the file
 * @size: what it will be, at most; or with @append, what comes to it
 * @append: it grows from wherever its end is
 * @growth: for p9b_quota_grown(), which has to follow
 *
 * Until then nobody else changes its size by way of this device.
 *
 * Context: process; sleeps.
 * Return: 0; -EDQUOT if it may not; -ENOMEM.
 */
int p9b_quota_grow(struct p9back *be, struct inode *inode, u64 size,
		   bool append, struct p9back_growth *growth)
{
	struct p9back_counted *one = p9b_quota_hold(be, inode);
	u64 old;
	int err;

	growth->counted = one;
	if (IS_ERR_OR_NULL(one))
		return PTR_ERR_OR_ZERO(one);
	mutex_lock(&one->change);
	old = i_size_read(inode);
	if (append)
		size += old;
	growth->size = max(size, old);
	err = charge(be, old, size);
	if (!err)
		return 0;
	mutex_unlock(&one->change);
	p9b_quota_put(be, one);
	return err;
}

/**
 * p9b_quota_grown() - count what a file has really grown, or shrunk, by
 * @be: the device
 * @growth: what p9b_quota_grow() found
 */
void p9b_quota_grown(struct p9back *be, const struct p9back_growth *growth)
{
	struct p9back_counted *one = growth->counted;

	if (!one)
		return;
	if (be->export.limits.space)
		atomic64_add(i_size_read(one->inode) - (s64)growth->size,
			     &be->quota.bytes);
	mutex_unlock(&one->change);
	p9b_quota_put(be, one);
}
