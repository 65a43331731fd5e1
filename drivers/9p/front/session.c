// SPDX-License-Identifier: GPL-2.0
/*
 * The share's session: one for all mounts, agreed on by the first of them.
 *
 * The first mount's Tversion goes to the backend, with the largest messages
 * that the rings can hold in place of what the mount asked for; a later mount's
 * would make the backend forget all fids, and is answered here.
 */
#include <linux/minmax.h>
#include <linux/string.h>
#include "p9front.h"

/**
 * p9front_may_ask() - whether a mount's Tversion may go
 * @mount: the mount
 *
 * Return: false if whom it was to ask is gone: then another mount may be asking
 * the next one.
 */
bool p9front_may_ask(const struct p9front_mount *mount)
{
	struct p9front *pf = mount->pf;
	bool may;

	spin_lock_irq(&pf->lock);
	may = pf->session == P9FRONT_ASKING && pf->asker == mount;
	spin_unlock_irq(&pf->lock);
	return may;
}

static void stop_asking(struct p9front_mount *mount)
{
	struct p9front *pf = mount->pf;

	spin_lock_irq(&pf->lock);
	if (pf->session == P9FRONT_ASKING && pf->asker == mount)
		pf->session = P9FRONT_NO_SESSION;
	spin_unlock_irq(&pf->lock);
	wake_up_all(&pf->wait);
}

static void set_session(struct p9front *pf, enum p9front_session session)
{
	unsigned long flags;

	spin_lock_irqsave(&pf->lock, flags);
	pf->session = session;
	spin_unlock_irqrestore(&pf->lock, flags);
	wake_up_all(&pf->wait);
}

/* Return: what the session was; if it was none, it is up to the caller now. */
static int look(struct p9front_mount *mount, struct p9front_version *version)
{
	struct p9front *pf = mount->pf;
	int session;

	spin_lock_irq(&pf->lock);
	session = pf->session;
	if (pf->aborted || pf->failing || mount->dead) {
		session = -EIO;
	} else if (session == P9FRONT_NO_SESSION) {
		pf->session = P9FRONT_ASKING;
		pf->asker = mount;
	}
	*version = pf->version;
	spin_unlock_irq(&pf->lock);
	return session;
}

/* A mount that wants another dialect than the session's cannot have it. */
static int answer_version(struct p9front_mount *mount, struct p9_req_t *req,
			  struct p9front_version *version)
{
	struct p9front_version asked;
	u32 size;

	if (p9front_parse_version(req->tc.sdata, req->tc.size, &asked))
		return -EINVAL;
	version->msize = min(version->msize, asked.msize);
	if (strcmp(asked.dialect, version->dialect))
		strscpy(version->dialect, "unknown", sizeof(version->dialect));
	size = p9front_fill_version(req->rc.sdata, req->rc.capacity,
				    req->tc.tag, version);
	if (!size)
		return -EMSGSIZE;
	p9front_answer_self(mount, req);
	return 0;
}

/*
 * Return: what the session is, which is not that another mount asks for one; or a
 * negative errno.
 */
static int decide(struct p9front_mount *mount, struct p9front_version *version)
{
	int session, err;

	for (;;) {
		session = look(mount, version);
		if (session != P9FRONT_ASKING)
			return session;
		err = wait_event_killable(mount->pf->wait,
					  READ_ONCE(mount->pf->session) !=
					  P9FRONT_ASKING);
		if (err)
			return err;
	}
}

/**
 * p9front_ask_version() - a mount begins
 * @mount: the mount
 * @req: its Tversion
 *
 * When the backend is lost before it was asked, all is as it was at first:
 * another mount may be sooner with the next one.
 *
 * Return: 0 or a negative errno.
 */
int p9front_ask_version(struct p9front_mount *mount, struct p9_req_t *req)
{
	struct p9front_version version;
	int session, err;

	do {
		session = decide(mount, &version);
		if (session < 0)
			return session;
		if (session == P9FRONT_SESSION)
			return answer_version(mount, req, &version);
		err = p9front_send(mount, req, NULL, true);
		if (!err)
			return 0;
		stop_asking(mount);
		if (err == -ENOTCONN)
			err = p9front_wait_backend(mount);
	} while (!err);
	return err;
}

/**
 * p9front_take_version() - the backend answered a mount's Tversion
 * @mount: the mount
 * @req: it, with the answer in its buffer
 *
 * Context: any.
 * Return: 0, and the mount sees what the backend said, within what it asked for
 * itself; or -EPROTO.
 */
int p9front_take_version(struct p9front_mount *mount, struct p9_req_t *req)
{
	struct p9front *pf = mount->pf;
	struct p9front_version version;
	unsigned long flags;

	if (req->rc.sdata[4] != P9FRONT_RVERSION) {
		set_session(pf, P9FRONT_NO_SESSION);
		return 0;
	}
	if (p9front_parse_version(req->rc.sdata, req->rc.size, &version)) {
		set_session(pf, P9FRONT_NO_SESSION);
		return -EPROTO;
	}
	version.msize = min(version.msize, pf->size);
	spin_lock_irqsave(&pf->lock, flags);
	pf->version = version;
	spin_unlock_irqrestore(&pf->lock, flags);
	set_session(pf, strcmp(version.dialect, "unknown") ?
		    P9FRONT_SESSION : P9FRONT_NO_SESSION);
	p9front_put32(req->rc.sdata + P9FRONT_HEAD,
		      min(version.msize, mount->client->msize));
	return 0;
}

/**
 * p9front_lose_session() - the connection is over
 * @pf: the share
 *
 * Mounts keep what they agreed on, for the next backend to agree to as well.
 */
void p9front_lose_session(struct p9front *pf)
{
	spin_lock_irq(&pf->lock);
	pf->connected = false;
	pf->ready = false;
	pf->life++;
	if (pf->session == P9FRONT_ASKING)
		pf->session = P9FRONT_NO_SESSION;
	spin_unlock_irq(&pf->lock);
	wake_up_all(&pf->wait);
}
