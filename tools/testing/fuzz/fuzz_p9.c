// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/9p/back/p9_wire.c and ids_parse.c with any message and any text. An
 * input is a message, whose size is made right unless its first byte is odd; all
 * of it is also taken for a map of users. What was taken apart is put together
 * again as an answer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/9p/back/ids_parse.h"
#include "../../../drivers/9p/back/p9_wire.h"

#define REQUIRE(condition) do {		\
		if (!(condition))	\
			abort();	\
	} while (0)

static void check_str(const u8 *msg, size_t size, const struct p9w_str *str)
{
	if (!str->s)
		return;
	REQUIRE((u8 *)str->s >= msg + P9W_HEAD);
	REQUIRE((u8 *)str->s + str->len <= msg + size);
	REQUIRE(strlen(str->s) == str->len);
}

static void check_name(const u8 *msg, size_t size, const struct p9w_str *str)
{
	check_str(msg, size, str);
	if (!str->s)
		return;
	REQUIRE(str->len && str->len <= P9W_NAME_MAX);
	REQUIRE(!strchr(str->s, '/'));
	REQUIRE(strcmp(str->s, ".") && strcmp(str->s, ".."));
}

static bool is_file_name(u8 type)
{
	switch (type) {
	case P9W_TVERSION:
	case P9W_TATTACH:
	case P9W_TAUTH:
	case P9W_TXATTRWALK:
	case P9W_TXATTRCREATE:
	case P9W_TLOCK:
	case P9W_TGETLOCK:
		return false;
	default:
		return true;
	}
}

static void check_req(const u8 *msg, size_t size, const struct p9w_req *req)
{
	u16 i;

	REQUIRE(p9w_type_name(req->type));
	if (is_file_name(req->type))
		check_name(msg, size, &req->name);
	else
		check_str(msg, size, &req->name);
	if (req->type == P9W_TRENAMEAT)
		check_name(msg, size, &req->name2);
	else
		check_str(msg, size, &req->name2);
	REQUIRE(req->nwalk <= P9W_MAX_WALK);
	for (i = 0; i < req->nwalk; i++)
		check_name(msg, size, &req->walk[i]);
	if (req->type != P9W_TWRITE)
		return;
	REQUIRE(req->data == msg + P9W_WRITE_HEAD);
	REQUIRE(req->count == size - P9W_WRITE_HEAD);
}

static void check_answer(const struct p9w_req *req, size_t room)
{
	struct p9w_qid qid = { 1, req->fid, req->offset };
	struct p9w_out out;
	u8 *buf;

	room = room < P9W_HEAD + 4 ? P9W_HEAD + 4 : room;
	buf = malloc(room);
	p9w_begin(&out, buf, room);
	p9w_put32(&out, 0);
	p9w_put_qid(&out, &qid);
	if (req->name.s)
		p9w_put_str(&out, req->name.s, req->name.len);
	if (req->nwalk)
		p9w_put_entry(&out, &qid, 1, 2, req->walk[0].s,
			      req->walk[0].len);
	p9w_poke32(&out, req->count, req->mode);
	REQUIRE(out.pos <= room);
	if (out.full)
		p9w_error(&out, req->tag, -EIO);
	else
		p9w_end(&out, req->type + 1, req->tag);
	REQUIRE(out.pos <= room && !out.full);
	REQUIRE((buf[0] | buf[1] << 8 | buf[2] << 16) == (int)out.pos);
	free(buf);
}

static void check_message(const u8 *data, size_t size)
{
	struct p9w_req req;
	u8 *msg;
	int err;

	if (size < P9W_HEAD)
		return;
	msg = malloc(size + 1);
	memcpy(msg, data, size);
	if (!(msg[0] & 1)) {
		msg[0] = size;
		msg[1] = size >> 8;
		msg[2] = size >> 16;
		msg[3] = 0;
	}
	err = p9w_parse(msg, size, &req);
	REQUIRE(!err || err == -EPROTO || err == -EINVAL ||
		err == -EOPNOTSUPP || err == -ENAMETOOLONG);
	if (!err) {
		check_req(msg, size, &req);
		check_answer(&req, data[0]);
	}
	free(msg);
}

static void check_map(const u8 *data, size_t size)
{
	char *text = calloc(1, size + 1);
	struct ids ids = { .squash_uid = 1, .squash_gid = 2 };
	unsigned int i;

	memcpy(text, data, size);
	if (!ids_parse_map(text, &ids.uids))
		for (i = 0; i < ids.uids.nr; i++) {
			const struct ids_range *r = &ids.uids.range[i];
			u32 last = r->count - 1;

			REQUIRE(ids_our_uid(&ids, r->theirs) == r->ours);
			REQUIRE(ids_their_id(&ids.uids, r->ours + last) ==
				r->theirs + last);
		}
	else
		REQUIRE(!ids.uids.nr);
	free(text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	check_message(data, size);
	check_map(data, size);
	return 0;
}
