// SPDX-License-Identifier: GPL-2.0
/* xenpv 9p: folders that guests mount. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "xenpv.h"

#define CLASS	"9pfs"

/* How many numbers to try for a new share. */
#define TRIES	64

static const char *const usage =
"usage: xenpv 9p attach DOMAIN TAG PATH [OPTION]...\n"
"       xenpv 9p detach DOMAIN TAG [--force] [--wait=SECONDS]\n"
"       xenpv 9p list [DOMAIN]\n"
"       xenpv 9p dump [DOMAIN]\n"
"\n"
"A guest mounts a folder with: mount -t 9p -o trans=xen,version=9p2000.L TAG /mnt\n"
"\n"
"Options of attach:\n"
"  --backend=DOMAIN       the domain that has PATH; this one if not given\n"
"  --security-model=MODEL none, passthrough or mapped-xattr; none if not given\n"
"  --read-only            nothing in it can be changed\n"
"  --squash=WHO           who of the guest is one user here: none, root or all\n"
"  --squash-uid=UID       that user, and its group; 65534 if not given, or with\n"
"                         mapped-xattr the folder's owner\n"
"  --squash-gid=GID\n"
"  --uid-map=GUEST:OURS:COUNT[,...]    users of the guest, and who they are here;\n"
"                         others are the user of --squash-uid\n"
"  --gid-map=GUEST:OURS:COUNT[,...]    the same for groups\n"
"  --allow-devices        device nodes may be made\n"
"  --allow-setuid         setuid and setgid bits may be set\n"
"  --max-files=N          at most N files in it; any number if not given\n"
"  --max-open-files=N     at most N of them open\n"
"  --max-fids=N           at most N known to the guest\n"
"  --max-space=MEGABYTES  at most so much in it; any amount if not given\n"
"  --number=N             the share's number; the first free one if not given\n"
"  --wait=SECONDS         for the guest to connect; 10 if not given\n"
"\n"
"Options of detach:\n"
"  --wait=SECONDS         for the guest to let go; 10 if not given\n"
"  --force                take it away then even if the guest uses it\n";

static const char *const models[] = { "none", "passthrough", "mapped-xattr",
				      NULL };
static const char *const squashes[] = { "none", "root", "all", NULL };

/* No number is an ID, and maps are as long as the backend reads them. */
#define ID_MAX	(UINT_MAX - 1)
#define MAP_MAX	511

static const struct key keys[] = {
	{ "security-model", "security_model", WORD, models, "none" },
	{ "read-only", "read-only", FLAG },
	{ "squash", "squash", WORD, squashes },
	{ "squash-uid", "squash-uid", NUMBER, .max = ID_MAX },
	{ "squash-gid", "squash-gid", NUMBER, .max = ID_MAX },
	{ "uid-map", "uid-map", TEXT, .max = MAP_MAX },
	{ "gid-map", "gid-map", TEXT, .max = MAP_MAX },
	{ "allow-devices", "allow-devices", FLAG },
	{ "allow-setuid", "allow-setuid", FLAG },
	{ "max-files", "max-files", NUMBER, .max = UINT_MAX },
	{ "max-open-files", "max-open-files", NUMBER, .max = UINT_MAX },
	{ "max-fids", "max-fids", NUMBER, .max = UINT_MAX },
	{ "max-space", "max-space", NUMBER, .max = UINT_MAX },
};

static const struct noun noun;

/* What tells a share from the others of its guest. */
static char *tag_of(struct xs_handle *xs, const struct device *dev)
{
	return store_read(xs, dev->libxl, "tag") ?:
	       store_shown(xs, dev->front, "tag");
}

static const struct device *find_tag(struct xs_handle *xs,
				     const struct device *list,
				     unsigned int nr, const char *tag)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		char *its = tag_of(xs, &list[i]);
		bool same = its && !strcmp(its, tag);

		free(its);
		if (same)
			return &list[i];
	}
	return NULL;
}

static void check_tag(const char *tag)
{
	const char *c;

	if (!*tag || strlen(tag) > 255)
		misused("tag '%s': a tag has 1 to 255 characters", tag);
	for (c = tag; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == ',')
			misused("tag '%s': no blanks, commas or special characters",
				tag);
}

/* A folder of another domain is that domain's to check. */
static void check_path(const char *path, bool here)
{
	struct stat st;

	if (path[0] != '/')
		misused("'%s' is no path from the root folder", path);
	if (strlen(path) > VALUE_MAX)
		misused("the path is longer than %d characters", VALUE_MAX);
	if (!here)
		return;
	if (stat(path, &st))
		fail("%s: %s", path, errno == ENOENT ?
		     "there is no such folder" : strerror(errno));
	if (!S_ISDIR(st.st_mode))
		fail("%s is no folder", path);
}

static unsigned int fill_back(struct node *nodes, const struct args *args,
			      const char *path)
{
	nodes[0].key = "path";
	snprintf(nodes[0].value, sizeof(nodes->value), "%s", path);
	return 1 + nodes_fill(&noun, args, nodes + 1);
}

/* The one that is asked for, or the first free one from LEAST on. */
static unsigned int pick_number(const struct device *list, unsigned int nr,
				unsigned int least, const char *wanted)
{
	unsigned int number = wanted ? strtoul(wanted, NULL, 10) : least;

	if (!wanted)
		return device_free_number(list, nr, least);
	if (least || device_free_number(list, nr, number) != number)
		fail("the number %u is taken", number);
	return number;
}

/*
 * Others may attach shares meanwhile, also this one. A number that is not listed
 * can be taken all the same, by a backend that has nothing but its own directory.
 */
static void add_share(struct xs_handle *xs, struct device *dev,
		      const char *domain, const char *tag, const char *wanted,
		      const struct node *back, unsigned int nr_back)
{
	unsigned int nr, number, least, tries = 0;
	static struct node front[1];
	struct device *list;

	front[0].key = "tag";
	snprintf(front[0].value, sizeof(front[0].value), "%s", tag);
	for (least = 0; tries < TRIES; tries++, least = number + 1) {
		list = device_list(xs, CLASS, dev->domid, &nr);
		if (find_tag(xs, list, nr, tag))
			fail("domain %s has a share '%s' already", domain, tag);
		number = pick_number(list, nr, least, wanted);
		free(list);
		device_place(dev, CLASS, dev->domid, dev->backend, number);
		if (device_attach(xs, dev, front, 1, back, nr_back))
			return;
	}
	fail("domain %s: %u numbers of shares were taken", domain, TRIES);
}

static int attach_share(int argc, char **argv, const struct args *args)
{
	static struct node back[KEYS_MAX + 1];
	struct xs_handle *xs;
	struct device dev;
	int status;

	if (argc != 3)
		misused("attach wants a domain, a tag and a path");
	check_tag(argv[1]);
	xs = store_open();
	dev.domid = domain_find(xs, argv[0]);
	dev.backend = args->backend ? domain_find(xs, args->backend) :
				      domain_own(xs);
	check_path(argv[2], dev.backend == domain_own(xs));
	if (dev.domid == dev.backend)
		fail("domain %s cannot serve itself", argv[0]);
	add_share(xs, &dev, argv[0], argv[1], args->number, back,
		  fill_back(back, args, argv[2]));
	status = device_await(xs, &dev, args->wait, "serves folders", "xen-9pback");
	store_close(xs);
	return status;
}

static int detach_share(int argc, char **argv, const struct args *args)
{
	const struct device *dev;
	struct device *list;
	struct xs_handle *xs;
	unsigned int nr;

	if (argc != 2)
		misused("detach wants a domain and a tag");
	xs = store_open();
	list = device_list(xs, CLASS, domain_find(xs, argv[0]), &nr);
	dev = find_tag(xs, list, nr, argv[1]);
	if (!dev)
		fail("domain %s has no share '%s'", argv[0], argv[1]);
	if (!device_detach(xs, dev, args->wait, args->force))
		fail("'%s' is in use in domain %s, and goes when it no longer "
		     "is (or with --force)", argv[1], argv[0]);
	free(list);
	store_close(xs);
	return 0;
}

static void list_head(void)
{
	printf("%-16s %-16s %-12s %-12s %-12s %s\n", "DOMAIN", "TAG", "BACKEND",
	       "BACK", "FRONT", "   PATH");
}

static void list_one(struct xs_handle *xs, const struct device *dev)
{
	char *tag = tag_of(xs, dev), *path = store_read(xs, dev->back, "path");
	bool ro = false;
	unsigned int value;

	if (store_number(xs, dev->back, "read-only", &value))
		ro = value;
	print_column(domain_name(xs, dev->domid), 16);
	print_column(tag, 16);
	print_column(domain_name(xs, dev->backend), 12);
	print_column(state_name(device_state(xs, dev->back)), 12);
	print_column(state_name(device_state(xs, dev->front)), 12);
	printf("%s %s\n", ro ? "ro" : "rw", path ?: "-");
	free(path);
	free(tag);
}

static int list_shares(int argc, char **argv, const struct args *args)
{
	(void)args;
	return device_each("list", CLASS, argc, argv, list_head, list_one);
}

static void dump_one(struct xs_handle *xs, const struct device *dev)
{
	char *tag = tag_of(xs, dev), *path = store_read(xs, dev->back, "path");

	if (tag && path)
		device_print_command(xs, &noun, dev,
				     (const char *const []){ tag, path, NULL });
	free(path);
	free(tag);
}

static int dump_shares(int argc, char **argv, const struct args *args)
{
	(void)args;
	return device_each("dump", CLASS, argc, argv, NULL, dump_one);
}

static const struct verb verbs[] = {
	{ "attach", attach_share, TAKES_KEYS | TAKES_BACKEND | TAKES_NUMBER | TAKES_WAIT },
	{ "detach", detach_share, TAKES_WAIT | TAKES_FORCE },
	{ "list", list_shares },
	{ "dump", dump_shares },
};

static const struct noun noun = {
	.name = "9p",
	.usage = usage,
	.keys = keys,
	.nr_keys = ARRAY_SIZE(keys),
	.verbs = verbs,
	.nr_verbs = ARRAY_SIZE(verbs),
};

int noun_9p(int argc, char **argv)
{
	return noun_run_verb(&noun, argc, argv);
}
