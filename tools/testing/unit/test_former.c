// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/xenbus/former.c: when a backend that begins takes up what a frontend
 * has in the store, and how long it is patient.
 */
#include "unit.h"
#include <linux/kernel.h>
#include <xpv/former.h>

enum { U, I, W, R, C, X, Z, STATES };

#define SILENT	XPV_FORMER_SILENT
#define US	XPV_FORMER_US
#define OTHER	XPV_FORMER_OTHER

/* The time at which a test begins, in ms. */
#define NOW	1000000

/* Events before the frontend wrote anything: the watch's own. */
#define QUIET	1

static struct xpv_former after(enum xenbus_state left)
{
	struct xpv_former former = { .until = 99, .seen = 99, .known = 99 };

	xpv_former_begin(&former, left);
	return former;
}

/* A device that the toolstack made: whatever the frontend shows is for us. */
static void first_backend_waits_for_nobody(void **state)
{
	int left, other;

	for (left = U; left <= I; left++)
		for (other = U; other < STATES; other++) {
			struct xpv_former former = after(left);

			xpv_former_see(&former, other, QUIET);
			assert_int_equal(xpv_former_wait(&former, SILENT, NOW), 0);
			assert_false(xpv_former_again(&former, NOW));
		}
}

static void frontend_side_knows_none(void **state)
{
	struct xpv_former former = {};

	xpv_former_see(&former, C, 7);
	assert_int_equal(xpv_former_wait(&former, SILENT, NOW), 0);
	assert_false(xpv_former_again(&former, NOW));
}

/* One that keeps its rings and says nothing is served after a while. */
static void old_rings_are_taken_up_late(void **state)
{
	struct xpv_former former;
	int left;

	for (left = W; left < STATES; left++) {
		former = after(left);
		xpv_former_see(&former, C, QUIET);
		assert_int_equal(xpv_former_wait(&former, SILENT, NOW),
				 XPV_FORMER_GRACE);
		xpv_former_see(&former, C, QUIET);
		assert_int_equal(xpv_former_wait(&former, SILENT, NOW + 200),
				 XPV_FORMER_GRACE - 200);
		assert_int_equal(xpv_former_wait(&former, SILENT, NOW + 499), 1);
		assert_int_equal(xpv_former_wait(&former, SILENT, NOW + 500), 0);
		assert_int_equal(xpv_former_wait(&former, SILENT, NOW + 9999), 0);
	}
}

/* The time runs from when the frontend can know, not from our beginning. */
static void time_runs_from_the_first_question(void **state)
{
	struct xpv_former former = after(C);

	xpv_former_see(&former, C, QUIET);
	xpv_former_see(&former, C, QUIET);
	assert_int_equal(xpv_former_wait(&former, SILENT, NOW + 60000),
			 XPV_FORMER_GRACE);
}

/* One that began anew is not waited for, however little of it was seen. */
static void one_that_noticed_is_taken_up_at_once(void **state)
{
	static const int seen[] = { U, I, W, X, Z };
	struct xpv_former former;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		former = after(C);
		xpv_former_see(&former, C, QUIET);
		assert_int_not_equal(xpv_former_wait(&former, SILENT, NOW), 0);
		xpv_former_see(&former, seen[i], QUIET + 1);
		xpv_former_see(&former, C, QUIET + 2);
		assert_int_equal(xpv_former_wait(&former, SILENT, NOW + 1), 0);
		assert_false(xpv_former_again(&former, NOW + 1));
	}
	/* From Connected to Connected, and nobody looked in between. */
	former = after(C);
	xpv_former_see(&former, C, QUIET);
	assert_int_not_equal(xpv_former_wait(&former, SILENT, NOW), 0);
	xpv_former_see(&former, C, QUIET + 1);
	assert_int_equal(xpv_former_wait(&former, SILENT, NOW + 1), 0);
	/* The watch's own event came late, or not at all. */
	former = after(C);
	xpv_former_see(&former, C, 0);
	assert_int_not_equal(xpv_former_wait(&former, SILENT, NOW), 0);
	xpv_former_see(&former, C, QUIET);
	assert_int_not_equal(xpv_former_wait(&former, SILENT, NOW + 1), 0);
}

/* Nobody is connected with these rings; but they may be about to go. */
static void initialised_is_tried_at_once(void **state)
{
	struct xpv_former former = after(C);

	xpv_former_see(&former, R, QUIET);
	assert_int_equal(xpv_former_wait(&former, SILENT, NOW), 0);
	assert_true(xpv_former_again(&former, NOW));
}

/* It gave up the old rings, and made the next before it saw us. */
static void one_that_publishes_late_is_waited_for(void **state)
{
	static const int seen[] = { U, I, W, X, Z };
	struct xpv_former former;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		former = after(X);
		xpv_former_see(&former, seen[i], QUIET);
		assert_false(xpv_former_is_over(&former));
		xpv_former_see(&former, R, QUIET + 1);
		assert_int_equal(xpv_former_wait(&former, OTHER, NOW),
				 XPV_FORMER_GRACE_SURE);
		xpv_former_see(&former, R, QUIET + 2);
		assert_int_equal(xpv_former_wait(&former, US, NOW + 1), 0);
		assert_false(xpv_former_again(&former, NOW + 1));
	}
}

/* Rings that are gone are no fault at first, and one in the end. */
static void patience_ends(void **state)
{
	struct xpv_former former = after(C);
	s64 now = NOW;
	int i;

	xpv_former_see(&former, C, QUIET);
	xpv_former_wait(&former, SILENT, now);
	for (i = 0; i < XPV_FORMER_TRIES; i++) {
		now += XPV_FORMER_GRACE;
		assert_int_equal(xpv_former_wait(&former, SILENT, now), 0);
		assert_true(xpv_former_again(&former, now));
		assert_int_equal(xpv_former_wait(&former, SILENT, now),
				 XPV_FORMER_GRACE);
		xpv_former_see(&former, C, QUIET);
	}
	assert_false(xpv_former_again(&former, now));
	assert_false(xpv_former_again(&former, now));
}

/* A frontend that writes without end gets no more than that either. */
static void patience_is_not_renewed(void **state)
{
	struct xpv_former former = after(C);
	unsigned int i, tries = 0;

	for (i = 0; i < 1000; i++) {
		xpv_former_see(&former, i % 2 ? R : C, QUIET + 1 + i);
		if (!xpv_former_wait(&former, SILENT, NOW + i))
			tries += xpv_former_again(&former, NOW + i);
	}
	assert_int_equal(tries, XPV_FORMER_TRIES);
}

/* After a failed attempt only what is written from then on counts. */
static void what_was_said_before_is_no_news(void **state)
{
	struct xpv_former former = after(C);

	xpv_former_see(&former, C, QUIET + 1);
	assert_int_equal(xpv_former_wait(&former, SILENT, NOW), 0);
	assert_true(xpv_former_again(&former, NOW));
	xpv_former_see(&former, C, QUIET + 1);
	assert_int_not_equal(xpv_former_wait(&former, SILENT, NOW + 1), 0);
	xpv_former_see(&former, C, QUIET + 2);
	assert_int_equal(xpv_former_wait(&former, SILENT, NOW + 2), 0);
}

/* A frontend of ours is taken at its word, whatever its state and events are. */
static void a_word_counts_more_than_signs(void **state)
{
	struct xpv_former former = after(C);

	xpv_former_see(&former, C, QUIET);
	assert_int_equal(xpv_former_wait(&former, OTHER, NOW),
			 XPV_FORMER_GRACE_SURE);
	xpv_former_see(&former, C, QUIET + 1);
	assert_int_equal(xpv_former_wait(&former, OTHER, NOW + 1000),
			 XPV_FORMER_GRACE_SURE - 1000);
	xpv_former_see(&former, R, QUIET + 2);
	assert_int_equal(xpv_former_wait(&former, OTHER, NOW + 2000),
			 XPV_FORMER_GRACE_SURE - 2000);
	assert_int_equal(xpv_former_wait(&former, US, NOW + 2000), 0);

	former = after(C);
	xpv_former_see(&former, C, QUIET);
	assert_int_equal(xpv_former_wait(&former, US, NOW), 0);

	/* Whoever wrote the word may be long gone. */
	former = after(C);
	xpv_former_see(&former, C, QUIET);
	assert_int_not_equal(xpv_former_wait(&former, OTHER, NOW), 0);
	assert_int_equal(xpv_former_wait(&former, OTHER,
					 NOW + XPV_FORMER_GRACE_SURE), 0);
}

/* Where there was no backend before us, the frontend can mean no other. */
static void a_word_of_no_doubt_is_not_needed(void **state)
{
	struct xpv_former former = after(I);

	assert_true(xpv_former_is_over(&former));
	assert_int_equal(xpv_former_wait(&former, OTHER, NOW), 0);
}

static void it_is_over_once_connected(void **state)
{
	struct xpv_former former = after(C);

	xpv_former_see(&former, C, QUIET);
	xpv_former_end(&former);
	assert_false(xpv_former_again(&former, NOW));
	xpv_former_see(&former, C, QUIET);
	assert_int_equal(xpv_former_wait(&former, SILENT, NOW), 0);
}

/* Numbers that are no state end all patience, and nothing else. */
static void no_state_is_harmless(void **state)
{
	static const int bogus[] = { 7, 8, 9, -1, 1 << 16, 0x7fffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bogus); i++) {
		struct xpv_former former = after(bogus[i]);

		xpv_former_see(&former, bogus[i], QUIET);
		assert_int_equal(xpv_former_wait(&former, SILENT, NOW), 0);
		assert_false(xpv_former_again(&former, NOW));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_backend_waits_for_nobody),
		cmocka_unit_test(frontend_side_knows_none),
		cmocka_unit_test(old_rings_are_taken_up_late),
		cmocka_unit_test(time_runs_from_the_first_question),
		cmocka_unit_test(one_that_noticed_is_taken_up_at_once),
		cmocka_unit_test(initialised_is_tried_at_once),
		cmocka_unit_test(one_that_publishes_late_is_waited_for),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(patience_is_not_renewed),
		cmocka_unit_test(what_was_said_before_is_no_news),
		cmocka_unit_test(a_word_counts_more_than_signs),
		cmocka_unit_test(a_word_of_no_doubt_is_not_needed),
		cmocka_unit_test(it_is_over_once_connected),
		cmocka_unit_test(no_state_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
