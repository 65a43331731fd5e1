// SPDX-License-Identifier: GPL-2.0
/* Many small files that do not live long: mail, caches, builds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsbench.h"

#define BATCH		32	/* files that are there at a time */
#define SIZE		512

static const char *name(char kind, uint64_t number)
{
	static char names[2][32];
	static int turn;

	turn = !turn;
	snprintf(names[turn], sizeof(names[turn]), "storm-%c%06llu", kind,
		 (unsigned long long)number);
	return names[turn];
}

static void done(int result, const char *what)
{
	if (result < 0)
		give_up("%s: %s", what, strerror(errno));
}

static void make(uint64_t number)
{
	static const char data[SIZE];
	int fd = open(name('a', number), O_WRONLY | O_CREAT | O_EXCL, 0644);

	done(fd, "open");
	done(write(fd, data, SIZE) == SIZE ? 0 : -1, "write");
	done(close(fd), "close");
}

static void batch(uint64_t files)
{
	struct stat found;
	uint64_t i;

	for (i = 0; i < files; i++)
		make(i);
	for (i = 0; i < files; i++)
		done(stat(name('a', i), &found), "stat");
	for (i = 0; i < files; i++)
		done(rename(name('a', i), name('b', i)), "rename");
	for (i = 0; i < files; i++)
		done(unlink(name('b', i)), "unlink");
}

void storm(const struct amount *amount)
{
	uint64_t start = now_ns(), files = 0, these;

	while (!is_done(amount, files, start)) {
		these = BATCH;
		if (amount->count && amount->count - files < BATCH)
			these = amount->count - files;
		batch(these);
		files += these;
	}
	tell_speed(files, start);
}
