// SPDX-License-Identifier: GPL-2.0
/* Which empty rings are watched, against rings of a known rhythm. */
#include "unit.h"
#include <xpv/poll.h>

#define WINDOW	20000U

static unsigned int cpus = 2;

unsigned int num_online_cpus(void)
{
	return cpus;
}

/* Runs that begin GAP after the ring was found empty, until it is worth watching. */
static unsigned int runs_until_it_pays(struct xpv_poll *poll, u64 gap)
{
	unsigned int nr;

	for (nr = 0; nr < 10000 && !xpv_poll_pays(poll); nr++) {
		poll->rest_ns = 1000000;
		xpv_poll_begin(poll, poll->rest_ns + gap, WINDOW);
	}
	return nr;
}

static void test_an_unknown_ring_is_not_watched(void **state)
{
	struct xpv_poll poll;

	xpv_poll_init(&poll);
	assert_false(xpv_poll_pays(&poll));
}

static void test_a_ring_proves_itself(void **state)
{
	struct xpv_poll poll;

	xpv_poll_init(&poll);
	assert_int_equal(runs_until_it_pays(&poll, WINDOW - 1), XPV_POLL_NEED);
}

static void test_a_slow_ring_never_does(void **state)
{
	struct xpv_poll poll;

	xpv_poll_init(&poll);
	assert_int_equal(runs_until_it_pays(&poll, WINDOW), 10000);
}

static void test_one_late_run_counts_for_all(void **state)
{
	struct xpv_poll poll;

	xpv_poll_init(&poll);
	runs_until_it_pays(&poll, 1);
	poll.rest_ns = 1000000;
	xpv_poll_begin(&poll, 1000000 + WINDOW, WINDOW);
	assert_false(xpv_poll_pays(&poll));
	assert_int_equal(runs_until_it_pays(&poll, 1), XPV_POLL_NEED);
}

static void test_each_watch_in_vain_doubles_the_proof(void **state)
{
	unsigned int need = XPV_POLL_NEED;
	struct xpv_poll poll;

	for (xpv_poll_init(&poll); need < XPV_POLL_NEED_MAX; need *= 2) {
		assert_int_equal(runs_until_it_pays(&poll, 1), need);
		xpv_poll_lost(&poll);
	}
	assert_int_equal(runs_until_it_pays(&poll, 1), XPV_POLL_NEED_MAX);
	xpv_poll_lost(&poll);
	assert_int_equal(runs_until_it_pays(&poll, 1), XPV_POLL_NEED_MAX);
}

static void test_a_watch_that_pays_forgives(void **state)
{
	struct xpv_poll poll;

	xpv_poll_init(&poll);
	xpv_poll_lost(&poll);
	xpv_poll_lost(&poll);
	runs_until_it_pays(&poll, 1);
	xpv_poll_won(&poll);
	assert_true(xpv_poll_pays(&poll));
	xpv_poll_lost(&poll);
	assert_int_equal(runs_until_it_pays(&poll, 1), 2 * XPV_POLL_NEED);
}

static void test_a_single_processor_watches_nothing(void **state)
{
	assert_int_equal(xpv_poll_window(20), WINDOW);
	assert_int_equal(xpv_poll_window(0), 0);
	cpus = 1;
	assert_int_equal(xpv_poll_window(20), 0);
	cpus = 2;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_unknown_ring_is_not_watched),
		cmocka_unit_test(test_a_ring_proves_itself),
		cmocka_unit_test(test_a_slow_ring_never_does),
		cmocka_unit_test(test_one_late_run_counts_for_all),
		cmocka_unit_test(test_each_watch_in_vain_doubles_the_proof),
		cmocka_unit_test(test_a_watch_that_pays_forgives),
		cmocka_unit_test(test_a_single_processor_watches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
