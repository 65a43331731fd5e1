// SPDX-License-Identifier: GPL-2.0
/* lib/grant.c: a byte ring's memory is granted whole or not, and comes back. */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <xpv/bytering.h>
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
	assert_int_equal(fake_xen.frames, 0);
	return 0;
}

static void rings_of_each_order(void **state)
{
	struct xpv_granted_bytes bytes = {};
	unsigned int all = FREE, order, i;

	for (order = 1; order <= 5; order++) {
		struct xpv_bytes_intf *intf;

		assert_int_equal(xpv_bytes_grant(&bytes, &dev, order), 0);
		intf = bytes.index.mem;
		assert_int_equal(dev.held.grants.counter, (1 << order) + 1);
		assert_int_equal(intf->ring_order, order);
		assert_int_equal(intf->in_prod, 0);
		for (i = 0; i < 1U << order; i++) {
			assert_int_equal(intf->ref[i], bytes.refs[i]);
			assert_int_equal(fake_xen.refs[bytes.refs[i]].dom, 7);
			assert_false(fake_xen.refs[bytes.refs[i]].readonly);
			assert_non_null(bytes.pages[i]);
			assert_true(virt_to_page(bytes.pages[i])->zeroed);
		}
		/* What the other end writes there frees nothing else. */
		memset(intf, 0xff, 4096);
		xpv_bytes_revoke(&bytes);
		xpv_bytes_revoke(&bytes);
		assert_int_equal(FREE, all);
	}
	assert_int_equal(xpv_bytes_grant(&bytes, &dev, 0), -EINVAL);
	assert_int_equal(xpv_bytes_grant(&bytes, &dev, 10), -EINVAL);
	xpv_bytes_revoke(&bytes);
}

/* Whatever runs out, and whenever, all of it is back. */
static void rings_that_cannot_be_had(void **state)
{
	struct xpv_granted_bytes bytes = {};
	unsigned int all = FREE, left;
	grant_ref_t others;
	int err;

	for (left = 0; left < 3; left++) {
		fake_xen.allocs_left = left;
		assert_int_equal(xpv_bytes_grant(&bytes, &dev, 3), -ENOMEM);
		xpv_bytes_revoke(&bytes);
	}
	fake_xen.allocs_left = -1;
	for (left = 0; left < 8; left++) {
		fake_xen.frames_left = left;
		assert_int_equal(xpv_bytes_grant(&bytes, &dev, 3), -ENOMEM);
		assert_int_equal(FREE, all);
		assert_int_equal(fake_xen.frames, 0);
	}
	fake_xen.frames_left = 100;
	for (left = 1; left <= 9; left++) {
		assert_int_equal(gnttab_alloc_grant_references(all - left,
							       &others), 0);
		err = xpv_bytes_grant(&bytes, &dev, 3);
		assert_int_equal(err, left == 9 ? 0 : -ENOSPC);
		xpv_bytes_revoke(&bytes);
		assert_int_equal(FREE, left);
		gnttab_free_grant_references(others);
	}
}

/* A page that is still mapped is not used again before it is let go. */
static void still_mapped(void **state)
{
	struct xpv_granted_bytes bytes = {};
	unsigned int all = FREE;

	assert_int_equal(xpv_bytes_grant(&bytes, &dev, 2), 0);
	fake_xen.refs[bytes.refs[1]].mapped = true;
	fake_xen.refs[bytes.refs[1]].page = bytes.pages[1];
	xpv_bytes_revoke(&bytes);
	assert_int_equal(fake_xen.frames, 1);
	assert_int_equal(FREE, all - 1);
	fake_let_go();
	assert_int_equal(FREE, all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rings_of_each_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rings_that_cannot_be_had,
						setup, teardown),
		cmocka_unit_test_setup_teardown(still_mapped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
