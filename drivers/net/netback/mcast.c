// SPDX-License-Identifier: GPL-2.0
/*
 * The multicast filter: addresses that a frontend wants to hear of, while it
 * has asked to be spared the others.
 */
#include <linux/etherdevice.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "netback.h"

static struct netback_mcast *find(struct netback *vif, const u8 *addr)
{
	struct netback_mcast *mcast;

	list_for_each_entry_rcu(mcast, &vif->mcast, link,
				lockdep_is_held(&vif->mcast_lock))
		if (ether_addr_equal(mcast->addr, addr))
			return mcast;
	return NULL;
}

/**
 * mcast_add() - let an address through
 * @vif: the device
 * @addr: the address; untrusted
 *
 * Context: softirq.
 * Return: 0; -ENOSPC if there are enough; -ENOMEM.
 */
int mcast_add(struct netback *vif, const u8 *addr)
{
	struct netback_mcast *mcast;
	int err = 0;

	spin_lock_bh(&vif->mcast_lock);
	if (find(vif, addr))
		goto unlock;
	err = -ENOSPC;
	if (vif->nr_mcast == NETBACK_MCAST_MAX)
		goto unlock;
	err = -ENOMEM;
	mcast = kmalloc(sizeof(*mcast), GFP_ATOMIC);
	if (!mcast)
		goto unlock;
	memcpy(mcast->addr, addr, ETH_ALEN);
	list_add_tail_rcu(&mcast->link, &vif->mcast);
	vif->nr_mcast++;
	err = 0;
unlock:
	spin_unlock_bh(&vif->mcast_lock);
	return err;
}

static void forget(struct netback *vif, struct netback_mcast *mcast)
{
	list_del_rcu(&mcast->link);
	vif->nr_mcast--;
	kfree_rcu(mcast, rcu);
}

/**
 * mcast_del() - no longer let an address through
 * @vif: the device
 * @addr: the address; untrusted
 *
 * Context: softirq.
 */
void mcast_del(struct netback *vif, const u8 *addr)
{
	struct netback_mcast *mcast;

	spin_lock_bh(&vif->mcast_lock);
	mcast = find(vif, addr);
	if (mcast)
		forget(vif, mcast);
	spin_unlock_bh(&vif->mcast_lock);
}

/**
 * mcast_clear() - forget all addresses
 * @vif: the device
 *
 * Context: the lane.
 */
void mcast_clear(struct netback *vif)
{
	struct netback_mcast *mcast, *next;

	spin_lock_bh(&vif->mcast_lock);
	list_for_each_entry_safe(mcast, next, &vif->mcast, link)
		forget(vif, mcast);
	spin_unlock_bh(&vif->mcast_lock);
}

/**
 * mcast_passes() - whether the frontend wants to hear of an address
 * @vif: the device
 * @addr: a multicast address
 *
 * Context: any.
 */
bool mcast_passes(struct netback *vif, const u8 *addr)
{
	bool passes;

	rcu_read_lock();
	passes = find(vif, addr);
	rcu_read_unlock();
	return passes;
}
