// SPDX-License-Identifier: GPL-2.0
/* lib/mapcache.c: what is known is not mapped again; what is used stays. */
#include "unit.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <xpv/device.h>
#include <xpv/mapcache.h>
#include "shim/fake_xen.h"

#define MAX	8
#define LIMIT	40

static struct xenbus_device bus = { .otherend_id = 7 };
static struct xpv_device dev;
static struct xpv_map_pool pool;
static struct xpv_map_cache cache;
static struct xpv_map_set set, other;
static int done_calls, done_err, map_calls;

static int count_maps(grant_ref_t ref)
{
	map_calls++;
	return 0;
}

static int begin(unsigned int limit)
{
	fake_reset();
	memset(&dev, 0, sizeof(dev));
	dev.bus = &bus;
	dev.otherend_id = 7;
	done_calls = 0;
	map_calls = 0;
	fake_xen.map_status = count_maps;
	xpv_map_pool_init(&pool, &dev);
	return xpv_map_cache_init(&cache, &pool, limit) ||
	       xpv_map_set_init(&set, &cache, MAX) ||
	       xpv_map_set_init(&other, &cache, MAX);
}

static int setup(void **state)
{
	return begin(LIMIT);
}

static int teardown(void **state)
{
	xpv_map_set_exit(&set);
	xpv_map_set_exit(&other);
	xpv_map_cache_exit(&cache);
	xpv_map_cache_exit(&cache);
	xpv_map_pool_shrink(&pool, 0);
	assert_int_equal(cache.nr, 0);
	assert_int_equal(dev.held.maps.counter, 0);
	assert_int_equal(fake_xen.mapped, 0);
	assert_int_equal(fake_xen.frames, 0);
	return 0;
}

static void done(struct xpv_map_set *s, int err)
{
	assert_int_equal(s->rest.nr, 0);
	done_calls++;
	done_err = err;
}

static void release(struct xpv_map_set *s)
{
	if (s->rest.nr)
		xpv_map_set_unmap(s, done);
	xpv_map_set_put(s);
	assert_int_equal(s->nr, 0);
}

/* Map @nr references from @first on; each page must be the one it says. */
static void map(struct xpv_map_set *s, grant_ref_t first, unsigned int nr)
{
	grant_ref_t refs[MAX];
	unsigned int i;

	for (i = 0; i < nr; i++)
		refs[i] = first + i;
	assert_int_equal(xpv_map_set_map(s, refs, nr, true), 0);
	assert_int_equal(s->nr, nr);
	assert_int_equal(s->nr_kept + s->rest.nr, nr);
	for (i = 0; i < nr; i++)
		assert_int_equal(s->pages[i]->handle, ~refs[i]);
}

static void use(grant_ref_t first, unsigned int nr)
{
	map(&set, first, nr);
	release(&set);
}

static void fill(void)
{
	unsigned int i;

	for (i = 0; i < LIMIT; i += MAX)
		use(i, MAX);
	assert_int_equal(cache.nr, LIMIT);
	map_calls = 0;
}

static void known_pages_cost_nothing(void **state)
{
	unsigned int i;

	use(3, 5);
	assert_int_equal(map_calls, 5);
	for (i = 0; i < 100; i++)
		use(3, 5);
	assert_int_equal(map_calls, 5);
	/* Gaps are filled, in order. */
	use(1, MAX);
	assert_int_equal(map_calls, MAX);
	assert_int_equal(cache.nr, MAX);
	assert_int_equal(done_calls, 0);
}

/* The extremes, and references that share a bucket. */
static void any_reference(void **state)
{
	const grant_ref_t refs[MAX] = {
		0, 1, 64, 128, 0xffffffff, 0x80000000, 0xffffffbf, 65,
	};
	unsigned int i, round;

	for (round = 0; round < 3; round++) {
		assert_int_equal(xpv_map_set_map(&set, refs, MAX, false), 0);
		for (i = 0; i < MAX; i++)
			assert_int_equal(set.pages[i]->handle, ~refs[i]);
		release(&set);
	}
	assert_int_equal(map_calls, MAX);
	jiffies += 100;
	assert_int_equal(xpv_map_cache_expire(&cache, 100), 0);
	assert_int_equal(fake_xen.mapped, 0);
}

static void named_twice(void **state)
{
	const grant_ref_t refs[3] = { 9, 9, 9 };

	assert_int_equal(xpv_map_set_map(&set, refs, 3, false), 0);
	assert_int_equal(cache.nr, 1);
	assert_int_equal(set.rest.nr, 2);
	release(&set);
	assert_int_equal(done_calls, 1);
	assert_int_equal(fake_xen.mapped, 1);
	assert_int_equal(xpv_map_set_map(&set, refs, 3, false), 0);
	assert_int_equal(set.nr_kept, 3);
	release(&set);
	assert_int_equal(map_calls, 3);
	assert_int_equal(cache.nr, 1);
}

static void no_room_for_more(void **state)
{
	fill();
	jiffies += HZ;
	map(&other, 0, MAX);
	/* A twentieth of the rest goes, those that were there first. */
	use(100, 1);
	assert_int_equal(cache.nr, LIMIT - LIMIT / 20);
	assert_int_equal(fake_xen.mapped, cache.nr);
	map_calls = 0;
	use(LIMIT - MAX, MAX);
	assert_int_equal(map_calls, 0);
	/* Then not at once again: the pages beyond come and go. */
	use(200, MAX);
	assert_int_equal(cache.nr, LIMIT);
	assert_int_equal(done_calls, 1);
	use(200, MAX);
	assert_int_equal(cache.nr, LIMIT);
	assert_int_equal(fake_xen.mapped, LIMIT);
	/* What is in use never goes. */
	map_calls = 0;
	release(&other);
	use(0, MAX);
	assert_int_equal(map_calls, 0);
}

static void recently_used_stay(void **state)
{
	unsigned int i;

	fill();
	for (i = 0; i < 50; i++) {
		jiffies += HZ;
		use(0, MAX);
		use(1000 + i, 1);
	}
	map_calls = 0;
	use(0, MAX);
	assert_int_equal(map_calls, 0);
	assert_true(cache.nr <= LIMIT);
}

static void all_in_use(void **state)
{
	static struct xpv_map_set sets[LIMIT / MAX];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		assert_int_equal(xpv_map_set_init(&sets[i], &cache, MAX), 0);
		map(&sets[i], i * MAX, MAX);
	}
	jiffies += HZ;
	map(&set, 500, MAX);
	assert_int_equal(set.nr_kept, 0);
	assert_int_equal(cache.nr, LIMIT);
	assert_int_equal(xpv_map_cache_expire(&cache, 1), LIMIT);
	release(&set);
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		release(&sets[i]);
		xpv_map_set_exit(&sets[i]);
	}
	assert_int_equal(fake_xen.mapped, LIMIT);
}

static void a_lower_limit(void **state)
{
	unsigned int i;

	fill();
	cache.limit = 4;
	for (i = 0; i < 4; i++) {
		jiffies += HZ;
		use(300, 1);
	}
	assert_true(cache.nr <= 4);
}

static void idle_pages_go(void **state)
{
	fill();
	jiffies += 10;
	map(&other, 8, 4);
	use(30, 2);
	jiffies += 90;
	assert_int_equal(xpv_map_cache_expire(&cache, 100), 6);
	assert_int_equal(fake_xen.mapped, 6);
	jiffies += 10;
	assert_int_equal(xpv_map_cache_expire(&cache, 100), 4);
	release(&other);
	assert_int_equal(xpv_map_cache_expire(&cache, 100), 0);
	assert_int_equal(fake_xen.mapped, 0);
}

static struct page *held;

static void let_go(void)
{
	put_page(held);
}

/* A page that somebody below holds is waited for, and nothing else by it. */
static void held_pages(void **state)
{
	map(&set, 0, MAX);
	held = set.pages[2];
	get_page(held);
	release(&set);
	jiffies += 100;
	xpv_map_cache_expire(&cache, 100);
	fake_run_deferred();
	assert_int_equal(fake_xen.mapped, MAX);
	/* It is mapped anew meanwhile. */
	use(2, 1);
	assert_int_equal(map_calls, MAX + 1);
	jiffies += 100;
	assert_int_equal(xpv_map_cache_expire(&cache, 100), 1);
	fake_xen.waited = let_go;
	xpv_map_cache_exit(&cache);
	assert_int_equal(fake_xen.mapped, 0);
}

static grant_ref_t bad_ref;

static int refuse_one(grant_ref_t ref)
{
	return ref == bad_ref ? GNTST_bad_gntref : 0;
}

static void a_refused_page(void **state)
{
	grant_ref_t refs[4] = { 1, 2, 70, 3 };

	use(1, 3);
	fake_xen.map_status = refuse_one;
	bad_ref = 70;
	assert_int_equal(xpv_map_set_map(&set, refs, 4, true), -EINVAL);
	assert_int_equal(set.nr_kept, 0);
	assert_int_equal(set.rest.nr, 0);
	assert_int_equal(set.nr, 0);
	assert_int_equal(fake_xen.mapped, 3);
	jiffies += 100;
	assert_int_equal(xpv_map_cache_expire(&cache, 100), 0);
	refs[0] = 1;
	assert_int_equal(xpv_map_set_map(&set, refs, MAX + 1, true), -EINVAL);
}

static void no_memory_to_keep(void **state)
{
	fake_xen.allocs_left = 2;
	map(&set, 0, 5);
	assert_int_equal(set.nr_kept, 2);
	assert_int_equal(set.rest.nr, 3);
	release(&set);
	assert_int_equal(fake_xen.mapped, 2);
}

static void nothing_is_kept(void **state)
{
	teardown(NULL);
	assert_int_equal(begin(0), 0);
	map(&set, 5, MAX);
	assert_int_equal(set.nr_kept, 0);
	release(&set);
	assert_int_equal(done_calls, 1);
	assert_int_equal(fake_xen.mapped, 0);
	map(&set, 5, MAX);
	assert_int_equal(map_calls, 2 * MAX);
	release(&set);
}

static void no_room_to_begin(void **state)
{
	struct xpv_map_cache c = {};
	struct xpv_map_set s;
	int i;

	for (i = 0; i < 4; i++) {
		fake_xen.allocs_left = i;
		assert_int_equal(xpv_map_cache_init(&c, &pool, 1), -ENOMEM);
		xpv_map_cache_exit(&c);
	}
	for (i = 0; i < 6; i++) {
		fake_xen.allocs_left = i;
		assert_int_equal(xpv_map_set_init(&s, &cache, MAX), -ENOMEM);
		xpv_map_set_exit(&s);
	}
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(known_pages_cost_nothing),
		TEST(any_reference),
		TEST(named_twice),
		TEST(no_room_for_more),
		TEST(recently_used_stay),
		TEST(all_in_use),
		TEST(a_lower_limit),
		TEST(idle_pages_go),
		TEST(held_pages),
		TEST(a_refused_page),
		TEST(no_memory_to_keep),
		TEST(nothing_is_kept),
		TEST(no_room_to_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
