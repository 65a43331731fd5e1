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
 * p9front_unhold() - take a request back
 * @mount: whose it is
 * @req: the request
 *
 * Return: whether it was kept; then its reference is the caller's.
 */
bool p9front_unhold(struct p9front_mount *mount, struct p9_req_t *req)
{
	struct p9front *pf = mount->pf;
	struct p9_req_t *one;
	bool found = false;

	spin_lock_irq(&pf->lock);
	list_for_each_entry(one, &mount->held, req_list) {
		if (one != req)
			continue;
		list_del_init(&req->req_list);
		found = true;
		break;
	}
	spin_unlock_irq(&pf->lock);
	return found;
}

/**
 * p9front_held() - take back the request that was kept first
 * @mount: whose
 *
 * Return: the request, with its reference, or NULL.
 */
struct p9_req_t *p9front_held(struct p9front_mount *mount)
{
	struct p9front *pf = mount->pf;
	struct p9_req_t *req;

	spin_lock_irq(&pf->lock);
	req = list_first_entry_or_null(&mount->held, struct p9_req_t,
				       req_list);
	if (req)
		list_del_init(&req->req_list);
	spin_unlock_irq(&pf->lock);
	return req;
}

/**
 * p9front_held_fail() - fail all that are kept
 * @mount: whose
 */
void p9front_held_fail(struct p9front_mount *mount)
{
	struct p9_req_t *req;

	while ((req = p9front_held(mount))) {
		req->t_err = -EIO;
		p9_client_cb(mount->client, req, REQ_STATUS_ERROR);
	}
}
