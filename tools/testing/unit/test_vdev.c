// SPDX-License-Identifier: GPL-2.0
/* drivers/block/blkfront/vdev.c: every major, every edge, as xl writes them. */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/block/blkfront/vdev.h"

#define PLAIN(major, minor)	((major) << 8 | (minor))
#define EXTENDED(disk, part)	(1U << 28 | (disk) << 8 | (part))

static void is(unsigned int number, const char *name, unsigned int minor,
	       unsigned int minors)
{
	struct blkfront_vdev vdev;

	memset(&vdev, 0x5a, sizeof(vdev));
	assert_int_equal(blkfront_vdev_parse(number, &vdev), 0);
	assert_string_equal(vdev.name, name);
	assert_int_equal(vdev.minor, minor);
	assert_int_equal(vdev.minors, minors);
}

static void is_none(unsigned int number)
{
	struct blkfront_vdev vdev;

	assert_int_equal(blkfront_vdev_parse(number, &vdev), -ENODEV);
}

static void xvd(void **state)
{
	is(51712, "xvda", 0, 16);
	is(51713, "xvda1", 1, 1);
	is(51727, "xvda15", 15, 1);
	is(51728, "xvdb", 16, 16);
	is(PLAIN(202, 240), "xvdp", 240, 16);
	is(PLAIN(202, 255), "xvdp15", 255, 1);
}

static void ide(void **state)
{
	is(PLAIN(3, 0), "xvda", 0, 16);
	is(PLAIN(3, 1), "xvda", 0, 16);
	is(PLAIN(3, 64), "xvdb", 16, 16);
	is(PLAIN(22, 0), "xvdc", 32, 16);
	is(PLAIN(22, 64), "xvdd", 48, 16);
}

static void scsi(void **state)
{
	is(PLAIN(8, 0), "xvda", 0, 16);
	is(PLAIN(8, 17), "xvdb1", 17, 1);
	is(PLAIN(8, 240), "xvdp", 240, 16);
	is(PLAIN(65, 0), "xvdq", 256, 16);
	is(PLAIN(65, 160), "xvdaa", 416, 16);
	is(PLAIN(71, 240), "xvddx", 2032, 16);
	is(PLAIN(128, 0), "xvddy", 2048, 16);
	is(PLAIN(135, 255), "xvdiv15", 4095, 1);
}

static void extended(void **state)
{
	is(EXTENDED(0, 0), "xvda", 0, 256);
	is(EXTENDED(0, 1), "xvda1", 1, 1);
	is(EXTENDED(16, 0), "xvdq", 4096, 256);
	is(EXTENDED(25, 255), "xvdz255", 25 * 256 + 255, 1);
	is(EXTENDED(26, 0), "xvdaa", 26 * 256, 256);
	is(EXTENDED(701, 0), "xvdzz", 701 * 256, 256);
	is(EXTENDED(702, 0), "xvdaaa", 702 * 256, 256);
	is(EXTENDED(4095, 255), "xvdfan255", 0xfffff, 1);
	is_none(EXTENDED(4096, 0));
	is_none((1U << 29) - 1);
	is_none(1U << 29);
	is_none(UINT32_MAX);
}

static void other_majors(void **state)
{
	unsigned int major;

	is_none(0);
	is_none(PLAIN(1, 0));
	is_none(PLAIN(64, 0));
	is_none(PLAIN(72, 0));
	is_none(PLAIN(127, 0));
	is_none(PLAIN(136, 0));
	is_none(PLAIN(201, 0));
	for (major = 203; major < 1U << 20; major++)
		is_none(PLAIN(major, 0));
}

/* What one number gets no other of its numbering gets, and all names fit. */
static void none_twice(void **state)
{
	struct blkfront_vdev last = {}, vdev;
	unsigned int disk;

	for (disk = 0; disk < 4096; disk++) {
		assert_int_equal(blkfront_vdev_parse(EXTENDED(disk, 0), &vdev),
				 0);
		assert_int_equal(vdev.minor, disk * 256);
		assert_true(strlen(vdev.name) < 7);
		assert_string_not_equal(vdev.name, last.name);
		last = vdev;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(xvd),
		cmocka_unit_test(ide),
		cmocka_unit_test(scsi),
		cmocka_unit_test(extended),
		cmocka_unit_test(other_majors),
		cmocka_unit_test(none_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
