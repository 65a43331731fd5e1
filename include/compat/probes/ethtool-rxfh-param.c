// SPDX-License-Identifier: GPL-2.0
/* A device's hash and its table are passed as a structure. */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

int probe_get(struct net_device *dev, struct ethtool_rxfh_param *param);
int probe_get(struct net_device *dev, struct ethtool_rxfh_param *param)
{
	const struct ethtool_ops ops = { .get_rxfh = probe_get };

	param->hfunc = ETH_RSS_HASH_TOP;
	return ops.get_rxfh && param->indir && param->key;
}

int probe_set(struct net_device *dev, struct ethtool_rxfh_param *param,
	      struct netlink_ext_ack *extack);
int probe_set(struct net_device *dev, struct ethtool_rxfh_param *param,
	      struct netlink_ext_ack *extack)
{
	const struct ethtool_ops ops = { .set_rxfh = probe_set };

	return ops.set_rxfh && param->hfunc == ETH_RSS_HASH_NO_CHANGE;
}
