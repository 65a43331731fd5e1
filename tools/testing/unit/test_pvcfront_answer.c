// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/socket/front/answer_parse.c: answers to what was not asked, errors
 * that are none, and addresses.
 */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/socket/front/answer_parse.h"

static struct pvcfront_asked asked[4];

static struct xpv_pvcalls_response answer(u32 req_id, u32 cmd, u64 id)
{
	struct xpv_pvcalls_response rsp = {
		.req_id = req_id, .cmd = cmd, .id = id,
	};

	return rsp;
}

static int find(u32 req_id, u32 cmd, u64 id)
{
	struct xpv_pvcalls_response rsp = answer(req_id, cmd, id);

	return pvcfront_answer_find(asked, ARRAY_SIZE(asked), &rsp);
}

static void test_found(void **state)
{
	memset(asked, 0, sizeof(asked));
	asked[2] = (struct pvcfront_asked){ true, 0x50002, 1, 77 };
	assert_int_equal(find(0x50002, 1, 77), 2);
	/* Another turn, command or socket; a slot that is free, or none. */
	assert_int_equal(find(0x40002, 1, 77), -EILSEQ);
	assert_int_equal(find(0x50002, 2, 77), -EILSEQ);
	assert_int_equal(find(0x50002, 1, 78), -EILSEQ);
	assert_int_equal(find(0x50001, 1, 77), -EILSEQ);
	assert_int_equal(find(0, 0, 0), -EILSEQ);
	assert_int_equal(find(4, 0, 0), -EILSEQ);
	assert_int_equal(find(0xffff, 1, 77), -EILSEQ);
	assert_int_equal(find(0xffffffff, 1, 77), -EILSEQ);
	asked[2].out = false;
	assert_int_equal(find(0x50002, 1, 77), -EILSEQ);
}

static void test_errors(void **state)
{
	assert_int_equal(pvcfront_errno(0), 0);
	assert_int_equal(pvcfront_errno(-ECONNREFUSED), -ECONNREFUSED);
	assert_int_equal(pvcfront_errno(-EACCES), -EACCES);
	assert_int_equal(pvcfront_errno(-524), -EOPNOTSUPP);
	/* What would make the kernel begin the call again, or hide it. */
	assert_int_equal(pvcfront_errno(-512), -EIO);
	assert_int_equal(pvcfront_errno(-516), -EIO);
	assert_int_equal(pvcfront_errno(-EAGAIN), -ECONNABORTED);
	assert_int_equal(pvcfront_errno(-EINPROGRESS), -ECONNABORTED);
	assert_int_equal(pvcfront_errno(1), -EIO);
	assert_int_equal(pvcfront_errno(INT_MAX), -EIO);
	assert_int_equal(pvcfront_errno(INT_MIN), -EIO);
	assert_int_equal(pvcfront_errno(-4096), -EIO);
}

static void test_streams(void **state)
{
	int err = 0;

	assert_int_equal(pvcfront_stream_in(0, &err), PVCFRONT_OPEN);
	assert_int_equal(pvcfront_stream_in(-ENOTCONN, &err), PVCFRONT_ENDED);
	assert_int_equal(pvcfront_stream_out(0, &err), PVCFRONT_OPEN);
	assert_int_equal(pvcfront_stream_out(-EPIPE, &err), PVCFRONT_ENDED);
	assert_int_equal(err, 0);
	assert_int_equal(pvcfront_stream_in(-ECONNRESET, &err), PVCFRONT_LOST);
	assert_int_equal(err, -ECONNRESET);
	assert_int_equal(pvcfront_stream_in(-EPIPE, &err), PVCFRONT_LOST);
	assert_int_equal(pvcfront_stream_out(-ENOTCONN, &err), PVCFRONT_LOST);
	assert_int_equal(err, -ENOTCONN);
	assert_int_equal(pvcfront_stream_in(5, &err), PVCFRONT_LOST);
	assert_int_equal(err, -EIO);
	assert_int_equal(pvcfront_stream_out(-EAGAIN, &err), PVCFRONT_LOST);
	assert_int_equal(err, -ECONNABORTED);
}

static const struct pvcfront_addr inet = {
	PVCFRONT_INET, { 0, 80 }, { 10, 77, 0, 1 }, 0
};

static const struct pvcfront_addr inet6 = {
	PVCFRONT_INET6, { 1, 2 },
	{ 0xfd, 0x77, [15] = 9 }, 3
};

static void there_and_back(const struct pvcfront_addr *addr, u32 size)
{
	struct pvcfront_addr back;
	u8 wire[XPV_PVCALLS_ADDR];

	memset(wire, 0xee, sizeof(wire));
	assert_int_equal(pvcfront_addr_put(addr, wire), size);
	pvcfront_addr_get(&back, wire, size);
	assert_memory_equal(&back, addr, sizeof(back));
	/* No address without its whole length. */
	pvcfront_addr_get(&back, wire, size - 1);
	assert_int_equal(back.family, 0);
	pvcfront_addr_get(&back, wire, size + 1);
	assert_int_equal(back.family, 0);
	pvcfront_addr_get(&back, wire, 0);
	assert_int_equal(back.family, 0);
}

static void test_wire(void **state)
{
	static const u8 bytes[] = { 2, 0, 0, 80, 10, 77, 0, 1 };
	u8 wire[XPV_PVCALLS_ADDR];

	pvcfront_addr_put(&inet, wire);
	assert_memory_equal(wire, bytes, sizeof(bytes));
	there_and_back(&inet, 16);
	there_and_back(&inet6, 28);
}

static void test_families(void **state)
{
	struct pvcfront_addr addr = inet;

	assert_true(pvcfront_addr_to_inet(&addr));
	assert_memory_equal(&addr, &inet, sizeof(addr));
	pvcfront_addr_to_inet6(&addr);
	assert_int_equal(addr.family, PVCFRONT_INET6);
	assert_int_equal(addr.ip[10], 0xff);
	assert_int_equal(addr.ip[12], 10);
	assert_true(pvcfront_addr_to_inet(&addr));
	assert_memory_equal(&addr, &inet, sizeof(addr));

	addr = inet6;
	assert_false(pvcfront_addr_to_inet(&addr));
	assert_memory_equal(&addr, &inet6, sizeof(addr));

	/* Any address of one is any of the other. */
	memset(&addr, 0, sizeof(addr));
	addr.family = PVCFRONT_INET;
	pvcfront_addr_to_inet6(&addr);
	assert_int_equal(addr.ip[10], 0);
	assert_true(pvcfront_addr_to_inet(&addr));

	memset(&addr, 0, sizeof(addr));
	assert_false(pvcfront_addr_to_inet(&addr));
	pvcfront_addr_to_inet6(&addr);
	assert_int_equal(addr.family, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
