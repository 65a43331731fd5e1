// SPDX-License-Identifier: GPL-2.0
/* drivers/xenbus/loss.c: how long a lost backend is waited for. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_default_for_ever),
		cmocka_unit_test(as_long_as_was_chosen),
		cmocka_unit_test(not_long_once_it_is_to_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
