// SPDX-License-Identifier: GPL-2.0
/* An interface of dom0, by a packet socket that keeps segments and sums as they are. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "packet.h"

int packet_open(const char *interface)
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

/* Return: the length of a packet that came in; 0 or less if none did. */
ssize_t packet_receive(int sock, struct packet *packet)
{
	struct sockaddr_ll from;
	socklen_t size;
	ssize_t len;

	do {
		size = sizeof(from);
		len = recvfrom(sock, packet, sizeof(*packet), 0, (struct sockaddr *)&from, &size);
	} while (len > 0 && from.sll_pkttype == PACKET_OUTGOING);
	return len - (ssize_t)sizeof(packet->head);
}

void packet_send(int sock, const struct packet *packet, size_t len)
{
	if (send(sock, packet, sizeof(packet->head) + len, 0) < 0)
		note("%zu bytes cannot be sent: %s", len, strerror(errno));
}

/* The sum of a TCP or UDP packet is still to be made. */
void packet_wants_sum(struct packet *packet)
{
	const __u8 *ip = packet->data + ETH_HLEN;
	bool v6 = packet->data[12] == 0x86;

	packet->head.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	packet->head.csum_start = ETH_HLEN + (v6 ? 40 : (ip[0] & 15) * 4);
	packet->head.csum_offset = ip[v6 ? 6 : 9] == IPPROTO_UDP ? 6 : 16;
}
