// SPDX-License-Identifier: GPL-2.0
/* xenpv: the command line. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "xenpv.h"

static const struct {
	const char *name;
	const char *what;
	int (*run)(int argc, char **argv);
} nouns[] = {
	{ "9p", "folders that guests mount", noun_9p },
	{ "sock", "sockets that guests have in other networks", noun_sock },
	{ "rehome", "a device goes on with a backend in another domain", noun_rehome },
	{ "run", "a program whose TCP sockets are PV sockets", noun_run },
};

static void complain(const char *format, va_list args)
{
	fputs("xenpv: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	exit(1);
}

void misused(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	fputs("Try 'xenpv --help', or 'man xenpv'.\n", stderr);
	exit(2);
}

/* Digits only: the text itself is what drivers are told. */
unsigned int parse_number(const char *what, const char *text, unsigned int max)
{
	unsigned long long value;

	if (!*text || text[strspn(text, "0123456789")])
		misused("%s: '%s' is no number", what, text);
	errno = 0;
	value = strtoull(text, NULL, 10);
	if (errno || value > max)
		misused("%s: %s is more than %u", what, text, max);
	return value;
}

static void show_usage(void)
{
	size_t i;

	puts("usage: xenpv NOUN [VERB] [ARGUMENT]...\n\nNouns:");
	for (i = 0; i < ARRAY_SIZE(nouns); i++)
		printf("  %-8s %s ('xenpv %s --help')\n", nouns[i].name,
		       nouns[i].what, nouns[i].name);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		misused("nothing to do");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		show_usage();
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(nouns); i++)
		if (!strcmp(argv[1], nouns[i].name))
			return nouns[i].run(argc - 2, argv + 2);
	misused("there is no '%s'", argv[1]);
}
