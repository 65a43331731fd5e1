// SPDX-License-Identifier: GPL-2.0
/*
 * How many files and bytes an export may have: "max-files" and "max-space".
 *
 * What is there is counted once, when the device connects, and only if there is
 * a limit; then the guest's requests are counted along. What others do in the
 * folder meanwhile is not seen before the device connects again. A file counts
 * with its size, whatever of it are holes, and until its last name is gone.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
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
 * @err: why it ended
 */
struct scan {
	struct dir_context ctx;
	struct list_head todo;
	struct dentry *folder;
	int err;
};

static bool note_entry(struct dir_context *ctx, const char *name, int len,
		       loff_t offset, u64 ino, unsigned int type)
{
	struct scan *scan = container_of(ctx, struct scan, ctx);
	struct found *found;

	if (len > P9W_NAME_MAX || (name[0] == '.' &&
				   (len == 1 || (len == 2 && name[1] == '.'))))
		return true;
	found = kmalloc(struct_size(found, text, len + 1), GFP_KERNEL_ACCOUNT);
	if (!found) {
		scan->err = -ENOMEM;
		return false;
	}
	memcpy(found->text, name, len);
	found->text[len] = 0;
	found->name.s = found->text;
	found->name.len = len;
	found->dentry = dget(scan->folder);
	/* The last found first: a list as long as the tree is deep. */
	list_add(&found->link, &scan->todo);
	return true;
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
	return err;
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
		dput(found->dentry);
		kfree(found);
		cond_resched();
	}
	list_for_each_entry_safe(found, next, &scan.todo, link) {
		dput(found->dentry);
		kfree(found);
	}
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

/**
 * p9b_quota_unlinked() - count a file no more whose last name is gone
 * @be: the device
 * @inode: the file, one name of which was removed
 */
void p9b_quota_unlinked(struct p9back *be, const struct inode *inode)
{
	if (inode->i_nlink && !S_ISDIR(inode->i_mode))
		return;
	atomic64_dec(&be->quota.files);
	if (S_ISREG(inode->i_mode))
		atomic64_sub(i_size_read(inode), &be->quota.bytes);
}

/**
 * p9b_quota_grow() - count what a file is about to grow by
 * @be: the device
 * @inode: the file
 * @size: what it will be, at most
 * @old: set to what it is
 *
 * Return: 0, or -EDQUOT if it may not.
 */
int p9b_quota_grow(struct p9back *be, const struct inode *inode, u64 size,
		   u64 *old)
{
	s64 limit = (s64)be->export.limits.space << 20;

	*old = i_size_read(inode);
	if (size <= *old)
		return 0;
	if (atomic64_add_return(size - *old, &be->quota.bytes) <= limit ||
	    !limit)
		return 0;
	atomic64_sub(size - *old, &be->quota.bytes);
	return -EDQUOT;
}

/**
 * p9b_quota_grown() - count what a file has really grown, or shrunk, by
 * @be: the device
 * @inode: the file
 * @size: what was given to p9b_quota_grow()
 * @old: what that found
 */
void p9b_quota_grown(struct p9back *be, const struct inode *inode, u64 size,
		     u64 old)
{
	u64 is = i_size_read(inode);
	u64 counted = max(size, old);

	atomic64_add((s64)(is - counted), &be->quota.bytes);
}
