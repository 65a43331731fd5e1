// SPDX-License-Identifier: GPL-2.0
/* lib/map.c: whole batches or none, and no frame lost or used twice. */
#include "unit.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <xpv/device.h>
#include <xpv/map.h>
#include "shim/fake_xen.h"

#define MAX	8

static struct xenbus_device bus = { .otherend_id = 7 };
static struct xpv_device dev;
static struct xpv_map_pool pool;
static struct xpv_map_batch batch;
static grant_ref_t refs[MAX];
static int done_calls, done_err;

static int setup(void **state)
{
	unsigned int i;

	fake_reset();
	memset(&dev, 0, sizeof(dev));
	dev.bus = &bus;
	dev.otherend_id = 7;
	done_calls = 0;
	done_err = 0;
	for (i = 0; i < MAX; i++)
		refs[i] = 0xfffffff0 + i;
	xpv_map_pool_init(&pool, &dev);
	return xpv_map_batch_init(&batch, &pool, MAX);
}

static int teardown(void **state)
{
	assert_int_equal(batch.nr, 0);
	xpv_map_batch_exit(&batch);
	xpv_map_batch_exit(&batch);
	xpv_map_pool_shrink(&pool, 0);
	assert_int_equal(dev.held.maps.counter, 0);
	assert_int_equal(fake_xen.mapped, 0);
	assert_int_equal(fake_xen.frames, 0);
	return 0;
}

static void done(struct xpv_map_batch *b, int err)
{
	assert_ptr_equal(b, &batch);
	assert_int_equal(b->nr, 0);
	done_calls++;
	done_err = err;
}

static void batches_of_each_size(void **state)
{
	unsigned int nr;

	for (nr = 0; nr <= MAX; nr++) {
		assert_int_equal(xpv_map_batch_map(&batch, refs, nr, nr & 1),
				 0);
		assert_int_equal(batch.nr, nr);
		assert_int_equal(fake_xen.mapped, nr);
		assert_int_equal(dev.held.maps.counter, nr);
		xpv_map_batch_unmap(&batch, done);
		assert_int_equal(done_calls, nr + 1);
		assert_int_equal(done_err, 0);
		assert_int_equal(fake_xen.mapped, 0);
		assert_int_equal(dev.held.maps.counter, 0);
	}
	assert_int_equal(xpv_map_batch_map(&batch, refs, MAX + 1, false),
			 -EINVAL);
	assert_int_equal(fake_xen.frames, MAX);
}

static unsigned int refused_mask;
static int refused_status;

static int refuse_some(grant_ref_t ref)
{
	return refused_mask & (1 << (ref - refs[0])) ? refused_status : 0;
}

static int refuse_to_unmap(grant_handle_t handle)
{
	return refused_mask & (1 << (~handle - refs[0])) ? GNTST_bad_handle :
							   0;
}

/* Every subset of a batch refused: all of it comes back. */
static void all_or_nothing(void **state)
{
	static const struct {
		int status;
		int err;
	} cases[] = {
		{ GNTST_bad_gntref, -EINVAL },
		{ GNTST_general_error, -EINVAL },
		{ GNTST_no_device_space, -ENOMEM },
		{ GNTST_no_space, -ENOMEM },
	};
	unsigned int i;
	int err;

	fake_xen.map_status = refuse_some;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		refused_status = cases[i].status;
		for (refused_mask = 1; refused_mask < 1 << MAX;
		     refused_mask++) {
			err = xpv_map_batch_map(&batch, refs, MAX, false);
			assert_int_equal(err, cases[i].err);
			assert_int_equal(batch.nr, 0);
			assert_int_equal(fake_xen.mapped, 0);
			assert_int_equal(dev.held.maps.counter, 0);
			assert_int_equal(pool.cache.num_pages, MAX);
		}
	}
	assert_int_equal(fake_xen.frames, MAX);
	refused_mask = 0;
	assert_int_equal(xpv_map_batch_map(&batch, refs, MAX, false), 0);
	xpv_map_batch_unmap(&batch, done);
	assert_int_equal(done_calls, 1);
}

static void the_call_itself_fails(void **state)
{
	fake_xen.map_call_err = -EFAULT;
	assert_int_equal(xpv_map_batch_map(&batch, refs, MAX, false),
			 -EFAULT);
	assert_int_equal(batch.nr, 0);
	assert_int_equal(pool.cache.num_pages, MAX);
}

static void frames_run_out(void **state)
{
	fake_xen.frames_left = 5;
	assert_int_equal(xpv_map_batch_map(&batch, refs, MAX, false),
			 -ENOMEM);
	assert_int_equal(pool.cache.num_pages, 5);
	assert_int_equal(xpv_map_batch_map(&batch, refs, 5, false), 0);
	xpv_map_batch_unmap(&batch, done);
	assert_int_equal(done_calls, 1);
	xpv_map_pool_shrink(&pool, 2);
	assert_int_equal(pool.cache.num_pages, 2);
	assert_int_equal(fake_xen.frames, 2);
}

/* What one look has not seen used is gone after the next. */
static void frames_expire(void **state)
{
	assert_int_equal(xpv_map_batch_map(&batch, refs, MAX, false), 0);
	xpv_map_batch_unmap(&batch, done);
	assert_int_equal(xpv_map_pool_expire(&pool), MAX);
	assert_int_equal(xpv_map_batch_map(&batch, refs, 3, false), 0);
	xpv_map_batch_unmap(&batch, done);
	assert_int_equal(xpv_map_pool_expire(&pool), 3);
	assert_int_equal(fake_xen.frames, 3);
	assert_int_equal(xpv_map_pool_expire(&pool), 0);
	assert_int_equal(fake_xen.frames, 0);
	assert_int_equal(xpv_map_pool_expire(&pool), 0);
}

static void unmap_waits_for_holders(void **state)
{
	struct page *held;

	assert_int_equal(xpv_map_batch_map(&batch, refs, 3, false), 0);
	held = batch.pages[1];
	get_page(held);
	xpv_map_batch_unmap(&batch, done);
	fake_run_deferred();
	assert_int_equal(done_calls, 0);
	assert_int_equal(fake_xen.mapped, 3);
	put_page(held);
	fake_run_deferred();
	assert_int_equal(done_calls, 1);
	assert_int_equal(done_err, 0);
	assert_int_equal(fake_xen.mapped, 0);
}

/* What Xen would not unmap is neither used again nor forgotten. */
static void what_stays_mapped_is_lost(void **state)
{
	struct page *lost[MAX];
	unsigned int i;

	fake_xen.unmap_status = refuse_to_unmap;
	refused_mask = 0x24;
	assert_int_equal(xpv_map_batch_map(&batch, refs, MAX, false), 0);
	memcpy(lost, batch.pages, sizeof(lost));
	xpv_map_batch_unmap(&batch, done);
	assert_int_equal(done_err, -EIO);
	assert_int_equal(pool.cache.num_pages, MAX - 2);
	assert_int_equal(dev.held.maps.counter, 2);
	assert_int_equal(fake_xen.mapped, 2);

	for (i = 0; i < MAX; i++)
		if (refused_mask & (1 << i))
			free(lost[i]);
	dev.held.maps.counter = 0;
	fake_xen.mapped = 0;
	fake_xen.frames -= 2;
}

static void a_failed_unmap_loses_all(void **state)
{
	struct page *lost[2];

	assert_int_equal(xpv_map_batch_map(&batch, refs, 2, false), 0);
	memcpy(lost, batch.pages, sizeof(lost));
	fake_xen.unmap_call_err = -EFAULT;
	xpv_map_batch_unmap(&batch, done);
	assert_int_equal(done_err, -EFAULT);
	assert_int_equal(pool.cache.num_pages, 0);
	assert_int_equal(dev.held.maps.counter, 2);

	free(lost[0]);
	free(lost[1]);
	dev.held.maps.counter = 0;
	fake_xen.mapped = 0;
	fake_xen.frames = 0;
}

/* Batches of every size, unmapped together by one call. */
static void groups(void **state)
{
	struct xpv_map_batch batches[4];
	struct xpv_unmap_group group;
	unsigned int i;

	assert_int_equal(xpv_unmap_group_init(&group, 6), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(xpv_map_batch_init(&batches[i], &pool, MAX),
				 0);
		assert_int_equal(xpv_map_batch_map(&batches[i], refs + i, i,
						   false), 0);
		assert_true(xpv_unmap_group_add(&group, &batches[i]));
	}
	assert_int_equal(xpv_map_batch_map(&batch, refs, 1, false), 0);
	assert_false(xpv_unmap_group_add(&group, &batch));
	xpv_unmap_group_run(&group);
	assert_int_equal(fake_xen.mapped, 1);
	for (i = 0; i < 4; i++) {
		assert_int_equal(batches[i].err, 0);
		assert_int_equal(batches[i].nr, 0);
		xpv_map_batch_exit(&batches[i]);
	}
	assert_int_equal(dev.held.maps.counter, 1);
	assert_int_equal(pool.cache.num_pages, 6);
	assert_true(xpv_unmap_group_add(&group, &batch));
	xpv_unmap_group_run(&group);
	assert_int_equal(batch.err, 0);
	xpv_unmap_group_exit(&group);
}

/* A held page stays out of a group, and one dropped leaves no trace. */
static void groups_leave_held_pages(void **state)
{
	struct xpv_unmap_group group;
	struct xpv_map_batch b;

	assert_int_equal(xpv_unmap_group_init(&group, MAX), 0);
	assert_int_equal(xpv_map_batch_init(&b, &pool, MAX), 0);
	assert_int_equal(xpv_map_batch_map(&batch, refs, 2, false), 0);
	assert_int_equal(xpv_map_batch_map(&b, refs + 2, 3, false), 0);
	get_page(batch.pages[1]);
	assert_false(xpv_unmap_group_add(&group, &batch));
	put_page(batch.pages[1]);
	assert_true(xpv_unmap_group_add(&group, &b));
	assert_true(xpv_unmap_group_add(&group, &batch));
	xpv_unmap_group_drop(&group, &batch);
	xpv_unmap_group_run(&group);
	assert_int_equal(b.err, 0);
	assert_int_equal(fake_xen.mapped, 2);
	xpv_map_batch_unmap(&batch, done);
	assert_int_equal(done_calls, 1);
	xpv_map_batch_exit(&b);
	xpv_unmap_group_exit(&group);
}

/* What Xen refuses to unmap is missed by its own batch alone. */
static void groups_lose_what_stays_mapped(void **state)
{
	struct xpv_unmap_group group;
	struct xpv_map_batch b;
	struct page *lost;

	assert_int_equal(xpv_unmap_group_init(&group, MAX), 0);
	assert_int_equal(xpv_map_batch_init(&b, &pool, MAX), 0);
	assert_int_equal(xpv_map_batch_map(&batch, refs, 2, false), 0);
	assert_int_equal(xpv_map_batch_map(&b, refs + 2, 2, false), 0);
	lost = b.pages[1];
	fake_xen.unmap_status = refuse_to_unmap;
	refused_mask = 0x8;
	assert_true(xpv_unmap_group_add(&group, &batch));
	assert_true(xpv_unmap_group_add(&group, &b));
	xpv_unmap_group_run(&group);
	assert_int_equal(batch.err, 0);
	assert_int_equal(b.err, -EIO);
	assert_int_equal(dev.held.maps.counter, 1);
	assert_int_equal(pool.cache.num_pages, 3);
	xpv_map_batch_exit(&b);
	xpv_unmap_group_exit(&group);

	free(lost);
	dev.held.maps.counter = 0;
	fake_xen.mapped = 0;
	fake_xen.frames--;
}

static void no_room_for_a_batch(void **state)
{
	struct xpv_unmap_group group;
	struct xpv_map_batch b;
	int i;

	for (i = 0; i < 3; i++) {
		fake_xen.allocs_left = i;
		assert_int_equal(xpv_map_batch_init(&b, &pool, MAX), -ENOMEM);
		xpv_map_batch_exit(&b);
	}
	for (i = 0; i < 2; i++) {
		fake_xen.allocs_left = i;
		assert_int_equal(xpv_unmap_group_init(&group, MAX), -ENOMEM);
		xpv_unmap_group_exit(&group);
	}
}

static void rings(void **state)
{
	struct xpv_mapped_ring ring = {};

	assert_int_equal(xpv_ring_map(&ring, &dev, refs, 0), -EINVAL);
	assert_int_equal(xpv_ring_map(&ring, &dev, refs, 17), -EINVAL);
	fake_xen.ring_map_err = -ENOENT;
	assert_int_equal(xpv_ring_map(&ring, &dev, refs, 2), -EINVAL);
	fake_xen.ring_map_err = -ENOMEM;
	assert_int_equal(xpv_ring_map(&ring, &dev, refs, 2), -ENOMEM);
	xpv_ring_unmap(&ring);
	assert_int_equal(dev.held.maps.counter, 0);

	fake_xen.ring_map_err = 0;
	assert_int_equal(xpv_ring_map(&ring, &dev, refs, 2), 0);
	assert_non_null(ring.mem);
	assert_int_equal(dev.held.maps.counter, 2);
	xpv_ring_unmap(&ring);
	assert_null(ring.mem);
	xpv_ring_unmap(&ring);
	assert_int_equal(fake_xen.foreign_pages, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(batches_of_each_size, setup,
						teardown),
		cmocka_unit_test_setup_teardown(all_or_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_call_itself_fails, setup,
						teardown),
		cmocka_unit_test_setup_teardown(frames_run_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(frames_expire, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unmap_waits_for_holders, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_stays_mapped_is_lost,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_unmap_loses_all,
						setup, teardown),
		cmocka_unit_test_setup_teardown(groups, setup, teardown),
		cmocka_unit_test_setup_teardown(groups_leave_held_pages, setup,
						teardown),
		cmocka_unit_test_setup_teardown(groups_lose_what_stays_mapped,
						setup, teardown),
		cmocka_unit_test_setup_teardown(no_room_for_a_batch, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rings, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
