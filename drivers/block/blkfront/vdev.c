// SPDX-License-Identifier: GPL-2.0
/* Virtual-device numbers; see vdev.h. Pure. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "vdev.h"

#define PARTS		16	/* minors of a disk in the plain numbering */
#define EXT_PARTS	256	/* and in the extended one */
#define EXT_SHIFT	28
#define MINOR_LIMIT	0x100000

/**
 * struct major - disks of one major and what they become
 * @major: first major of the range
 * @last: last major of the range
 * @parts: minors of each disk
 * @disks: disks per major
 * @first: number of the first disk: 0 is xvda
 */
struct major {
	unsigned short major;
	unsigned short last;
	unsigned short parts;
	unsigned short disks;
	unsigned short first;
};

static const struct major majors[] = {
	{ 202, 202, 16, 16, 0 },	/* xvd */
	{ 3, 3, 64, 4, 0 },		/* hda, hdb */
	{ 22, 22, 64, 4, 2 },		/* hdc, hdd */
	{ 8, 8, 16, 16, 0 },		/* sda to sdp */
	{ 65, 71, 16, 16, 16 },		/* sdq to sddx */
	{ 128, 135, 16, 16, 128 },	/* sddy to sdix */
};

static const struct major *find_major(unsigned int number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(majors); i++)
		if (number >= majors[i].major && number <= majors[i].last)
			return &majors[i];
	return NULL;
}

/* Letters count a..z, aa..az, ba..; they are written from the last one. */
static char *put_letters(char *at, unsigned int disk)
{
	char letters[8];
	unsigned int n = 0;

	for (disk++; disk; disk = (disk - 1) / 26)
		letters[n++] = 'a' + (disk - 1) % 26;
	while (n)
		*at++ = letters[--n];
	return at;
}

static void put_number(char *at, unsigned int number)
{
	char digits[12];
	unsigned int n = 0;

	do {
		digits[n++] = '0' + number % 10;
		number /= 10;
	} while (number);
	while (n)
		*at++ = digits[--n];
	*at = '\0';
}

/* A disk owns all its minors; a partition that came alone owns its one. */
static void fill(struct blkfront_vdev *vdev, unsigned int disk,
		 unsigned int part, unsigned int parts)
{
	char *at = vdev->name;

	vdev->minor = disk * parts + part;
	vdev->minors = part ? 1 : parts;
	memcpy(at, "xvd", 3);
	at = put_letters(at + 3, disk);
	if (part)
		put_number(at, part);
	else
		*at = '\0';
}

static int parse_plain(unsigned int number, struct blkfront_vdev *vdev)
{
	const struct major *m = find_major(number >> 8);
	unsigned int minor = number & 0xff;
	unsigned int disk, part;

	if (!m)
		return -ENODEV;
	disk = m->first + ((number >> 8) - m->major) * m->disks +
	       minor / m->parts;
	part = minor % m->parts;
	/* IDE's 64 partitions do not fit: what is attached is the disk. */
	fill(vdev, disk, m->parts == PARTS ? part : 0, PARTS);
	return 0;
}

int blkfront_vdev_parse(unsigned int number, struct blkfront_vdev *vdev)
{
	if (!(number >> EXT_SHIFT))
		return parse_plain(number, vdev);
	if (number >> EXT_SHIFT > 1)
		return -ENODEV;
	number -= 1U << EXT_SHIFT;
	if (number >= MINOR_LIMIT)
		return -ENODEV;
	fill(vdev, number / EXT_PARTS, number % EXT_PARTS, EXT_PARTS);
	return 0;
}
