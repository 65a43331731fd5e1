/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network backend may say: slots of the receive ring, responses on the
 * control ring and store texts, as checked values (public header io/netif.h).
 *
 * Pure: no allocation, no lock, nothing shared. Everything handed in is private
 * memory that the caller copied out of the peer's, once. User space compiles
 * netfront_parse.c for its tests and its fuzz target.
 */
#ifndef NETFRONT_PARSE_H
#define NETFRONT_PARSE_H

#include <linux/types.h>

#define NETFRONT_PAGE		4096
#define NETFRONT_MAC_LEN	6
#define NETFRONT_FRAME_MIN	14	/* an Ethernet header */

/* Bytes of a slot of the receive ring. */
#define NETFRONT_RX_SLOT	8

/* Data slots of a packet: what the protocol promises, and one for its head. */
#define NETFRONT_RX_FRAGS	19

/* Slots, of any kind, after which a packet must have ended. */
#define NETFRONT_RX_SLOTS_MAX	64

/* Flags of a data slot. */
#define NETFRONT_RX_VALIDATED	0x01
#define NETFRONT_RX_CSUM_BLANK	0x02
#define NETFRONT_RX_MORE	0x04
#define NETFRONT_RX_EXTRA	0x08

/* What a slot was: bits. */
#define NETFRONT_SLOT_DATA	0x1	/* its buffer is the packet's last fragment */
#define NETFRONT_SLOT_LAST	0x2	/* the packet is complete */

/**
 * enum netfront_gso - how a packet is to be cut
 * @NETFRONT_GSO_NONE: it is not
 * @NETFRONT_GSO_TCPV4: TCP over IPv4
 * @NETFRONT_GSO_TCPV6: TCP over IPv6
 */
enum netfront_gso {
	NETFRONT_GSO_NONE = 0,
	NETFRONT_GSO_TCPV4 = 1,
	NETFRONT_GSO_TCPV6 = 2,
};

/**
 * enum netfront_hash - what a hash was made of, as the protocol numbers it
 * @NETFRONT_HASH_IPV4: addresses
 * @NETFRONT_HASH_IPV4_TCP: addresses and ports
 * @NETFRONT_HASH_IPV6: addresses
 * @NETFRONT_HASH_IPV6_TCP: addresses and ports
 * @NETFRONT_HASH_NONE: there is none
 */
enum netfront_hash {
	NETFRONT_HASH_IPV4 = 0,
	NETFRONT_HASH_IPV4_TCP = 1,
	NETFRONT_HASH_IPV6 = 2,
	NETFRONT_HASH_IPV6_TCP = 3,
	NETFRONT_HASH_NONE = 4,
};

/**
 * struct netfront_frag - where in its buffer a part of a packet is
 * @offset: in bytes
 * @len: at least 1; @offset + @len is at most a page
 */
struct netfront_frag {
	u16 offset;
	u16 len;
};

/**
 * struct netfront_packet - a packet as far as its slots were seen
 * @nr: how many @frags
 * @slots: slots seen, of any kind
 * @flags: of the first slot
 * @len: bytes in all
 * @err: why the packet is to be dropped: -EIO, the backend says so; -EINVAL, it
 *	makes no sense; -E2BIG, it has too many parts; or 0
 * @more: data follows
 * @extras: a bit for each kind of extra seen
 * @extra: an extra follows
 * @gso_size: bytes of payload of each piece; 0 unless @gso
 * @gso: how to cut it
 * @hash: of what @hash_value was made
 * @hash_value: the hash
 * @frags: the parts
 */
struct netfront_packet {
	u8 nr;
	u8 slots;
	u16 flags;
	u32 len;
	int err;
	bool more;
	bool extra;
	u8 extras;
	u16 gso_size;
	u8 gso;
	u8 hash;
	u32 hash_value;
	struct netfront_frag frags[NETFRONT_RX_FRAGS];
};

/**
 * netfront_packet_start() - get ready for the first slot of a packet
 * @pkt: the packet
 *
 * Context: any; pure.
 */
void netfront_packet_start(struct netfront_packet *pkt);

/**
 * netfront_packet_feed() - take the next slot
 * @pkt: the packet so far
 * @slot: private copy of the slot, NETFRONT_RX_SLOT bytes
 * @id: the id of the request that was in this slot
 *
 * A packet that is to be dropped is fed to its end all the same.
 *
 * Context: any; pure.
 * Return: NETFRONT_SLOT_* bits; or, if no backend that keeps to the protocol
 * could have written it and nothing after it can be trusted,
 * * -EILSEQ: the answer to another request
 * * -EOVERFLOW: the packet does not end
 */
int netfront_packet_feed(struct netfront_packet *pkt, const u8 *slot, u16 id);

/* Bytes of a response on the control ring. */
#define NETFRONT_CTRL_RSP	12

/**
 * netfront_ctrl_parse() - take a response on the control ring
 * @rsp: private copy, NETFRONT_CTRL_RSP bytes
 * @id: of the request that is out
 * @type: of that request
 * @data: filled with what a success carries
 *
 * Context: any; pure.
 * Return: 0, or
 * * -EILSEQ: it answers another request
 * * -EOPNOTSUPP, -EINVAL, -ENOSPC: the backend says so
 * * -EPROTO: a status that there is not
 */
int netfront_ctrl_parse(const u8 *rsp, u16 id, u16 type, u32 *data);

/**
 * netfront_mac_parse() - make sense of an address
 * @text: as in the store, six pairs of hexadecimal digits with colons
 * @mac: filled on success, NETFRONT_MAC_LEN bytes
 *
 * Context: any; pure.
 * Return: 0; -EINVAL if it is none; -EADDRNOTAVAIL if no single station can
 * have it.
 */
int netfront_mac_parse(const char *text, u8 *mac);

#endif
