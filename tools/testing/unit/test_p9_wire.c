// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/9p/back/p9_wire.c: every kind of request with every field, each cut
 * short and made too long; names that are none; and answers byte by byte.
 */
#include "unit.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/9p/back/p9_wire.h"

static u8 msg[70000];
static u32 len;
static struct p9w_req req;

static void number(u64 value, unsigned int bytes)
{
	for (; bytes--; value >>= 8)
		msg[len++] = value;
}

static void text_of(const char *s, u16 n)
{
	number(n, 2);
	memcpy(msg + len, s, n);
	len += n;
}

static void text(const char *s)
{
	text_of(s, strlen(s));
}

static void begin(u8 type)
{
	memset(msg, 0xee, sizeof(msg));
	len = 4;
	number(type, 1);
	number(0x1234, 2);
}

/* Of its exact size, so that the sanitizer sees what goes beyond. */
static int parse_cut(u32 size, u32 claimed)
{
	u8 *copy = malloc(size + 1);
	int err;

	memcpy(copy, msg, size);
	copy[0] = claimed;
	copy[1] = claimed >> 8;
	copy[2] = claimed >> 16;
	copy[3] = claimed >> 24;
	err = p9w_parse(copy, size, &req);
	free(copy);
	return err;
}

/* In place, so that its strings can be looked at. */
static int parse(void)
{
	u32 at = len;

	len = 0;
	number(at, 4);
	len = at;
	return p9w_parse(msg, len, &req);
}

/*
 * What a format builds: numbers of 1, 2, 4 and 8 bytes with a value that names
 * their place, strings, names to walk, and data.
 */
static void build(u8 type, const char *format)
{
	u64 value = 0x0101010101010101ULL;

	begin(type);
	for (; *format; format++) {
		switch (*format) {
		case 'b':
			number(1, 1);
			break;
		case 'w':
			number(value, 2);
			break;
		case 'd':
			number(value, 4);
			break;
		case 'q':
			number(value, 8);
			break;
		case '0':
			number(0, 4);
			break;
		case '4':
			number(4, 4);
			break;
		case 's':
			text("name");
			break;
		case 'W':
			number(2, 2);
			text("one");
			text("two");
			break;
		case 'D':
			memcpy(msg + len, "data", 4);
			len += 4;
			break;
		}
		value += 0x0101010101010101ULL;
	}
}

static const struct {
	u8 type;
	const char *format;
} kinds[] = {
	{ P9W_TSTATFS, "d" },
	{ P9W_TLOPEN, "dd" },
	{ P9W_TLCREATE, "dsddd" },
	{ P9W_TSYMLINK, "dssd" },
	{ P9W_TMKNOD, "dsdddd" },
	{ P9W_TRENAME, "dds" },
	{ P9W_TREADLINK, "d" },
	{ P9W_TGETATTR, "dq" },
	{ P9W_TSETATTR, "d0dddqqqqq" },
	{ P9W_TXATTRWALK, "dds" },
	{ P9W_TXATTRCREATE, "dsqd" },
	{ P9W_TREADDIR, "dqd" },
	{ P9W_TFSYNC, "dd" },
	{ P9W_TLOCK, "dbdqqds" },
	{ P9W_TGETLOCK, "dbqqds" },
	{ P9W_TLINK, "dds" },
	{ P9W_TMKDIR, "dsdd" },
	{ P9W_TRENAMEAT, "dsds" },
	{ P9W_TUNLINKAT, "ds0" },
	{ P9W_TVERSION, "ds" },
	{ P9W_TAUTH, "dssd" },
	{ P9W_TATTACH, "ddssd" },
	{ P9W_TFLUSH, "w" },
	{ P9W_TWALK, "ddW" },
	{ P9W_TREAD, "dqd" },
	{ P9W_TWRITE, "dq4D" },
	{ P9W_TCLUNK, "d" },
	{ P9W_TREMOVE, "d" },
};

static void test_every_kind(void **state)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		build(kinds[i].type, kinds[i].format);
		assert_int_equal(parse(), 0);
		assert_int_equal(req.type, kinds[i].type);
		assert_int_equal(req.tag, 0x1234);
		assert_int_equal(req.size, len);
		if (kinds[i].type != P9W_TFLUSH && kinds[i].type != P9W_TVERSION)
			assert_int_equal(req.fid, 0x01010101);
		assert_non_null(p9w_type_name(req.type));
	}
}

static void test_cut_short(void **state)
{
	unsigned int i;
	u32 size;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		build(kinds[i].type, kinds[i].format);
		for (size = P9W_HEAD; size < len; size++) {
			assert_int_equal(parse_cut(size, size), -EPROTO);
			assert_int_equal(parse_cut(size, len), -EPROTO);
		}
		assert_int_equal(parse_cut(len, len), 0);
	}
}

static void test_too_long(void **state)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		build(kinds[i].type, kinds[i].format);
		assert_int_equal(parse_cut(len + 1, len + 1), -EPROTO);
	}
}

static void test_no_other_kind(void **state)
{
	unsigned int type, i;

	for (type = 0; type < 256; type++) {
		bool known = false;

		for (i = 0; i < ARRAY_SIZE(kinds); i++)
			known |= kinds[i].type == type;
		assert_int_equal(!!p9w_type_name(type), known);
		if (known)
			continue;
		build(type, "dddddddd");
		assert_int_equal(parse(), -EOPNOTSUPP);
		assert_int_equal(req.tag, 0x1234);
		assert_false(p9w_changes(type));
	}
}

static void test_fields(void **state)
{
	build(P9W_TLCREATE, "dsddd");
	assert_int_equal(parse(), 0);
	assert_string_equal(req.name.s, "name");
	assert_int_equal(req.name.len, 4);
	assert_int_equal(req.flags, 0x03030303);
	assert_int_equal(req.mode, 0x04040404);
	assert_int_equal(req.gid, 0x05050505);

	build(P9W_TWALK, "ddW");
	assert_int_equal(parse(), 0);
	assert_int_equal(req.fid2, 0x02020202);
	assert_int_equal(req.nwalk, 2);
	assert_string_equal(req.walk[0].s, "one");
	assert_string_equal(req.walk[1].s, "two");

	build(P9W_TRENAMEAT, "dsds");
	assert_int_equal(parse(), 0);
	assert_int_equal(req.fid2, 0x03030303);
	assert_string_equal(req.name.s, "name");
	assert_string_equal(req.name2.s, "name");

	build(P9W_TWRITE, "dq4D");
	assert_int_equal(parse(), 0);
	assert_int_equal(req.count, 4);
	assert_true(req.offset == 0x0202020202020202ULL);
	assert_memory_equal(req.data, "data", 4);

	build(P9W_TLOCK, "dbdqqds");
	assert_int_equal(parse(), 0);
	assert_int_equal(req.lock, 1);
	assert_int_equal(req.count, 0x06060606);
	assert_true(req.length == 0x0505050505050505ULL);
}

/* A Twrite that claims more or less than it has. */
static void test_count(void **state)
{
	static const u32 counts[] = { 0, 3, 5, 0x7fffffff, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		begin(P9W_TWRITE);
		number(1, 4);
		number(0, 8);
		number(counts[i], 4);
		number(0, 4);
		assert_int_equal(parse_cut(len, len), -EPROTO);
	}
}

/* What a Twrite carries is not looked at: it may be elsewhere. */
static void test_data_elsewhere(void **state)
{
	u8 *head = malloc(P9W_WRITE_HEAD);
	u32 size;

	begin(P9W_TWRITE);
	number(1, 4);
	number(0, 8);
	number(100000, 4);
	assert_int_equal(len, P9W_WRITE_HEAD);
	size = len + 100000;
	len = 0;
	number(size, 4);
	memcpy(head, msg, P9W_WRITE_HEAD);
	assert_int_equal(p9w_parse(head, size, &req), 0);
	assert_int_equal(req.count, 100000);
	free(head);
}

static int parse_name(const char *name, u16 n)
{
	begin(P9W_TMKDIR);
	number(1, 4);
	text_of(name, n);
	number(0755, 4);
	number(0, 4);
	return parse();
}

static void test_names(void **state)
{
	char longest[257];

	memset(longest, 'n', sizeof(longest));
	assert_int_equal(parse_name("a", 1), 0);
	assert_int_equal(parse_name("..a", 3), 0);
	assert_int_equal(parse_name("...", 3), 0);
	assert_int_equal(parse_name(".a", 2), 0);
	assert_int_equal(parse_name("\303\244", 2), 0);
	assert_int_equal(parse_name(longest, 255), 0);
	assert_int_equal(parse_name(longest, 256), -ENAMETOOLONG);
	assert_int_equal(parse_name("", 0), -EINVAL);
	assert_int_equal(parse_name(".", 1), -EINVAL);
	assert_int_equal(parse_name("..", 2), -EINVAL);
	assert_int_equal(parse_name("/", 1), -EINVAL);
	assert_int_equal(parse_name("a/b", 3), -EINVAL);
	assert_int_equal(parse_name("../a", 4), -EINVAL);
	assert_int_equal(parse_name("a/", 2), -EINVAL);
	assert_int_equal(parse_name("a\0b", 3), -EINVAL);
	assert_int_equal(parse_name("\0", 1), -EINVAL);
	assert_int_equal(parse_name("..\0", 3), -EINVAL);
}

static int parse_walk(u16 nr, const char *name)
{
	u16 i;

	begin(P9W_TWALK);
	number(1, 4);
	number(2, 4);
	number(nr, 2);
	for (i = 0; i < nr && i < 100; i++)
		text(i == nr - 1 ? name : "a");
	return parse();
}

static void test_walks(void **state)
{
	assert_int_equal(parse_walk(0, ""), 0);
	assert_int_equal(parse_walk(16, "b"), 0);
	assert_string_equal(req.walk[15].s, "b");
	assert_int_equal(parse_walk(17, "b"), -EINVAL);
	assert_int_equal(parse_walk(0xffff, "b"), -EINVAL);
	assert_int_equal(parse_walk(16, ".."), -EINVAL);
	assert_int_equal(parse_walk(1, ".."), -EINVAL);
	assert_int_equal(parse_walk(2, "."), -EINVAL);
	assert_int_equal(parse_walk(2, "b/c"), -EINVAL);
	assert_int_equal(parse_walk(3, ""), -EINVAL);
}

static int parse_target(u16 n)
{
	char *target = malloc(n ?: 1);
	int err;

	memset(target, '/', n ?: 1);
	begin(P9W_TSYMLINK);
	number(1, 4);
	text("link");
	text_of(target, n);
	number(0, 4);
	err = parse();
	free(target);
	return err;
}

static void test_targets(void **state)
{
	assert_int_equal(parse_target(1), 0);
	assert_int_equal(req.name2.s[1], 0);
	assert_int_equal(parse_target(4095), 0);
	assert_int_equal(parse_target(4096), -ENAMETOOLONG);
	assert_int_equal(parse_target(0xffff), -ENAMETOOLONG);
	assert_int_equal(parse_target(0), -EINVAL);
}

static int parse_setattr(u32 valid, u64 atime_nsec, u64 mtime_nsec)
{
	begin(P9W_TSETATTR);
	number(1, 4);
	number(valid, 4);
	number(0, 12);
	number(0, 8);
	number(5, 8);
	number(atime_nsec, 8);
	number(6, 8);
	number(mtime_nsec, 8);
	return parse();
}

static void test_values(void **state)
{
	assert_int_equal(parse_setattr(0x1ff, 999999999, 0), 0);
	assert_int_equal(parse_setattr(0x200, 0, 0), -EINVAL);
	assert_int_equal(parse_setattr(0x80, 1000000000, 0), -EINVAL);
	assert_int_equal(parse_setattr(0x100, 0, ~0ULL), -EINVAL);
	/* What is not set is not looked at. */
	assert_int_equal(parse_setattr(0x30, ~0ULL, ~0ULL), 0);

	begin(P9W_TUNLINKAT);
	number(1, 4);
	text("a");
	number(0x201, 4);
	assert_int_equal(parse(), -EINVAL);

	begin(P9W_TGETLOCK);
	number(1, 4);
	number(3, 1);
	number(0, 8);
	number(0, 8);
	number(0, 4);
	text("guest");
	assert_int_equal(parse(), -EINVAL);
}

static void test_which_change(void **state)
{
	assert_true(p9w_changes(P9W_TWRITE));
	assert_true(p9w_changes(P9W_TWALK));
	assert_true(p9w_changes(P9W_TFLUSH));
	assert_false(p9w_changes(P9W_TREAD));
	assert_false(p9w_changes(P9W_TGETATTR));
}

static void test_answer(void **state)
{
	static const u8 should[] = {
		7 + 1 + 2 + 4 + 8 + 2 + 3 + 13, 0, 0, 0, 25, 0x34, 0x12,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		3, 0, 'a', 'b', 'c', 0x80, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
	};
	const struct p9w_qid qid = { P9W_QID_DIR, 1, 2 };
	struct p9w_out out;
	u8 buf[sizeof(should) + 1];

	buf[sizeof(should)] = 0x5a;
	p9w_begin(&out, buf, sizeof(should));
	p9w_put8(&out, 1);
	p9w_put16(&out, 0x0302);
	p9w_put32(&out, 0x07060504);
	p9w_put64(&out, 0x0f0e0d0c0b0a0908ULL);
	p9w_put_str(&out, "abc", 3);
	p9w_put_qid(&out, &qid);
	p9w_end(&out, P9W_TGETATTR + 1, 0x1234);
	assert_false(out.full);
	assert_int_equal(out.pos, sizeof(should));
	assert_memory_equal(buf, should, sizeof(should));

	p9w_put8(&out, 1);
	assert_true(out.full);
	assert_int_equal(buf[sizeof(should)], 0x5a);
}

static void test_error(void **state)
{
	static const u8 should[] = { 11, 0, 0, 0, 7, 9, 0, 2, 0, 0, 0 };
	struct p9w_out out;
	u8 buf[32];

	p9w_begin(&out, buf, sizeof(buf));
	p9w_put_str(&out, "what does not fit is dropped, all of it", 39);
	assert_true(out.full);
	p9w_error(&out, 9, -ENOENT);
	assert_int_equal(out.pos, sizeof(should));
	assert_memory_equal(buf, should, sizeof(should));
}

/* What stands elsewhere counts, and is none of an error's. */
static void test_beside(void **state)
{
	struct p9w_out out;
	u8 buf[32];

	p9w_begin(&out, buf, sizeof(buf));
	p9w_put32(&out, 70000);
	out.beside = 70000;
	p9w_end(&out, P9W_TREAD + 1, 9);
	assert_int_equal(out.pos, P9W_READ_HEAD);
	assert_int_equal(buf[0] | buf[1] << 8 | buf[2] << 16, 70011);
	p9w_error(&out, 9, -EIO);
	assert_int_equal(out.beside, 0);
	assert_int_equal(buf[0] | buf[1] << 8 | buf[2] << 16, 11);
	out.beside = 1;
	p9w_begin(&out, buf, sizeof(buf));
	assert_int_equal(out.beside, 0);
}

static void test_entries(void **state)
{
	const struct p9w_qid qid = { P9W_QID_FILE, 0, 77 };
	struct p9w_out out;
	u8 buf[P9W_READ_HEAD + 2 * 27 + 26];

	p9w_begin(&out, buf, sizeof(buf));
	p9w_put32(&out, 0);
	assert_true(p9w_put_entry(&out, &qid, 1, 8, "abc", 3));
	assert_true(p9w_put_entry(&out, &qid, 2, 8, "def", 3));
	assert_false(p9w_put_entry(&out, &qid, 3, 8, "ghi", 3));
	assert_true(p9w_put_entry(&out, &qid, 3, 8, "gh", 2));
	assert_false(out.full);
	assert_int_equal(out.pos, sizeof(buf));
	p9w_poke32(&out, P9W_HEAD, out.pos - P9W_READ_HEAD);
	assert_int_equal(buf[P9W_HEAD], 80);
	/* Never beyond what was put. */
	p9w_poke32(&out, sizeof(buf) - 3, 0xffffffff);
	assert_int_equal(buf[sizeof(buf) - 1], 'h');
}

static void test_attr(void **state)
{
	struct p9w_attr attr = { .valid = P9W_GOT_BASIC, .mode = 0100644,
				 .size = 5 };
	struct p9w_statfs st = { .type = 0x01021997, .namelen = 255 };
	struct p9w_out out;
	u8 buf[256];

	p9w_begin(&out, buf, sizeof(buf));
	p9w_put_attr(&out, &attr);
	assert_int_equal(out.pos, P9W_HEAD + 153);
	p9w_begin(&out, buf, sizeof(buf));
	p9w_put_statfs(&out, &st);
	assert_int_equal(out.pos, P9W_HEAD + 60);
	assert_int_equal(buf[out.pos - 4], 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_no_other_kind),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_data_elsewhere),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_which_change),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_attr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
