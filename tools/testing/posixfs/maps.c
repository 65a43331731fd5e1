// SPDX-License-Identifier: GPL-2.0
/* Files in memory. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posixfs.h"

#define SIZE	10000
#define TEXT	"mapped and written"
#define FAR	5000	/* in the second page */

static char text_at(unsigned int i)
{
	return 'a' + i % 23;
}

static bool make_long_file(const char *name)
{
	char text[SIZE + 1];
	unsigned int i;

	for (i = 0; i < SIZE; i++)
		text[i] = text_at(i);
	text[SIZE] = '\0';
	return make_file(name, 0644, text);
}

static bool holds(const char *what, const char *found)
{
	unsigned int i;

	for (i = 0; i < SIZE; i++)
		if (found[i] != text_at(i))
			break;
	if (i < SIZE)
		printf("# %s differs at %u\n", what, i);
	return i == SIZE;
}

static bool is_unchanged(const char *name)
{
	char found[SIZE] = "";
	int fd = open(name, O_RDONLY);
	bool good = same(read(fd, found, SIZE), SIZE);

	close(fd);
	return good && holds("the file", found);
}

/* What is written to a private map is nobody else's. */
static bool is_mapped_privately(void)
{
	int fd = open("file", O_RDONLY);
	char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	bool good = works(map == MAP_FAILED ? -1 : 0);

	close(fd);
	if (!good)
		return false;
	good = holds("the private map", map);
	memset(map + 4000, '!', 200);
	good &= is_unchanged("file") && same(map[FAR], text_at(FAR)) && same(map[4000], '!');
	return works(munmap(map, SIZE)) && good;
}

/* What is written to a shared one is read by others once it is synced. */
static bool is_shared(int fd, char *map)
{
	char found[sizeof(TEXT)] = "";
	int other = open("file", O_RDONLY);
	bool good = holds("the shared map", map);

	memcpy(map + FAR, TEXT, sizeof(TEXT));
	good &= works(msync(map, SIZE, MS_SYNC));
	good &= same(pread(other, found, sizeof(found), FAR), sizeof(found));
	good &= !memcmp(found, TEXT, sizeof(TEXT));
	good &= works(munmap(map, SIZE)) && works(fsync(fd));
	memset(found, 0, sizeof(found));
	good &= same(pread(fd, found, sizeof(found), FAR), sizeof(found));
	close(other);
	return good && !memcmp(found, TEXT, sizeof(TEXT));
}

static bool try_shared(void)
{
	int fd = open("file", O_RDWR);
	char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	bool good;

	if (map != MAP_FAILED) {
		good = is_shared(fd, map);
	} else {
		printf("# maps that are shared and written to: %s\n", strerror(errno));
		good = !getenv("POSIXFS_SHARED") && fails(-1, EINVAL);
	}
	close(fd);
	return good;
}

static bool copy_program(const char *name)
{
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(name, O_WRONLY | O_CREAT | O_EXCL, 0755);
	static char data[100000];
	ssize_t len;
	bool good = works(from) && works(to);

	while (good && (len = read(from, data, sizeof(data))))
		good = same(write(to, data, len), len);
	close(from);
	return works(close(to)) && good;
}

/* This one says how it is used, and ends with 2. */
static bool runs(const char *name)
{
	pid_t child;
	int status = 0;

	fflush(stdout);
	child = fork();
	if (!child) {
		close(STDOUT_FILENO);
		execl(name, name, NULL);
		_exit(127);
	}
	return works(child) && works(waitpid(child, &status, 0)) &&
	       same(WEXITSTATUS(status), 2) && same(WTERMSIG(status), 0);
}

bool check_maps(void)
{
	bool good = make_long_file("file");

	good &= is_mapped_privately() && try_shared();
	return good && copy_program("program") && runs("./program");
}
