// SPDX-License-Identifier: GPL-2.0
/* How many answers are held back, against guests of a known depth. */
#include "unit.h"
#include <linux/kernel.h>
#include "../../../drivers/block/blkback/hold.h"

/* One round with a guest that has so many requests; how many were answered together. */
static unsigned int turn(struct hold *hold, unsigned int depth)
{
	unsigned int nr = hold_nr(hold);

	if (nr > depth) {
		hold_in_vain(hold, depth);
		return depth;
	}
	hold_enough(hold);
	return nr;
}

static void turns(struct hold *hold, unsigned int depth, unsigned int nr)
{
	while (nr--)
		turn(hold, depth);
}

static void test_nothing_is_held_at_first(void **state)
{
	struct hold hold;

	hold_init(&hold);
	assert_int_equal(hold_nr(&hold), 1);
}

static void test_a_depth_is_found(void **state)
{
	unsigned int depth;
	struct hold hold;

	for (depth = 1; depth <= 64; depth++) {
		hold_init(&hold);
		turns(&hold, depth, 64);
		assert_int_equal(hold.depth, min(depth, 32U));
	}
}

static void test_half_of_the_requests_are_answered_together(void **state)
{
	struct hold hold;

	hold_init(&hold);
	turns(&hold, 32, 64);
	hold.trial = false;
	assert_int_equal(hold_nr(&hold), 16);
}

static void test_trials_in_vain_become_seldom(void **state)
{
	unsigned int i, vain = 0;
	struct hold hold;

	hold_init(&hold);
	turns(&hold, 1, 10000);
	for (i = 0; i < 10000; i++) {
		vain += hold_nr(&hold) > 1;
		turn(&hold, 1);
	}
	assert_in_range(vain, 10000 / 1100, 10000 / 1024);
}

static void test_a_guest_that_has_less_is_found_out(void **state)
{
	unsigned int depth, i;
	struct hold hold;

	for (depth = 1; depth < 32; depth++) {
		hold_init(&hold);
		turns(&hold, 64, 10000);
		assert_int_equal(hold.depth, 32);
		for (i = 0; i < 4096 && (hold.trial || hold_nr(&hold) > max(depth / 2, 1U)); i++)
			turn(&hold, depth);
		assert_true(i < 1100);
	}
}

static void test_a_pause_costs_little_of_what_is_known(void **state)
{
	struct hold hold;

	hold_init(&hold);
	turns(&hold, 32, 64);
	hold_in_vain(&hold, 1);
	assert_int_equal(hold.depth, 8);
	turns(&hold, 32, 16);
	assert_int_equal(hold.depth, 32);
}

static void test_what_was_seen_is_never_more_than_the_most(void **state)
{
	struct hold hold;

	hold_init(&hold);
	hold_in_vain(&hold, 4000);
	assert_int_equal(hold.depth, 32);
	hold_in_vain(&hold, 0);
	assert_int_equal(hold.depth, 8);
	turns(&hold, 0, 10);
	assert_int_equal(hold.depth, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_held_at_first),
		cmocka_unit_test(test_a_depth_is_found),
		cmocka_unit_test(test_half_of_the_requests_are_answered_together),
		cmocka_unit_test(test_trials_in_vain_become_seldom),
		cmocka_unit_test(test_a_guest_that_has_less_is_found_out),
		cmocka_unit_test(test_a_pause_costs_little_of_what_is_known),
		cmocka_unit_test(test_what_was_seen_is_never_more_than_the_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
