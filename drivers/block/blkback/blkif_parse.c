// SPDX-License-Identifier: GPL-2.0
/*
 * What a block frontend may say, as checked values. See blkif_parse.h.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "blkif_parse.h"

/* Where every ABI has them. */
#define SLOT_OP			0
#define SLOT_NR_SEGS		1
#define SLOT_FLAG		1
#define FLAG_SECURE		0x1
#define SLOT_INDIRECT_OP	1
#define SLOT_INDIRECT_NR	2
#define TAIL_GREFS		4

/*
 * A 64-bit guest aligns the id to 8 bytes, a 32-bit one to 4; everything after
 * it moves along. A response has the same fields in both, and ends with 4
 * bytes of padding in the first.
 */
static const struct blkif_abi blkif_abis[] = {
	{ "x86_64-abi", .slot_size = 112, .rsp_size = 16,
	  .id = 8, .sector = 16, .tail = 24 },
	{ "x86_32-abi", .slot_size = 108, .rsp_size = 12,
	  .id = 4, .sector = 12, .tail = 20 },
};

const struct blkif_abi *blkif_find_abi(const char *protocol)
{
	unsigned int i;

	if (!*protocol)
		protocol = "x86_32-abi";
	for (i = 0; i < ARRAY_SIZE(blkif_abis); i++)
		if (!strcmp(protocol, blkif_abis[i].name))
			return &blkif_abis[i];
	return NULL;
}

static u16 get_u16(const u8 *from)
{
	u16 value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static u64 get_u64(const u8 *from)
{
	u64 value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static int refuse(struct blkif_req *req, int err, const char *why)
{
	req->why = why;
	return err;
}

static int check_extent(const struct blkif_limits *limits,
			struct blkif_req *req)
{
	if ((req->sector | req->nr_sectors) & (limits->block - 1))
		return refuse(req, -EINVAL, "not aligned to a block");
	if (req->sector > limits->capacity ||
	    req->nr_sectors > limits->capacity - req->sector)
		return refuse(req, -ERANGE, "outside the disk");
	return 0;
}

/* The first sector of a unit, or one outside every disk. */
static u64 to_sectors(const struct blkif_limits *limits, u64 units)
{
	if (units > U64_MAX >> limits->unit)
		return U64_MAX & ~(u64)(limits->block - 1);
	return units << limits->unit;
}

/* Have segments count in ring sectors that count in larger units. */
static void scale_segs(struct blkif_seg *segs, unsigned int nr, u8 unit)
{
	for (; nr; nr--, segs++) {
		segs->first <<= unit;
		segs->last = ((segs->last + 1) << unit) - 1;
	}
}

int blkif_parse_segs(struct blkif_seg *segs,
		     const struct blkif_limits *limits, struct blkif_req *req)
{
	unsigned int i, len, sum = 0, any = 0;
	u8 unit = limits->unit;

	for (i = 0; i < req->nr_segs; i++) {
		if (segs[i].last >= BLKIF_PAGE_SECTORS >> unit ||
		    segs[i].first > segs[i].last)
			return refuse(req, -EINVAL, "segment outside its page");
		len = segs[i].last - segs[i].first + 1;
		any |= len;
		sum += len;
	}
	/* A bit below the block's in any length is a length that is odd. */
	if ((any << unit) & (limits->block - 1))
		return refuse(req, -EINVAL, "segment is no multiple of a block");
	req->nr_sectors = sum << unit;
	if (unit)
		scale_segs(segs, req->nr_segs, unit);
	return check_extent(limits, req);
}

static int parse_rw(const struct blkif_abi *abi, const u8 *slot,
		    const struct blkif_limits *limits, struct blkif_req *req)
{
	u8 nr = slot[SLOT_NR_SEGS];

	/* A barrier may come without data, to order the writes around it. */
	if (nr > BLKIF_SLOT_SEGS || (!nr && req->op != BLKIF_BARRIER))
		return refuse(req, -EINVAL, "bad number of segments");
	if (!nr)
		return 0;
	if (req->op != BLKIF_READ && limits->readonly)
		return refuse(req, -EROFS, "write to a read-only disk");

	req->nr_segs = nr;
	req->sector = to_sectors(limits, get_u64(slot + abi->sector));
	memcpy(req->segs, slot + abi->tail, nr * sizeof(req->segs[0]));
	return blkif_parse_segs(req->segs, limits, req);
}

static int parse_discard(const struct blkif_abi *abi, const u8 *slot,
			 const struct blkif_limits *limits,
			 struct blkif_req *req)
{
	if (limits->readonly)
		return refuse(req, -EROFS, "discard on a read-only disk");
	if (!limits->discard)
		return refuse(req, -EOPNOTSUPP, "discard is not offered");
	/* Where it is not offered, the wish for a secure one is ignored. */
	req->secure = limits->secure && (slot[SLOT_FLAG] & FLAG_SECURE);
	req->sector = to_sectors(limits, get_u64(slot + abi->sector));
	req->nr_sectors = to_sectors(limits, get_u64(slot + abi->tail));
	return check_extent(limits, req);
}

static int parse_indirect(const struct blkif_abi *abi, const u8 *slot,
			  const struct blkif_limits *limits,
			  struct blkif_req *req)
{
	u16 nr = get_u16(slot + SLOT_INDIRECT_NR);

	/* The frontend compares the echo with the operation it meant. */
	req->op = slot[SLOT_INDIRECT_OP];
	if (!limits->max_indirect)
		return refuse(req, -EOPNOTSUPP, "indirect is not offered");
	if (req->op != BLKIF_READ && req->op != BLKIF_WRITE)
		return refuse(req, -EINVAL, "no read or write inside indirect");
	if (!nr || nr > limits->max_indirect)
		return refuse(req, -EINVAL, "bad number of indirect segments");
	if (req->op == BLKIF_WRITE && limits->readonly)
		return refuse(req, -EROFS, "write to a read-only disk");

	req->indirect = true;
	req->nr_segs = nr;
	req->nr_grefs = (nr + BLKIF_PAGE_SEGS - 1) / BLKIF_PAGE_SEGS;
	req->sector = to_sectors(limits, get_u64(slot + abi->sector));
	memcpy(req->gref, slot + abi->tail + TAIL_GREFS,
	       req->nr_grefs * sizeof(req->gref[0]));
	return 0;
}

int blkif_parse_req(const struct blkif_abi *abi, const void *slot,
		    const struct blkif_limits *limits, struct blkif_req *req)
{
	const u8 *bytes = slot;

	/* Segments and references count only as far as their numbers say. */
	req->id = get_u64(bytes + abi->id);
	req->sector = 0;
	req->nr_sectors = 0;
	req->op = bytes[SLOT_OP];
	req->indirect = false;
	req->secure = false;
	req->nr_segs = 0;
	req->nr_grefs = 0;
	req->why = NULL;
	switch (req->op) {
	case BLKIF_READ:
	case BLKIF_WRITE:
	case BLKIF_BARRIER:
		return parse_rw(abi, bytes, limits, req);
	case BLKIF_FLUSH:
		return 0;
	case BLKIF_DISCARD:
		return parse_discard(abi, bytes, limits, req);
	case BLKIF_INDIRECT:
		return parse_indirect(abi, bytes, limits, req);
	}
	return refuse(req, -EOPNOTSUPP, "unknown operation");
}

enum blkif_status blkif_status(u8 op, int err)
{
	if (!err)
		return BLKIF_OKAY;
	if (err == -EOPNOTSUPP && op != BLKIF_READ && op != BLKIF_WRITE)
		return BLKIF_NOTSUPP;
	return BLKIF_ERROR;
}

u32 blkif_fill_response(const struct blkif_abi *abi, u64 id, u8 op,
			enum blkif_status status, void *to)
{
	u8 *bytes = to;
	s16 code = status;

	memset(bytes, 0, BLKIF_RESPONSE_MAX);
	memcpy(bytes, &id, sizeof(id));
	bytes[8] = op;
	memcpy(bytes + 10, &code, sizeof(code));
	return abi->rsp_size;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Read a number no larger than max; leave *text behind it. */
static int parse_hex(const char **text, u32 max, u32 *value)
{
	const char *at = *text;
	u64 number = 0;

	if (hex_digit(*at) < 0)
		return -EINVAL;
	for (; hex_digit(*at) >= 0; at++) {
		number = number * 16 + hex_digit(*at);
		if (number > max)
			return -ERANGE;
	}
	*text = at;
	*value = number;
	return 0;
}

int blkif_parse_device(const char *text, u32 *major, u32 *minor)
{
	u32 ma, mi;
	int err;

	err = parse_hex(&text, 0xfff, &ma);
	if (err)
		return err;
	if (*text++ != ':')
		return -EINVAL;
	err = parse_hex(&text, 0xfffff, &mi);
	if (err)
		return err;
	while (*text == ' ' || *text == '\n')
		text++;
	if (*text)
		return -EINVAL;
	if (!ma)
		return -ERANGE;
	*major = ma;
	*minor = mi;
	return 0;
}
