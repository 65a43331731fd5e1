// SPDX-License-Identifier: GPL-2.0
/* What a network backend may say; see netfront_parse.h. Pure. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "netfront_parse.h"

/* Kinds of extras. */
#define EXTRA_GSO	1
#define EXTRA_HASH	4
#define EXTRA_XDP	5
#define EXTRA_MAX	6
#define EXTRA_MORE	0x01

#define TOEPLITZ	1

static u16 get16(const u8 *at)
{
	u16 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static u32 get32(const u8 *at)
{
	u32 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* The first reason stays. */
static void refuse(struct netfront_packet *pkt, int err)
{
	if (!pkt->err)
		pkt->err = err;
}

void netfront_packet_start(struct netfront_packet *pkt)
{
	pkt->nr = 0;
	pkt->slots = 0;
	pkt->flags = 0;
	pkt->len = 0;
	pkt->err = 0;
	pkt->more = false;
	pkt->extra = false;
	pkt->extras = 0;
	pkt->gso_size = 0;
	pkt->gso = NETFRONT_GSO_NONE;
	pkt->hash = NETFRONT_HASH_NONE;
	pkt->hash_value = 0;
}

static void take_gso(struct netfront_packet *pkt, const u8 *slot)
{
	u16 size = get16(slot + 2);

	if (!size || (slot[4] != NETFRONT_GSO_TCPV4 &&
		      slot[4] != NETFRONT_GSO_TCPV6)) {
		refuse(pkt, -EINVAL);
		return;
	}
	pkt->gso_size = size;
	pkt->gso = slot[4];
}

/* A hash we do not know is worth as much as none. */
static void take_hash(struct netfront_packet *pkt, const u8 *slot)
{
	if (slot[2] >= NETFRONT_HASH_NONE || slot[3] != TOEPLITZ)
		return;
	pkt->hash = slot[2];
	pkt->hash_value = slot[4] | slot[5] << 8 | slot[6] << 16 |
			  (u32)slot[7] << 24;
}

static void take_extra(struct netfront_packet *pkt, const u8 *slot)
{
	u8 type = slot[0];

	pkt->extra = slot[1] & EXTRA_MORE;
	if (!type || type >= EXTRA_MAX || pkt->extras & 1 << type) {
		refuse(pkt, -EINVAL);
		return;
	}
	pkt->extras |= 1 << type;
	if (type == EXTRA_GSO)
		take_gso(pkt, slot);
	else if (type == EXTRA_HASH)
		take_hash(pkt, slot);
	else if (type != EXTRA_XDP)	/* multicast goes the other way */
		refuse(pkt, -EINVAL);
}

/* Return: whether the buffer holds a part of the packet. */
static bool take_part(struct netfront_packet *pkt, u16 offset, s16 status)
{
	if (status < 0)
		refuse(pkt, -EIO);
	else if (offset + status > NETFRONT_PAGE)
		refuse(pkt, -EINVAL);
	else if (status && pkt->nr == NETFRONT_RX_FRAGS)
		refuse(pkt, -E2BIG);
	if (pkt->err || !status)
		return false;
	pkt->frags[pkt->nr].offset = offset;
	pkt->frags[pkt->nr].len = status;
	pkt->nr++;
	pkt->len += status;
	return true;
}

static bool take_data(struct netfront_packet *pkt, const u8 *slot)
{
	u16 flags = get16(slot + 4);

	pkt->more = flags & NETFRONT_RX_MORE;
	if (pkt->slots == 1) {
		pkt->flags = flags;
		pkt->extra = flags & NETFRONT_RX_EXTRA;
	}
	return take_part(pkt, get16(slot + 2), (s16)get16(slot + 6));
}

int netfront_packet_feed(struct netfront_packet *pkt, const u8 *slot, u16 id)
{
	int what = 0;

	if (pkt->slots == NETFRONT_RX_SLOTS_MAX)
		return -EOVERFLOW;
	pkt->slots++;
	if (pkt->slots > 1 && pkt->extra) {
		take_extra(pkt, slot);
	} else {
		if (get16(slot) != id)
			return -EILSEQ;
		if (take_data(pkt, slot))
			what = NETFRONT_SLOT_DATA;
	}
	if (pkt->extra || pkt->more)
		return what;
	if (pkt->len < NETFRONT_FRAME_MIN)
		refuse(pkt, -EINVAL);
	return what | NETFRONT_SLOT_LAST;
}

int netfront_ctrl_parse(const u8 *rsp, u16 id, u16 type, u32 *data)
{
	static const int errors[] = { 0, -EOPNOTSUPP, -EINVAL, -ENOSPC };
	u32 status = get32(rsp + 4);

	if (get16(rsp) != id || get16(rsp + 2) != type)
		return -EILSEQ;
	if (status >= ARRAY_SIZE(errors))
		return -EPROTO;
	*data = get32(rsp + 8);
	return errors[status];
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int netfront_mac_parse(const char *text, u8 *mac)
{
	u8 got[NETFRONT_MAC_LEN], any = 0;
	int i, high, low;

	for (i = 0; i < NETFRONT_MAC_LEN; i++) {
		high = digit(*text);
		low = high < 0 ? -1 : digit(text[1]);
		if (low < 0)
			return -EINVAL;
		got[i] = high << 4 | low;
		any |= got[i];
		text += 2;
		if (*text++ != (i < NETFRONT_MAC_LEN - 1 ? ':' : '\0'))
			return -EINVAL;
	}
	if (!any || got[0] & 1)
		return -EADDRNOTAVAIL;
	memcpy(mac, got, sizeof(got));
	return 0;
}
