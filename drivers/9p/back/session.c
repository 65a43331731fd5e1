// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: what a client has from one Tversion to the next.
 *
 * A Tversion begins a new one. Requests of the old one that are still under way
 * hold it until they are done, and it is freed with all its fids by the last.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "p9back.h"

static struct p9back_session *session_new(struct p9back *be, u32 msize)
{
	struct p9back_session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (!session)
		return NULL;
	kref_init(&session->ref);
	session->be = be;
	session->msize = msize;
	xa_init(&session->fids);
	xa_init(&session->lockers);
	return session;
}

static void session_free(struct kref *ref)
{
	struct p9back_session *session =
		container_of(ref, struct p9back_session, ref);

	p9b_fid_remove_all(session);
	xa_destroy(&session->fids);
	xa_destroy(&session->lockers);
	kfree(session);
}

/**
 * p9b_session_get() - hold the present session
 * @be: the device
 *
 * Return: the session, for p9b_session_put(), or NULL.
 */
struct p9back_session *p9b_session_get(struct p9back *be)
{
	struct p9back_session *session;

	spin_lock(&be->lock);
	session = be->session;
	if (session)
		kref_get(&session->ref);
	spin_unlock(&be->lock);
	return session;
}

/**
 * p9b_session_put() - let a session go
 * @session: the session, or NULL
 *
 * Context: process, in a thread of the kernel; may sleep.
 */
void p9b_session_put(struct p9back_session *session)
{
	if (session)
		kref_put(&session->ref, session_free);
}

/*
 * Sessions of other sizes may have been before, whose messages are still to come;
 * how long one may be is known before the answer that permits it.
 */
static void replace_session(struct p9back *be, struct p9back_session *session)
{
	struct p9back_session *old;

	spin_lock(&be->lock);
	old = be->session;
	be->session = session;
	if (session)
		WRITE_ONCE(be->longest, max(be->longest, session->msize));
	spin_unlock(&be->lock);
	p9b_session_put(old);
}

/**
 * p9b_session_end() - end the present session
 * @be: the device
 *
 * Context: process, in a thread of the kernel; sleeps.
 */
void p9b_session_end(struct p9back *be)
{
	replace_session(be, NULL);
}

static void put_version(struct p9back_request *req, u32 msize,
			const char *version)
{
	p9w_put32(&req->out, msize);
	p9w_put_str(&req->out, version, strlen(version));
}

/**
 * p9b_op_version() - Tversion
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_version(struct p9back_request *req)
{
	struct p9back *be = req->ring->be;
	u32 msize = min(req->req.count, be->msize);
	struct p9back_session *session;

	if (msize < P9W_MIN_MSIZE)
		return -EINVAL;
	if (strcmp(req->req.name.s, "9P2000.L")) {
		p9b_session_end(be);
		put_version(req, msize, "unknown");
		return 0;
	}
	session = session_new(be, msize);
	if (!session)
		return -ENOMEM;
	replace_session(be, session);
	put_version(req, msize, "9P2000.L");
	return 0;
}

/**
 * p9b_op_auth() - Tauth
 * @req: the request
 *
 * Xen knows who a guest is: nothing has to be proven.
 *
 * Return: -EOPNOTSUPP.
 */
int p9b_op_auth(struct p9back_request *req)
{
	return -EOPNOTSUPP;
}

/* Return: whether the tree that is asked for is what we serve. */
static bool names_root(const struct p9w_str *tree)
{
	return !tree->len || !strcmp(tree->s, "/");
}

/**
 * p9b_op_attach() - Tattach
 * @req: the request
 *
 * A mount by anybody, without a number, is nobody's.
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_attach(struct p9back_request *req)
{
	const struct p9back_export *export = &req->ring->be->export;
	const struct cred *cred;
	struct p9back_fid *fid;
	struct p9w_qid qid;
	int err;

	if (req->req.fid2 != P9W_NOFID)
		return -EINVAL;
	if (!names_root(&req->req.name2))
		return -ENOENT;
	cred = p9b_user_cred(export, req->req.uid);
	if (IS_ERR(cred))
		return PTR_ERR(cred);
	err = p9b_qid(export, &export->root, &qid);
	fid = ERR_PTR(err);
	if (!err)
		fid = p9b_fid_new(req->session, &export->root, cred,
				  req->req.uid);
	put_cred(cred);
	if (IS_ERR(fid))
		return PTR_ERR(fid);
	err = p9b_fid_add(fid, req->req.fid);
	if (err) {
		p9b_fid_put(fid);
		return err;
	}
	p9w_put_qid(&req->out, &qid);
	return 0;
}
