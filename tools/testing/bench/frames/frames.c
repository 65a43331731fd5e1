// SPDX-License-Identifier: GPL-2.0
/*
 * Frames of 64 bytes, straight to a driver, by whoever loads this module; when
 * it is loaded they are sent. It is what pktgen does, but pktgen's processor
 * spins while a queue is full: what is counted then is how long that was. This
 * one sleeps. The address is nobody's, so that the other end's IP drops them,
 * first of all.
 *
 *	insmod xpv-frames.ko dev=eth0 count=10000 [queues=2]; rmmod xpv-frames
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/udp.h>
#include <net/ip.h>

#define LENGTH	60	/* and 4 of checksum */
#define BATCH	16U

/* After so long there is room for more than one. */
#define FULL_US	1000

static char *dev;
module_param(dev, charp, 0);
MODULE_PARM_DESC(dev, "Interface");

static unsigned int count;
module_param(count, uint, 0);
MODULE_PARM_DESC(count, "How many");

static unsigned int queues = 1;
module_param(queues, uint, 0);
MODULE_PARM_DESC(queues, "To how many of its queues, in turns");

struct frame {
	struct ethhdr ether;
	struct iphdr ip;
	struct udphdr udp;
	u8 data[LENGTH - sizeof(struct ethhdr) - sizeof(struct iphdr) -
		sizeof(struct udphdr)];
} __packed;

static void fill(struct frame *frame)
{
	static const u8 nobody[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x99 };
	static const u8 somebody[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x98 };
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
		.tot_len = htons(LENGTH - sizeof(frame->ether)),
		.saddr = htonl(0x0a4d0908), .daddr = htonl(0x0a4d0909),
	};

	memset(frame, 0, sizeof(*frame));
	ether_addr_copy(frame->ether.h_dest, nobody);
	ether_addr_copy(frame->ether.h_source, somebody);
	frame->ether.h_proto = htons(ETH_P_IP);
	ip.check = ip_fast_csum(&ip, ip.ihl);
	frame->ip = ip;
	frame->udp.source = htons(1024);
	frame->udp.dest = htons(9);
	frame->udp.len = htons(LENGTH - sizeof(frame->ether) - sizeof(ip));
}

static struct sk_buff *make(struct net_device *netdev, unsigned int q,
			    const struct frame *frame)
{
	struct sk_buff *skb = alloc_skb(LL_RESERVED_SPACE(netdev) + LENGTH,
					GFP_ATOMIC);

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_RESERVED_SPACE(netdev));
	skb_put_data(skb, frame, LENGTH);
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, sizeof(frame->ether));
	skb_set_transport_header(skb, sizeof(frame->ether) + sizeof(frame->ip));
	skb->protocol = htons(ETH_P_IP);
	skb->dev = netdev;
	skb_set_queue_mapping(skb, q);
	return skb;
}

/* Return: how many the driver took, of @most at most. */
static unsigned int send_some(struct net_device *netdev, unsigned int q,
			      const struct frame *frame, unsigned int most)
{
	struct netdev_queue *txq = netdev_get_tx_queue(netdev, q);
	unsigned int sent = 0;
	struct sk_buff *skb;

	__netif_tx_lock_bh(txq);
	while (sent < most && !netif_xmit_frozen_or_drv_stopped(txq)) {
		skb = make(netdev, q, frame);
		if (!skb)
			break;
		if (!dev_xmit_complete(netdev_start_xmit(skb, netdev, txq,
							 sent + 1 < most))) {
			kfree_skb(skb);
			break;
		}
		sent++;
	}
	__netif_tx_unlock_bh(txq);
	return sent;
}

/* Return: how many all queues together took. */
static unsigned int send_to_all(struct net_device *netdev,
				const struct frame *frame)
{
	unsigned int nr = min(queues, netdev->real_num_tx_queues);
	unsigned int q, sent = 0;

	for (q = 0; q < nr; q++)
		sent += send_some(netdev, q, frame, min(count - sent, BATCH));
	return sent;
}

static int __init frames_init(void)
{
	struct net_device *netdev;
	struct frame frame;
	unsigned int some;

	netdev = dev_get_by_name(current->nsproxy->net_ns, dev ?: "");
	if (!netdev)
		return -ENODEV;
	fill(&frame);
	while (count && netif_running(netdev) && !signal_pending(current)) {
		some = send_to_all(netdev, &frame);
		count -= some;
		if (!some)
			usleep_range(FULL_US, 2 * FULL_US);
		cond_resched();
	}
	dev_put(netdev);
	return count ? -EINTR : 0;
}

static void __exit frames_exit(void)
{
}

module_init(frames_init);
module_exit(frames_exit);
MODULE_DESCRIPTION("Frames of 64 bytes, to measure network drivers with");
MODULE_LICENSE("GPL");
