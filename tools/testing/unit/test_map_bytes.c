// SPDX-License-Identifier: GPL-2.0
/* lib/map_bytes.c: a byte ring is mapped as its index page said once. */
#include "unit.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <xpv/bytering.h>
#include <xpv/device.h>
#include <xpv/map.h>
#include "shim/fake_xen.h"

#define INDEX	5
#define DATA	1000

static struct xenbus_device bus = { .otherend_id = 7 };
static struct xpv_device dev;
static struct xpv_mapped_bytes bytes;
static u32 index_page[1024] __attribute__((aligned(4096)));
static struct xpv_bytes_intf *intf = (void *)index_page;
static grant_ref_t refused;

/* A data page's content is an address that tells its reference. */
static void *content(grant_ref_t ref)
{
	return ref == INDEX ? (void *)index_page : (void *)(uintptr_t)ref;
}

static int refuse_one(grant_ref_t ref)
{
	return ref == refused ? GNTST_bad_gntref : 0;
}

static int setup(void **state)
{
	unsigned int i;

	fake_reset();
	fake_xen.content = content;
	memset(&dev, 0, sizeof(dev));
	dev.bus = &bus;
	dev.otherend_id = 7;
	memset(index_page, 0, sizeof(index_page));
	for (i = 0; i < XPV_BYTES_MAX_PAGES; i++)
		intf->ref[i] = DATA + i;
	return 0;
}

static int teardown(void **state)
{
	assert_null(bytes.intf);
	assert_int_equal(dev.held.maps.counter, 0);
	assert_int_equal(fake_xen.mapped, 0);
	assert_int_equal(fake_xen.frames, 0);
	return 0;
}

static void rings_of_each_order(void **state)
{
	unsigned int order, i;

	for (order = 1; order <= XPV_BYTES_MAX_ORDER; order++) {
		intf->ring_order = order;
		fake_xen.frames_left = 1000;
		assert_int_equal(xpv_bytes_map(&bytes, &dev, INDEX, 9), 0);
		/* From now on the page's word does not count. */
		intf->ring_order = 99;
		assert_ptr_equal(bytes.intf, intf);
		assert_int_equal(bytes.order, order);
		assert_int_equal(dev.held.maps.counter, (1 << order) + 1);
		for (i = 0; i < 1U << order; i++)
			assert_int_equal((uintptr_t)bytes.pages[i], DATA + i);
		xpv_bytes_unmap(&bytes);
		xpv_bytes_unmap(&bytes);
		assert_int_equal(fake_xen.mapped, 0);
		assert_int_equal(fake_xen.frames, 0);
	}
}

static void orders_that_are_none(void **state)
{
	static const u32 orders[] = { 0, 7, 10, 31, 32, 1U << 31, -1U };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		intf->ring_order = orders[i];
		assert_int_equal(xpv_bytes_map(&bytes, &dev, INDEX, 6),
				 -ERANGE);
		assert_int_equal(fake_xen.frames, 0);
	}
	intf->ring_order = 10;
	assert_int_equal(xpv_bytes_map(&bytes, &dev, INDEX, 20), -ERANGE);
}

static void references_that_are_none(void **state)
{
	fake_xen.map_status = refuse_one;
	intf->ring_order = 3;
	refused = INDEX;
	assert_int_equal(xpv_bytes_map(&bytes, &dev, INDEX, 9), -EINVAL);
	for (refused = DATA; refused < DATA + 8; refused++) {
		assert_int_equal(xpv_bytes_map(&bytes, &dev, INDEX, 9),
				 -EINVAL);
		assert_int_equal(dev.held.maps.counter, 0);
	}
	assert_int_equal(xpv_bytes_map(&bytes, &dev, INDEX, 9), 0);
	xpv_bytes_unmap(&bytes);
}

static void memory_that_is_not_there(void **state)
{
	int left;

	intf->ring_order = 2;
	for (left = 0; left < 8; left++) {
		fake_xen.allocs_left = left;
		assert_int_equal(xpv_bytes_map(&bytes, &dev, INDEX, 9),
				 -ENOMEM);
	}
	fake_xen.allocs_left = 8;
	assert_int_equal(xpv_bytes_map(&bytes, &dev, INDEX, 9), 0);
	xpv_bytes_unmap(&bytes);
	fake_xen.allocs_left = -1;
	for (left = 0; left < 5; left++) {
		fake_xen.frames_left = left;
		assert_int_equal(xpv_bytes_map(&bytes, &dev, INDEX, 9),
				 -ENOMEM);
		assert_int_equal(fake_xen.frames, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rings_of_each_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(orders_that_are_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(references_that_are_none,
						setup, teardown),
		cmocka_unit_test_setup_teardown(memory_that_is_not_there,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
