// SPDX-License-Identifier: GPL-2.0
/*
 * Names that change or go: Trename, Trenameat, Tunlinkat, Tremove.
 *
 * The older requests name a file by its fid alone. Its folder is looked up, and
 * has to be in the export, as the file itself has: the export's own folder can
 * be neither moved nor removed.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/mount.h>
#include <linux/namei.h>

#include "p9back.h"

/* What is about to lose a name, which may be the last. */
static struct p9back_counted *hold_victim(struct p9back *be,
					  struct inode *inode)
{
	struct p9back_counted *one = p9b_quota_hold(be, inode);

	if (!IS_ERR(one))
		ihold(inode);
	return one;
}

static void put_victim(struct p9back *be, struct inode *inode,
		       struct p9back_counted *one, int err)
{
	if (!err)
		p9b_quota_unlinked(be, one);
	p9b_quota_put(be, one);
	iput(inode);
}

/* A name that is renamed to may have been the last of its file. */
static int rename_over(struct p9back *be, struct dentry *old_dir,
		       struct dentry *old, struct dentry *new_dir,
		       struct dentry *new)
{
	struct inode *replaced = d_inode(new);
	struct p9back_counted *one = NULL;
	int err;

	if (replaced)
		one = hold_victim(be, replaced);
	if (IS_ERR(one))
		return PTR_ERR(one);
	err = compat_vfs_rename(be->export.root.mnt, d_inode(old_dir), old,
				d_inode(new_dir), new);
	if (replaced)
		put_victim(be, replaced, one, err);
	return err;
}

/* Names in both folders, which are locked. */
static int rename_locked(struct p9back *be, struct dentry *trap,
			 struct dentry *old_dir, struct dentry *old,
			 struct dentry *new_dir, struct dentry *new)
{
	if (d_is_negative(old))
		return -ENOENT;
	if (old == trap)
		return -EINVAL;
	if (new == trap)
		return -ENOTEMPTY;
	return rename_over(be, old_dir, old, new_dir, new);
}

static int rename_old(struct p9back *be, struct dentry *trap,
		      struct dentry *old_dir, struct dentry *old,
		      const struct path *folder, const struct p9w_str *name)
{
	struct dentry *new = p9b_lookup_locked(folder, name);
	int err;

	if (IS_ERR(new))
		return PTR_ERR(new);
	err = rename_locked(be, trap, old_dir, old, folder->dentry, new);
	dput(new);
	return err;
}

/*
 * Both folders are in the export when they are locked; what happens to one that
 * is moved out of it meanwhile happened before that.
 */
static struct dentry *lock_folders(const struct p9back_export *export,
				   struct dentry *a, struct dentry *b)
{
	struct dentry *trap = lock_rename(a, b);

	if (IS_ERR(trap))
		return trap;
	if (p9b_export_has(export, a) && p9b_export_has(export, b))
		return trap;
	unlock_rename(a, b);
	return ERR_PTR(-ESTALE);
}

static int renameat(struct p9back *be, const struct path *from,
		    const struct p9w_str *name, const struct path *to,
		    const struct p9w_str *new_name)
{
	struct dentry *trap, *old;
	int err;

	trap = lock_folders(&be->export, from->dentry, to->dentry);
	if (IS_ERR(trap))
		return PTR_ERR(trap);
	old = p9b_lookup_locked(from, name);
	err = PTR_ERR_OR_ZERO(old);
	if (!err) {
		err = rename_old(be, trap, from->dentry, old, to, new_name);
		dput(old);
	}
	unlock_rename(from->dentry, to->dentry);
	return err;
}

/**
 * p9b_op_renameat() - Trenameat
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_renameat(struct p9back_request *req)
{
	const struct path *from = &req->fid->path;
	const struct path *to = &req->fid2->path;
	int err;

	if (!p9b_fid_is_folder(req->fid) || !p9b_fid_is_folder(req->fid2))
		return -ENOTDIR;
	err = mnt_want_write(from->mnt);
	if (err)
		return err;
	err = renameat(req->ring->be, from, &req->req.name, to,
		       &req->req.name2);
	mnt_drop_write(from->mnt);
	return err;
}

/* Whether a file still is where it was found. */
static bool is_child(const struct dentry *dentry, const struct dentry *dir)
{
	return dentry->d_parent == dir && !d_unhashed(dentry);
}

static int rename_fid(struct p9back *be, const struct path *path,
		      struct dentry *dir, const struct path *to,
		      const struct p9w_str *name)
{
	struct dentry *trap = lock_folders(&be->export, dir, to->dentry);
	int err = -ENOENT;

	if (IS_ERR(trap))
		return PTR_ERR(trap);
	if (is_child(path->dentry, dir))
		err = rename_old(be, trap, dir, path->dentry, to, name);
	unlock_rename(dir, to->dentry);
	return err;
}

/**
 * p9b_op_rename() - Trename
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_rename(struct p9back_request *req)
{
	struct p9back *be = req->ring->be;
	const struct path *path = &req->fid->path;
	struct dentry *dir;
	int err;

	if (!p9b_fid_is_folder(req->fid2))
		return -ENOTDIR;
	if (path->dentry == be->export.root.dentry)
		return -EBUSY;
	err = mnt_want_write(path->mnt);
	if (err)
		return err;
	dir = dget_parent(path->dentry);
	err = rename_fid(be, path, dir, &req->fid2->path, &req->req.name);
	dput(dir);
	mnt_drop_write(path->mnt);
	return err;
}

static int unlink_positive(struct vfsmount *mnt, struct dentry *dir,
			   struct dentry *dentry, bool folder)
{
	if (folder)
		return vfs_rmdir(mnt_idmap(mnt), d_inode(dir), dentry);
	if (d_is_dir(dentry))
		return -EISDIR;
	return vfs_unlink(mnt_idmap(mnt), d_inode(dir), dentry, NULL);
}

static int unlink_locked(struct p9back *be, struct dentry *dir,
			 struct dentry *dentry, bool folder)
{
	struct inode *inode = d_inode(dentry);
	struct p9back_counted *one;
	int err;

	if (!inode)
		return -ENOENT;
	one = hold_victim(be, inode);
	if (IS_ERR(one))
		return PTR_ERR(one);
	err = unlink_positive(be->export.root.mnt, dir, dentry, folder);
	put_victim(be, inode, one, err);
	return err;
}

/**
 * p9b_op_unlinkat() - Tunlinkat
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_unlinkat(struct p9back_request *req)
{
	const struct path *folder = &req->fid->path;
	bool rmdir = req->req.flags & P9W_AT_REMOVEDIR;
	struct dentry *dentry = p9b_make_begin(req);
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = unlink_locked(req->ring->be, folder->dentry, dentry, rmdir);
	return p9b_make_end(req, dentry, err);
}

static int remove_from(struct p9back *be, const struct path *path,
		       struct dentry *dir)
{
	int err = -ENOENT;

	inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
	if (!p9b_export_has(&be->export, dir))
		err = -ESTALE;
	else if (is_child(path->dentry, dir))
		err = unlink_locked(be, dir, path->dentry,
				    d_is_dir(path->dentry));
	inode_unlock(d_inode(dir));
	return err;
}

/*
 * A second reference is held: were the fid's the only one, the kernel would take
 * the dentry's inode away, which other requests of this fid look at.
 */
static int remove_path(struct p9back *be, const struct path *path)
{
	struct dentry *dir;
	int err;

	if (path->dentry == be->export.root.dentry)
		return -EBUSY;
	err = mnt_want_write(path->mnt);
	if (err)
		return err;
	path_get(path);
	dir = dget_parent(path->dentry);
	err = remove_from(be, path, dir);
	dput(dir);
	path_put(path);
	mnt_drop_write(path->mnt);
	return err;
}

/**
 * p9b_op_remove() - Tremove
 * @req: the request
 *
 * The fid is clunked, whatever comes of it.
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_remove(struct p9back_request *req)
{
	int err = remove_path(req->ring->be, &req->fid->path);

	p9b_fid_put(p9b_fid_remove(req->session, req->req.fid));
	return err;
}
