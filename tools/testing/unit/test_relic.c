// SPDX-License-Identifier: GPL-2.0
/* lib/relic.c: a ring's memory stays until the other end has unmapped all of it. */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <xpv/device.h>
#include <xpv/relic.h>
#include "shim/fake_xen.h"

#define GRANTED	fake_refs_in(FAKE_REF_GRANTED)

static struct xenbus_device bus = { .otherend_id = 99 };
static struct xpv_device dev;
static struct xpv_relics relics;

static int setup(void **state)
{
	fake_reset();
	memset(&dev, 0, sizeof(dev));
	dev.bus = &bus;
	dev.otherend_id = 7;
	xpv_relics_init(&relics);
	return 0;
}

static int teardown(void **state)
{
	xpv_relics_exit(&relics);
	assert_int_equal(dev.held.grants.counter, 0);
	assert_int_equal(fake_xen.ring_pages, 0);
	assert_int_equal(GRANTED, 0);
	return 0;
}

/* A connection that begins and ends; its references are in @refs. */
static void connection(u32 number, unsigned int order, grant_ref_t *refs)
{
	struct xpv_granted_ring mem = {};

	assert_int_equal(xpv_relics_reserve(&relics, &dev), 0);
	assert_int_equal(xpv_ring_grant(&mem, &dev, order), 0);
	memcpy(refs, mem.refs, sizeof(mem.refs));
	assert_false(xpv_relics_has(&relics, number));
	xpv_relics_add(&relics, &mem, number);
	assert_null(mem.mem);
}

static void map(grant_ref_t ref, bool mapped)
{
	fake_xen.refs[ref].mapped = mapped;
}

static void what_nobody_maps_goes(void **state)
{
	grant_ref_t refs[XPV_RING_MAX_PAGES];

	assert_false(xpv_relics_has(&relics, 0));
	connection(0, 2, refs);
	assert_int_equal(GRANTED, 4);
	assert_false(xpv_relics_has(&relics, 0));
	assert_int_equal(GRANTED, 0);
	assert_int_equal(dev.held.grants.counter, 0);
	assert_int_equal(fake_xen.ring_pages, 0);

	connection(1, 0, refs);
	assert_false(xpv_relics_reclaim(&relics));
	assert_int_equal(GRANTED, 0);
}

/* Any page that is mapped keeps all of the memory. */
static void one_page_keeps_it(void **state)
{
	grant_ref_t refs[XPV_RING_MAX_PAGES];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		connection(i, 2, refs);
		map(refs[i], true);
		assert_true(xpv_relics_has(&relics, i));
		assert_true(xpv_relics_reclaim(&relics));
		assert_true(xpv_relics_has(&relics, i));
		assert_int_equal(fake_xen.ring_pages, 4);
		assert_int_equal(dev.held.grants.counter, 4);
		map(refs[i], false);
		assert_false(xpv_relics_has(&relics, i));
		assert_int_equal(fake_xen.ring_pages, 0);
	}
}

/* What a connection had does not wait for what others had. */
static void each_for_itself(void **state)
{
	grant_ref_t a[XPV_RING_MAX_PAGES], b[XPV_RING_MAX_PAGES],
		    c[XPV_RING_MAX_PAGES];

	connection(3, 0, a);
	map(a[0], true);
	connection(4, 1, b);
	map(b[1], true);
	connection(5, 0, c);
	assert_false(xpv_relics_has(&relics, 6));
	assert_false(xpv_relics_has(&relics, 5));
	map(b[1], false);
	assert_true(xpv_relics_has(&relics, 3));
	assert_int_equal(fake_xen.ring_pages, 3);
	assert_false(xpv_relics_has(&relics, 4));
	assert_int_equal(fake_xen.ring_pages, 1);
	assert_true(xpv_relics_reclaim(&relics));
	map(a[0], false);
	assert_false(xpv_relics_reclaim(&relics));
}

/* What is mapped to the last is Xen's. */
static void left_to_xen(void **state)
{
	grant_ref_t refs[XPV_RING_MAX_PAGES];

	connection(0, 1, refs);
	map(refs[1], true);
	assert_true(xpv_relics_has(&relics, 0));
	xpv_relics_exit(&relics);
	assert_int_equal(dev.held.grants.counter, 0);
	assert_int_equal(fake_refs_in(FAKE_REF_DEFERRED), 1);
	fake_let_go();
}

static void no_memory(void **state)
{
	struct xpv_granted_ring none = {};

	fake_xen.allocs_left = 0;
	assert_int_equal(xpv_relics_reserve(&relics, &dev), -ENOMEM);
	fake_xen.allocs_left = 1;
	assert_int_equal(xpv_relics_reserve(&relics, &dev), 0);
	assert_int_equal(xpv_relics_reserve(&relics, &dev), 0);
	xpv_relics_add(&relics, &none, 0);
	assert_non_null(relics.spare);
	assert_false(xpv_relics_has(&relics, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_nobody_maps_goes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_page_keeps_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(each_for_itself, setup,
						teardown),
		cmocka_unit_test_setup_teardown(left_to_xen, setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
