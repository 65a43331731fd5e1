// SPDX-License-Identifier: GPL-2.0
/* xenpv sock default: a guest all of whose TCP sockets are PV sockets. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "hook.h"

#define FOLDER	"/sys/fs/bpf"
#define LINK	FOLDER "/xenpv-sock-default"
#define CGROUPS	FOLDER "/xenpv-sock-cgroups"

/* The cgroup of everybody has this place in the map when it is to end. */
#define PLACE_OF_ALL	0

_Static_assert(EXCEPT_MAX + 1 == HOOK_CGROUPS, "one is for all");

static void check_folder(void)
{
	struct statfs fs;

	if (statfs(FOLDER, &fs) || fs.f_type != BPF_FS_MAGIC)
		fail("no BPF file system is there to keep it in: mount -t bpf none " FOLDER);
}

/* It ends as its last reference goes, which takes a while; so first all are excepted. */
static void turn_off(void)
{
	int map = hook_pinned(CGROUPS), root;

	if (map >= 0) {
		root = cgroup_open_root();
		if (root >= 0)
			hook_set_cgroup(map, PLACE_OF_ALL, root);
		close(map);
	}
	if ((unlink(LINK) && errno != ENOENT) ||
	    (unlink(CGROUPS) && errno != ENOENT))
		fail("%s: %s", LINK, strerror(errno));
}

static void turn_on(const struct args *args)
{
	struct types *types = hook_find();
	int cgroups[HOOK_CGROUPS] = { [PLACE_OF_ALL] = -1 };
	struct hook hook;
	unsigned int i;

	check_folder();
	if (!hook_has_sockets())
		fail("there are no PV sockets here: %s", strerror(errno));
	for (i = 0; i < args->nr_except; i++) {
		cgroups[i + 1] = open(args->except[i],
				      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (cgroups[i + 1] < 0)
			fail("%s: %s", args->except[i], strerror(errno));
	}
	hook_begin(&hook, types, cgroups, args->nr_except + 1, true);
	turn_off();
	if (hook_pin(hook.cgroups, CGROUPS) && hook_pin(hook.link, LINK))
		return;
	i = errno;
	unlink(CGROUPS);
	fail("%s: %s", LINK, strerror(i));
}

static void show(void)
{
	bool off = access(LINK, F_OK);

	if (off && errno != ENOENT)
		fail("%s: %s", LINK, strerror(errno));
	puts(off ? "off" : "on");
}

int sock_default(int argc, char **argv, const struct args *args)
{
	bool on = argc && !strcmp(argv[0], "on");

	if (argc > 1 || (argc && !on && strcmp(argv[0], "off")))
		misused("default wants 'on' or 'off', or nothing");
	if (args->nr_except && !on)
		misused("default: '--except' is for 'on'");
	if (!argc)
		show();
	else if (on)
		turn_on(args);
	else
		turn_off();
	return 0;
}
