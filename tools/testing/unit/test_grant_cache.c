// SPDX-License-Identifier: GPL-2.0
/* lib/grant_cache.c: every reference is somewhere, and no mapped page is free. */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <xpv/device.h>
#include <xpv/grant_cache.h>
#include <xpv/work.h>
#include "shim/fake_xen.h"

#define FREE	fake_refs_in(FAKE_REF_FREE)
#define GRANTED	fake_refs_in(FAKE_REF_GRANTED)

static struct xenbus_device bus = { .otherend_id = 99 };
static struct xpv_device dev;
static struct xpv_grant_cache cache;
static struct delayed_work *queued;
static unsigned long queued_for;

static char prompt;
struct workqueue_struct *xpv_prompt_queue = (struct workqueue_struct *)&prompt;

/* One work at most is queued, and runs when the test says so. */
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
			unsigned long delay)
{
	assert_ptr_equal(wq, xpv_prompt_queue);
	if (queued)
		return false;
	queued = dwork;
	queued_for = delay;
	return true;
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	bool was = queued;

	queued = NULL;
	return was;
}

static void run_queued(void)
{
	struct delayed_work *dwork = queued;

	assert_non_null(dwork);
	queued = NULL;
	dwork->work.func(&dwork->work);
}

static int setup(void **state)
{
	fake_reset();
	queued = NULL;
	memset(&dev, 0, sizeof(dev));
	memset(&cache, 0, sizeof(cache));
	dev.bus = &bus;
	dev.otherend_id = 7;
	return 0;
}

static int teardown(void **state)
{
	xpv_grant_cache_exit(&cache);
	assert_int_equal(dev.held.grants.counter, 0);
	assert_int_equal(fake_refs_in(FAKE_REF_RESERVED), 0);
	assert_int_equal(GRANTED, 0);
	fake_let_go();
	assert_int_equal(fake_xen.frames, 0);
	assert_null(queued);
	return 0;
}

static void make(bool own, unsigned int size, unsigned int keep)
{
	assert_int_equal(xpv_grant_cache_init(&cache, &dev, size), 0);
	assert_int_equal(xpv_grant_cache_open(&cache, own, keep), 0);
}

static struct xpv_grant_chain take(unsigned int nr)
{
	struct xpv_grant_chain chain;

	assert_true(xpv_grant_cache_take(&cache, nr, &chain));
	assert_int_equal(chain.nr, nr);
	return chain;
}

static struct xpv_cached_grant *nth(const struct xpv_grant_chain *chain,
				    unsigned int n)
{
	u16 i = chain->head;

	while (n--)
		i = cache.entries[i].next;
	return &cache.entries[i];
}

static void map_all(const struct xpv_grant_chain *chain, bool mapped)
{
	unsigned int i;

	for (i = 0; i < chain->nr; i++)
		fake_xen.refs[nth(chain, i)->ref].mapped = mapped;
}

static void refused(void **state)
{
	struct xpv_grant_chain chain;

	assert_int_equal(xpv_grant_cache_init(&cache, &dev, 0), -EINVAL);
	assert_int_equal(xpv_grant_cache_init(&cache, &dev, 65536), -EINVAL);
	fake_xen.allocs_left = 0;
	assert_int_equal(xpv_grant_cache_init(&cache, &dev, 1), -ENOMEM);
	fake_xen.allocs_left = -1;
	assert_int_equal(xpv_grant_cache_init(&cache, &dev, 16), 0);
	assert_false(xpv_grant_cache_take(&cache, 1, &chain));

	fake_xen.frames_left = 3;
	assert_int_equal(xpv_grant_cache_open(&cache, true, 4), -ENOMEM);
	assert_false(xpv_grant_cache_take(&cache, 1, &chain));
	assert_int_equal(GRANTED, 0);
	assert_int_equal(fake_xen.frames, 0);
}

static void no_references(void **state)
{
	struct xpv_grant_chain chain;

	make(true, 1000, FREE - 2);
	assert_false(xpv_grant_cache_take(&cache, cache.nr + 8, &chain));
	chain = take(cache.nr);
	assert_int_equal(fake_xen.frames, GRANTED);
	xpv_grant_cache_give(&cache, &chain);
}

/* The other end sees all of a page, and not what its last owner left in it. */
static void own_pages_are_blank(void **state)
{
	struct xpv_grant_chain chain;
	unsigned int i;

	make(true, 32, 4);
	chain = take(20);
	for (i = 0; i < chain.nr; i++)
		assert_true(nth(&chain, i)->page->zeroed);
	xpv_grant_cache_give(&cache, &chain);
}

static void own_pages_stay_granted(void **state)
{
	struct xpv_grant_chain a, b;
	grant_ref_t ref;
	unsigned int i;

	make(true, 32, 4);
	a = take(3);
	for (i = 0; i < 3; i++) {
		struct xpv_cached_grant *entry = nth(&a, i);

		assert_ptr_equal(fake_xen.refs[entry->ref].page, entry->page);
		assert_int_equal(fake_xen.refs[entry->ref].dom, 7);
		assert_false(fake_xen.refs[entry->ref].readonly);
	}
	ref = nth(&a, 0)->ref;
	xpv_grant_cache_give(&cache, &a);
	assert_int_equal(a.nr, 0);
	b = take(1);
	assert_int_equal(nth(&b, 0)->ref, ref);
	xpv_grant_cache_give(&cache, &b);
}

/* Large pieces or single pages, what is asked for comes, up to the size. */
static void it_grows(void **state)
{
	struct xpv_grant_chain a, b, c;

	make(true, 19, 0);
	a = take(9);
	assert_int_equal(cache.nr, 16);
	fake_xen.max_order = 0;
	b = take(10);
	assert_int_equal(cache.nr, 19);
	assert_false(xpv_grant_cache_take(&cache, 1, &c));
	assert_int_equal(fake_xen.frames, 19);
	assert_int_equal(dev.held.grants.counter, 19);
	xpv_grant_chain_join(&cache, &a, &b);
	assert_int_equal(a.nr, 19);
	xpv_grant_cache_give(&cache, &a);
	assert_true(xpv_grant_cache_has(&cache, 19));
}

static void chains(void **state)
{
	struct xpv_grant_chain a, b, empty = {};
	grant_ref_t refs[5];
	unsigned int i;

	make(false, 8, 5);
	a = take(5);
	for (i = 0; i < 5; i++)
		refs[i] = nth(&a, i)->ref;
	b = xpv_grant_chain_cut(&cache, &a, 2);
	assert_int_equal(b.nr, 2);
	assert_int_equal(a.nr, 3);
	assert_int_equal(nth(&a, 0)->ref, refs[2]);
	xpv_grant_chain_join(&cache, &b, &empty);
	xpv_grant_chain_join(&cache, &b, &a);
	xpv_grant_chain_join(&cache, &empty, &b);
	assert_int_equal(empty.nr, 5);
	for (i = 0; i < 5; i++)
		assert_int_equal(nth(&empty, i)->ref, refs[i]);
	xpv_grant_cache_give(&cache, &empty);
}

static void pages_are_lent(void **state)
{
	struct page page = { .count = 1 };
	struct xpv_grant_chain chain;

	make(false, 8, 2);
	assert_int_equal(GRANTED, 0);
	chain = take(2);
	xpv_grant_lend(&cache, chain.head, &page, true);
	assert_ptr_equal(fake_xen.refs[nth(&chain, 0)->ref].page, &page);
	assert_true(fake_xen.refs[nth(&chain, 0)->ref].readonly);
	assert_true(xpv_grant_recall(&cache, &chain));
	assert_int_equal(GRANTED, 0);
	xpv_grant_cache_give(&cache, &chain);
	assert_int_equal(cache.free.nr, cache.nr);
	assert_int_equal(page.count, 1);
}

/* An owner's page is in use until the other end lets go. */
static void lent_pages_that_stay_mapped(void **state)
{
	struct page pages[3] = { { .count = 1 }, { .count = 1 }, { .count = 1 } };
	struct xpv_grant_chain chain;
	unsigned int i;

	make(false, 8, 0);
	chain = take(3);
	for (i = 0; i < 3; i++)
		xpv_grant_lend(&cache, chain.head + i, &pages[i], false);
	fake_xen.refs[nth(&chain, 1)->ref].mapped = true;
	assert_false(xpv_grant_recall(&cache, &chain));
	assert_false(xpv_grant_cache_revoke(&cache, &chain));
	assert_int_equal(chain.nr, 1);
	assert_ptr_equal(nth(&chain, 0)->page, &pages[1]);
	assert_int_equal(GRANTED, 1);

	map_all(&chain, false);
	assert_true(xpv_grant_cache_revoke(&cache, &chain));
	assert_int_equal(pages[1].count, 1);
}

static void lent_pages_are_abandoned(void **state)
{
	struct page pages[2] = { { .count = 1 }, { .count = 1 } };
	struct xpv_grant_chain chain;

	make(false, 8, 0);
	chain = take(3);
	xpv_grant_lend(&cache, chain.head, &pages[0], false);
	xpv_grant_lend(&cache, nth(&chain, 0)->next, &pages[1], false);
	fake_xen.refs[nth(&chain, 1)->ref].mapped = true;
	xpv_grant_cache_abandon(&cache, &chain);
	assert_int_equal(chain.nr, 0);
	assert_int_equal(fake_refs_in(FAKE_REF_DEFERRED), 1);
	assert_int_equal(pages[0].count, 1);
	assert_int_equal(pages[1].count, 2);
	fake_let_go();
	assert_int_equal(pages[1].count, 1);
}

/* After a connection, whatever the other end maps waits for it. */
static void closing(void **state)
{
	struct xpv_grant_chain chain, mapped, late;

	make(true, 16, 16);
	chain = take(5);
	mapped = xpv_grant_chain_cut(&cache, &chain, 2);
	map_all(&mapped, true);
	late = chain;
	xpv_grant_cache_give(&cache, &mapped);
	xpv_grant_cache_close(&cache);
	assert_int_equal(cache.nr, 5);
	assert_int_equal(xpv_grant_cache_reclaim(&cache), 2);
	assert_int_equal(GRANTED, 5);

	map_all(&late, true);
	xpv_grant_cache_give(&cache, &late);
	assert_int_equal(xpv_grant_cache_reclaim(&cache), 5);
	map_all(&cache.parked, false);
	assert_int_equal(xpv_grant_cache_reclaim(&cache), 0);
	assert_int_equal(cache.nr, 0);

	assert_int_equal(xpv_grant_cache_open(&cache, false, 1), 0);
	late = take(1);
	assert_null(nth(&late, 0)->page);
	xpv_grant_cache_give(&cache, &late);
}

/* What nobody lets go of must not keep a new connection from its grants. */
static void table_full_of_parked(void **state)
{
	struct xpv_grant_chain chain;

	make(true, 8, 8);
	chain = take(8);
	map_all(&chain, true);
	xpv_grant_cache_give(&cache, &chain);
	xpv_grant_cache_close(&cache);
	assert_int_equal(xpv_grant_cache_open(&cache, true, 8), 0);
	assert_int_equal(fake_refs_in(FAKE_REF_DEFERRED), 8);
	chain = take(8);
	xpv_grant_cache_give(&cache, &chain);
}

/* The table is full of what is out: there will be more when it comes back. */
static void table_full_of_lost(void **state)
{
	struct xpv_grant_chain lost, chain;

	make(true, 8, 8);
	lost = take(8);
	map_all(&lost, true);
	xpv_grant_cache_close(&cache);
	assert_int_equal(xpv_grant_cache_open(&cache, true, 8), 0);
	assert_false(xpv_grant_cache_take(&cache, 1, &chain));
	map_all(&lost, false);
	assert_true(xpv_grant_cache_revoke(&cache, &lost));
	chain = take(8);
	xpv_grant_cache_give(&cache, &chain);
}

static void idle_pages_go_back(void **state)
{
	struct xpv_grant_chain chain;

	make(true, 64, 4);
	assert_null(queued);
	chain = take(32);
	assert_non_null(queued);
	xpv_grant_cache_give(&cache, &chain);
	run_queued();		/* all were in use since */
	assert_int_equal(cache.nr, 32);
	chain = take(20);
	xpv_grant_cache_give(&cache, &chain);
	run_queued();
	assert_int_equal(cache.nr, 20);
	run_queued();
	assert_int_equal(cache.nr, 4);
	assert_int_equal(fake_xen.frames, 4);
	assert_null(queued);	/* nothing more to do */
}

/* Mapped ones stay, and asking for them ends. */
static void idle_pages_that_stay_mapped(void **state)
{
	struct xpv_grant_chain chain;
	unsigned long last = 0;
	unsigned int n;

	make(true, 64, 0);
	chain = take(16);
	map_all(&chain, true);
	xpv_grant_cache_give(&cache, &chain);
	for (n = 0; queued; n++) {
		assert_true(queued_for >= last);
		assert_true(n < 20);
		last = queued_for;
		run_queued();
	}
	assert_true(n > 2);
	assert_int_equal(cache.nr, 16);
	chain = take(16);	/* still good */
	map_all(&chain, false);
	xpv_grant_cache_give(&cache, &chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(no_references, setup,
						teardown),
		cmocka_unit_test_setup_teardown(own_pages_are_blank, setup,
						teardown),
		cmocka_unit_test_setup_teardown(own_pages_stay_granted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(it_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(chains, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_are_lent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lent_pages_that_stay_mapped,
						setup, teardown),
		cmocka_unit_test_setup_teardown(lent_pages_are_abandoned,
						setup, teardown),
		cmocka_unit_test_setup_teardown(closing, setup, teardown),
		cmocka_unit_test_setup_teardown(table_full_of_parked, setup,
						teardown),
		cmocka_unit_test_setup_teardown(table_full_of_lost, setup,
						teardown),
		cmocka_unit_test_setup_teardown(idle_pages_go_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(idle_pages_that_stay_mapped,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
