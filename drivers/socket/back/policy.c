// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest may do, in whose network, and how much of it. The store says:
 * no guest can write there.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pvback.h"

#define NAMESPACES	"/run/netns/"

/* So many of the largest rings have to fit in what a guest may have mapped. */
#define LARGEST_RINGS	64

/* The keys' texts. */
struct policy_keys {
	char allow_connect[POLICY_TEXT];
	char deny_connect[POLICY_TEXT];
	char allow_bind[POLICY_TEXT];
	char deny_bind[POLICY_TEXT];
	char netns[128];
	unsigned int sockets;
	unsigned int memory;
};

static const struct xpv_key policy_key_table[] = {
	XPV_MAY_TEXT(policy_keys, allow_connect, "allow-connect"),
	XPV_MAY_TEXT(policy_keys, deny_connect, "deny-connect"),
	XPV_MAY_TEXT(policy_keys, allow_bind, "allow-bind"),
	XPV_MAY_TEXT(policy_keys, deny_bind, "deny-bind"),
	XPV_MAY_TEXT(policy_keys, netns, "netns"),
	XPV_MAY_UINT(policy_keys, sockets, "max-sockets", 0, U32_MAX, 0),
	XPV_MAY_UINT(policy_keys, memory, "max-memory", 0, 1 << 20, 0),
};

static int read_list(struct pvback *be, const char *key, const char *text,
		     struct policy_list *list)
{
	int err = policy_parse_list(text, list);

	if (!err)
		return 0;
	return xpv_device_fail(be->xdev, err, "%s: \"%s\" %s", key, text,
			       err == -E2BIG ? "has too many rules" :
			       "is no list of ADDRESS[/BITS][:PORT[-PORT]]");
}

static int read_lists(struct pvback *be, const struct policy_keys *keys)
{
	struct policy *policy = &be->policy;
	int err;

	err = read_list(be, "allow-connect", keys->allow_connect,
			&policy->allow_connect);
	if (!err)
		err = read_list(be, "deny-connect", keys->deny_connect,
				&policy->deny_connect);
	if (!err)
		err = read_list(be, "allow-bind", keys->allow_bind,
				&policy->allow_bind);
	if (!err)
		err = read_list(be, "deny-bind", keys->deny_bind,
				&policy->deny_bind);
	return err;
}

static unsigned int lower(unsigned int limit, unsigned int max)
{
	return limit ? min(limit, max) : max;
}

static unsigned int pages_of(unsigned int megabytes)
{
	return lower(megabytes << (20 - PAGE_SHIFT),
		     READ_ONCE(pvback_max_pages));
}

static void read_limits(struct pvback *be, const struct policy_keys *keys)
{
	be->limits.sockets = lower(keys->sockets,
				   READ_ONCE(pvback_max_sockets));
	be->limits.pages = pages_of(keys->memory);
	be->limits.kept = READ_ONCE(pvback_max_kept);
}

/* What is read before the guest connects. */
struct memory_key {
	unsigned int memory;
};

static const struct xpv_key memory_key_table[] = {
	XPV_MAY_UINT(memory_key, memory, "max-memory", 0, 1 << 20, 0),
};

/**
 * pvb_policy_order() - the largest data ring to offer the guest
 * @be: the device
 *
 * One that may have little memory would have few connections with large rings.
 *
 * Context: the lane; sleeps.
 * Return: pages as a power of two, or an error, already reported.
 */
int pvb_policy_order(struct pvback *be)
{
	unsigned int order = pvback_max_order, pages;
	struct memory_key key;
	int err;

	err = xpv_store_read(be->xdev, XPV_OWN, memory_key_table,
			     ARRAY_SIZE(memory_key_table), &key);
	if (err)
		return err;
	pages = pages_of(key.memory);
	while (order > PVBACK_MIN_ORDER &&
	       LARGEST_RINGS * ((1U << order) + 1) > pages)
		order--;
	return order;
}

/* The network namespace that a file stands for, as "ip netns" makes them. */
static struct net *net_of(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct ns_common *ns;

	if (inode->i_sb->s_magic != NSFS_MAGIC)
		return ERR_PTR(-EINVAL);
	ns = get_proc_ns(inode);
	if (ns->ops->type != CLONE_NEWNET)
		return ERR_PTR(-EINVAL);
	return get_net(container_of(ns, struct net, ns));
}

static struct net *open_net(const char *name)
{
	char path[sizeof(NAMESPACES) + sizeof_field(struct policy_keys, netns)];
	struct file *file;
	struct net *net;

	if (!*name)
		return get_net(&init_net);
	if (strchr(name, '/'))
		return ERR_PTR(-EINVAL);
	snprintf(path, sizeof(path), NAMESPACES "%s", name);
	file = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(file))
		return ERR_CAST(file);
	net = net_of(file);
	fput(file);
	return net;
}

static int enter_net(struct pvback *be, const char *name)
{
	struct net *net = open_net(name);
	int err = PTR_ERR(net);

	if (IS_ERR(net))
		return xpv_device_fail(be->xdev, err == -EAGAIN ? -EIO : err,
				       "netns: \"%s\" is no network namespace in "
				       NAMESPACES, name);
	be->net = net;
	return 0;
}

/**
 * pvb_policy_open() - find out what the guest may do
 * @be: the device, not connected
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int pvb_policy_open(struct pvback *be)
{
	struct policy_keys *keys = kzalloc(sizeof(*keys), GFP_KERNEL);
	int err;

	if (!keys)
		return -ENOMEM;
	err = xpv_store_read(be->xdev, XPV_OWN, policy_key_table,
			     ARRAY_SIZE(policy_key_table), keys);
	if (!err)
		err = read_lists(be, keys);
	if (!err) {
		read_limits(be, keys);
		err = enter_net(be, keys->netns);
	}
	kfree(keys);
	return err;
}

/**
 * pvb_policy_close() - leave the network
 * @be: the device, without sockets; nothing happens if it is in none
 */
void pvb_policy_close(struct pvback *be)
{
	if (be->net)
		put_net(be->net);
	be->net = NULL;
}

static bool refuse(struct pvback *be, const char *what,
		   const struct policy_addr *addr)
{
	atomic_long_inc(&be->refusals);
	if (__ratelimit(&be->refused))
		xpv_warn(be->xdev, "policy: the guest may not %s [%pI6c]:%u\n",
			 what, addr->ip, addr->port);
	return false;
}

/**
 * pvb_may_connect() - whether the guest may connect somewhere
 * @be: the device
 * @to: where
 * @from: what the socket is bound to
 *
 * Tells the administrator if not.
 */
bool pvb_may_connect(struct pvback *be, const struct call_addr *to,
		     const struct call_addr *from)
{
	return policy_may_connect(&be->policy, &to->at, from->at.ip) ||
	       refuse(be, "connect to", &to->at);
}

/* All addresses of IPv6 are those of IPv4 too, unless it was said otherwise. */
static bool both_kinds(const struct call_addr *addr, bool v6only)
{
	static const u8 none[16];

	return addr->family == CALL_INET6 && !v6only &&
	       !memcmp(addr->at.ip, none, sizeof(none));
}

/**
 * pvb_may_bind() - whether the guest may bind an address
 * @be: the device
 * @addr: which
 * @v6only: one of IPv6 is no more than that
 *
 * Tells the administrator if not.
 */
bool pvb_may_bind(struct pvback *be, const struct call_addr *addr, bool v6only)
{
	struct policy_addr also = {
		.ip = { [10] = 0xff, [11] = 0xff },
		.port = addr->at.port,
	};

	if (policy_may_bind(&be->policy, &addr->at) &&
	    (!both_kinds(addr, v6only) || policy_may_bind(&be->policy, &also)))
		return true;
	return refuse(be, "bind", &addr->at);
}
