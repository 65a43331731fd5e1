// SPDX-License-Identifier: GPL-2.0
/*
 * Which queue of the guest a packet goes to, as the guest wants it: a Toeplitz
 * hash of its addresses, and a table.
 *
 * The control worker makes a new description for each change, and frees the old
 * one when nobody looks at it any more. It waits for that: a guest that changes
 * its mind all the time would have as many waiting as it likes.
 */
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/flow_dissector.h>

#include "netback.h"

static struct netback_hash *current_hash(struct netback *vif)
{
	return rcu_dereference_protected(vif->hash, true);
}

/* A copy to change, which takes the present one's place by replace(). */
static struct netback_hash *copy_hash(struct netback *vif)
{
	const struct netback_hash *old = current_hash(vif);

	if (old)
		return kmemdup(old, sizeof(*old), GFP_KERNEL);
	return kzalloc(sizeof(*old), GFP_KERNEL);
}

static void replace(struct netback *vif, struct netback_hash *hash)
{
	struct netback_hash *old = current_hash(vif);

	rcu_assign_pointer(vif->hash, hash);
	if (!old)
		return;
	synchronize_rcu();
	kfree(old);
}

/**
 * hash_set_alg() - choose how to hash
 * @vif: the device
 * @alg: XEN_NETIF_CTRL_HASH_ALGORITHM_*; untrusted
 *
 * Context: the control worker; sleeps. So for the others.
 * Return: 0; -EINVAL or -ENOMEM.
 */
int hash_set_alg(struct netback *vif, u32 alg)
{
	struct netback_hash *hash;

	if (alg > XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		return -EINVAL;
	hash = copy_hash(vif);
	if (!hash)
		return -ENOMEM;
	hash->alg = alg;
	replace(vif, hash);
	return 0;
}

/**
 * hash_set_types() - choose what to hash
 * @vif: the device
 * @types: XEN_NETIF_CTRL_HASH_TYPE_* bits; untrusted
 *
 * Return: 0; -EINVAL, also if no algorithm is chosen; -ENOMEM.
 */
int hash_set_types(struct netback *vif, u32 types)
{
	struct netback_hash *hash = current_hash(vif);

	if (types & ~NETBACK_HASH_TYPES || !hash || !hash->alg)
		return -EINVAL;
	hash = copy_hash(vif);
	if (!hash)
		return -ENOMEM;
	hash->types = types;
	replace(vif, hash);
	return 0;
}

/**
 * hash_set_key() - set the key
 * @vif: the device
 * @key: its bytes
 * @len: how many, at most %NETIF_HASH_KEY; the rest is 0
 *
 * Return: 0 or -ENOMEM.
 */
int hash_set_key(struct netback *vif, const u8 *key, unsigned int len)
{
	struct netback_hash *hash = copy_hash(vif);

	if (!hash)
		return -ENOMEM;
	memset(hash->key, 0, sizeof(hash->key));
	memcpy(hash->key, key, len);
	netif_hash_prepare(&hash->table, hash->key);
	replace(vif, hash);
	return 0;
}

/**
 * hash_set_size() - set the size of the table of queues, and clear it
 * @vif: the device
 * @size: entries; untrusted. 0 for no table.
 *
 * Return: 0; -EINVAL or -ENOMEM.
 */
int hash_set_size(struct netback *vif, u32 size)
{
	struct netback_hash *hash;

	if (size > NETBACK_MAPPING_MAX)
		return -EINVAL;
	hash = copy_hash(vif);
	if (!hash)
		return -ENOMEM;
	hash->size = size;
	memset(hash->mapping, 0, sizeof(hash->mapping));
	replace(vif, hash);
	return 0;
}

/**
 * hash_set_mapping() - set a part of the table of queues
 * @vif: the device
 * @part: the entries, in private memory; untrusted
 * @offset: where it begins, in entries; untrusted
 * @nr: its entries
 *
 * Return: 0; -EINVAL or -ENOMEM.
 */
int hash_set_mapping(struct netback *vif, const u32 *part, u32 offset, u32 nr)
{
	struct netback_hash *hash = current_hash(vif);
	u32 i, size = hash ? hash->size : 0;

	if (!netif_ctrl_span(offset, nr, size, NETBACK_MAPPING_MAX))
		return -EINVAL;
	for (i = 0; i < nr; i++)
		if (part[i] >= vif->nr_queues)
			return -EINVAL;
	hash = copy_hash(vif);
	if (!hash)
		return -ENOMEM;
	memcpy(hash->mapping + offset, part, nr * sizeof(*part));
	replace(vif, hash);
	return 0;
}

/**
 * hash_clear() - forget what the frontend wanted
 * @vif: the device
 *
 * Context: the lane, without a control worker; sleeps.
 */
void hash_clear(struct netback *vif)
{
	replace(vif, NULL);
}

/* Return: whether it is of a protocol that can be hashed. */
static bool to_flow(const struct sk_buff *skb, const struct flow_keys *keys,
		    struct netif_flow *flow)
{
	BUILD_BUG_ON(sizeof(keys->addrs.v4addrs) != 8);
	BUILD_BUG_ON(sizeof(keys->addrs.v6addrs) != sizeof(flow->addrs));
	BUILD_BUG_ON(NETIF_HASH_IPV4 != _XEN_NETIF_CTRL_HASH_TYPE_IPV4);
	BUILD_BUG_ON(NETIF_HASH_IPV4_TCP != _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
	BUILD_BUG_ON(NETIF_HASH_IPV6 != _XEN_NETIF_CTRL_HASH_TYPE_IPV6);
	BUILD_BUG_ON(NETIF_HASH_IPV6_TCP != _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);

	flow->v6 = skb->protocol == htons(ETH_P_IPV6);
	if (!flow->v6 && skb->protocol != htons(ETH_P_IP))
		return false;
	flow->tcp = keys->basic.ip_proto == IPPROTO_TCP &&
		    !(keys->control.flags & FLOW_DIS_IS_FRAGMENT);
	/* Either has the source before the destination. */
	if (flow->v6)
		memcpy(flow->addrs, &keys->addrs.v6addrs, 32);
	else
		memcpy(flow->addrs, &keys->addrs.v4addrs, 8);
	memcpy(flow->ports, &keys->ports.src, 2);
	memcpy(flow->ports + 2, &keys->ports.dst, 2);
	return true;
}

static bool is_tcp(int type)
{
	return type == NETIF_HASH_IPV4_TCP || type == NETIF_HASH_IPV6_TCP;
}

/**
 * hash_skb() - give a packet the hash that the frontend wants, or none
 * @hash: how
 * @skb: the packet
 *
 * Context: RCU read side.
 */
void hash_skb(const struct netback_hash *hash, struct sk_buff *skb)
{
	struct flow_keys keys = { };
	struct netif_flow flow;
	int type = -1;
	u32 value;

	if (hash->types && skb_flow_dissect_flow_keys(skb, &keys, 0) &&
	    to_flow(skb, &keys, &flow))
		type = netif_hash_flow(&hash->table, hash->types, &flow, &value);
	if (type < 0)
		skb_clear_hash(skb);
	else
		__skb_set_sw_hash(skb, value, is_tcp(type));
}

/**
 * hash_type() - what the hash of a packet is of
 * @skb: the packet, after hash_skb()
 *
 * Return: _XEN_NETIF_CTRL_HASH_TYPE_*, or -1 if it has none.
 */
int hash_type(const struct sk_buff *skb)
{
	if (!skb->sw_hash)
		return -1;
	if (skb->protocol == htons(ETH_P_IP))
		return skb->l4_hash ? _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP :
				      _XEN_NETIF_CTRL_HASH_TYPE_IPV4;
	return skb->l4_hash ? _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP :
			      _XEN_NETIF_CTRL_HASH_TYPE_IPV6;
}

/**
 * hash_queue() - the queue for a packet
 * @hash: how the frontend wants it
 * @skb: the packet, which gets its hash
 * @queues: how many there are
 *
 * Context: RCU read side.
 */
u16 hash_queue(const struct netback_hash *hash, struct sk_buff *skb,
	       unsigned int queues)
{
	u32 value;

	hash_skb(hash, skb);
	value = skb_get_hash_raw(skb);
	if (!hash->size)
		return value % queues;
	return hash->mapping[value % hash->size] % queues;
}

/**
 * hash_show() - append lines about it to debugfs
 * @vif: the device
 * @to: where
 */
void hash_show(struct netback *vif, struct seq_file *to)
{
	const struct netback_hash *hash;
	u32 i;

	rcu_read_lock();
	hash = rcu_dereference(vif->hash);
	if (!hash || !hash->alg) {
		seq_puts(to, "Hash Algorithm: NONE\n");
		goto unlock;
	}
	seq_puts(to, "Hash Algorithm: TOEPLITZ\n");
	seq_printf(to, "\nHash Flags: %#x\n", hash->types);
	seq_printf(to, "\nHash Key: %*ph\n", NETIF_HASH_KEY, hash->key);
	if (hash->size)
		seq_puts(to, "\nHash Mapping:");
	for (i = 0; i < hash->size; i++)
		seq_printf(to, "%s%u", i % 16 ? " " : "\n", hash->mapping[i]);
	seq_putc(to, '\n');
unlock:
	rcu_read_unlock();
}
