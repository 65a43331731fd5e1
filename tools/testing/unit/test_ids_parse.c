// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/9p/back/ids_parse.c: maps of users that are none, and who is who by
 * those that are.
 */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/9p/back/ids_parse.h"

static struct ids_map map;

static void test_maps(void **state)
{
	assert_int_equal(ids_parse_map("", &map), 0);
	assert_int_equal(map.nr, 0);
	assert_int_equal(ids_parse_map("0:100000:65536", &map), 0);
	assert_int_equal(map.nr, 1);
	assert_int_equal(map.range[0].ours, 100000);
	assert_int_equal(ids_parse_map("0:5:1,1000:1000:1", &map), 0);
	assert_int_equal(map.nr, 2);
}

static void refuse(const char *text, int err)
{
	map.nr = 7;
	assert_int_equal(ids_parse_map(text, &map), err);
	assert_int_equal(map.nr, 0);
}

static void test_no_maps(void **state)
{
	char many[400] = "";
	unsigned int i;

	refuse("x", -EINVAL);
	refuse("0", -EINVAL);
	refuse("0:1", -EINVAL);
	refuse("0:1:", -EINVAL);
	refuse(":1:1", -EINVAL);
	refuse("0:1:1,", -EINVAL);
	refuse("0:1:1 ", -EINVAL);
	refuse("-1:1:1", -EINVAL);
	refuse("0:1:1;2:2:2", -EINVAL);
	refuse("0:0:0", -ERANGE);
	refuse("4294967296:0:1", -ERANGE);
	refuse("99999999999999999999999:0:1", -ERANGE);
	refuse("4294967295:0:1", -ERANGE);
	refuse("0:4294967290:10", -ERANGE);
	/* Neither side may be there twice. */
	refuse("0:100:10,9:200:1", -ERANGE);
	refuse("0:100:10,20:109:1", -ERANGE);

	for (i = 0; i <= IDS_MAX; i++)
		sprintf(many + strlen(many), "%s%u:%u:1", i ? "," : "", i, i);
	refuse(many, -E2BIG);
}

static void test_identity(void **state)
{
	struct ids ids = { .squash_uid = 9, .squash_gid = 8 };

	assert_int_equal(ids_our_uid(&ids, 0), 0);
	assert_int_equal(ids_our_uid(&ids, 1000), 1000);
	assert_int_equal(ids_our_gid(&ids, 1000), 1000);
	assert_int_equal(ids_their_id(&ids.uids, 1000), 1000);
	/* Those who are nobody are no user of ours. */
	assert_int_equal(ids_our_uid(&ids, 0xffffffff), 9);
	assert_int_equal(ids_our_uid(&ids, 0xfffffffe), 9);
	assert_int_equal(ids_our_gid(&ids, 0xffffffff), 8);
}

static void test_mapped(void **state)
{
	struct ids ids = { .squash_uid = 65534 };

	assert_int_equal(ids_parse_map("0:100000:1000,1000:500:1", &ids.uids), 0);
	assert_int_equal(ids_our_uid(&ids, 0), 100000);
	assert_int_equal(ids_our_uid(&ids, 999), 100999);
	assert_int_equal(ids_our_uid(&ids, 1000), 500);
	assert_int_equal(ids_our_uid(&ids, 1001), 65534);
	assert_int_equal(ids_our_uid(&ids, 0xfffffff0), 65534);
	assert_int_equal(ids_their_id(&ids.uids, 100999), 999);
	assert_int_equal(ids_their_id(&ids.uids, 101000), IDS_NOBODY);
	assert_int_equal(ids_their_id(&ids.uids, 500), 1000);
	assert_int_equal(ids_their_id(&ids.uids, 0), IDS_NOBODY);
}

static void test_squash(void **state)
{
	struct ids ids = { .squash_uid = 65534, .squash_gid = 65533 };

	assert_int_equal(ids_parse_squash("root", &ids.squash), 0);
	assert_int_equal(ids_our_uid(&ids, 0), 65534);
	assert_int_equal(ids_our_gid(&ids, 0), 65533);
	assert_int_equal(ids_our_uid(&ids, 1), 1);
	/* Nor by a map that has another user for root. */
	assert_int_equal(ids_parse_map("5:0:10", &ids.uids), 0);
	assert_int_equal(ids_our_uid(&ids, 5), 65534);
	assert_int_equal(ids_our_uid(&ids, 6), 1);
	assert_int_equal(ids_parse_squash("all", &ids.squash), 0);
	assert_int_equal(ids_our_uid(&ids, 6), 65534);
	assert_int_equal(ids_parse_squash("none", &ids.squash), 0);
	assert_int_equal(ids_our_uid(&ids, 5), 0);
	assert_int_equal(ids_parse_squash("", &ids.squash), 0);
	assert_int_equal(ids_parse_squash("some", &ids.squash), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_no_maps),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_squash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
