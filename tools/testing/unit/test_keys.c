// SPDX-License-Identifier: GPL-2.0
/* lib/keys_parse.c: every type, every malformed form, every edge. */
#include "unit.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/kernel.h>
#include <xpv/keys.h>

struct sample {
	char before;
	unsigned int count;
	unsigned long long size;
	bool flag;
	char text[8];
	bool seen;
	char after;
};

static const struct xpv_key need_count =
	XPV_NEED_UINT(sample, count, "count", 0, U64_MAX);
static const struct xpv_key may_count =
	XPV_MAY_UINT(sample, count, "ring-page-order", 2, 9, 5);
static const struct xpv_key need_size =
	XPV_NEED_ULL(sample, size, "sectors", 0, U64_MAX);
static const struct xpv_key bound_size =
	XPV_NEED_ULL(sample, size, "sectors", 1, 1ULL << 40);
static const struct xpv_key flag_on =
	XPV_MAY_FLAG(sample, flag, "feature-x", 1);
static const struct xpv_key flag_off =
	XPV_MAY_FLAG(sample, flag, "feature-x", 0);
static const struct xpv_key may_text = XPV_MAY_TEXT(sample, text, "protocol");
static const struct xpv_key need_text = XPV_NEED_TEXT(sample, text, "mode");
static const struct xpv_key seen = XPV_KEY_PRESENT(sample, seen, "ring-ref");

/* A sample whose every byte differs from what a parse would store. */
static struct sample blank(void)
{
	struct sample s;

	memset(&s, 0x5a, sizeof(s));
	s.flag = true;
	s.seen = true;
	return s;
}

/* A refused text leaves the whole structure as it was. */
static void refused(const struct xpv_key *key, const char *text, int err)
{
	struct sample s, was = blank();

	memcpy(&s, &was, sizeof(s));
	assert_int_equal(xpv_key_parse(key, text, &s), err);
	assert_memory_equal(&s, &was, sizeof(s));
}

static void taken_uint(const struct xpv_key *key, const char *text,
		       unsigned int value)
{
	struct sample s = blank();

	assert_int_equal(xpv_key_parse(key, text, &s), 0);
	assert_int_equal(s.count, value);
	assert_int_equal(s.before, 0x5a);
}

static void taken_ull(const struct xpv_key *key, const char *text,
		      unsigned long long value)
{
	struct sample s = blank();

	assert_int_equal(xpv_key_parse(key, text, &s), 0);
	assert_true(s.size == value);
	assert_int_equal(s.count, 0x5a5a5a5a);
}

static void taken_flag(const struct xpv_key *key, const char *text, bool value)
{
	struct sample s = blank();

	s.flag = !value;
	assert_int_equal(xpv_key_parse(key, text, &s), 0);
	assert_int_equal(s.flag, value);
}

static void taken_text(const struct xpv_key *key, const char *text,
		       const char *value)
{
	struct sample s = blank();

	s.seen = false;
	assert_int_equal(xpv_key_parse(key, text, &s), 0);
	assert_string_equal(s.text, value);
	assert_false(s.seen);
}

static void numbers(void **state)
{
	taken_uint(&need_count, "0", 0);
	taken_uint(&need_count, "1", 1);
	taken_uint(&need_count, "0042", 42);
	taken_uint(&need_count, "4294967295", 4294967295U);
	taken_ull(&need_size, "0", 0);
	taken_ull(&need_size, "4294967296", 1ULL << 32);
	taken_ull(&need_size, "18446744073709551615", U64_MAX);
	taken_ull(&need_size, "000000000000000000000000000000001", 1);
}

static void blanks_behind(void **state)
{
	taken_uint(&need_count, "7 ", 7);
	taken_uint(&need_count, "7\n", 7);
	taken_uint(&need_count, "7 \t \n", 7);
	taken_ull(&need_size, "512\n", 512);
	taken_flag(&flag_off, "1\n", true);
}

static void not_a_number(void **state)
{
	static const char *const texts[] = {
		"", " ", "\n", " 1", "\t1", "\n1", "+1", "-1", "-0", "- 1",
		"0x10", "0X10", "x", "1x", "1 x", "1 2", "1,", "1.0", "1e3",
		"1\r", "1\v", "1\xa0", "\xd9\xa1", "one", "true", "1-", "--1",
		"0b1", "1_000", "4294967296x", "99999999999999999999999x",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		refused(&need_count, texts[i], -EINVAL);
		refused(&may_count, texts[i], -EINVAL);
		refused(&need_size, texts[i], -EINVAL);
		refused(&flag_on, texts[i], -EINVAL);
	}
}

static void overflow(void **state)
{
	refused(&need_count, "4294967296", -ERANGE);
	refused(&need_count, "4294967297", -ERANGE);
	refused(&need_count, "18446744073709551615", -ERANGE);
	refused(&need_count, "18446744073709551616", -ERANGE);
	refused(&need_count, "18446744073709551617", -ERANGE);
	refused(&need_size, "18446744073709551616", -ERANGE);
	refused(&need_size, "18446744073709551620", -ERANGE);
	refused(&need_size, "36893488147419103232", -ERANGE);
	refused(&need_size, "184467440737095516150", -ERANGE);
	refused(&need_size, "99999999999999999999999999999999", -ERANGE);
	refused(&flag_on, "18446744073709551616", -ERANGE);
}

static void bounds(void **state)
{
	refused(&may_count, "0", -ERANGE);
	refused(&may_count, "1", -ERANGE);
	taken_uint(&may_count, "2", 2);
	taken_uint(&may_count, "9", 9);
	refused(&may_count, "10", -ERANGE);
	refused(&bound_size, "0", -ERANGE);
	taken_ull(&bound_size, "1", 1);
	taken_ull(&bound_size, "1099511627776", 1ULL << 40);
	refused(&bound_size, "1099511627777", -ERANGE);
}

static void flags(void **state)
{
	taken_flag(&flag_on, "0", false);
	taken_flag(&flag_on, "000", false);
	taken_flag(&flag_off, "1", true);
	taken_flag(&flag_off, "2", true);
	taken_flag(&flag_off, "256", true);
	taken_flag(&flag_off, "4294967296", true);
	taken_flag(&flag_off, "18446744073709551615", true);
}

static void texts(void **state)
{
	taken_text(&may_text, "", "");
	taken_text(&may_text, "x86_64", "x86_64");
	taken_text(&may_text, "1234567", "1234567");
	taken_text(&need_text, "w ", "w ");
	refused(&may_text, "12345678", -ERANGE);
	refused(&need_text, "much longer than the field is", -ERANGE);
}

static void absent(void **state)
{
	refused(&need_count, NULL, -ENOENT);
	refused(&need_size, NULL, -ENOENT);
	refused(&need_text, NULL, -ENOENT);
	taken_uint(&may_count, NULL, 5);
	taken_flag(&flag_on, NULL, true);
	taken_flag(&flag_off, NULL, false);
	taken_text(&may_text, NULL, "");
}

static void presence(void **state)
{
	struct sample s = blank();

	s.seen = false;
	assert_int_equal(xpv_key_parse(&seen, "", &s), 0);
	assert_true(s.seen);
	assert_int_equal(xpv_key_parse(&seen, "whatever -1", &s), 0);
	assert_true(s.seen);
	assert_int_equal(xpv_key_parse(&seen, NULL, &s), 0);
	assert_false(s.seen);
	assert_int_equal(s.after, 0x5a);
}

static void no_such_type(void **state)
{
	struct xpv_key key = need_count;

	key.type = 77;
	refused(&key, "1", -EINVAL);
}

static void explained(const struct xpv_key *key, const char *text, int err,
		      const char *words)
{
	char buf[160];

	memset(buf, 'x', sizeof(buf));
	xpv_key_explain(key, text, err, buf, sizeof(buf));
	assert_string_equal(buf, words);
}

static void explains(void **state)
{
	explained(&need_count, NULL, -ENOENT, "count is missing");
	explained(&need_count, "", -EINVAL, "count is \"\", not a number");
	explained(&need_count, "-1", -EINVAL,
		  "count is \"-1\", not a number");
	explained(&may_count, "10", -ERANGE,
		  "ring-page-order is 10, not within 2 to 9");
	explained(&need_count, "4294967296", -ERANGE,
		  "count is 4294967296, not within 0 to 4294967295");
	explained(&bound_size, "0", -ERANGE,
		  "sectors is 0, not within 1 to 1099511627776");
	explained(&need_text, "12345678", -ERANGE,
		  "mode is \"12345678\", longer than 7 bytes");
	explained(&need_count, "1", -EIO, "count cannot be read (-5)");
	explained(&need_count, NULL, -EIO, "count cannot be read (-5)");
}

static void explains_safely(void **state)
{
	char all[257], buf[160];
	unsigned int i;

	explained(&need_count, "a\nb\x1b[2Jc\x7f\x80\xff", -EINVAL,
		  "count is \"a?b?[2Jc???\", not a number");
	explained(&need_count, "01234567890123456789012345678901", -ERANGE,
		  "count is 01234567890123456789012345678901, "
		  "not within 0 to 4294967295");
	explained(&need_count, "012345678901234567890123456789012", -ERANGE,
		  "count is 01234567890123456789012345678901..., "
		  "not within 0 to 4294967295");
	explained(&need_count, "%s%n%x", -EINVAL,
		  "count is \"%s%n%x\", not a number");

	for (i = 0; i < 255; i++)
		all[i] = i + 1;
	all[255] = '\0';
	for (i = 0; i < 255; i++) {
		const char *c;

		xpv_key_explain(&need_count, all + i, -EINVAL, buf,
				sizeof(buf));
		for (c = buf; *c; c++)
			assert_in_range(*c, ' ', '~');
	}
}

/* Whatever the room: terminated, and nothing written behind it. */
static void explains_in_any_room(void **state)
{
	static const int errs[] = { -ENOENT, -EINVAL, -ERANGE, -EIO };
	char buf[96];
	size_t len;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errs); i++)
		for (len = 0; len < sizeof(buf); len++) {
			memset(buf, 'x', sizeof(buf));
			xpv_key_explain(&may_count, "a rather long text, cut",
					errs[i], buf, len);
			if (len)
				assert_true(strlen(buf) < len);
			assert_int_equal(buf[len], 'x');
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(blanks_behind),
		cmocka_unit_test(not_a_number),
		cmocka_unit_test(overflow),
		cmocka_unit_test(bounds),
		cmocka_unit_test(flags),
		cmocka_unit_test(texts),
		cmocka_unit_test(absent),
		cmocka_unit_test(presence),
		cmocka_unit_test(no_such_type),
		cmocka_unit_test(explains),
		cmocka_unit_test(explains_safely),
		cmocka_unit_test(explains_in_any_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
