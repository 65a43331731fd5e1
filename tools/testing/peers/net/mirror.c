// SPDX-License-Identifier: GPL-2.0
/*
 * In dom0: sends every frame that comes for it back to where it came from, with
 * the sums and segments still to be made that were to be made of it.
 */
#include <string.h>

#include "packet.h"

#define ETHER_BYTES 14

/* To whom it came from, or to whom it says. */
static void turn(__u8 *data)
{
	__u8 *to = data, *from = data + MAC_BYTES, *payload = data + ETHER_BYTES;

	memcpy(to, data[12] == 0x88 && data[13] == 0xb5 ? payload : from, MAC_BYTES);
	memcpy(from, mirror_mac, MAC_BYTES);
}

void mirror(const char *interface)
{
	static struct packet packet;
	int sock = packet_open(interface);
	ssize_t len;

	for (;;) {
		len = packet_receive(sock, &packet);
		if (len < ETHER_BYTES + MAC_BYTES || memcmp(packet.data, mirror_mac, MAC_BYTES))
			continue;
		turn(packet.data);
		packet_send(sock, &packet, len);
	}
}
