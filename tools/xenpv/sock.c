// SPDX-License-Identifier: GPL-2.0
/* xenpv sock: sockets that a guest has in another domain's network. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "xenpv.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define CLASS	"pvcalls"

/* How long to wait for the other side, in seconds. */
#define WAIT	10

static const char *const usage =
"usage: xenpv sock attach DOMAIN [OPTION]...\n"
"       xenpv sock detach DOMAIN [--force] [--wait=SECONDS]\n"
"       xenpv sock list [DOMAIN]\n"
"       xenpv sock policy DOMAIN\n"
"\n"
"Options of attach:\n"
"  --backend=DOMAIN       in whose network the sockets are; this one's if not given\n"
"  --netns=NAME           a network namespace of it, as 'ip netns' has them\n"
"  --allow-connect=RULES  where the guest may connect to\n"
"  --deny-connect=RULES   where it may not\n"
"  --allow-bind=RULES     which addresses it may have\n"
"  --deny-bind=RULES      which it may not\n"
"  --max-sockets=N        at most N sockets\n"
"  --max-memory=MEGABYTES at most so much of its memory mapped\n"
"  --wait=SECONDS         for the guest to connect; 10 if not given\n"
"\n"
"RULES are ADDRESS[/BITS][:PORT[-PORT]], separated by commas; an address may be\n"
"one of IPv4, one of IPv6 in brackets, '*' or 'loopback'. What is denied is\n"
"denied, else what is allowed is allowed; where nothing is said, all but the\n"
"loopback and ports below 1024 is.\n"
"\n"
"Option of detach:\n"
"  --force                take it away even if the guest uses it\n";

/* Options of attach that are nodes of the backend. */
static const struct key {
	const char *name;
	bool number;
} keys[] = {
	{ "netns", false },
	{ "allow-connect", false },
	{ "deny-connect", false },
	{ "allow-bind", false },
	{ "deny-bind", false },
	{ "max-sockets", true },
	{ "max-memory", true },
};

#define KEYS	ARRAY_SIZE(keys)

enum {
	OPT_BACKEND = KEYS,
	OPT_WAIT,
	OPT_FORCE,
	OPT_HELP,
	OPTIONS,
};

struct args {
	const char *value[KEYS];
	const char *backend;
	unsigned int wait;
	bool force;
	bool help;
};

/* As long as the backend reads it. */
#define TEXT_LEN	1024

static void take_option(struct args *args, int which)
{
	switch (which) {
	case OPT_BACKEND:
		args->backend = optarg;
		break;
	case OPT_WAIT:
		args->wait = parse_number("wait", optarg);
		break;
	case OPT_FORCE:
		args->force = true;
		break;
	case OPT_HELP:
		args->help = true;
		break;
	default:
		args->value[which] = optarg;
		if (keys[which].number)
			parse_number(keys[which].name, optarg);
		else if (strlen(optarg) >= TEXT_LEN)
			misused("%s: that is too long", keys[which].name);
	}
}

/* Return: how many arguments are left, at the front of argv. */
static int parse(int argc, char **argv, struct args *args)
{
	struct option options[OPTIONS + 1] = {
		[OPT_BACKEND] = { "backend", required_argument, NULL, OPT_BACKEND },
		[OPT_WAIT] = { "wait", required_argument, NULL, OPT_WAIT },
		[OPT_FORCE] = { "force", no_argument, NULL, OPT_FORCE },
		[OPT_HELP] = { "help", no_argument, NULL, OPT_HELP },
	};
	int which;
	size_t i;

	for (i = 0; i < KEYS; i++)
		options[i] = (struct option) {
			.name = keys[i].name,
			.has_arg = required_argument,
			.val = i,
		};
	memset(args, 0, sizeof(*args));
	args->wait = WAIT;
	opterr = 0;
	while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (which == '?')
			misused("'%s' is no option of it, or lacks its value",
				argv[optind - 1]);
		take_option(args, which);
	}
	memmove(argv, argv + optind, (argc - optind) * sizeof(*argv));
	return argc - optind;
}

static unsigned int fill_back(struct node *nodes, const struct args *args)
{
	unsigned int nr = 0;
	size_t i;

	for (i = 0; i < KEYS; i++) {
		if (!args->value[i])
			continue;
		nodes[nr].key = keys[i].name;
		snprintf(nodes[nr++].value, sizeof(nodes->value), "%s",
			 args->value[i]);
	}
	return nr;
}

static int attach_sockets(int argc, char **argv, const struct args *args)
{
	unsigned int nr, domid, backend;
	static struct node back[KEYS];
	struct device *list, dev;
	struct xs_handle *xs;
	int status = 0;

	if (argc != 1)
		misused("attach wants a domain");
	xs = store_open();
	domid = domain_find(xs, argv[0]);
	backend = args->backend ? domain_find(xs, args->backend) :
				  domain_own(xs);
	if (domid == backend)
		fail("a domain cannot serve itself");
	list = device_list(xs, CLASS, domid, &nr);
	if (nr)
		fail("domain %s has sockets already, of domain %s", argv[0],
		     domain_name(xs, list[0].backend));
	device_place(&dev, CLASS, domid, backend, 0);
	device_attach(xs, &dev, NULL, 0, back, fill_back(back, args));
	if (args->wait) {
		device_wait(xs, &dev, device_is_settled, args->wait);
		status = device_tell(xs, &dev, "carries out sockets", "pvcalls-back");
	}
	free(list);
	store_close(xs);
	return status;
}

static int detach_sockets(int argc, char **argv, const struct args *args)
{
	struct device *list;
	struct xs_handle *xs;
	unsigned int nr;

	if (argc != 1)
		misused("detach wants a domain");
	xs = store_open();
	list = device_list(xs, CLASS, domain_find(xs, argv[0]), &nr);
	if (!nr)
		fail("domain %s has no sockets elsewhere", argv[0]);
	/* A backend that has closed would not take a second word back. */
	if (!device_is_closed(xs, list))
		device_ask_to_close(xs, list);
	if (!device_wait(xs, list, device_is_closed, args->wait) && !args->force)
		fail("domain %s does not let go of it (or with --force)",
		     argv[0]);
	device_forget(xs, list);
	free(list);
	store_close(xs);
	return 0;
}

static void list_one(struct xs_handle *xs, const struct device *dev)
{
	char *netns = store_read(xs, dev->back, "netns");

	print_column(domain_name(xs, dev->domid), 16);
	print_column(domain_name(xs, dev->backend), 12);
	print_column(state_name(device_state(xs, dev->back)), 12);
	print_column(state_name(device_state(xs, dev->front)), 12);
	printf("%s\n", netns ?: "-");
	free(netns);
}

static int list_sockets(int argc, char **argv)
{
	struct xs_handle *xs;

	if (argc > 1)
		misused("list wants one domain, or none");
	xs = store_open();
	printf("%-16s %-12s %-12s %-12s %s\n", "DOMAIN", "BACKEND", "BACK",
	       "FRONT", "NETNS");
	device_each(xs, CLASS, argc ? argv[0] : NULL, list_one);
	store_close(xs);
	return 0;
}

/* What is said, and what holds where nothing is. */
static int show_policy(int argc, char **argv)
{
	struct device *list;
	struct xs_handle *xs;
	unsigned int nr;
	size_t i;

	if (argc != 1)
		misused("policy wants a domain");
	xs = store_open();
	list = device_list(xs, CLASS, domain_find(xs, argv[0]), &nr);
	if (!nr)
		fail("domain %s has no sockets elsewhere", argv[0]);
	for (i = 0; i < KEYS; i++) {
		char *text = store_read(xs, list->back, keys[i].name);

		printf("%-14s %s\n", keys[i].name, text && *text ? text : "-");
		free(text);
	}
	puts("where no rule allows: not the loopback, no ports below 1024");
	free(list);
	store_close(xs);
	return 0;
}

int noun_sock(int argc, char **argv)
{
	struct args args;
	const char *verb = argc ? argv[0] : "";

	if (!argc)
		misused("sock: attach, detach, list or policy?");
	if (!strcmp(verb, "--help") || !strcmp(verb, "-h")) {
		fputs(usage, stdout);
		return 0;
	}
	argc = parse(argc, argv, &args);
	if (args.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (!strcmp(verb, "attach"))
		return attach_sockets(argc, argv, &args);
	if (!strcmp(verb, "detach"))
		return detach_sockets(argc, argv, &args);
	if (!strcmp(verb, "list"))
		return list_sockets(argc, argv);
	if (!strcmp(verb, "policy"))
		return show_policy(argc, argv);
	misused("sock: there is no '%s'", verb);
}
