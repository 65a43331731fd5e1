// SPDX-License-Identifier: GPL-2.0
/* drivers/net/netback/rate.c: what xl writes, and what only a madman would. */
#include "unit.h"
#include <errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include "../../../drivers/net/netback/rate.h"

#define MS	1000000ULL
#define SECOND	1000000000ULL

static void is(const char *text, u64 bytes, u64 usec)
{
	struct rate rate = { 0x5a, 0x5a };

	assert_int_equal(rate_parse(text, &rate), 0);
	assert_int_equal(rate.bytes, bytes);
	if (bytes)
		assert_int_equal(rate.usec, usec);
}

static void is_wrong(const char *text, int err)
{
	struct rate rate = { 0x5a, 0x5a };

	assert_int_equal(rate_parse(text, &rate), err);
	assert_int_equal(rate.bytes, 0);
	assert_int_equal(rate.usec, 1);
}

static void limits(void **state)
{
	is("50000,50000", 50000, 50000);
	is("4294967295,4294967295", U32_MAX, U32_MAX);
	is("1,1", 1, 1);
}

static void no_limit(void **state)
{
	is("18446744073709551615,50000", 0, 0);
	is("4294967296,50000", 0, 0);
	is("0,50000", 0, 0);
	is("50000,0", 0, 0);
}

static void wrong(void **state)
{
	is_wrong("", -EINVAL);
	is_wrong("50000", -EINVAL);
	is_wrong("50000,", -EINVAL);
	is_wrong("fast,50000", -EINVAL);
	is_wrong("50000,4294967296", -ERANGE);
	is_wrong("50000,18446744073709551615", -ERANGE);
}

static void grows(void **state)
{
	const struct rate rate = { .bytes = 50000, .usec = 50000 };
	u64 left = 0;

	assert_true(rate_grow(&rate, 10 * MS, &left));
	assert_int_equal(left, 10000);
	assert_true(rate_grow(&rate, 10 * MS, &left));
	assert_int_equal(left, 20000);
}

/* Less than a byte: the time counts again, together with more. */
static void too_soon(void **state)
{
	const struct rate rate = { .bytes = 1, .usec = 1000 };
	u64 left = 7;

	assert_false(rate_grow(&rate, MS - 1, &left));
	assert_int_equal(left, 7);
	assert_true(rate_grow(&rate, MS, &left));
	assert_int_equal(left, 8);
}

static void up_to_a_burst(void **state)
{
	const struct rate slow = { .bytes = 1000, .usec = 50000 };
	const struct rate fast = { .bytes = 1000000, .usec = 50000 };
	u64 left = 0;

	assert_true(rate_grow(&slow, 1000 * SECOND, &left));
	assert_int_equal(left, RATE_BURST_MIN);
	left = 0;
	assert_true(rate_grow(&fast, SECOND, &left));
	assert_int_equal(left, 1000000);
}

static void waits(void **state)
{
	const struct rate rate = { .bytes = 50000, .usec = 100000 };

	assert_int_equal(rate_wait(&rate, 1), 3);
	assert_int_equal(rate_wait(&rate, 50000), 100001);
}

/* No rate and no time makes a quotient too large, and all fill the burst. */
static void extremes(void **state)
{
	static const u64 edges[] = { 1, 2, RATE_BURST_MIN, U32_MAX - 1, U32_MAX };
	static const u64 times[] = { 0, 1, SECOND, 3600 * SECOND,
				     UINT64_MAX / 2, UINT64_MAX };
	unsigned int i, j, k;

	for (i = 0; i < ARRAY_SIZE(edges); i++)
		for (j = 0; j < ARRAY_SIZE(edges); j++)
			for (k = 0; k < ARRAY_SIZE(times); k++) {
				const struct rate rate = { edges[i], edges[j] };
				u64 most = max_t(u64, rate.bytes,
						 RATE_BURST_MIN);
				u64 left = 0;

				rate_grow(&rate, times[k], &left);
				assert_true(left <= most);
				if (times[k] == UINT64_MAX)
					assert_int_equal(left, most);
				assert_true(rate_wait(&rate, U32_MAX));
			}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(no_limit),
		cmocka_unit_test(wrong),
		cmocka_unit_test(grows),
		cmocka_unit_test(too_soon),
		cmocka_unit_test(up_to_a_burst),
		cmocka_unit_test(waits),
		cmocka_unit_test(extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
