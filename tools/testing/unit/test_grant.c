// SPDX-License-Identifier: GPL-2.0
/* lib/grant.c: every reference is somewhere, and every page is its owner's. */
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

static void pool_sizes(void **state)
{
	struct xpv_grant_pool pool = {};
	unsigned int all = FREE;

	assert_int_equal(xpv_grant_pool_init(&pool, &dev, 0), -EINVAL);
	assert_int_equal(xpv_grant_pool_init(&pool, &dev, 65536), -EINVAL);
	assert_int_equal(xpv_grant_pool_init(&pool, &dev, all + 1), -ENOSPC);
	xpv_grant_pool_exit(&pool);
	assert_int_equal(dev.held.grants.counter, 0);

	assert_int_equal(xpv_grant_pool_init(&pool, &dev, all), 0);
	assert_int_equal(dev.held.grants.counter, all);
	assert_int_equal(FREE, 0);
	xpv_grant_pool_exit(&pool);
	xpv_grant_pool_exit(&pool);
	assert_int_equal(FREE, all);
}

static void pages_come_and_go(void **state)
{
	struct xpv_grant_pool pool = {};
	struct page page = { .count = 1 };
	grant_ref_t refs[3], more;
	unsigned int all = FREE, i;

	assert_int_equal(xpv_grant_pool_init(&pool, &dev, 3), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(xpv_grant_page(&pool, &page, i, &refs[i]), 0);
		assert_ptr_equal(fake_xen.refs[refs[i]].page, &page);
		assert_int_equal(fake_xen.refs[refs[i]].dom, 7);
		assert_int_equal(fake_xen.refs[refs[i]].readonly, i > 0);
	}
	assert_int_equal(xpv_grant_page(&pool, &page, 0, &more), -ENOSPC);
	assert_true(xpv_grant_end(&pool, refs[1]));
	assert_int_equal(xpv_grant_page(&pool, &page, 0, &more), 0);
	assert_int_equal(more, refs[1]);
	for (i = 0; i < 3; i++)
		assert_true(xpv_grant_end(&pool, refs[i]));
	assert_int_equal(pool.free, 3);
	xpv_grant_pool_exit(&pool);
	assert_int_equal(FREE, all);
	assert_int_equal(page.count, 1);
}

static void mapped_pages_are_abandoned(void **state)
{
	struct xpv_grant_pool pool = {};
	struct page page = { .count = 1 };
	unsigned int all = FREE;
	grant_ref_t ref;

	assert_int_equal(xpv_grant_pool_init(&pool, &dev, 2), 0);
	assert_int_equal(xpv_grant_page(&pool, &page, 0, &ref), 0);
	fake_xen.refs[ref].mapped = true;
	assert_false(xpv_grant_end(&pool, ref));
	xpv_grant_abandon(&pool, ref, &page);
	assert_int_equal(fake_refs_in(FAKE_REF_DEFERRED), 1);
	assert_int_equal(page.count, 2);
	assert_int_equal(pool.size, 2);
	assert_int_equal(pool.free, 2);
	xpv_grant_pool_exit(&pool);
	assert_int_equal(FREE, all - 1);
}

/* A gone other end lets go some time; asking before costs nothing. */
static void waited_for(void **state)
{
	struct xpv_grant_pool pool = {};
	struct page page = { .count = 1 };
	unsigned int all = FREE;
	grant_ref_t ref;

	assert_int_equal(xpv_grant_pool_init(&pool, &dev, 2), 0);
	assert_int_equal(xpv_grant_page(&pool, &page, 0, &ref), 0);
	fake_xen.refs[ref].mapped = true;
	assert_false(xpv_grant_try_end(&pool, ref));
	assert_false(xpv_grant_try_end(&pool, ref));
	assert_int_equal(pool.free, 1);
	fake_xen.refs[ref].mapped = false;
	assert_true(xpv_grant_try_end(&pool, ref));
	assert_int_equal(pool.free, 2);
	assert_int_equal(page.count, 1);
	xpv_grant_pool_exit(&pool);
	assert_int_equal(FREE, all);
}

/* The other end let go between the two calls. */
static void abandoned_in_time(void **state)
{
	struct xpv_grant_pool pool = {};
	struct page page = { .count = 1 };
	unsigned int all = FREE;
	grant_ref_t ref;

	assert_int_equal(xpv_grant_pool_init(&pool, &dev, 2), 0);
	assert_int_equal(xpv_grant_page(&pool, &page, 0, &ref), 0);
	xpv_grant_abandon(&pool, ref, &page);
	assert_int_equal(page.count, 1);
	xpv_grant_pool_exit(&pool);
	assert_int_equal(FREE, all);
}

static void no_reference_to_replace(void **state)
{
	struct xpv_grant_pool pool = {};
	struct page page = { .count = 1 };
	unsigned int all = FREE, i;
	grant_ref_t refs[2];

	assert_int_equal(xpv_grant_pool_init(&pool, &dev, all), 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(xpv_grant_page(&pool, &page, 0, &refs[i]), 0);
		fake_xen.refs[refs[i]].mapped = true;
	}
	for (i = 0; i < 2; i++)
		xpv_grant_abandon(&pool, refs[i], &page);
	assert_int_equal(pool.size, all - 2);
	assert_int_equal(pool.free, all - 2);
	assert_int_equal(dev.held.grants.counter, all - 2);
	xpv_grant_pool_exit(&pool);
	assert_int_equal(FREE, all - 2);
}

/* A driver that forgets a reference is found out. */
static void leaks_stay_in_the_account(void **state)
{
	struct xpv_grant_pool pool = {};
	struct page page = { .count = 1 };
	grant_ref_t ref;

	assert_int_equal(xpv_grant_pool_init(&pool, &dev, 4), 0);
	assert_int_equal(xpv_grant_page(&pool, &page, 0, &ref), 0);
	xpv_grant_pool_exit(&pool);
	assert_int_equal(dev.held.grants.counter, 1);
	dev.held.grants.counter = 0;
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
	struct xpv_grant_pool pool = {};

	fake_xen.allocs_left = 0;
	assert_int_equal(xpv_ring_grant(&ring, &dev, 0), -ENOMEM);
	xpv_ring_revoke(&ring);
	fake_xen.allocs_left = -1;

	assert_int_equal(xpv_grant_pool_init(&pool, &dev, FREE - 5), 0);
	assert_int_equal(xpv_ring_grant(&ring, &dev, 3), -ENOSPC);
	assert_int_equal(FREE, 5);
	assert_null(ring.mem);
	xpv_ring_revoke(&ring);
	assert_int_equal(xpv_ring_grant(&ring, &dev, 2), 0);
	xpv_ring_revoke(&ring);
	xpv_grant_pool_exit(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pool_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_come_and_go, setup,
						teardown),
		cmocka_unit_test_setup_teardown(mapped_pages_are_abandoned,
						setup, teardown),
		cmocka_unit_test_setup_teardown(waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(abandoned_in_time, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_reference_to_replace, setup,
						teardown),
		cmocka_unit_test_setup_teardown(leaks_stay_in_the_account,
						setup, teardown),
		cmocka_unit_test_setup_teardown(rings_of_each_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rings_that_cannot_be_had,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
