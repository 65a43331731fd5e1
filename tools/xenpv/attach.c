// SPDX-License-Identifier: GPL-2.0
/* What nouns that attach devices have in common. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "xenpv.h"

bool device_is_settled(struct xs_handle *xs, const struct device *dev)
{
	enum state back = device_state(xs, dev->back);

	return back == CLOSING || back == CLOSED || back == UNKNOWN ||
	       (back == CONNECTED &&
		device_state(xs, dev->front) == CONNECTED);
}

bool device_is_closed(struct xs_handle *xs, const struct device *dev)
{
	enum state back = device_state(xs, dev->back);

	return back == CLOSED || back == UNKNOWN;
}

/* A backend whose module is gone stays where it was; its guest lets go alone. */
static bool front_is_closed(struct xs_handle *xs, const struct device *dev)
{
	enum state front = device_state(xs, dev->front);

	return front == CLOSED || front == UNKNOWN;
}

bool device_detach(struct xs_handle *xs, const struct device *dev,
		   unsigned int seconds, bool force)
{
	/* A backend that has closed would not take a second word back. */
	if (!device_is_closed(xs, dev))
		device_ask_to_close(xs, dev);
	if (!device_wait(xs, dev, device_is_closed, seconds) &&
	    !front_is_closed(xs, dev) && !force)
		return false;
	device_forget(xs, dev);
	return true;
}

/* Why one of its ends gave up, to be freed; NULL if neither said. */
static char *reason(struct xs_handle *xs, const struct device *dev)
{
	return device_error(xs, dev->backend, dev->back) ?:
	       device_error(xs, dev->domid, dev->front);
}

int device_tell(struct xs_handle *xs, const struct device *dev,
		const char *done, const char *what, const char *module)
{
	enum state back = device_state(xs, dev->back);
	enum state front = device_state(xs, dev->front);
	char *why;

	if (back == CONNECTED && front == CONNECTED)
		return 0;
	why = reason(xs, dev);
	if (why)
		fail("%s, but it does not work: %s", done, why);
	if (back == INITIALISING)
		fail("%s, but nobody %s in domain %s: is %s loaded?", done,
		     what, domain_name(xs, dev->backend), module);
	if (back == CLOSING || back == CLOSED || back == UNKNOWN)
		fail("%s, but its backend closed it", done);
	printf("%s; the guest has not connected yet (its end is %s)\n", done,
	       state_name(front));
	return 0;
}

int device_await(struct xs_handle *xs, const struct device *dev,
		 unsigned int seconds, const char *what, const char *module)
{
	enum state back;
	char *why;

	if (!seconds)
		return 0;
	device_wait(xs, dev, device_is_settled, seconds);
	back = device_state(xs, dev->back);
	if (back != CLOSING && back != CLOSED)
		return device_tell(xs, dev, "attached", what, module);
	why = reason(xs, dev);
	device_detach(xs, dev, seconds, true);
	fail("not attached: %s", why ?: "its backend closed it");
}

void print_column(const char *text, int width)
{
	printf("%-*s ", width, text ?: "-");
}

/* Each device of a kind that a domain has, or any one if that is NULL. */
static void each(struct xs_handle *xs, const char *class, const char *domain,
		 void (*one)(struct xs_handle *xs, const struct device *dev))
{
	unsigned int nr_domains = 1, nr, i, n, *domains, only;
	struct device *devices;

	if (domain) {
		only = domain_find(xs, domain);
		domains = &only;
	} else {
		domains = domain_list(xs, &nr_domains);
	}
	for (i = 0; i < nr_domains; i++) {
		devices = device_list(xs, class, domains[i], &nr);
		for (n = 0; n < nr; n++)
			one(xs, &devices[n]);
		free(devices);
	}
	if (!domain)
		free(domains);
}

int device_each(const char *verb, const char *class, int argc, char **argv,
		void (*head)(void),
		void (*one)(struct xs_handle *xs, const struct device *dev))
{
	struct xs_handle *xs;

	if (argc > 1)
		misused("%s wants one domain, or none", verb);
	xs = store_open();
	if (argc)
		domain_find(xs, argv[0]);
	if (head)
		head();
	each(xs, class, argc ? argv[0] : NULL, one);
	store_close(xs);
	return 0;
}

/* A word of a shell's command line, whatever is in it. */
static void print_word(const char *text)
{
	fputs(" '", stdout);
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	putchar('\'');
}

static void print_option(struct xs_handle *xs, const struct device *dev,
			 const struct key *key)
{
	char word[VALUE_MAX + 64], *value = store_read(xs, dev->back, key->node);

	if (value && key->kind == FLAG) {
		if (!strcmp(value, "1"))
			printf(" --%s", key->option);
	} else if (value && *value && strcmp(value, key->otherwise ?: "")) {
		snprintf(word, sizeof(word), "--%s=%s", key->option, value);
		print_word(word);
	}
	free(value);
}

void device_print_command(struct xs_handle *xs, const struct noun *noun,
			  const struct device *dev, const char *const *words)
{
	unsigned int i;

	printf("xenpv %s attach", noun->name);
	print_word(domain_name(xs, dev->domid));
	for (; *words; words++)
		print_word(*words);
	if (dev->backend != domain_own(xs)) {
		fputs(" --backend", stdout);
		print_word(domain_name(xs, dev->backend));
	}
	if (dev->number)
		printf(" --number=%u", dev->number);
	for (i = 0; i < noun->nr_keys; i++)
		print_option(xs, dev, &noun->keys[i]);
	puts(" --wait=0");
}
