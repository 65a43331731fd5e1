// SPDX-License-Identifier: GPL-2.0
/*
 * Which queue the backend chooses for what it sends: by the Toeplitz hash, a
 * key and a table of ours, if ethtool has set any; by its own means if not.
 */
#include <linux/ethtool.h>
#include <linux/random.h>
#include <linux/string.h>
#include "netfront.h"

/**
 * netfront_rss_init() - as ethtool finds it first
 * @nf: the device
 */
void netfront_rss_init(struct netfront *nf)
{
	struct netfront_rss *rss = &nf->rss;

	spin_lock_init(&rss->lock);
	netdev_rss_key_fill(rss->set.key, sizeof(rss->set.key));
	netfront_rss_spread(nf, nf->max_queues);
}

/**
 * netfront_rss_spread() - share the table evenly, unless users have set it
 * @nf: the device
 * @queues: between so many
 */
void netfront_rss_spread(struct netfront *nf, unsigned int queues)
{
	unsigned int i;

	spin_lock(&nf->rss.lock);
	for (i = 0; i < NETFRONT_RSS_TABLE && !nf->rss.set.on; i++)
		nf->rss.set.table[i] = ethtool_rxfh_indir_default(i, queues);
	spin_unlock(&nf->rss.lock);
}

static int call(struct netfront *nf, u16 type, u32 first, u32 second)
{
	u32 args[3] = { first, second };

	return netfront_ctrl_call(nf, type, args, NULL);
}

/* Have the backend copy something of ours; it is in the page until it did. */
static int call_with(struct netfront *nf, u16 type, const void *what,
		     size_t len, u32 count)
{
	memcpy(nf->ctrl.list.mem, what, len);
	return call(nf, type, nf->ctrl.list.refs[0], count);
}

static int hash_on(struct netfront *nf, const struct netfront_rss_set *set)
{
	u32 none[3] = {}, types;
	int err;

	err = call(nf, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM,
		   XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0);
	if (!err)
		err = netfront_ctrl_call(nf, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS,
					 none, &types);
	if (!err)
		err = call(nf, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE,
			   NETFRONT_RSS_TABLE, 0);
	if (!err)
		err = call_with(nf, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING,
				set->table, sizeof(set->table),
				NETFRONT_RSS_TABLE);
	if (!err)
		err = call_with(nf, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, set->key,
				sizeof(set->key), sizeof(set->key));
	if (!err)
		err = call(nf, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, types, 0);
	return err;
}

/* A table made for more queues than there are now would name some that are not. */
static void fit(struct netfront_rss_set *set, unsigned int queues)
{
	unsigned int i;

	for (i = 0; i < NETFRONT_RSS_TABLE; i++)
		set->table[i] %= queues;
}

/**
 * netfront_rss_apply() - have the backend do what ethtool has set
 * @nf: the device
 *
 * Context: the control work; sleeps.
 */
void netfront_rss_apply(struct netfront *nf)
{
	struct netfront_rss *rss = &nf->rss;
	struct netfront_rss_set set;
	bool changed;
	int err;

	spin_lock(&rss->lock);
	changed = rss->changed;
	rss->changed = false;
	set = rss->set;
	spin_unlock(&rss->lock);
	if (!changed)
		return;
	if (set.on) {
		fit(&set, nf->nr_queues);
		err = hash_on(nf, &set);
	} else {
		err = call(nf, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM,
			   XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, 0);
	}
	if (err && err != -ECANCELED)
		xpv_warn(nf->dev, "backend does not hash as it is asked to (error %d)\n",
			 err);
}
