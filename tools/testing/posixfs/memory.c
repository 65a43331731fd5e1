// SPDX-License-Identifier: GPL-2.0
/* Where what is read goes to. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "posixfs.h"

#define SIZE	300000		/* of the file */
#define ROOM	(SIZE + 20000)	/* of memory to read it to */
#define UNTOUCHED	'#'

static char byte_at(size_t i)
{
	return 'a' + i % 23;
}

static bool make_data(const char *name)
{
	static char data[SIZE + 1];
	size_t i;

	for (i = 0; i < SIZE; i++)
		data[i] = byte_at(i);
	return make_file(name, 0644, data);
}

static bool has_data(const char *what, const char *found, size_t from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (found[i] != byte_at(from + i))
			break;
	if (i < len)
		printf("# %s differs at %zu\n", what, i);
	return i == len;
}

static char *fresh(int protection, int fd)
{
	int flags = MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0);

	return mmap(NULL, ROOM, protection, flags, fd, 0);
}

static bool reads(const char *what, int fd, char *to)
{
	return works(to == MAP_FAILED ? -1 : 0) && same(pread(fd, to, SIZE, 0), SIZE) &&
	       has_data(what, to, 0, SIZE);
}

/* Pages that are there, but for reading only: those of zeros. */
static char *looked_at(void)
{
	char *to = fresh(PROT_READ | PROT_WRITE, -1);
	size_t i;

	for (i = 0; to != MAP_FAILED && i < ROOM; i += 4096)
		if (!same(to[i], 0))
			return MAP_FAILED;
	return to;
}

/* More is asked for than there is: what is behind that stays as it was. */
static bool keeps_the_rest(int fd, char *to)
{
	size_t i, from = SIZE - 30000;
	bool good;

	memset(to, UNTOUCHED, ROOM);
	good = same(pread(fd, to, ROOM, from), 30000) && has_data("the end", to, from, 30000);
	good &= same(pread(fd, to + 50000, 200000, SIZE - 1000), 1000);
	good &= has_data("a little", to + 50000, SIZE - 1000, 1000);
	for (i = 30000; i < ROOM; i++)
		if (to[i] != UNTOUCHED && (i < 50000 || i >= 51000))
			break;
	return good && same(i, ROOM);
}

static bool reads_to_two(int fd, char *to)
{
	struct iovec both[] = { { to + 7, 100001 }, { to + 150000, 100003 } };

	memset(to, UNTOUCHED, ROOM);
	return same(preadv(fd, both, 2, 0), 200004) && has_data("the first", to + 7, 0, 100001) &&
	       has_data("the second", to + 150000, 100001, 100003) && same(to[6], UNTOUCHED) &&
	       same(to[100008], UNTOUCHED) && same(to[149999], UNTOUCHED);
}

/* What is not there, or is not for writing, is an error, and nobody waits. */
static bool refuses(int fd)
{
	char *to = fresh(PROT_READ | PROT_WRITE, -1), *gone = to + 40960;
	char *fixed = fresh(PROT_READ, fd);
	ssize_t len;
	bool good;

	memset(to, UNTOUCHED, ROOM);
	good = works(munmap(gone, 4096));
	len = pread(fd, to, SIZE, 0);
	if (len < 0)
		good &= fails(len, EFAULT);
	else
		good &= len <= 40960 && has_data("what is there", to, 0, len);
	good &= fails(pread(fd, fixed, SIZE, 0), EFAULT);
	good &= has_data("what is fixed", fixed, 0, SIZE);
	/* Now its pages are there. */
	good &= fails(pread(fd, fixed, SIZE, 1), EFAULT);
	good &= has_data("what is fixed", fixed, 0, SIZE);
	munmap(to, 40960);
	munmap(gone + 4096, ROOM - 40960 - 4096);
	munmap(fixed, ROOM);
	return good;
}

bool check_memory(void)
{
	bool good = make_data("file");
	int fd = open("file", O_RDWR);
	char *to = fresh(PROT_READ | PROT_WRITE, -1), *zeros = looked_at();
	char *map = fresh(PROT_READ | PROT_WRITE, fd);

	good &= works(fd) && reads("fresh memory", fd, to) && reads("used memory", fd, to);
	good &= reads("memory at an odd place", fd, to + 4999);
	good &= reads("memory that was looked at", fd, zeros);
	good &= reads("the file's own map", fd, map) && refuses(fd);
	good &= keeps_the_rest(fd, to) && reads_to_two(fd, to);
	munmap(to, ROOM);
	munmap(zeros, ROOM);
	munmap(map, ROOM);
	close(fd);
	return good;
}
