// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/block/blkback/blkif_parse.c with any slot, any segments and any
 * store text. An input is six bytes that make the ABI and the disk, a slot,
 * and what follows it: the segments of an indirect request. All of the input
 * is also taken for the text of a key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "check_blkif.h"

#define HEAD	6

static void check_indirect(const struct blkif_limits *limits,
			   struct blkif_req *req, const u8 *data, size_t size)
{
	struct blkif_seg segs[BLKIF_MAX_SEGS];
	int err;

	REQUIRE(req->op == BLKIF_READ || req->op == BLKIF_WRITE);
	REQUIRE(req->nr_segs && req->nr_segs <= limits->max_indirect);
	REQUIRE(req->nr_grefs && req->nr_grefs <= BLKIF_INDIRECT_PAGES);
	REQUIRE(req->nr_grefs * BLKIF_PAGE_SEGS >= req->nr_segs);
	REQUIRE((req->nr_grefs - 1) * BLKIF_PAGE_SEGS < req->nr_segs);

	memset(segs, 0, sizeof(segs));
	memcpy(segs, data, size < sizeof(segs) ? size : sizeof(segs));
	err = blkif_parse_segs(segs, limits, req);
	REQUIRE(!err == !req->why);
	if (!err)
		check_data(limits, req, segs);
}

static void check_response(const struct blkif_abi *abi,
			   const struct blkif_req *req, int err)
{
	enum blkif_status status = blkif_status(req->op, err);
	u8 rsp[BLKIF_RESPONSE_MAX + 1];
	s16 code;
	u32 len;

	REQUIRE(!err == (status == BLKIF_OKAY));
	rsp[BLKIF_RESPONSE_MAX] = 0x5a;
	len = blkif_fill_response(abi, req->id, req->op, status, rsp);
	REQUIRE(len <= BLKIF_RESPONSE_MAX && len < abi->slot_size);
	REQUIRE(rsp[BLKIF_RESPONSE_MAX] == 0x5a);
	memcpy(&code, rsp + 10, sizeof(code));
	REQUIRE(!memcmp(rsp, &req->id, 8) && rsp[8] == req->op &&
		code == status && !rsp[9]);
}

static void check_slot(const struct blkif_abi *abi,
		       const struct blkif_limits *limits, const u8 *data,
		       size_t size)
{
	struct blkif_req req;
	/* Of its exact size, for the sanitizer. */
	u8 *slot = calloc(1, abi->slot_size);
	size_t len = size < abi->slot_size ? size : abi->slot_size;
	int err;

	memcpy(slot, data, len);
	err = blkif_parse_req(abi, slot, limits, &req);
	REQUIRE(!err || err == -EOPNOTSUPP || err == -EROFS ||
		err == -EINVAL || err == -ERANGE);
	REQUIRE(!memcmp(&req.id, slot + abi->id, 8));
	REQUIRE(req.op == slot[slot[0] == BLKIF_INDIRECT]);
	REQUIRE(!err == !req.why);
	check_response(abi, &req, err);
	if (!err) {
		check_policy(limits, &req);
		if (req.indirect)
			check_indirect(limits, &req, data + len, size - len);
		else
			check_data(limits, &req, req.segs);
	}
	free(slot);
}

static void check_text(const u8 *data, size_t size)
{
	char *text = calloc(1, size + 1);
	u32 major = 0, minor = 0;

	memcpy(text, data, size);
	if (!blkif_parse_device(text, &major, &minor))
		REQUIRE(major && major <= 0xfff && minor <= 0xfffff);
	else
		REQUIRE(!major && !minor);
	REQUIRE(!blkif_find_abi(text) || !*text || size >= 10);
	free(text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct blkif_limits limits;

	check_text(data, size);
	if (size < HEAD)
		return 0;
	limits.block = 1 << (data[0] >> 4 & 3);
	limits.unit = data[0] & 0x40 ? data[0] >> 4 & 3 : 0;
	limits.secure = data[0] & 0x80;
	limits.readonly = data[0] & 2;
	limits.discard = data[0] & 4;
	limits.max_indirect = data[0] & 8 ? (data[1] * 17) % 4097 : 256;
	limits.capacity = 0;
	memcpy(&limits.capacity, data + 2, 4);
	if (data[1] & 1)
		limits.capacity <<= 32;
	check_slot(blkif_find_abi(data[0] & 1 ? "x86_32-abi" : "x86_64-abi"),
		   &limits, data + HEAD, size - HEAD);
	return 0;
}
