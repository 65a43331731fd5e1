/* SPDX-License-Identifier: GPL-2.0 */
/* Packets of an interface of dom0, with what is still to be done to them. */
#ifndef PACKET_H
#define PACKET_H

#include <linux/virtio_net.h>
#include <sys/types.h>

#include "net.h"

struct packet {
	struct virtio_net_hdr head;
	__u8 data[FRAME_MAX + 64];
} __attribute__((packed));

/* packet.c */
int packet_open(const char *interface);
ssize_t packet_receive(int sock, struct packet *packet);
void packet_send(int sock, const struct packet *packet, size_t len);
void packet_wants_sum(struct packet *packet);

#endif
