// SPDX-License-Identifier: GPL-2.0
/*
 * In dom0: sends every frame that comes for it back to where it came from, with
 * the sums and segments still to be made that were to be made of it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

static int open_interface(const char *interface)
{
	struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(interface),
	};
	int sock = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), on = 1;

	if (!here.sll_ifindex || bind(sock, (struct sockaddr *)&here, sizeof(here)) ||
	    setsockopt(sock, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)))
		give_up("%s: %s", interface, strerror(errno));
	return sock;
}

/* To whom it came from, or to whom it says. */
static void turn(__u8 *data)
{
	__u8 *to = data, *from = data + MAC_BYTES, *payload = data + ETH_HLEN;

	memcpy(to, data[12] == 0x88 && data[13] == 0xb5 ? payload : from, MAC_BYTES);
	memcpy(from, mirror_mac, MAC_BYTES);
}

void mirror(const char *interface)
{
	static struct {
		struct virtio_net_hdr head;
		__u8 data[FRAME_MAX + ETH_HLEN];
	} __attribute__((packed)) packet;
	int sock = open_interface(interface);
	struct sockaddr_ll from;
	socklen_t size;
	ssize_t len;

	for (;;) {
		size = sizeof(from);
		len = recvfrom(sock, &packet, sizeof(packet), 0, (struct sockaddr *)&from, &size);
		if (len < (ssize_t)sizeof(packet.head) + ETH_HLEN + MAC_BYTES ||
		    from.sll_pkttype == PACKET_OUTGOING ||
		    memcmp(packet.data, mirror_mac, MAC_BYTES))
			continue;
		turn(packet.data);
		if (send(sock, &packet, len, 0) != len)
			note("a frame of %zd bytes cannot be sent: %s", len, strerror(errno));
	}
}
