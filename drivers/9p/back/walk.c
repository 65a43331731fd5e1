// SPDX-License-Identifier: GPL-2.0
/*
 * Walking: one name after the other, from a folder that a fid stands for.
 *
 * A name is a single component, and neither "." nor "..": p9_wire.c sees to
 * that, and the kernel's lookup of one name refuses any other again. A symbolic
 * link is what it is and never followed. Nothing is mounted below the export's
 * mount. So each step goes from a folder to what is in it.
 */
#include <linux/err.h>
#include <linux/namei.h>

#include "p9back.h"

/**
 * p9b_lookup() - find a file in a folder
 * @folder: where
 * @name: its name
 *
 * Context: process; sleeps. Under the user's credentials, which must be allowed
 * to search the folder.
 * Return: the file, for dput(), or an ERR_PTR.
 */
struct dentry *p9b_lookup(const struct path *folder, const struct p9w_str *name)
{
	if (!d_can_lookup(folder->dentry))
		return ERR_PTR(-ENOTDIR);
	return lookup_one_positive_unlocked(mnt_idmap(folder->mnt), name->s,
					    folder->dentry, name->len);
}

/**
 * p9b_lookup_locked() - find a name in a folder whose inode is locked
 * @folder: where
 * @name: the name
 *
 * Context: as p9b_lookup().
 * Return: the name, maybe of no file, for dput(), or an ERR_PTR.
 */
struct dentry *p9b_lookup_locked(const struct path *folder,
				 const struct p9w_str *name)
{
	if (!d_can_lookup(folder->dentry))
		return ERR_PTR(-ENOTDIR);
	return lookup_one(mnt_idmap(folder->mnt), name->s, folder->dentry,
			  name->len);
}

/* Go one name on: @path becomes what it names. */
static int step(const struct p9back_export *export, struct path *path,
		const struct p9w_str *name)
{
	struct dentry *next;

	if (!p9b_export_has(export, path->dentry))
		return -ESTALE;
	next = p9b_lookup(path, name);
	if (IS_ERR(next))
		return PTR_ERR(next);
	dput(path->dentry);
	path->dentry = next;
	return 0;
}

/*
 * Walk as far as it goes, telling of each step.
 *
 * Return: how many steps were made, or the error of the first.
 */
static int walk(struct p9back_request *req, struct path *path)
{
	const struct p9back_export *export = &req->ring->be->export;
	struct p9w_qid qid;
	int err, i;

	p9w_put16(&req->out, 0);
	for (i = 0; i < req->req.nwalk; i++) {
		err = step(export, path, &req->req.walk[i]);
		if (!err)
			err = p9b_qid(export, path, &qid);
		if (err)
			return i ?: err;
		p9w_put_qid(&req->out, &qid);
	}
	return i;
}

static int set_newfid(struct p9back_request *req, const struct path *path)
{
	struct p9back_fid *fid;
	int err;

	fid = p9b_fid_new(req->session, path, req->fid->cred, req->fid->uid);
	if (IS_ERR(fid))
		return PTR_ERR(fid);
	if (req->req.fid2 == req->req.fid)
		err = p9b_fid_replace(fid, req->req.fid, req->fid);
	else
		err = p9b_fid_add(fid, req->req.fid2);
	if (err)
		p9b_fid_put(fid);
	return err;
}

/**
 * p9b_op_walk() - Twalk
 * @req: the request
 *
 * There is a new fid only if all of the names could be walked.
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_walk(struct p9back_request *req)
{
	struct path path = req->fid->path;
	int steps, err = 0;

	path_get(&path);
	steps = walk(req, &path);
	if (steps == req->req.nwalk)
		err = set_newfid(req, &path);
	path_put(&path);
	if (steps < 0 || err)
		return steps < 0 ? steps : err;
	req->out.buf[P9W_HEAD] = steps;
	return 0;
}
