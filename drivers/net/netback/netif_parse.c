// SPDX-License-Identifier: GPL-2.0
/*
 * The network protocol's slots. Pure: no lock, no allocation, no hypercall,
 * and only private memory.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "netif_parse.h"

/* Flags and types of the public header. */
#define TX_CSUM_BLANK		1
#define TX_DATA_VALIDATED	2
#define TX_MORE_DATA		4
#define TX_EXTRA_INFO		8

#define EXTRA_GSO		1
#define EXTRA_MCAST_ADD		2
#define EXTRA_MCAST_DEL		3
#define EXTRA_HASH		4
#define EXTRA_XDP		5
#define EXTRA_MORE		1

#define GSO_TCPV4		1
#define GSO_TCPV6		2

#define HASH_TYPES		4
#define HASH_TOEPLITZ		1

struct tx_req {
	u32 ref;
	u16 offset;
	u16 flags;
	u16 id;
	u16 size;
};

struct extra {
	u8 type;
	u8 flags;
	u8 data[6];
};

static u16 word_at(const u8 *at)
{
	u16 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

void netif_tx_begin(struct netif_tx_pkt *pkt, unsigned int max)
{
	pkt->nr_frags = 0;
	pkt->nr_extras = 0;
	pkt->size = 0;
	pkt->blank = false;
	pkt->valid = false;
	pkt->kind = NETIF_TX_DATA;
	pkt->gso_type = 0;
	pkt->gso_size = 0;
	pkt->hashed = false;
	pkt->why = NULL;
	pkt->max = max;
	pkt->in_extras = false;
	pkt->more = false;
	pkt->seen = 0;
}

static enum netif_tx_next fatal(struct netif_tx_pkt *pkt, const char *why)
{
	pkt->why = why;
	return NETIF_TX_FATAL;
}

/* A reason to refuse the packet; the first one counts. */
static void refuse(struct netif_tx_pkt *pkt, const char *why)
{
	if (!pkt->why)
		pkt->why = why;
}

/*
 * All slots are there: the first one's own size is what the others leave of
 * the packet's.
 */
static enum netif_tx_next complete(struct netif_tx_pkt *pkt)
{
	struct netif_tx_frag *first = &pkt->frags[0];
	unsigned int i, rest = 0;

	if (pkt->kind != NETIF_TX_DATA)
		return NETIF_TX_DONE;
	for (i = 1; i < pkt->nr_frags; i++)
		rest += pkt->frags[i].size;
	if (pkt->nr_frags > NETIF_TX_SLOTS)
		refuse(pkt, "too many slots");
	if (rest > pkt->size)
		refuse(pkt, "slots are larger than their packet");
	if (pkt->size < NETIF_TX_MIN)
		refuse(pkt, "no room for an Ethernet header");
	if (pkt->why)
		return NETIF_TX_DONE;
	first->size = pkt->size - rest;
	if (first->offset + first->size > NETIF_PAGE)
		return fatal(pkt, "the first slot crosses its page's end");
	return NETIF_TX_DONE;
}

static enum netif_tx_next gso(struct netif_tx_pkt *pkt, const u8 *data)
{
	pkt->gso_size = word_at(data);
	pkt->gso_type = data[2];
	if (!pkt->gso_size)
		return fatal(pkt, "the size of GSO segments is 0");
	if (pkt->gso_type != GSO_TCPV4 && pkt->gso_type != GSO_TCPV6)
		return fatal(pkt, "no such type of GSO");
	return NETIF_TX_MORE;
}

static void mcast(struct netif_tx_pkt *pkt, u8 kind, const u8 *data)
{
	pkt->kind = kind;
	memcpy(pkt->mcast, data, sizeof(pkt->mcast));
}

/* The algorithm is not looked at: some frontends leave it 0. */
static void hash(struct netif_tx_pkt *pkt, const u8 *data)
{
	pkt->hash_type = data[0];
	pkt->hashed = data[0] < HASH_TYPES;
	memcpy(&pkt->hash, data + 2, sizeof(pkt->hash));
}

static enum netif_tx_next take_extra(struct netif_tx_pkt *pkt,
				     const void *slot)
{
	enum netif_tx_next next = NETIF_TX_MORE;
	struct extra extra;

	memcpy(&extra, slot, sizeof(extra));
	pkt->nr_extras++;
	switch (extra.type) {
	case EXTRA_GSO:
		next = gso(pkt, extra.data);
		break;
	case EXTRA_MCAST_ADD:
		mcast(pkt, NETIF_TX_MCAST_ADD, extra.data);
		break;
	case EXTRA_MCAST_DEL:
		mcast(pkt, NETIF_TX_MCAST_DEL, extra.data);
		break;
	case EXTRA_HASH:
		hash(pkt, extra.data);
		break;
	case EXTRA_XDP:
		break;
	default:
		return fatal(pkt, "no such type of extra slot");
	}
	if (next == NETIF_TX_FATAL)
		return next;
	if (pkt->seen & (1U << extra.type))
		return fatal(pkt, "the same type of extra slot twice");
	pkt->seen |= 1U << extra.type;
	pkt->in_extras = extra.flags & EXTRA_MORE;
	if (pkt->in_extras)
		return NETIF_TX_MORE;
	/* Such a request has no data, whatever its flags say. */
	if (pkt->kind != NETIF_TX_DATA)
		pkt->more = false;
	return pkt->more ? NETIF_TX_MORE : complete(pkt);
}

static enum netif_tx_next take_data(struct netif_tx_pkt *pkt, const void *slot)
{
	struct netif_tx_frag *frag;
	struct tx_req req;

	memcpy(&req, slot, sizeof(req));
	if (pkt->nr_frags >= pkt->max)
		return fatal(pkt, "a packet without end");
	frag = &pkt->frags[pkt->nr_frags++];
	frag->ref = req.ref;
	frag->offset = req.offset;
	frag->size = req.size;
	frag->id = req.id;
	pkt->more = req.flags & TX_MORE_DATA;
	if (pkt->nr_frags == 1) {
		pkt->size = req.size;
		pkt->blank = req.flags & TX_CSUM_BLANK;
		pkt->valid = req.flags & TX_DATA_VALIDATED;
		pkt->in_extras = req.flags & TX_EXTRA_INFO;
		if (pkt->in_extras)
			return NETIF_TX_MORE;
	} else if (frag->offset + frag->size > NETIF_PAGE) {
		return fatal(pkt, "a slot crosses its page's end");
	}
	return pkt->more ? NETIF_TX_MORE : complete(pkt);
}

enum netif_tx_next netif_tx_slot(struct netif_tx_pkt *pkt, const void *slot)
{
	return pkt->in_extras ? take_extra(pkt, slot) : take_data(pkt, slot);
}

static struct extra *rx_extra(void *slot, u8 type, bool more)
{
	struct extra *extra = slot;

	memset(extra, 0, sizeof(*extra));
	extra->type = type;
	extra->flags = more ? EXTRA_MORE : 0;
	return extra;
}

void netif_rx_gso(void *slot, u8 type, u16 size, bool more)
{
	struct extra *extra = rx_extra(slot, EXTRA_GSO, more);

	memcpy(extra->data, &size, sizeof(size));
	extra->data[2] = type;
}

void netif_rx_hash(void *slot, u8 type, u32 hash, bool more)
{
	struct extra *extra = rx_extra(slot, EXTRA_HASH, more);

	extra->data[0] = type;
	extra->data[1] = HASH_TOEPLITZ;
	memcpy(extra->data + 2, &hash, sizeof(hash));
}

void netif_rx_xdp(void *slot, u16 headroom, bool more)
{
	struct extra *extra = rx_extra(slot, EXTRA_XDP, more);

	memcpy(extra->data, &headroom, sizeof(headroom));
}

void netif_ctrl_parse(const void *slot, struct netif_ctrl_req *req)
{
	BUILD_BUG_ON(sizeof(*req) != NETIF_CTRL_SLOT);

	memcpy(req, slot, sizeof(*req));
}

bool netif_ctrl_span(u32 offset, u32 nr, u32 size, u32 max)
{
	return nr <= max && nr <= size && offset <= size - nr;
}

/* The 32 bits of a key that start at bit @at; zeroes behind its end. */
static u32 key_window(const u8 *key, unsigned int at)
{
	u64 bits = 0;
	unsigned int i;

	for (i = at / 8; i < at / 8 + 5; i++)
		bits = bits << 8 | (i < NETIF_HASH_KEY ? key[i] : 0);
	return bits >> (8 - at % 8);
}

void netif_hash_prepare(struct netif_hash_table *table, const u8 *key)
{
	unsigned int place, value, bit;
	u32 sum;

	for (place = 0; place < NETIF_HASH_PLACES; place++)
		for (value = 0; value < 16; value++) {
			sum = 0;
			for (bit = 0; bit < 4; bit++)
				if (value & (8 >> bit))
					sum ^= key_window(key, 4 * place + bit);
			table->part[place][value] = sum;
		}
}

u32 netif_hash(const struct netif_hash_table *table, const u8 *input,
	       unsigned int len)
{
	unsigned int i;
	u32 sum = 0;

	for (i = 0; i < len; i++) {
		sum ^= table->part[2 * i][input[i] >> 4];
		sum ^= table->part[2 * i + 1][input[i] & 15];
	}
	return sum;
}

int netif_hash_flow(const struct netif_hash_table *table, u32 types,
		    const struct netif_flow *flow, u32 *hash)
{
	int addrs = flow->v6 ? NETIF_HASH_IPV6 : NETIF_HASH_IPV4;
	int tcp = flow->v6 ? NETIF_HASH_IPV6_TCP : NETIF_HASH_IPV4_TCP;
	unsigned int len = flow->v6 ? 32 : 8;
	u8 input[NETIF_HASH_INPUT];

	memcpy(input, flow->addrs, len);
	if (flow->tcp && types & 1U << tcp) {
		memcpy(input + len, flow->ports, sizeof(flow->ports));
		*hash = netif_hash(table, input, len + sizeof(flow->ports));
		return tcp;
	}
	if (!(types & 1U << addrs))
		return -1;
	*hash = netif_hash(table, input, len);
	return addrs;
}
