// SPDX-License-Identifier: GPL-2.0
/* xenpv run: a program whose TCP sockets are PV sockets. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "hook.h"

#define LIBRARY	"libxenpv-run.so"

/* Where the library is, as seen from this program: installed, or as built. */
static const char *const places[] = { "../lib/xenpv/" LIBRARY, LIBRARY };

static void find_library(char *path, size_t room)
{
	char self[PATH_MAX] = "";
	const char *dir;
	size_t i;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		fail("/proc/self/exe: %s", strerror(errno));
	dir = dirname(self);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (snprintf(path, room, "%s/%s", dir, places[i]) < (int)room &&
		    !access(path, R_OK))
			return;
	}
	fail("%s is neither in %s/../lib/xenpv nor in %s", LIBRARY, dir, dir);
}

/* Behind what is preloaded already. */
static void preload(const char *library)
{
	const char *before = getenv("LD_PRELOAD");
	char all[2 * PATH_MAX];

	if (snprintf(all, sizeof(all), "%s%s%s", before ?: "",
		     before && *before ? ":" : "", library) >=
	    (int)sizeof(all))
		fail("LD_PRELOAD is too long");
	if (setenv("LD_PRELOAD", all, 1))
		fail("out of memory");
}

/* The kernel makes its TCP sockets PV sockets, and those of what it runs. */
static void use_hook(bool fallback)
{
	struct types *types = hook_find();
	struct hook hook;
	int cgroup;

	if (!hook_has_sockets()) {
		if (!fallback)
			fail("there are no PV sockets here: %s",
			     strerror(errno));
		fputs("xenpv: there are no PV sockets here; this is TCP\n",
		      stderr);
		return;
	}
	cgroup = cgroup_make();
	hook_begin(&hook, types, &cgroup, 1, false);
	cgroup_enter(hook.link);
}

static void use_library(bool fallback)
{
	char library[PATH_MAX];

	unsetenv("XENPV_RUN_FALLBACK");
	if (fallback)
		setenv("XENPV_RUN_FALLBACK", "1", 1);
	find_library(library, sizeof(library));
	preload(library);
}

static void show_run_usage(void)
{
	puts("usage: xenpv run [--bpf] [--fallback] COMMAND [ARGUMENT]...\n\n"
	     "  --bpf       by a hook of the kernel, for programs of all kinds; as root\n"
	     "  --fallback  use TCP, and say so, where there are no PV sockets");
}

int noun_run(int argc, char **argv)
{
	bool bpf = false, fallback = false;

	for (; argc && argv[0][0] == '-'; argc--, argv++) {
		if (!strcmp(argv[0], "--help")) {
			show_run_usage();
			return 0;
		}
		if (!strcmp(argv[0], "--")) {
			argc--;
			argv++;
			break;
		}
		if (!strcmp(argv[0], "--bpf"))
			bpf = true;
		else if (!strcmp(argv[0], "--fallback"))
			fallback = true;
		else
			misused("run: there is no option '%s'", argv[0]);
	}
	if (!argc)
		misused("run: no command");
	if (bpf)
		use_hook(fallback);
	else
		use_library(fallback);
	execvp(argv[0], argv);
	fail("%s: %s", argv[0], strerror(errno));
}
