// SPDX-License-Identifier: GPL-2.0
/* How many packets come in on an interface whose sums are still to be made. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "packet.h"

void count_sums(const char *interface, const char *seconds)
{
	static struct packet packet;
	struct pollfd ready = { .fd = packet_open(interface), .events = POLLIN };
	long long end = now_ms() + 1000 * atoi(seconds);
	unsigned int all = 0, blank = 0, segments = 0;

	fcntl(ready.fd, F_SETFL, O_NONBLOCK);
	printf("counting\n");
	while (now_ms() < end) {
		poll(&ready, 1, 100);
		while (packet_receive(ready.fd, &packet) > 0) {
			all++;
			if (!(packet.head.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
				continue;
			if (packet.head.gso_type)
				segments++;
			else
				blank++;
		}
	}
	printf("packets %u blank %u segments %u\n", all, blank, segments);
}
