// SPDX-License-Identifier: GPL-2.0
/* So many large packets a second, to a group, from where nobody is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packet.h"

#define BYTES 1514
#define TICK_MS 10

void stream(const char *interface, const char *seconds, const char *rate)
{
	static const __u8 head[] = { 0x01, 0x00, 0x5e, 0x77, 0x77, 0x77, 0x00, 0x16,
				     0x3e, 0x77, 0x00, 0x99, 0x88, 0xb5 };
	static struct packet packet;
	int sock = packet_open(interface);
	long long start = now_ms(), now, end = start + 1000 * atoi(seconds);
	unsigned long long sent = 0, per_second = atoi(rate);

	memcpy(packet.data, head, sizeof(head));
	while ((now = now_ms()) < end) {
		for (; sent * 1000 < per_second * (now - start); sent++)
			packet_send(sock, &packet, BYTES);
		usleep(TICK_MS * 1000);
	}
	printf("%llu packets\n", sent);
}
