// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that were out when the backend was lost, and wait for the next one.
 *
 * Those that carry data are not here: who made them waits in this module, and
 * sends them again.
 */
#include "p9front.h"

/**
 * p9front_hold() - keep a request
 * @mount: whose it is
 * @req: the request; its reference goes along
 *
 * Return: false if there is no use: the mount is dead, or no backend is waited
 * for.
 */
bool p9front_hold(struct p9front_mount *mount, struct p9_req_t *req)
{
	struct p9front *pf = mount->pf;
	bool good;

	spin_lock_irq(&pf->lock);
	good = !mount->dead && !pf->aborted && !pf->failing;
	if (good)
		list_add_tail(&req->req_list, &mount->held);
	spin_unlock_irq(&pf->lock);
	return good;
}

/**
 * p9front_unhold() - have a request not be sent again
 * @mount: whose it is
 * @req: the request; nobody waits for it any more
 *
 * Its reference goes: at once if it was kept, or when who is sending it sees that
 * it is not wanted.
 *
 * Return: false if there was none that would have been.
 */
bool p9front_unhold(struct p9front_mount *mount, struct p9_req_t *req)
{
	struct p9front *pf = mount->pf;
	struct p9_req_t *one;
	bool found = false, again;

	spin_lock_irq(&pf->lock);
	list_for_each_entry(one, &mount->held, req_list) {
		if (one != req)
			continue;
		list_del_init(&req->req_list);
		found = true;
		break;
	}
	again = mount->resending == req;
	if (again)
		mount->unwanted = true;
	spin_unlock_irq(&pf->lock);
	if (found)
		p9_req_put(mount->client, req);
	return found || again;
}

static struct p9_req_t *first_held(struct p9front_mount *mount)
{
	struct p9_req_t *req;

	lockdep_assert_held(&mount->pf->lock);
	req = list_first_entry_or_null(&mount->held, struct p9_req_t,
				       req_list);
	if (req)
		list_del_init(&req->req_list);
	return req;
}

/**
 * p9front_resend_next() - begin to send a request again
 * @mount: whose
 *
 * Context: one at a time, of a mount that stays.
 * Return: the one that was kept first, with its reference, or NULL.
 */
struct p9_req_t *p9front_resend_next(struct p9front_mount *mount)
{
	struct p9front *pf = mount->pf;
	struct p9_req_t *req;

	spin_lock_irq(&pf->lock);
	req = first_held(mount);
	mount->resending = req;
	mount->unwanted = false;
	spin_unlock_irq(&pf->lock);
	return req;
}

/**
 * p9front_may_go() - whether a request is still wanted, as it goes
 * @mount: whose it is
 * @req: the request; from here on it can be flushed
 *
 * Return: false if it was to be sent again, and nobody waits for it any more.
 */
bool p9front_may_go(struct p9front_mount *mount, const struct p9_req_t *req)
{
	struct p9front *pf = mount->pf;
	bool wanted;

	/* Nobody but who sends it again makes it so. */
	if (READ_ONCE(mount->resending) != req)
		return true;
	spin_lock_irq(&pf->lock);
	wanted = !mount->unwanted;
	if (wanted)
		mount->resending = NULL;
	spin_unlock_irq(&pf->lock);
	return wanted;
}

/**
 * p9front_resend_end() - a request was sent again, or could not be
 * @mount: whose it is
 *
 * Return: whether nobody waits for it any more, so that its reference is to be
 * dropped.
 */
bool p9front_resend_end(struct p9front_mount *mount)
{
	struct p9front *pf = mount->pf;
	bool unwanted;

	spin_lock_irq(&pf->lock);
	unwanted = mount->unwanted;
	mount->resending = NULL;
	mount->unwanted = false;
	spin_unlock_irq(&pf->lock);
	return unwanted;
}

/**
 * p9front_held_fail() - fail all that are kept
 * @mount: whose
 */
void p9front_held_fail(struct p9front_mount *mount)
{
	struct p9front *pf = mount->pf;
	struct p9_req_t *req;

	for (;;) {
		spin_lock_irq(&pf->lock);
		req = first_held(mount);
		spin_unlock_irq(&pf->lock);
		if (!req)
			return;
		req->t_err = -EIO;
		p9_client_cb(mount->client, req, REQ_STATUS_ERROR);
	}
}
