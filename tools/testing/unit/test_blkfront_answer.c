// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/block/blkfront/answer_parse.c: answers to what was not asked, and what
 * each status means for each operation.
 */
#include "unit.h"
#include <errno.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <xen/interface/io/blkif.h>
#include "../../../drivers/block/blkfront/answer_parse.h"

#define SLOTS	32

static struct blkif_response answer(u64 id, u8 op)
{
	return (struct blkif_response){ .id = id, .operation = op };
}

static void test_slots(void **state)
{
	static const u64 absent[] = {
		SLOTS, 0xffff, 0xffffffff, 0x80000000, 0x700000000 + SLOTS,
		~0ULL,
	};
	struct blkif_response rsp;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		rsp = answer(0xfffffffe00000000ULL + i, 0);
		assert_int_equal(blkfront_answer_slot(&rsp, SLOTS), i);
	}
	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		rsp = answer(absent[i], 0);
		assert_int_equal(blkfront_answer_slot(&rsp, SLOTS), -ENOENT);
	}
	rsp = answer(0, 0);
	assert_int_equal(blkfront_answer_slot(&rsp, 0), -ENOENT);
}

/* An id leads to its slot, and fits no other use of it. */
static void test_ids(void **state)
{
	struct blkfront_asked asked = {
		.op = BLKIF_OP_READ, .out = true, .life = ~0U - 1,
	};
	struct blkif_response rsp = answer(blkfront_id(31, &asked), 0);

	assert_int_equal(blkfront_answer_slot(&rsp, SLOTS), 31);
	assert_int_equal(blkfront_answer_check(&asked, &rsp), 0);
	/* Answered, and again while the next request is out there. */
	asked.out = false;
	assert_int_equal(blkfront_answer_check(&asked, &rsp), -ENOENT);
	asked.life++;
	asked.out = true;
	assert_int_equal(blkfront_answer_check(&asked, &rsp), -ENOENT);
	rsp.id += 1ULL << 32;
	assert_int_equal(blkfront_answer_check(&asked, &rsp), 0);
	/* One that has not been asked yet, and after the count began anew. */
	rsp.id += 1ULL << 32;
	assert_int_equal(blkfront_answer_check(&asked, &rsp), -ENOENT);
	asked.life++;
	assert_int_equal(blkfront_answer_check(&asked, &rsp), 0);
}

/* A slot that was never used is as free as any. */
static void test_unused(void **state)
{
	struct blkfront_asked asked = {};
	struct blkif_response rsp = answer(blkfront_id(3, &asked), 0);

	assert_int_equal(blkfront_answer_check(&asked, &rsp), -ENOENT);
}

static int check_op(u8 asked_op, bool indirect, u8 op)
{
	struct blkfront_asked asked = {
		.op = asked_op, .indirect = indirect, .out = true, .life = 9,
	};
	struct blkif_response rsp = answer(blkfront_id(0, &asked), op);

	return blkfront_answer_check(&asked, &rsp);
}

static void test_operations(void **state)
{
	unsigned int asked, op;

	for (asked = 0; asked <= BLKIF_OP_DISCARD; asked++) {
		for (op = 0; op < 256; op++) {
			assert_int_equal(check_op(asked, false, op),
					 op == asked ? 0 : -EILSEQ);
			assert_int_equal(check_op(asked, true, op),
					 op == asked ||
					 op == BLKIF_OP_INDIRECT ? 0 :
								   -EILSEQ);
		}
	}
}

/* An answer to nothing says so, whatever it names. */
static void test_order(void **state)
{
	struct blkfront_asked asked = { .op = BLKIF_OP_READ };
	struct blkif_response rsp = answer(blkfront_id(0, &asked),
					   BLKIF_OP_WRITE);

	assert_int_equal(blkfront_answer_check(&asked, &rsp), -ENOENT);
}

static enum blkfront_said says(u8 op, bool secure, s16 status, bool worked)
{
	struct blkfront_asked asked = { .op = op, .secure = secure };

	return blkfront_answer_says(&asked, status, worked);
}

static void test_done(void **state)
{
	unsigned int op;

	for (op = 0; op <= BLKIF_OP_DISCARD; op++)
		assert_int_equal(says(op, false, BLKIF_RSP_OKAY, false),
				 BLKFRONT_DONE);
}

/* Only what can be done without may be refused. */
static void test_refused(void **state)
{
	static const s16 refusal = BLKIF_RSP_EOPNOTSUPP;

	assert_int_equal(says(BLKIF_OP_READ, false, refusal, false),
			 BLKFRONT_FAILED);
	assert_int_equal(says(BLKIF_OP_WRITE, false, refusal, false),
			 BLKFRONT_FAILED);
	assert_int_equal(says(BLKIF_OP_FLUSH_DISKCACHE, false, refusal, false),
			 BLKFRONT_REFUSED);
	assert_int_equal(says(BLKIF_OP_WRITE_BARRIER, false, refusal, false),
			 BLKFRONT_REFUSED);
	assert_int_equal(says(BLKIF_OP_DISCARD, false, refusal, true),
			 BLKFRONT_REFUSED);
	assert_int_equal(says(BLKIF_OP_DISCARD, true, refusal, true),
			 BLKFRONT_REFUSED);
}

/* Any status but the known ones is an error. */
static void test_failed(void **state)
{
	static const s16 failures[] = {
		BLKIF_RSP_ERROR, 1, 2, -3, 255, SHRT_MAX, SHRT_MIN,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(failures); i++) {
		s16 status = failures[i];

		assert_int_equal(says(BLKIF_OP_READ, false, status, false),
				 BLKFRONT_FAILED);
		assert_int_equal(says(BLKIF_OP_WRITE, false, status, false),
				 BLKFRONT_FAILED);
		assert_int_equal(says(BLKIF_OP_FLUSH_DISKCACHE, false, status,
				      false), BLKFRONT_FAILED);
		assert_int_equal(says(BLKIF_OP_WRITE_BARRIER, false, status,
				      false), BLKFRONT_FAILED);
		/* To some backends, an operation they do not know. */
		assert_int_equal(says(BLKIF_OP_DISCARD, false, status, false),
				 BLKFRONT_REFUSED);
		assert_int_equal(says(BLKIF_OP_DISCARD, false, status, true),
				 BLKFRONT_FAILED);
		assert_int_equal(says(BLKIF_OP_DISCARD, true, status, false),
				 BLKFRONT_FAILED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_unused),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
