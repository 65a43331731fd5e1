// SPDX-License-Identifier: GPL-2.0
/* A tree as sources have it, and who looks at all of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsbench.h"

#define PER_FOLDER	16	/* files in a folder of the second level */
#define FOLDERS		4	/* of these in one of the first */
#define SIZE		2000

static void folder(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		give_up("%s: %s", path, strerror(errno));
}

void tree_make(uint64_t files)
{
	static const char data[SIZE];
	char path[64];
	uint64_t i;
	int fd;

	for (i = 0; i < files; i++) {
		unsigned int above = i / PER_FOLDER / FOLDERS, within = i / PER_FOLDER % FOLDERS;

		snprintf(path, sizeof(path), "part%u", above);
		folder(path);
		snprintf(path, sizeof(path), "part%u/sub%u", above, within);
		folder(path);
		snprintf(path, sizeof(path), "part%u/sub%u/source%llu.c", above, within,
			 (unsigned long long)i);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (fd < 0 || write(fd, data, SIZE) != SIZE || close(fd))
			give_up("%s: %s", path, strerror(errno));
	}
}

struct walk {
	const struct amount *amount;
	uint64_t entries, start;
};

static bool entry(struct walk *walk, const char *above, const char *name);

/* Whether there is more to be done. */
static bool look(struct walk *walk, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *next;
	bool more = true;

	if (!dir)
		give_up("%s: %s", path, strerror(errno));
	while (more && (next = readdir(dir))) {
		if (strcmp(next->d_name, ".") && strcmp(next->d_name, ".."))
			more = entry(walk, path, next->d_name);
	}
	closedir(dir);
	return more;
}

static bool entry(struct walk *walk, const char *above, const char *name)
{
	char path[256];
	struct stat found;

	snprintf(path, sizeof(path), "%s/%s", above, name);
	if (lstat(path, &found))
		give_up("%s: %s", path, strerror(errno));
	if (is_done(walk->amount, ++walk->entries, walk->start))
		return false;
	return !S_ISDIR(found.st_mode) || look(walk, path);
}

void tree_walk(const struct amount *amount)
{
	struct walk walk = { .amount = amount, .start = now_ns() };

	while (look(&walk, "."))
		if (!walk.entries)
			give_up("there is no tree");
	tell_speed(walk.entries, walk.start);
}
