// SPDX-License-Identifier: GPL-2.0
/*
 * Frames of 64 bytes, straight to the driver. pktgen's processor spins when the
 * queue is full: what is counted would then be how long it was. Here a process
 * sleeps until some of the frames that it has on their way, DEPTH at most, have
 * left. The address is nobody's, so the other end's IP drops them, first of all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netbench.h"

#define LENGTH		60	/* and 4 of checksum */
#define HEADERS		(sizeof(struct ether_header) + sizeof(struct iphdr) + sizeof(struct udphdr))
#define CHARGED		768	/* what a socket is charged for such a frame */
#define BATCH		16
#define FLOWS		16	/* frames of more than one, so that they spread over queues */
#define FULL_US		1000
#define DRAIN_TRIES	2000

struct frame {
	struct ether_header ether;
	struct iphdr ip;
	struct udphdr udp;
	char data[LENGTH - HEADERS];
} __attribute__((packed));

struct batch {
	struct frame frames[BATCH];
	struct iovec pieces[BATCH];
	struct mmsghdr messages[BATCH];
	struct sockaddr_ll to;
};

static uint16_t sum(const struct iphdr *ip)
{
	const uint16_t *word = (const uint16_t *)ip;
	uint32_t total = 0;
	unsigned int i;

	for (i = 0; i < sizeof(*ip) / sizeof(*word); i++)
		total += word[i];
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total;
}

static void fill(struct frame *frame, unsigned int flow)
{
	static const uint8_t nobody[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x99 };
	static const uint8_t somebody[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x98 };
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
		.tot_len = htons(LENGTH - sizeof(frame->ether)),
		.saddr = inet_addr("10.77.9.8"), .daddr = inet_addr("10.77.9.9"),
	};

	memcpy(frame->ether.ether_dhost, nobody, ETH_ALEN);
	memcpy(frame->ether.ether_shost, somebody, ETH_ALEN);
	frame->ether.ether_type = htons(ETHERTYPE_IP);
	ip.check = sum(&ip);
	frame->ip = ip;
	frame->udp.source = htons(1024 + flow);
	frame->udp.dest = htons(9);
	frame->udp.len = htons(sizeof(frame->udp) + sizeof(frame->data));
}

static void prepare(struct batch *batch, const char *interface)
{
	unsigned int i;

	batch->to = (struct sockaddr_ll) {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex(interface), .sll_halen = ETH_ALEN,
	};
	for (i = 0; i < BATCH; i++) {
		fill(&batch->frames[i], i % FLOWS);
		batch->pieces[i] = (struct iovec) { &batch->frames[i], LENGTH };
		batch->messages[i].msg_hdr = (struct msghdr) {
			.msg_name = &batch->to, .msg_namelen = sizeof(batch->to),
			.msg_iov = &batch->pieces[i], .msg_iovlen = 1,
		};
	}
}

/* Bound to no protocol, it receives nothing. */
static int open_socket(unsigned int depth)
{
	int sock = socket(AF_PACKET, SOCK_RAW, 0), on = 1;
	int room = depth * CHARGED / 2;		/* the kernel takes it twice */

	if (sock < 0)
		give_up("packet socket: %s", strerror(errno));
	if (setsockopt(sock, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
	    setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)))
		give_up("packet socket: %s", strerror(errno));
	return sock;
}

/* A driver that is done with a frame at once is held back by its full queue alone. */
static unsigned int send_some(int sock, struct batch *batch, uint64_t left)
{
	int done = sendmmsg(sock, batch->messages, left < BATCH ? left : BATCH, 0);

	if (done > 0)
		return done;
	if (errno != ENOBUFS && errno != EAGAIN)
		give_up("send: %s", strerror(errno));
	usleep(FULL_US);
	return 0;
}

static void drain(int sock)
{
	int left = 1, i;

	for (i = 0; left && i < DRAIN_TRIES; i++) {
		if (ioctl(sock, SIOCOUTQ, &left))
			return;
		if (left)
			usleep(FULL_US);
	}
}

void frames_go(const char *interface, unsigned int depth, const struct amount *amount)
{
	static struct batch batch;
	int sock = open_socket(depth);
	uint64_t start, sent;

	prepare(&batch, interface);
	if (!batch.to.sll_ifindex)
		give_up("no interface %s", interface);
	start = now_ns();
	for (sent = 0; !is_done(amount, sent, start);)
		sent += send_some(sock, &batch, amount->count ? amount->count - sent : BATCH);
	drain(sock);
	tell_speed(sent, start);
}
