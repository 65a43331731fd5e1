/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network protocol's slots in and out of private memory. Pure: user space
 * compiles netif_parse.c for its tests and its fuzz target.
 *
 * Layouts and rules are those of the public header io/netif.h.
 */
#ifndef NETIF_PARSE_H
#define NETIF_PARSE_H

#include <linux/types.h>

/* Sizes of slots, in bytes, and of a page that a slot names. */
#define NETIF_TX_SLOT		12
#define NETIF_RX_SLOT		8
#define NETIF_CTRL_SLOT		16
#define NETIF_PAGE		4096

/* Slots of data that a packet may have; and the most that are looked at. */
#define NETIF_TX_SLOTS		18
#define NETIF_TX_SLOTS_MAX	32

/* Each kind of extra may come once. */
#define NETIF_TX_EXTRAS_MAX	5

/* Sanity of what a packet's first slot says of it. */
#define NETIF_TX_MIN		14

/**
 * enum netif_tx_kind - what a packet's slots ask for
 * @NETIF_TX_DATA: to be sent
 * @NETIF_TX_MCAST_ADD: let an address through the multicast filter
 * @NETIF_TX_MCAST_DEL: no longer let it through
 */
enum netif_tx_kind {
	NETIF_TX_DATA,
	NETIF_TX_MCAST_ADD,
	NETIF_TX_MCAST_DEL,
};

/**
 * enum netif_tx_next - what follows a slot
 * @NETIF_TX_MORE: another one of the same packet
 * @NETIF_TX_DONE: nothing, the packet is complete
 * @NETIF_TX_FATAL: nothing any more: no frontend that means well does this
 */
enum netif_tx_next {
	NETIF_TX_MORE,
	NETIF_TX_DONE,
	NETIF_TX_FATAL,
};

/**
 * struct netif_tx_frag - a slot of data
 * @ref: the grant of the page
 * @offset: where in the page; with @size never past its end
 * @size: bytes; 0 is allowed
 * @id: echoed in the response
 */
struct netif_tx_frag {
	u32 ref;
	u16 offset;
	u16 size;
	u16 id;
};

/**
 * struct netif_tx_pkt - a packet as its slots describe it
 * @frags: its data; those beyond %NETIF_TX_SLOTS only so that they can be
 *	answered
 * @nr_frags: how many
 * @nr_extras: slots of extra information, which come behind the first
 * @size: bytes in all
 * @blank: the transport checksum is to be filled in
 * @valid: the data was checked against it
 * @kind: what is asked for
 * @mcast: the address, of other kinds than %NETIF_TX_DATA
 * @gso_type: XEN_NETIF_GSO_TYPE_*; 0 if it is a single segment
 * @gso_size: bytes of each segment, not 0 if there is a type
 * @hash_type: _XEN_NETIF_CTRL_HASH_TYPE_*, if @hashed
 * @hashed: whether there is a hash
 * @hash: its value, which only the frontend vouches for
 * @why: what is wrong with it, or NULL. With NETIF_TX_DONE it is refused, and
 *	the next one is looked at.
 * @max: most slots of data before the frontend is given up
 * @in_extras: the next slot is an extra
 * @more: slots of data follow
 * @seen: the kinds of extras there were, a bit each
 */
struct netif_tx_pkt {
	struct netif_tx_frag frags[NETIF_TX_SLOTS_MAX];
	u8 nr_frags;
	u8 nr_extras;
	u16 size;
	bool blank;
	bool valid;
	u8 kind;
	u8 mcast[6];
	u8 gso_type;
	u16 gso_size;
	u8 hash_type;
	bool hashed;
	u32 hash;
	const char *why;

	u8 max;
	bool in_extras;
	bool more;
	u8 seen;
};

/**
 * netif_tx_begin() - be ready for a packet's first slot
 * @pkt: filled
 * @max: slots of data that end the patience with a frontend, %NETIF_TX_SLOTS
 *	to %NETIF_TX_SLOTS_MAX
 */
void netif_tx_begin(struct netif_tx_pkt *pkt, unsigned int max);

/**
 * netif_tx_slot() - take the next slot of a packet
 * @pkt: the packet
 * @slot: %NETIF_TX_SLOT bytes in private memory, 4-byte aligned
 *
 * Return: what follows. After %NETIF_TX_FATAL @pkt->why says why.
 */
enum netif_tx_next netif_tx_slot(struct netif_tx_pkt *pkt, const void *slot);

/**
 * netif_rx_gso() - the extra slot that says how a packet is segmented
 * @slot: %NETIF_RX_SLOT bytes, filled
 * @type: XEN_NETIF_GSO_TYPE_*
 * @size: bytes of each segment
 * @more: whether another extra follows
 */
void netif_rx_gso(void *slot, u8 type, u16 size, bool more);

/**
 * netif_rx_hash() - the extra slot with a packet's hash
 * @slot: %NETIF_RX_SLOT bytes, filled
 * @type: _XEN_NETIF_CTRL_HASH_TYPE_*
 * @hash: the Toeplitz hash
 * @more: whether another extra follows
 */
void netif_rx_hash(void *slot, u8 type, u32 hash, bool more);

/**
 * netif_rx_xdp() - the extra slot that tells the headroom
 * @slot: %NETIF_RX_SLOT bytes, filled
 * @headroom: bytes before the data in each page
 * @more: whether another extra follows
 */
void netif_rx_xdp(void *slot, u16 headroom, bool more);

/**
 * struct netif_ctrl_req - a control request
 * @id: echoed
 * @type: XEN_NETIF_CTRL_TYPE_* or NETIF_CTRL_*; echoed
 * @data: what it is about
 */
struct netif_ctrl_req {
	u16 id;
	u16 type;
	u32 data[3];
};

/**
 * netif_ctrl_parse() - read a control request
 * @slot: %NETIF_CTRL_SLOT bytes in private memory, 4-byte aligned
 * @req: filled
 */
void netif_ctrl_parse(const void *slot, struct netif_ctrl_req *req);

/**
 * netif_ctrl_span() - whether a part of a table lies in the table
 * @offset: where the part begins, in entries; untrusted
 * @nr: its length, in entries; untrusted
 * @size: of the table
 * @max: most entries of a part
 */
bool netif_ctrl_span(u32 offset, u32 nr, u32 size, u32 max);

/* A frontend's key, and the longest input a type of hash has. */
#define NETIF_HASH_KEY		40
#define NETIF_HASH_INPUT	36
#define NETIF_HASH_PLACES	(2 * NETIF_HASH_INPUT)

/**
 * struct netif_hash_table - a Toeplitz key made ready
 * @part: what each nibble of the input contributes, by its place and value
 */
struct netif_hash_table {
	u32 part[NETIF_HASH_PLACES][16];
};

/**
 * netif_hash_prepare() - make a key ready
 * @table: filled
 * @key: %NETIF_HASH_KEY bytes
 */
void netif_hash_prepare(struct netif_hash_table *table, const u8 *key);

/**
 * netif_hash() - the Toeplitz hash
 * @table: the key
 * @input: what is hashed, in network order
 * @len: its bytes, at most %NETIF_HASH_INPUT
 */
u32 netif_hash(const struct netif_hash_table *table, const u8 *input,
	       unsigned int len);

/* Kinds of hashes, as the public header numbers them; the frontend's choice is a bit each. */
#define NETIF_HASH_IPV4		0
#define NETIF_HASH_IPV4_TCP	1
#define NETIF_HASH_IPV6		2
#define NETIF_HASH_IPV6_TCP	3

/**
 * struct netif_flow - what of a packet can be hashed
 * @addrs: its addresses, the source before the destination
 * @ports: likewise
 * @v6: the addresses are of IPv6, so that all of @addrs counts; else 8 bytes do
 * @tcp: it is all of a TCP segment
 *
 * Addresses and ports in network order.
 */
struct netif_flow {
	u8 addrs[32];
	u8 ports[4];
	bool v6;
	bool tcp;
};

/**
 * netif_hash_flow() - the hash that a frontend wants of a packet
 * @table: its key
 * @types: what it wants hashed: a bit for each NETIF_HASH_*
 * @flow: the packet
 * @hash: filled if there is one
 *
 * Return: of what it is, the most that was asked for; -1 if it is of nothing.
 */
int netif_hash_flow(const struct netif_hash_table *table, u32 types,
		    const struct netif_flow *flow, u32 *hash);

#endif
