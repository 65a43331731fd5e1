/* SPDX-License-Identifier: GPL-2.0 */
/* Network devices: the newest kernel's interface on older ones. */
#ifndef COMPAT_NET_H
#define COMPAT_NET_H

#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <net/xdp.h>
#include <compat/compat.h>
#ifdef HAVE_NET_GSO_H
#include <net/gso.h>
#endif

/**
 * COMPAT_RXFH() - make functions fit for the hash operations of ethtool
 * @_get: int _get(struct net_device *dev, u32 *indir, u8 *key, u8 *hfunc)
 * @_set: int _set(struct net_device *dev, const u32 *indir, const u8 *key,
 *	u8 hfunc)
 *
 * Stands at file level after both functions. The operations then say
 * .get_rxfh = COMPAT_RXFH_FN(_get), .set_rxfh = COMPAT_RXFH_FN(_set). Additional
 * contexts and other transformations of what is hashed are refused.
 */
#ifdef HAVE_ETHTOOL_RXFH_PARAM
#define COMPAT_RXFH(_get, _set)						\
static int _get##_compat(struct net_device *dev,			\
			 struct ethtool_rxfh_param *param)		\
{									\
	return _get(dev, param->indir, param->key, &param->hfunc);	\
}									\
static int _set##_compat(struct net_device *dev,			\
			 struct ethtool_rxfh_param *param,		\
			 struct netlink_ext_ack *extack)		\
{									\
	if (param->rss_context ||					\
	    (param->input_xfrm &&					\
	     param->input_xfrm != RXH_XFRM_NO_CHANGE))			\
		return -EOPNOTSUPP;					\
	return _set(dev, param->indir, param->key, param->hfunc);	\
}									\
static_assert(true)
#else
#define COMPAT_RXFH(_get, _set)						\
static int _get##_compat(struct net_device *dev, u32 *indir, u8 *key,	\
			 u8 *hfunc)					\
{									\
	return _get(dev, indir, key, hfunc);				\
}									\
static int _set##_compat(struct net_device *dev, const u32 *indir,	\
			 const u8 *key, const u8 hfunc)			\
{									\
	return _set(dev, indir, key, hfunc);				\
}									\
static_assert(true)
#endif
#define COMPAT_RXFH_FN(fn)	fn##_compat

/**
 * compat_xdp_features() - say that a device runs programs on what it receives,
 *	redirects from there, and sends what is redirected to it
 * @dev: the device
 */
static inline void compat_xdp_features(struct net_device *dev)
{
#ifdef HAVE_XDP_FEATURES
	xdp_set_features_flag(dev, NETDEV_XDP_ACT_BASIC |
				   NETDEV_XDP_ACT_REDIRECT |
				   NETDEV_XDP_ACT_NDO_XMIT);
#endif
}

#endif /* COMPAT_NET_H */
