// SPDX-License-Identifier: GPL-2.0
/* The cgroup that a command is in, and who waits for the last of its programs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hook.h"

/* The one that was made. */
static char *made;

/* A path, made as printf() does. */
__attribute__((format(printf, 1, 2)))
static char *path_of(const char *format, ...)
{
	va_list args;
	char *path;
	int length;

	va_start(args, format);
	length = vasprintf(&path, format, args);
	va_end(args);
	if (length < 0)
		fail("out of memory");
	return path;
}

/* Return: where cgroup2 is mounted, or NULL. */
static char *find_root(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount;
	char *root = NULL;

	while (mounts && !root && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			root = path_of("%s", mount->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return root;
}

int cgroup_open_root(void)
{
	char *root = find_root();

	return root ? open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* That of this program, below the root, as the line of cgroup2 has it. */
static char *find_own(void)
{
	FILE *file = fopen("/proc/self/cgroup", "r");
	char line[PATH_MAX + 8], *own = NULL;

	while (file && !own && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::", 3))
			own = path_of("%s", line + 3);
	}
	if (file)
		fclose(file);
	return own ?: path_of("/");
}

/* Fails while somebody is in it. */
static void remove_made(void)
{
	rmdir(made);
}

static int open_inside(const char *name, int flags)
{
	return open(path_of("%s/%s", made, name), flags | O_CLOEXEC);
}

int cgroup_make(void)
{
	char *root = find_root();
	int fd;

	if (!root)
		fail("no cgroup2 is mounted for the command: mount -t cgroup2 none /sys/fs/cgroup");
	made = path_of("%s%s/xenpv-%d", root, find_own(), getpid());
	if (mkdir(made, 0755) && errno != EEXIST)
		fail("%s cannot be made: %s", made, strerror(errno));
	atexit(remove_made);
	fd = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail("%s: %s", made, strerror(errno));
	return fd;
}

/* Whoever cannot tell stays. */
static bool is_populated(int events)
{
	char text[256] = "";

	if (pread(events, text, sizeof(text) - 1, 0) < 0)
		return errno != ENODEV;
	return strstr(text, "populated 1");
}

/* Nobody is to wait for what this process has open, but for the link. */
static void let_go(int *link, int *begun)
{
	int null = open("/dev/null", O_RDWR), low, high, fd;

	*link = fcntl(*link, F_DUPFD_CLOEXEC, 3);
	*begun = fcntl(*begun, F_DUPFD_CLOEXEC, 3);
	for (fd = 0; fd < 3; fd++)
		dup2(null, fd);
	low = *link < *begun ? *link : *begun;
	high = *link < *begun ? *begun : *link;
	close_range(3, low - 1, 0);
	close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
	setsid();
	if (chdir("/"))
		_exit(1);
}

/* BEGUN ends when the command has begun, or is not to. */
__attribute__((noreturn))
static void stay(int link, int begun)
{
	struct pollfd change = { .events = POLLPRI };
	char nothing;

	let_go(&link, &begun);
	while (read(begun, &nothing, 1) < 0 && errno == EINTR)
		;
	change.fd = open_inside("cgroup.events", O_RDONLY);
	while (is_populated(change.fd))
		poll(&change, 1, -1);
	remove_made();
	_exit(0);
}

/* Not a child of the command, which may wait for its own. */
static void leave_behind(int link, int begun)
{
	sighandler_t before = signal(SIGCHLD, SIG_DFL);
	pid_t child = fork(), other;
	int status = 1;

	if (!child) {
		other = fork();
		if (!other)
			stay(link, begun);
		_exit(other < 0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status)
		fail("no process can be made");
	signal(SIGCHLD, before);
}

void cgroup_enter(int link)
{
	int begun[2], fd;

	if (pipe2(begun, O_CLOEXEC))
		fail("no pipe can be made: %s", strerror(errno));
	leave_behind(link, begun[0]);
	fd = open_inside("cgroup.procs", O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		fail("%s cannot be entered: %s", made, strerror(errno));
}
