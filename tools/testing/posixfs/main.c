// SPDX-License-Identifier: GPL-2.0
/*
 * usage: posixfs FOLDER [CHECK]...
 *        posixfs --hold FILE SECONDS
 *
 * Tries what programs expect of a file system in a new folder in FOLDER; all of
 * it, or the named checks. As root. A mount may refuse maps that are shared and
 * written to, unless POSIXFS_SHARED is set. The second form locks a file for so
 * long, or says why it cannot.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posixfs.h"

static const struct {
	const char *name;
	bool (*run)(void);
	const char *what;
} checks[] = {
	{ "flags", check_flags, "files open as the flags say" },
	{ "append", check_append, "O_APPEND writes at the end, whoever wrote before" },
	{ "truncate", check_truncate, "files shrink and grow" },
	{ "sparse", check_sparse, "a file has holes and is larger than 4 GB" },
	{ "unlinked", check_unlinked, "an open file outlives its name" },
	{ "times", check_times, "times are set and move" },
	{ "locks", check_locks, "ranges and files are locked" },
	{ "sync", check_sync, "fsync and fdatasync succeed" },
	{ "maps", check_maps, "files are mapped, and programs run" },
	{ "memory", check_memory, "what is read goes to memory of all kinds" },
	{ "folders", check_folders, "folders are made and removed" },
	{ "rename", check_rename, "names change, and replace others" },
	{ "links", check_links, "files have several names" },
	{ "symlinks", check_symlinks, "symbolic links lead where they say" },
	{ "long-names", check_long_names, "names of 255 bytes, and UTF-8" },
	{ "many", check_many, "a folder of many entries is read whole" },
	{ "changing", check_changing, "a folder is read while it changes" },
	{ "nodes", check_nodes, "pipes and sockets are made" },
	{ "permissions", check_permissions, "files have the permissions they were given" },
	{ "owners", check_owners, "owners are set" },
	{ "users", check_users, "users are kept from what is not theirs" },
	{ "attributes", check_attributes, "extended attributes are kept" },
	{ "space", check_space, "the file system tells its space" },
};

bool works_at(const char *file, int line, const char *call, long long result)
{
	if (result >= 0)
		return true;
	printf("# %s:%d: %s: %s\n", file, line, call, strerror(errno));
	return false;
}

bool fails_at(const char *file, int line, const char *call, long long result,
	      int error)
{
	if (result >= 0)
		printf("# %s:%d: %s works\n", file, line, call);
	else if (errno != error)
		printf("# %s:%d: %s: %s, not %s\n", file, line, call,
		       strerror(errno), strerror(error));
	return result < 0 && errno == error;
}

bool same_at(const char *file, int line, const char *what, long long is,
	     long long should)
{
	if (is == should)
		return true;
	printf("# %s:%d: %s is %lld, not %lld\n", file, line, what, is,
	       should);
	return false;
}

bool make_file(const char *name, mode_t mode, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);
	bool good;

	if (!works(fd))
		return false;
	good = same(write(fd, text, strlen(text)), strlen(text));
	return works(close(fd)) && good;
}

bool has_text(const char *name, const char *text)
{
	char found[1024] = "";
	int fd = open(name, O_RDONLY);
	bool good;

	if (!works(fd))
		return false;
	good = works(read(fd, found, sizeof(found) - 1));
	close(fd);
	if (good && strcmp(found, text))
		printf("# %s holds \"%s\", not \"%s\"\n", name, found, text);
	return good && !strcmp(found, text);
}

/* A check by a process of another user, whose only group has the same number. */
bool as_user(unsigned int uid, bool (*check)(void))
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		bool good = !setgid(uid) && !setuid(uid) && check();

		fflush(stdout);
		_exit(good ? 0 : 1);
	}
	return works(child) && works(waitpid(child, &status, 0)) && !status;
}

static bool run(unsigned int i)
{
	bool good;

	umask(022);
	if (mkdir(checks[i].name, 0755) || chdir(checks[i].name)) {
		printf("# %s: %s\n", checks[i].name, strerror(errno));
		good = false;
	} else {
		good = checks[i].run();
	}
	printf("%s - %s\n", good ? "ok" : "not ok", checks[i].what);
	fflush(stdout);
	if (chdir(".."))
		exit(2);
	return good;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 2; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 2;
}

int main(int argc, char **argv)
{
	unsigned int i;
	int bad = 0;

	if (argc == 4 && !strcmp(argv[1], "--hold"))
		return hold_lock(argv[2], atoi(argv[3]));
	if (argc < 2 || chdir(argv[1])) {
		printf("# usage: posixfs FOLDER [CHECK]...\n");
		return 2;
	}
	if (mkdir("posixfs", 0755) || chdir("posixfs")) {
		printf("# %s/posixfs: %s\n", argv[1], strerror(errno));
		return 2;
	}
	for (i = 0; i < ARRAY_SIZE(checks); i++)
		if (is_wanted(checks[i].name, argc, argv))
			bad |= !run(i);
	return bad;
}
