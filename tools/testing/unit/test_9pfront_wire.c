// SPDX-License-Identifier: GPL-2.0
/* drivers/9p/front/wire.c: heads, fids and answers are what they claim. */
#include "unit.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/9p/front/wire.h"

static void numbers(void **state)
{
	u8 buf[4];

	p9front_put32(buf, 0x89abcdef);
	assert_memory_equal(buf, "\xef\xcd\xab\x89", 4);
	assert_int_equal(p9front_get32(buf), 0x89abcdef);
	p9front_put16(buf, 0xfedc);
	assert_memory_equal(buf, "\xdc\xfe", 2);
}

static void heads(void **state)
{
	static const struct p9front_head heads[] = {
		{ 7, 109, 0 },
		{ 0x1234, 117, 0xffff },
		{ 100000, 0, 0x8001 },
	};
	struct p9front_head got;
	u8 msg[P9FRONT_HEAD];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		p9front_put_head(msg, &heads[i]);
		assert_int_equal(p9front_parse_head(msg, 100000, &got), 0);
		assert_int_equal(got.size, heads[i].size);
		assert_int_equal(got.type, heads[i].type);
		assert_int_equal(got.tag, heads[i].tag);
		assert_int_equal(p9front_parse_head(msg, heads[i].size - 1,
						    &got), -EPROTO);
	}
}

static void sizes_that_are_none(void **state)
{
	static const u32 sizes[] = { 0, 1, 6, 100001, 1U << 31, -1U };
	struct p9front_head got;
	u8 msg[P9FRONT_HEAD] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p9front_put32(msg, sizes[i]);
		assert_int_equal(p9front_parse_head(msg, 100000, &got),
				 -EPROTO);
	}
}

static void answers(void **state)
{
	unsigned int asked, type;

	for (asked = 8; asked < 128; asked += 2)
		for (type = 0; type < 256; type++)
			assert_int_equal(p9front_is_answer(asked, type),
					 type == asked + 1 || type == 7 ||
					 type == 107);
	/* Nothing comes after the last type there can be. */
	assert_false(p9front_is_answer(255, 0));
}

/* Each kind of request: how many fids it has, and where the second is. */
static void fids(void **state)
{
	static const struct {
		u8 type;
		unsigned int nr;
		u32 second;
	} kinds[] = {
		{ 8, 1, 0 },	{ 12, 1, 0 },	{ 14, 1, 0 },	{ 20, 2, 11 },
		{ 24, 1, 0 },	{ 30, 2, 11 },	{ 32, 1, 0 },	{ 40, 1, 0 },
		{ 70, 2, 11 },	{ 72, 1, 0 },	{ 76, 1, 0 },	{ 100, 0, 0 },
		{ 104, 2, 11 },	{ 108, 0, 0 },	{ 110, 2, 11 },	{ 116, 1, 0 },
		{ 118, 1, 0 },	{ 120, 1, 0 },	{ 122, 1, 0 },
	};
	u8 msg[64] = {};
	u32 at[P9FRONT_FIDS];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		msg[4] = kinds[i].type;
		assert_int_equal(p9front_find_fids(msg, sizeof(msg), at),
				 kinds[i].nr);
		if (kinds[i].nr)
			assert_int_equal(at[0], 7);
		if (kinds[i].nr == 2)
			assert_int_equal(at[1], kinds[i].second);
	}
}

/* olddirfid[4] oldname[s] newdirfid[4] newname[s] */
static void fids_of_a_rename(void **state)
{
	u8 *msg;
	u32 at[P9FRONT_FIDS], len, name;
	unsigned int nr;

	for (name = 0; name < 300; name += 7) {
		for (len = 11; len < 320; len++) {
			msg = calloc(1, len);	/* not a byte more */
			msg[4] = 74;
			if (len >= 13)
				p9front_put16(msg + 11, name);
			nr = p9front_find_fids(msg, len, at);
			assert_int_equal(nr, len >= 13 + name + 4 ? 2 : 1);
			if (nr == 2)
				assert_int_equal(at[1], 13 + name);
			free(msg);
		}
	}
	assert_int_equal(p9front_find_fids((u8 *)"\x0a\0\0\0\x14\0\0\0\0\0",
					   10, at), 0);
}

static void reads(void **state)
{
	struct p9front_head head = { .size = 11 + 4096, .type = 117 };
	u8 count[4];

	p9front_put32(count, 4096);
	assert_int_equal(p9front_parse_read(&head, count, 4096), 4096);
	assert_int_equal(p9front_parse_read(&head, count, 4095), -EPROTO);
	p9front_put32(count, 4095);
	assert_int_equal(p9front_parse_read(&head, count, 4096), -EPROTO);
	p9front_put32(count, -1U);
	assert_int_equal(p9front_parse_read(&head, count, -1U), -EPROTO);
	head.size = 11;
	p9front_put32(count, 0);
	assert_int_equal(p9front_parse_read(&head, count, 0), 0);
	for (head.size = 0; head.size < 11; head.size++) {
		p9front_put32(count, head.size - 11);
		assert_int_equal(p9front_parse_read(&head, count, -1U),
				 -EPROTO);
	}
}

/* What was written is no more than what went. */
static void writes(void **state)
{
	struct p9front_head head = { .size = 11, .type = 119 };
	u8 count[4];

	p9front_put32(count, 4096);
	assert_int_equal(p9front_parse_written(&head, count, 4096), 4096);
	assert_int_equal(p9front_parse_written(&head, count, 4095), -EPROTO);
	p9front_put32(count, -1U);
	assert_int_equal(p9front_parse_written(&head, count, 4096), -EPROTO);
	p9front_put32(count, 0);
	assert_int_equal(p9front_parse_written(&head, count, 0), 0);
	for (head.size = 0; head.size < 11; head.size++)
		assert_int_equal(p9front_parse_written(&head, count, 4096),
				 -EPROTO);
}

static void versions(void **state)
{
	struct p9front_version version = { 8192, "9P2000.L" }, got;
	u8 msg[64];
	u32 len, i;

	assert_int_equal(p9front_fill_version(msg, 20, 7, &version), 0);
	len = p9front_fill_version(msg, 21, 7, &version);
	assert_int_equal(len, 21);
	assert_memory_equal(msg, "\x15\0\0\0\x65\x07\0\0\x20\0\0\x08\0"
			    "9P2000.L", 21);
	assert_int_equal(p9front_parse_version(msg, len, &got), 0);
	assert_int_equal(got.msize, 8192);
	assert_string_equal(got.dialect, "9P2000.L");
	for (i = 0; i < len; i++)
		assert_int_equal(p9front_parse_version(msg, i, &got), -EPROTO);
}

static void versions_that_are_none(void **state)
{
	struct p9front_version version = { 1, "x" }, got;
	u8 msg[64];
	u32 len;

	memset(msg, 'a', sizeof(msg));
	len = p9front_fill_version(msg, sizeof(msg), 0, &version);
	p9front_put16(msg + 11, 2);
	assert_int_equal(p9front_parse_version(msg, len, &got), -EPROTO);
	p9front_put16(msg + 11, P9FRONT_DIALECT);
	assert_int_equal(p9front_parse_version(msg, 64, &got), -EPROTO);
	p9front_put16(msg + 11, P9FRONT_DIALECT - 1);
	assert_int_equal(p9front_parse_version(msg, 64, &got), 0);
	assert_int_equal(strlen(got.dialect), P9FRONT_DIALECT - 1);
	msg[14] = '\n';
	assert_int_equal(p9front_parse_version(msg, 64, &got), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(heads),
		cmocka_unit_test(sizes_that_are_none),
		cmocka_unit_test(answers),
		cmocka_unit_test(fids),
		cmocka_unit_test(fids_of_a_rename),
		cmocka_unit_test(reads),
		cmocka_unit_test(writes),
		cmocka_unit_test(versions),
		cmocka_unit_test(versions_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
