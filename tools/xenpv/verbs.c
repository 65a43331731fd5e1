// SPDX-License-Identifier: GPL-2.0
/* The verbs of a noun that attaches devices, and their options. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "xenpv.h"

/* How long to wait for the other side, in seconds, and at most. */
#define WAIT		10
#define WAIT_MAX	86400

/* The largest number of a device. */
#define NUMBER_MAX	1023

/* Options that are no nodes of the backend, numbered behind those that are. */
enum {
	OPT_BACKEND = KEYS_MAX,
	OPT_NUMBER,
	OPT_WAIT,
	OPT_FORCE,
	OPT_EXCEPT,
	OPT_ALL,
	OPT_HELP,
};

static const struct {
	struct option option;
	unsigned int takes;
} common[] = {
	{ { "backend", required_argument, NULL, OPT_BACKEND }, TAKES_BACKEND },
	{ { "number", required_argument, NULL, OPT_NUMBER }, TAKES_NUMBER },
	{ { "wait", required_argument, NULL, OPT_WAIT }, TAKES_WAIT },
	{ { "force", no_argument, NULL, OPT_FORCE }, TAKES_FORCE },
	{ { "except", required_argument, NULL, OPT_EXCEPT }, TAKES_EXCEPT },
	{ { "all", no_argument, NULL, OPT_ALL }, TAKES_ALL },
	{ { "help", no_argument, NULL, OPT_HELP }, 0 },
};

static void check_word(const struct key *key, const char *value)
{
	const char *const *word;
	char list[256] = "";

	for (word = key->words; *word; word++) {
		if (!strcmp(value, *word))
			return;
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
			 "%s%s", *list ? ", " : "", *word);
	}
	misused("%s: '%s' is not one of %s", key->option, value, list);
}

/* To drivers an empty text is none: not what somebody means who says it. */
static void check_text(const struct key *key, const char *value)
{
	if (!*value)
		misused("%s: its value is empty", key->option);
	if (strlen(value) > key->max)
		misused("%s: its value is longer than %u characters",
			key->option, key->max);
}

static void check_value(const struct key *key, const char *value)
{
	switch (key->kind) {
	case NUMBER:
		parse_number(key->option, value, key->max);
		break;
	case WORD:
		check_word(key, value);
		break;
	case TEXT:
		check_text(key, value);
		break;
	case FLAG:
		break;
	}
}

static void take_option(const struct noun *noun, struct args *args, int which)
{
	switch (which) {
	case OPT_BACKEND:
		args->backend = optarg;
		break;
	case OPT_NUMBER:
		parse_number("number", optarg, NUMBER_MAX);
		args->number = optarg;
		break;
	case OPT_WAIT:
		args->wait = parse_number("wait", optarg, WAIT_MAX);
		break;
	case OPT_FORCE:
		args->force = true;
		break;
	case OPT_EXCEPT:
		if (args->nr_except == EXCEPT_MAX)
			misused("except: more than %u", EXCEPT_MAX);
		args->except[args->nr_except++] = optarg;
		break;
	case OPT_ALL:
		args->all = true;
		break;
	case OPT_HELP:
		args->help = true;
		break;
	default:
		args->value[which] = optarg ?: "1";
		check_value(&noun->keys[which], args->value[which]);
	}
}

static void fill_options(const struct noun *noun, const struct verb *verb,
			 struct option *options)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(common); i++)
		if ((common[i].takes & verb->takes) == common[i].takes)
			*options++ = common[i].option;
	for (i = 0; i < noun->nr_keys && verb->takes & TAKES_KEYS; i++)
		*options++ = (struct option) {
			.name = noun->keys[i].option,
			.has_arg = noun->keys[i].kind == FLAG ?
					   no_argument : required_argument,
			.val = i,
		};
}

__attribute__((noreturn))
static void misused_option(const struct verb *verb, int which, const char *word)
{
	if (which == ':')
		misused("%s: '%s' lacks its value", verb->name, word);
	if (optopt > OPT_HELP)
		misused("%s: there is no option '-%c'", verb->name, optopt);
	if (optopt)
		misused("%s: '%s': that option has no value", verb->name, word);
	misused("%s: '%s' is no option of it", verb->name, word);
}

/* Return: how many arguments are left, at the front of argv. */
static int parse(const struct noun *noun, const struct verb *verb, int argc,
		 char **argv, struct args *args)
{
	struct option options[KEYS_MAX + ARRAY_SIZE(common) + 1] = { };
	int which;

	fill_options(noun, verb, options);
	memset(args, 0, sizeof(*args));
	args->wait = WAIT;
	opterr = 0;
	while ((which = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (which == '?' || which == ':')
			misused_option(verb, which, argv[optind - 1]);
		take_option(noun, args, which);
	}
	memmove(argv, argv + optind, (argc - optind) * sizeof(*argv));
	return argc - optind;
}

unsigned int nodes_fill(const struct noun *noun, const struct args *args,
			struct node *nodes)
{
	unsigned int i, nr = 0;

	for (i = 0; i < noun->nr_keys; i++) {
		const char *value = args->value[i] ?: noun->keys[i].otherwise;

		if (!value)
			continue;
		nodes[nr].key = noun->keys[i].node;
		snprintf(nodes[nr++].value, sizeof(nodes->value), "%s", value);
	}
	return nr;
}

static int run_verb(const struct noun *noun, int argc, char **argv)
{
	const struct verb *verb;
	struct args args;
	unsigned int i;

	for (i = 0; i < noun->nr_verbs; i++) {
		verb = &noun->verbs[i];
		if (strcmp(argv[0], verb->name))
			continue;
		argc = parse(noun, verb, argc, argv, &args);
		if (!args.help)
			return verb->run(argc, argv, &args);
		fputs(noun->usage, stdout);
		return 0;
	}
	misused("%s: there is no '%s'", noun->name, argv[0]);
}

int noun_run_verb(const struct noun *noun, int argc, char **argv)
{
	if (!argc)
		misused("%s: nothing to do ('xenpv %s --help')", noun->name,
			noun->name);
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")) {
		fputs(noun->usage, stdout);
		return 0;
	}
	return run_verb(noun, argc, argv);
}
