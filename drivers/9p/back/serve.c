// SPDX-License-Identifier: GPL-2.0
/*
 * Carrying a request out: what every kind of request needs, from one table, and
 * then the kind's own function, as the user who asks.
 */
#include <linux/cred.h>
#include <linux/err.h>

#include "p9back.h"

/* What a kind of request needs before its function runs. */
#define NEED_SESSION	0x01	/* a Tversion came before */
#define NEED_FID	0x02	/* its first fid, held, and its user's credentials */
#define NEED_FID2	0x04	/* its second fid too, held */
#define NEED_INSIDE	0x08	/* that both still are in the export */
#define NEED_WRITABLE	0x10	/* an export that can be changed */

#define ON_FID		(NEED_SESSION | NEED_FID)
#define ON_PATH		(ON_FID | NEED_INSIDE)
#define ON_FOLDER	(ON_PATH | NEED_WRITABLE)
#define ON_TWO		(ON_FOLDER | NEED_FID2)

/**
 * struct op - a kind of request
 * @run: carries it out: puts the fields of its answer, or returns an error
 * @needs: NEED_*
 */
struct op {
	int (*run)(struct p9back_request *req);
	unsigned int needs;
};

static const struct op ops[P9W_TYPES] = {
	[P9W_TSTATFS] = { p9b_op_statfs, ON_PATH },
	[P9W_TLOPEN] = { p9b_op_lopen, ON_PATH },
	[P9W_TLCREATE] = { p9b_op_lcreate, ON_FOLDER },
	[P9W_TSYMLINK] = { p9b_op_symlink, ON_FOLDER },
	[P9W_TMKNOD] = { p9b_op_mknod, ON_FOLDER },
	[P9W_TRENAME] = { p9b_op_rename, ON_TWO },
	[P9W_TREADLINK] = { p9b_op_readlink, ON_PATH },
	[P9W_TGETATTR] = { p9b_op_getattr, ON_PATH },
	[P9W_TSETATTR] = { p9b_op_setattr, ON_FOLDER },
	[P9W_TXATTRWALK] = { p9b_op_xattrwalk, ON_PATH },
	[P9W_TXATTRCREATE] = { p9b_op_xattrcreate, ON_PATH },
	[P9W_TREADDIR] = { p9b_op_readdir, ON_PATH },
	[P9W_TFSYNC] = { p9b_op_fsync, ON_FID },
	[P9W_TLOCK] = { p9b_op_lock, ON_FID },
	[P9W_TGETLOCK] = { p9b_op_getlock, ON_FID },
	[P9W_TLINK] = { p9b_op_link, ON_TWO },
	[P9W_TMKDIR] = { p9b_op_mkdir, ON_FOLDER },
	[P9W_TRENAMEAT] = { p9b_op_renameat, ON_TWO },
	[P9W_TUNLINKAT] = { p9b_op_unlinkat, ON_FOLDER },
	[P9W_TVERSION] = { p9b_op_version, 0 },
	[P9W_TAUTH] = { p9b_op_auth, NEED_SESSION },
	[P9W_TATTACH] = { p9b_op_attach, NEED_SESSION },
	[P9W_TFLUSH] = { p9b_op_flush, 0 },
	[P9W_TWALK] = { p9b_op_walk, ON_PATH },
	[P9W_TREAD] = { p9b_op_read, ON_FID },
	[P9W_TWRITE] = { p9b_op_write, ON_FID },
	[P9W_TCLUNK] = { p9b_op_clunk, NEED_SESSION },
	[P9W_TREMOVE] = { p9b_op_remove, ON_FID | NEED_INSIDE },
};

static int get_fids(struct p9back_request *req, unsigned int needs)
{
	if (needs & NEED_FID) {
		req->fid = p9b_fid_get(req->session, req->req.fid);
		if (!req->fid)
			return -EBADF;
	}
	if (needs & NEED_FID2) {
		req->fid2 = p9b_fid_get(req->session, req->req.fid2);
		if (!req->fid2)
			return -EBADF;
	}
	return 0;
}

static bool is_outside(const struct p9back_export *export,
		       const struct p9back_fid *fid)
{
	return fid && !p9b_export_has(export, fid->path.dentry);
}

static int prepare(struct p9back_request *req, unsigned int needs)
{
	const struct p9back_export *export = &req->ring->be->export;
	int err;

	if (!(needs & NEED_SESSION))
		return 0;
	if (!req->session)
		return -EPROTO;
	err = get_fids(req, needs);
	if (err)
		return err;
	if (needs & NEED_INSIDE && (is_outside(export, req->fid) ||
				    is_outside(export, req->fid2)))
		return -ESTALE;
	return needs & NEED_WRITABLE && export->readonly ? -EROFS : 0;
}

/* Nothing touches the file system but as somebody of the guest. */
static int run_as_user(struct p9back_request *req, const struct op *op)
{
	const struct cred *old;
	int err;

	if (!req->fid)
		return op->run(req);
	old = override_creds(req->fid->cred);
	err = op->run(req);
	revert_creds(old);
	return err;
}

static int take_apart(struct p9back_request *req)
{
	int err;

	if (!req->tagged)
		return -EINVAL;
	if (!req->message)
		return -ENOMEM;
	err = p9w_parse(req->message, req->req.size, &req->req);
	if (err)
		return err;
	if (req->placed)
		req->req.data = NULL;
	atomic_long_inc(&req->ring->be->counts[req->req.type]);
	return prepare(req, ops[req->req.type].needs);
}

/**
 * p9b_serve_begin() - find out what a request is about
 * @req: the request, its whole message read; what is wrong with it is noted, and
 *	its fids are held
 *
 * Context: process; sleeps for nothing but memory.
 */
void p9b_serve_begin(struct p9back_request *req)
{
	req->err = take_apart(req);
}

static int serve(struct p9back_request *req)
{
	int err = run_as_user(req, &ops[req->req.type]);

	return !err && req->out.full ? -EMSGSIZE : err;
}

/* Kinds of errors that the kernel has for itself. */
static int shown_error(int err)
{
	return err < -133 ? -EIO : err;
}

/**
 * p9b_serve() - carry a request out, and put its answer together
 * @req: the request, after p9b_serve_begin()
 *
 * Context: the device's queue; sleeps.
 */
void p9b_serve(struct p9back_request *req)
{
	int err = req->err ?: serve(req);

	if (!err) {
		p9w_end(&req->out, req->req.type + 1, req->req.tag);
		return;
	}
	atomic_long_inc(&req->ring->be->errors);
	p9w_error(&req->out, req->req.tag, shown_error(err));
}
