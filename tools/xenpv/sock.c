// SPDX-License-Identifier: GPL-2.0
/* xenpv sock: sockets that a guest has in another domain's network. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "xenpv.h"

#define CLASS	"pvcalls"

static const char *const usage =
"usage: xenpv sock attach DOMAIN [OPTION]...\n"
"       xenpv sock detach DOMAIN [--force] [--wait=SECONDS]\n"
"       xenpv sock list [DOMAIN]\n"
"       xenpv sock dump [DOMAIN]\n"
"       xenpv sock policy DOMAIN\n"
"       xenpv sock default [on [--except=CGROUP]... | off]\n"
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
"Options of detach:\n"
"  --wait=SECONDS         for the guest to let go; 10 if not given\n"
"  --force                take it away then even if the guest uses it\n"
"\n"
"In a guest, 'default on' makes all TCP sockets of programs PV sockets, from then\n"
"on until 'default off'; without a word it says which it is.\n"
"  --except=CGROUP        not those of programs in this folder of cgroup2\n";

/* As long as the backend reads them, and as much as it knows of. */
#define NETNS_MAX	127
#define RULES_MAX	1023
#define MEMORY_MAX	1048576

static const struct key keys[] = {
	{ "netns", "netns", TEXT, .max = NETNS_MAX },
	{ "allow-connect", "allow-connect", TEXT, .max = RULES_MAX },
	{ "deny-connect", "deny-connect", TEXT, .max = RULES_MAX },
	{ "allow-bind", "allow-bind", TEXT, .max = RULES_MAX },
	{ "deny-bind", "deny-bind", TEXT, .max = RULES_MAX },
	{ "max-sockets", "max-sockets", NUMBER, .max = UINT_MAX },
	{ "max-memory", "max-memory", NUMBER, .max = MEMORY_MAX },
};

static const struct noun noun;

/* Others may attach them meanwhile. */
static void add_sockets(struct xs_handle *xs, const struct device *dev,
			const char *domain, const struct node *back,
			unsigned int nr_back)
{
	unsigned int nr, tries;
	struct device *list;

	for (tries = 0; tries < 2; tries++) {
		list = device_list(xs, CLASS, dev->domid, &nr);
		if (nr)
			fail("domain %s has sockets already, of domain %s",
			     domain, domain_name(xs, list->backend));
		free(list);
		if (device_attach(xs, dev, NULL, 0, back, nr_back))
			return;
	}
	fail("domain %s has sockets already: %s is in use", domain, dev->back);
}

static int attach_sockets(int argc, char **argv, const struct args *args)
{
	static struct node back[KEYS_MAX];
	unsigned int domid, backend;
	struct device dev;
	struct xs_handle *xs;
	int status;

	if (argc != 1)
		misused("attach wants a domain");
	xs = store_open();
	domid = domain_find(xs, argv[0]);
	backend = args->backend ? domain_find(xs, args->backend) :
				  domain_own(xs);
	if (domid == backend)
		fail("domain %s cannot serve itself", argv[0]);
	device_place(&dev, CLASS, domid, backend, 0);
	add_sockets(xs, &dev, argv[0], back, nodes_fill(&noun, args, back));
	status = device_await(xs, &dev, args->wait, "carries out sockets", "pvcalls-back");
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
	if (!device_detach(xs, list, args->wait, args->force))
		fail("domain %s does not let go of it (or with --force)",
		     argv[0]);
	free(list);
	store_close(xs);
	return 0;
}

static void list_head(void)
{
	printf("%-16s %-12s %-12s %-12s %s\n", "DOMAIN", "BACKEND", "BACK",
	       "FRONT", "NETNS");
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

static int list_sockets(int argc, char **argv, const struct args *args)
{
	(void)args;
	return device_each("list", CLASS, argc, argv, list_head, list_one);
}

/* What is said, and what holds where nothing is. */
static int show_policy(int argc, char **argv, const struct args *args)
{
	struct device *list;
	struct xs_handle *xs;
	unsigned int nr;
	size_t i;

	(void)args;
	if (argc != 1)
		misused("policy wants a domain");
	xs = store_open();
	list = device_list(xs, CLASS, domain_find(xs, argv[0]), &nr);
	if (!nr)
		fail("domain %s has no sockets elsewhere", argv[0]);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		char *text = store_read(xs, list->back, keys[i].node);

		printf("%-14s %s\n", keys[i].node, text && *text ? text : "-");
		free(text);
	}
	puts("where no rule allows: not the loopback, no ports below 1024");
	free(list);
	store_close(xs);
	return 0;
}

static void dump_one(struct xs_handle *xs, const struct device *dev)
{
	device_print_command(xs, &noun, dev, (const char *const []){ NULL });
}

static int dump_sockets(int argc, char **argv, const struct args *args)
{
	(void)args;
	return device_each("dump", CLASS, argc, argv, NULL, dump_one);
}

static const struct verb verbs[] = {
	{ "attach", attach_sockets, TAKES_KEYS | TAKES_BACKEND | TAKES_WAIT },
	{ "detach", detach_sockets, TAKES_WAIT | TAKES_FORCE },
	{ "list", list_sockets },
	{ "dump", dump_sockets },
	{ "policy", show_policy },
	{ "default", sock_default, TAKES_EXCEPT },
};

static const struct noun noun = {
	.name = "sock",
	.usage = usage,
	.keys = keys,
	.nr_keys = ARRAY_SIZE(keys),
	.verbs = verbs,
	.nr_verbs = ARRAY_SIZE(verbs),
};

int noun_sock(int argc, char **argv)
{
	return noun_run_verb(&noun, argc, argv);
}
