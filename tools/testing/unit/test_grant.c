// SPDX-License-Identifier: GPL-2.0
/* lib/grant.c: ring memory is granted whole or not at all, and given back. */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <xpv/device.h>
#include <xpv/grant.h>
#include "shim/fake_xen.h"

#define FREE	fake_refs_in(FAKE_REF_FREE)

static struct xenbus_device bus = { .otherend_id = 99 };
static struct xpv_device dev;

static int setup(void **state)
{
	fake_reset();
	memset(&dev, 0, sizeof(dev));
	dev.bus = &bus;
	dev.otherend_id = 7;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(dev.held.grants.counter, 0);
	assert_int_equal(fake_xen.ring_pages, 0);
	return 0;
}

static void rings_of_each_order(void **state)
{
	struct xpv_granted_ring ring = {};
	unsigned int all = FREE, order, i;

	for (order = 0; order <= XPV_RING_MAX_ORDER; order++) {
		assert_int_equal(xpv_ring_grant(&ring, &dev, order), 0);
		assert_int_equal(ring.nr, 1 << order);
		assert_int_equal(dev.held.grants.counter, ring.nr);
		for (i = 0; i < ring.nr; i++) {
			assert_int_equal(fake_xen.refs[ring.refs[i]].dom, 7);
			assert_false(fake_xen.refs[ring.refs[i]].readonly);
		}
		for (i = 0; i < ring.nr * 4096; i++)
			assert_int_equal(((char *)ring.mem)[i], 0);
		xpv_ring_revoke(&ring);
		assert_null(ring.mem);
		xpv_ring_revoke(&ring);
		assert_int_equal(FREE, all);
	}
	assert_int_equal(xpv_ring_grant(&ring, &dev, 5), -EINVAL);
}

static void rings_that_cannot_be_had(void **state)
{
	struct xpv_granted_ring ring = {};
	grant_ref_t others;

	fake_xen.allocs_left = 0;
	assert_int_equal(xpv_ring_grant(&ring, &dev, 0), -ENOMEM);
	xpv_ring_revoke(&ring);
	fake_xen.allocs_left = -1;

	assert_int_equal(gnttab_alloc_grant_references(FREE - 5, &others), 0);
	assert_int_equal(xpv_ring_grant(&ring, &dev, 3), -ENOSPC);
	assert_int_equal(FREE, 5);
	assert_null(ring.mem);
	xpv_ring_revoke(&ring);
	assert_int_equal(xpv_ring_grant(&ring, &dev, 2), 0);
	xpv_ring_revoke(&ring);
	gnttab_free_grant_references(others);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rings_of_each_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rings_that_cannot_be_had,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
