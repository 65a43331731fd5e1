// SPDX-License-Identifier: GPL-2.0
/* drivers/xenbus/loss.c: how long a backend that is lost or silent is waited for. */
#include "unit.h"
#include <linux/limits.h>
#include <xpv/loss.h>

static void by_default_for_ever(void **state)
{
	assert_int_equal(xpv_loss_left(0, true, 0), XPV_LOSS_NEVER);
	assert_int_equal(xpv_loss_left(1LL << 60, true, 0), XPV_LOSS_NEVER);
}

static void as_long_as_was_chosen(void **state)
{
	assert_int_equal(xpv_loss_left(0, true, 5), 5000);
	assert_int_equal(xpv_loss_left(4999, true, 5), 1);
	assert_int_equal(xpv_loss_left(5000, true, 5), 0);
	assert_int_equal(xpv_loss_left(1LL << 60, true, 5), 0);
	assert_int_equal(xpv_loss_left(0, true, UINT_MAX), 4294967295000LL);
}

/* Nobody is to be expected, whatever was chosen; less is less. */
static void not_long_once_it_is_to_go(void **state)
{
	assert_int_equal(xpv_loss_left(0, false, 0), XPV_LOSS_OFFLINE);
	assert_int_equal(xpv_loss_left(XPV_LOSS_OFFLINE, false, 0), 0);
	assert_int_equal(xpv_loss_left(500, false, 3600),
			 XPV_LOSS_OFFLINE - 500);
	assert_int_equal(xpv_loss_left(0, false, UINT_MAX), XPV_LOSS_OFFLINE);
	assert_int_equal(xpv_loss_left(600, false, 1), 400);
}

/* look N times, a second apart; returns what the last look says */
static s64 looks(struct xpv_silence *silence, bool owes, u32 answers, s64 *now, unsigned int n)
{
	s64 lasts = 0;

	for (; n; n--) {
		*now += 1000;
		lasts = xpv_silence_look(silence, owes, answers, *now);
	}
	return lasts;
}

static void silent_while_it_owes(void **state)
{
	struct xpv_silence silence = {};
	s64 now = 1LL << 40;

	assert_int_equal(looks(&silence, true, 0, &now, 1), 0);
	assert_int_equal(looks(&silence, true, 0, &now, 1), 1000);
	assert_int_equal(looks(&silence, true, 0, &now, 9), 10000);
}

/* One answer to whatever, though more is owed. Numbers wrap. */
static void any_answer_ends_it(void **state)
{
	struct xpv_silence silence = {};
	s64 now = 1LL << 40;

	looks(&silence, true, U32_MAX, &now, 5);
	assert_int_equal(looks(&silence, true, 0, &now, 1), 0);
	assert_int_equal(looks(&silence, true, 0, &now, 2), 2000);
	assert_int_equal(looks(&silence, true, 7, &now, 1), 0);
}

static void who_owes_nothing_is_not_silent(void **state)
{
	struct xpv_silence silence = {};
	s64 now = 1LL << 40;

	assert_int_equal(looks(&silence, false, 3, &now, 100), 0);
	assert_int_equal(looks(&silence, true, 3, &now, 1), 1000);
	assert_int_equal(looks(&silence, false, 3, &now, 1), 0);
}

/* Nobody looked, or this very domain was paused. */
static void what_nobody_saw_does_not_count(void **state)
{
	struct xpv_silence silence = {};
	s64 now = 1LL << 40;

	looks(&silence, true, 1, &now, 3);
	now += XPV_SILENCE_GAP;
	assert_int_equal(looks(&silence, true, 1, &now, 1), 0);
	assert_int_equal(looks(&silence, true, 1, &now, 1), 1000);
}

static void only_silence_that_was_there_counts(void **state)
{
	assert_false(xpv_silence_counts(XPV_SILENCE_MAX - 1, 0));
	assert_true(xpv_silence_counts(XPV_SILENCE_MAX, 0));
	assert_true(xpv_silence_counts(XPV_SILENCE_MAX,
				       XPV_SILENCE_MAX + XPV_SILENCE_BEGINS));
	assert_false(xpv_silence_counts(XPV_SILENCE_MAX,
					XPV_SILENCE_MAX + XPV_SILENCE_BEGINS + 1));
	assert_false(xpv_silence_counts(1LL << 40, 1LL << 41));
}

/* A toolstack that asks for a device has it within 5 s, or knows that it will not. */
static void it_is_decided_in_time(void **state)
{
	assert_true(XPV_SILENCE_MAX + XPV_SILENCE_BEGINS < 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_default_for_ever),
		cmocka_unit_test(as_long_as_was_chosen),
		cmocka_unit_test(not_long_once_it_is_to_go),
		cmocka_unit_test(silent_while_it_owes),
		cmocka_unit_test(any_answer_ends_it),
		cmocka_unit_test(who_owes_nothing_is_not_silent),
		cmocka_unit_test(what_nobody_saw_does_not_count),
		cmocka_unit_test(only_silence_that_was_there_counts),
		cmocka_unit_test(it_is_decided_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
