// SPDX-License-Identifier: GPL-2.0
/* Frames whose bytes are known, and what comes of them in the mirror. */
#include <string.h>

#include "net.h"

const __u8 mirror_mac[MAC_BYTES] = { 0x02, 0x78, 0x70, 0x76, 0x00, 0x01 };

#define ETHER_BYTES 14
#define UDP_HEADERS (ETHER_BYTES + 20 + 8)
#define PORT_SRC 1000
#define PORT_DST 2000

static void put16(__u8 *to, unsigned int value)
{
	to[0] = value >> 8;
	to[1] = value;
}

static unsigned int get16(const __u8 *from)
{
	return from[0] << 8 | from[1];
}

static __u32 add16(const __u8 *from, unsigned int len, __u32 sum)
{
	unsigned int i;

	for (i = 0; i + 1 < len; i += 2)
		sum += get16(from + i);
	if (len & 1)
		sum += from[len - 1] << 8;
	return sum;
}

static unsigned int fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void fill(__u8 *to, unsigned int len, unsigned int seed)
{
	__u32 state = seed * 2654435761u + 1;
	unsigned int i;

	for (i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		to[i] = state >> 24;
	}
}

static void ether(struct frame *frame, const __u8 *mac, unsigned int type, unsigned int len)
{
	if (len > FRAME_MAX || len < ETHER_BYTES)
		give_up("a frame of %u bytes", len);
	memset(frame, 0, offsetof(struct frame, data));
	frame->len = len;
	memcpy(frame->data, mirror_mac, MAC_BYTES);
	memcpy(frame->data + MAC_BYTES, mac, MAC_BYTES);
	put16(frame->data + 2 * MAC_BYTES, type);
}

/* Of an experimental type, which begins with the address that is answered to. */
void frame_raw(struct frame *frame, const __u8 *mac, const __u8 *answer_to, unsigned int len,
	       unsigned int seed)
{
	ether(frame, mac, 0x88b5, len);
	memcpy(frame->data + ETHER_BYTES, answer_to, MAC_BYTES);
	fill(frame->data + ETHER_BYTES + MAC_BYTES, len - ETHER_BYTES - MAC_BYTES, seed);
}

/* From 10.99.0.2 to 10.99.0.1. */
static void ipv4(__u8 *ip, unsigned int len, unsigned int protocol)
{
	static const __u8 addresses[8] = { 10, 99, 0, 2, 10, 99, 0, 1 };

	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, len);
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, addresses, sizeof(addresses));
	put16(ip + 10, ~fold(add16(ip, 20, 0)));
}

/* From fd99::2 to fd99::1. */
static void ipv6(__u8 *ip, unsigned int len, unsigned int protocol)
{
	memset(ip, 0, 40);
	ip[0] = 0x60;
	put16(ip + 4, len - 40);
	ip[6] = protocol;
	ip[7] = 64;
	put16(ip + 8, 0xfd99);
	ip[23] = 2;
	put16(ip + 24, 0xfd99);
	ip[39] = 1;
}

/* A datagram of LEN bytes in all, with its checksum. */
void frame_udp(struct frame *frame, const __u8 *mac, unsigned int len, unsigned int seed)
{
	__u8 *ip = frame->data + ETHER_BYTES, *udp = ip + 20;
	unsigned int bytes = len - ETHER_BYTES - 20, sum;

	if (len < UDP_HEADERS)
		give_up("a datagram of %u bytes", len);
	ether(frame, mac, 0x0800, len);
	ipv4(ip, bytes + 20, 17);
	memset(udp, 0, 8);
	put16(udp, PORT_SRC + seed % 64);
	put16(udp + 2, PORT_DST);
	put16(udp + 4, bytes);
	fill(udp + 8, bytes - 8, seed);
	sum = ~fold(add16(ip + 12, 8, add16(udp, bytes, 17 + bytes))) & 0xffff;
	put16(udp + 6, sum ? sum : 0xffff);
}

/*
 * A segment, or as many as GSO_SIZE makes of LEN bytes, whose checksum the
 * backend is to fill in: all there is in its place is the sum of addresses,
 * protocol and length.
 */
void frame_tcp(struct frame *frame, const __u8 *mac, bool v6, unsigned int len,
	       unsigned int gso_size, unsigned int seed)
{
	unsigned int ip_bytes = v6 ? 40 : 20, bytes = len - ETHER_BYTES - ip_bytes;
	__u8 *ip = frame->data + ETHER_BYTES, *tcp = ip + ip_bytes;

	ether(frame, mac, v6 ? 0x86dd : 0x0800, len);
	(v6 ? ipv6 : ipv4)(ip, bytes + ip_bytes, 6);
	memset(tcp, 0, 20);
	put16(tcp, PORT_SRC + seed % 64);
	put16(tcp + 2, PORT_DST);
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	put16(tcp + 14, 0xffff);
	fill(tcp + 20, bytes - 20, seed);
	put16(tcp + 16, fold(add16(ip + (v6 ? 8 : 12), v6 ? 32 : 8, 6 + bytes)));
	frame->flags = TX_BLANK | TX_VALIDATED;
	frame->gso_size = gso_size;
	if (gso_size)
		frame->gso_type = v6 ? GSO_TCPV6 : GSO_TCPV4;
}

/* Where a frame's checksum is; 0 if it has none. */
static unsigned int checksum_at(const struct frame *frame)
{
	bool v6 = get16(frame->data + 2 * MAC_BYTES) == 0x86dd;
	unsigned int ip_bytes = v6 ? 40 : 20, protocol = frame->data[ETHER_BYTES + (v6 ? 6 : 9)];

	if (!v6 && get16(frame->data + 2 * MAC_BYTES) != 0x0800)
		return 0;
	return ETHER_BYTES + ip_bytes + (protocol == 17 ? 6 : 16);
}

static bool checksum_is_right(const struct frame *frame)
{
	bool v6 = get16(frame->data + 2 * MAC_BYTES) == 0x86dd;
	unsigned int ip_bytes = v6 ? 40 : 20, bytes = frame->len - ETHER_BYTES - ip_bytes;
	const __u8 *ip = frame->data + ETHER_BYTES;
	__u32 sum = bytes + ip[v6 ? 6 : 9];

	sum = add16(ip + (v6 ? 8 : 12), v6 ? 32 : 8, sum);
	return fold(add16(ip + ip_bytes, bytes, sum)) == 0xffff;
}

/* Return: whether IS is what the mirror makes of SENT. */
bool frame_is_mirrored(const struct frame *is, const struct frame *sent)
{
	unsigned int i, sum = checksum_at(sent);

	if (differs("a frame's length", is->len, sent->len) |
	    differs("the segments' size", is->gso_size, sent->gso_size) |
	    differs("the kind of segments", is->gso_type, sent->gso_type))
		return false;
	for (i = 2 * MAC_BYTES; i < is->len; i++) {
		if (is->data[i] == sent->data[i] || (sum && i - sum < 2))
			continue;
		note("byte %u of %u is %02x, not %02x", i, is->len, is->data[i], sent->data[i]);
		return false;
	}
	if (sum && !(is->flags & RX_BLANK) && !checksum_is_right(is)) {
		note("the checksum is wrong");
		return false;
	}
	return true;
}

/* Microsoft's hash, a bit at a time: the part of the key that begins at each that is set. */
static __u32 toeplitz(const __u8 *input, unsigned int len)
{
	__u32 window = control_key[0] << 24 | control_key[1] << 16 | control_key[2] << 8 |
		       control_key[3];
	unsigned int bit, next;
	__u32 sum = 0;

	for (bit = 0; bit < 8 * len; bit++) {
		if (input[bit / 8] << bit % 8 & 0x80)
			sum ^= window;
		next = bit + 32;
		window = window << 1 | (control_key[next / 8] >> (7 - next % 8) & 1);
	}
	return sum;
}

/* Return: whether it came with the hash of that type, of the addresses and ports in it. */
bool frame_is_hashed(const struct frame *is, unsigned int type)
{
	bool v6 = type >= HASH_IPV6, ports = type & 1;
	unsigned int addresses = v6 ? 32 : 8;
	const __u8 *ip = is->data + ETHER_BYTES;
	__u8 input[36];

	memcpy(input, ip + (v6 ? 8 : 12), addresses);
	memcpy(input + addresses, ip + (v6 ? 40 : 20), 4);
	return !differs("whether there is a hash", is->hash, true) &
	       !differs("the hash's type", is->hash_type, type) &
	       !differs("the hash", is->hash_value, toeplitz(input, addresses + 4 * ports));
}
