// SPDX-License-Identifier: GPL-2.0
/* Mounts: a client of the 9p core that uses a share. */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "p9front.h"

/* How long a mount waits for its share to be connected. */
#define CONNECT_WAIT	(5 * HZ)

static bool id_is_used(const struct p9front *pf, unsigned int id)
{
	const struct p9front_mount *mount;

	list_for_each_entry(mount, &pf->mounts, link)
		if (mount->id == id)
			return true;
	return false;
}

/* Numbers go round, so that what an earlier mount left is not met soon. */
static int add_mount(struct p9front *pf, struct p9front_mount *mount)
{
	int err = 0;

	spin_lock_irq(&pf->lock);
	if (!pf->ready) {
		err = -EIO;
	} else if (pf->nr_mounts >= P9FRONT_MAX_MOUNTS) {
		err = -EMFILE;
	} else {
		do {
			pf->last_id = (pf->last_id + 1) % P9FRONT_MAX_MOUNTS;
		} while (id_is_used(pf, pf->last_id));
		mount->id = pf->last_id;
		list_add(&mount->link, &pf->mounts);
		pf->nr_mounts++;
	}
	spin_unlock_irq(&pf->lock);
	return err;
}

static int wait_connected(struct p9front *pf)
{
	long left;

	left = wait_event_killable_timeout(pf->wait,
					   READ_ONCE(pf->ready) ||
					   READ_ONCE(pf->failing) ||
					   READ_ONCE(pf->aborted),
					   CONNECT_WAIT);
	if (left < 0)
		return left;
	return READ_ONCE(pf->ready) ? 0 : -ENODEV;
}

/* Large messages are what makes it fast; who wants small ones says so. */
static void set_msize(struct p9_client *client, const struct p9front *pf,
		      const char *args)
{
	if (!args || !strstr(args, "msize="))
		client->msize = P9FRONT_DEFAULT_MSIZE;
	client->msize = min(client->msize, pf->size);
}

/**
 * p9front_create() - p9_trans_module::create
 * @client: the client
 * @addr: what is mounted: the share's tag
 * @args: the mount's options
 *
 * Return: 0; -ENOENT if there is no such share; -ENODEV if it has no backend;
 * or another error.
 */
int p9front_create(struct p9_client *client, const char *addr, char *args)
{
	struct p9front_mount *mount;
	struct p9front *pf;
	int err;

	if (!addr)
		return -EINVAL;
	pf = p9front_find(addr);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	mount = kzalloc(sizeof(*mount), GFP_KERNEL);
	err = -ENOMEM;
	if (!mount)
		goto err_put;
	mount->pf = pf;
	mount->client = client;
	INIT_LIST_HEAD(&mount->held);
	err = wait_connected(pf);
	if (!err)
		err = add_mount(pf, mount);
	if (err)
		goto err_mount;
	set_msize(client, pf, args);
	client->trans = mount;
	client->status = Connected;
	return 0;

err_mount:
	kfree(mount);
err_put:
	p9front_put(pf);
	return err;
}

/* Nothing begins any more, and what did ends at once. */
static void die(struct p9front_mount *mount)
{
	struct p9front *pf = mount->pf;
	unsigned int i;

	spin_lock_irq(&pf->lock);
	mount->dead = true;
	spin_unlock_irq(&pf->lock);
	wake_up_all(&pf->wait);
	for (i = 0; i < pf->max_rings; i++)
		p9front_ring_stir(&pf->rings[i]);
	wait_event(pf->wait, READ_ONCE(pf->busy) != mount);
}

static void forget(struct p9front_mount *mount)
{
	struct p9front *pf = mount->pf;
	unsigned int i;

	for (i = 0; i < pf->max_rings; i++)
		while (p9front_ring_forget(&pf->rings[i], mount))
			usleep_range(10, 100);
	p9front_held_fail(mount);
	p9front_fids_drop(&pf->table, mount->id);
}

/**
 * p9front_each_mount() - do something for each mount
 * @pf: the share
 * @act: what; the mount stays meanwhile
 *
 * One that is dead keeps no requests, and may be about to go.
 *
 * Context: process. Only one at a time: the lane, or what it waits for.
 */
void p9front_each_mount(struct p9front *pf,
			void (*act)(struct p9front_mount *mount))
{
	struct p9front_mount *mount, *found;
	unsigned int id;

	for (id = 0; id < P9FRONT_MAX_MOUNTS; id++) {
		found = NULL;
		spin_lock_irq(&pf->lock);
		list_for_each_entry(mount, &pf->mounts, link)
			if (mount->id == id && !mount->dead)
				found = mount;
		pf->busy = found;
		spin_unlock_irq(&pf->lock);
		if (!found)
			continue;
		act(found);
		spin_lock_irq(&pf->lock);
		pf->busy = NULL;
		spin_unlock_irq(&pf->lock);
		wake_up_all(&pf->wait);
	}
}

/**
 * p9front_close() - p9_trans_module::close
 * @client: the client, of which nobody is left
 *
 * With the last mount the session is over; the next one's Tversion then makes
 * the backend forget whatever fids were left.
 */
void p9front_close(struct p9_client *client)
{
	struct p9front_mount *mount = client->trans;
	struct p9front *pf;

	if (!mount)
		return;
	pf = mount->pf;
	die(mount);
	forget(mount);
	client->trans = NULL;
	client->status = Disconnected;

	spin_lock_irq(&pf->lock);
	list_del(&mount->link);
	if (!--pf->nr_mounts && pf->session == P9FRONT_SESSION)
		pf->session = P9FRONT_NO_SESSION;
	/* It was killed, and nobody hears the answer. */
	if (pf->session == P9FRONT_ASKING && pf->asker == mount)
		pf->session = P9FRONT_NO_SESSION;
	spin_unlock_irq(&pf->lock);
	wake_up_all(&pf->wait);
	kfree(mount);
	/* The toolstack may be waiting for the last one. */
	xpv_device_kick(pf->dev);
	p9front_put(pf);
}
