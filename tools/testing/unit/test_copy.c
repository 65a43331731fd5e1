// SPDX-License-Identifier: GPL-2.0
/*
 * lib/copy.c: what Xen is asked to copy, piece by piece, and what it refuses.
 */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <linux/pagemap.h>
#include <asm/xen/hypercall.h>
#include <xen/page.h>
#include <xpv/copy.h>
#include <xpv/device.h>
#include "shim/fake_xen.h"

#define MAX	8

static struct xpv_device dev;
static struct xpv_copy copy;
static struct xen_page_foreign foreign = { .domid = 9, .gref = 33 };
static const void *foreign_at;
static bool foreign_is_cached;
static unsigned int calls, failures;
static u32 failed_tags;
static int call_err;
static grant_ref_t bad_ref;

/* The page's contents stand for the page. */
struct xen_page_foreign *xen_page_foreign(const struct page *page)
{
	return (const void *)page == foreign_at ? &foreign : NULL;
}

struct address_space *folio_mapping(struct folio *folio)
{
	return foreign_is_cached && (void *)folio == foreign_at ? (void *)folio : NULL;
}

int HYPERVISOR_grant_table_op(unsigned int cmd, void *ops, unsigned int nr)
{
	struct gnttab_copy *op = ops;

	assert_int_equal(cmd, GNTTABOP_copy);
	calls++;
	if (call_err)
		return call_err;
	for (; nr; nr--, op++) {
		grant_ref_t ref = op->flags & GNTCOPY_dest_gref ?
				  op->dest.u.ref : op->source.u.ref;

		assert_true(op->source.offset + op->len <= XEN_PAGE_SIZE);
		assert_true(op->dest.offset + op->len <= XEN_PAGE_SIZE);
		op->status = ref == bad_ref ? GNTST_bad_gntref : GNTST_okay;
	}
	return 0;
}

static void failed(void *arg, u32 tag)
{
	assert_ptr_equal(arg, &dev);
	failures++;
	failed_tags |= 1U << tag;
}

static int setup(void **state)
{
	fake_reset();
	memset(&dev, 0, sizeof(dev));
	dev.otherend_id = 7;
	foreign_at = NULL;
	foreign_is_cached = false;
	calls = 0;
	failures = 0;
	failed_tags = 0;
	call_err = 0;
	bad_ref = 0;
	return xpv_copy_init(&copy, &dev, MAX);
}

static int teardown(void **state)
{
	xpv_copy_exit(&copy);
	xpv_copy_exit(&copy);
	return 0;
}

/* Any address does: nothing looks at what is there. */
static void *at(unsigned long page, unsigned long offset)
{
	return (void *)(page * XEN_PAGE_SIZE + offset);
}

static void from_one_page(void **state)
{
	struct gnttab_copy *op = &copy.ops[0];

	xpv_copy_from(&copy, 5, 100, at(20, 200), 300, 1);
	assert_int_equal(copy.nr, 1);
	assert_int_equal(op->flags, GNTCOPY_source_gref);
	assert_int_equal(op->len, 300);
	assert_int_equal(op->source.domid, 7);
	assert_int_equal(op->source.u.ref, 5);
	assert_int_equal(op->source.offset, 100);
	assert_int_equal(op->dest.domid, DOMID_SELF);
	assert_int_equal(op->dest.u.gmfn, 20);
	assert_int_equal(op->dest.offset, 200);
}

/* A page of theirs into two of ours. */
static void from_in_two_pieces(void **state)
{
	xpv_copy_from(&copy, 5, 0, at(20, 4000), 4096, 1);
	assert_int_equal(copy.nr, XPV_COPY_PIECES);
	assert_int_equal(copy.ops[0].len, 96);
	assert_int_equal(copy.ops[1].len, 4000);
	assert_int_equal(copy.ops[1].source.u.ref, 5);
	assert_int_equal(copy.ops[1].source.offset, 96);
	assert_int_equal(copy.ops[1].dest.u.gmfn, 21);
	assert_int_equal(copy.ops[1].dest.offset, 0);
}

static void to_in_two_pieces(void **state)
{
	xpv_copy_to(&copy, 6, 10, at(30, 4095), 2, 1);
	assert_int_equal(copy.nr, 2);
	assert_int_equal(copy.ops[0].flags, GNTCOPY_dest_gref);
	assert_int_equal(copy.ops[0].source.domid, DOMID_SELF);
	assert_int_equal(copy.ops[0].source.u.gmfn, 30);
	assert_int_equal(copy.ops[0].source.offset, 4095);
	assert_int_equal(copy.ops[0].dest.domid, 7);
	assert_int_equal(copy.ops[0].dest.offset, 10);
	assert_int_equal(copy.ops[0].len, 1);
	assert_int_equal(copy.ops[1].source.u.gmfn, 31);
	assert_int_equal(copy.ops[1].source.offset, 0);
	assert_int_equal(copy.ops[1].dest.offset, 11);
}

/* Memory that is another guest's goes by that one's grant. */
static void to_from_a_foreign_page(void **state)
{
	foreign_at = at(40, 16);
	xpv_copy_to(&copy, 6, 0, foreign_at, 64, 1);
	assert_int_equal(copy.nr, 1);
	assert_int_equal(copy.ops[0].flags,
			 GNTCOPY_dest_gref | GNTCOPY_source_gref);
	assert_int_equal(copy.ops[0].source.domid, 9);
	assert_int_equal(copy.ops[0].source.u.ref, 33);
	assert_int_equal(copy.ops[0].source.offset, 16);
}

/* Nor does the flag of such a page make one of the page cache a grant. */
static void to_from_a_cached_page(void **state)
{
	foreign_at = at(40, 16);
	foreign_is_cached = true;
	xpv_copy_to(&copy, 6, 0, foreign_at, 64, 1);
	assert_int_equal(copy.nr, 1);
	assert_int_equal(copy.ops[0].flags, GNTCOPY_dest_gref);
}

static void room(void **state)
{
	unsigned int i;

	for (i = 0; i < MAX - 1; i++) {
		assert_true(xpv_copy_room(&copy));
		xpv_copy_to(&copy, 6, 0, at(50, 0), 1, i);
	}
	assert_false(xpv_copy_room(&copy));
	xpv_copy_run(&copy, failed, &dev);
	assert_int_equal(calls, 1);
	assert_int_equal(copy.nr, 0);
	assert_true(xpv_copy_room(&copy));
}

static void nothing_costs_nothing(void **state)
{
	xpv_copy_run(&copy, failed, &dev);
	assert_int_equal(calls, 0);
}

static void refusals_are_told_apart(void **state)
{
	bad_ref = 6;
	xpv_copy_to(&copy, 5, 0, at(50, 0), 10, 1);
	xpv_copy_to(&copy, 6, 0, at(50, 4090), 10, 2);
	xpv_copy_from(&copy, 7, 0, at(50, 0), 10, 3);
	xpv_copy_run(&copy, failed, &dev);
	assert_int_equal(calls, 1);
	assert_int_equal(failures, 2);
	assert_int_equal(failed_tags, 1U << 2);
}

/* Then no status can be believed. */
static void a_call_that_fails_fails_all(void **state)
{
	call_err = -EFAULT;
	xpv_copy_to(&copy, 5, 0, at(50, 0), 10, 1);
	xpv_copy_from(&copy, 6, 0, at(50, 0), 10, 2);
	copy.ops[0].status = GNTST_okay;
	copy.ops[1].status = GNTST_okay;
	xpv_copy_run(&copy, failed, &dev);
	assert_int_equal(failed_tags, 1U << 1 | 1U << 2);
}

static void no_memory(void **state)
{
	struct xpv_copy none;
	int left;

	for (left = 0; left < 2; left++) {
		fake_xen.allocs_left = left;
		assert_int_equal(xpv_copy_init(&none, &dev, MAX), -ENOMEM);
		assert_int_equal(none.max, 0);
	}
	fake_xen.allocs_left = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(from_one_page, setup, teardown),
		cmocka_unit_test_setup_teardown(from_in_two_pieces, setup,
						teardown),
		cmocka_unit_test_setup_teardown(to_in_two_pieces, setup,
						teardown),
		cmocka_unit_test_setup_teardown(to_from_a_foreign_page, setup,
						teardown),
		cmocka_unit_test_setup_teardown(to_from_a_cached_page, setup,
						teardown),
		cmocka_unit_test_setup_teardown(room, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_costs_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(refusals_are_told_apart, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_call_that_fails_fails_all,
						setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
