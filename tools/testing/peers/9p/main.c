// SPDX-License-Identifier: GPL-2.0
/*
 * usage: p9peer PEER NUMBER
 *
 * Plays a frontend on the share of that number, which must have no driver.
 */
#include <stdio.h>
#include <string.h>

#include "p9.h"

static const struct {
	const char *name;
	void (*play)(struct device *dev);
} peers[] = {
	{ "escape", play_escape },
	{ "moved", play_moved },
	{ "limits", play_limits },
	{ "hostile", play_hostile },
	{ "flush", play_flush },
	{ "deaf", play_deaf },
};

static void play(const char *name, const char *number)
{
	struct device dev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(peers); i++) {
		if (strcmp(peers[i].name, name))
			continue;
		report_as(name);
		device_open(&dev, "9pfs", number);
		peers[i].play(&dev);
		return;
	}
	give_up("no such peer: %s", name);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 3)
		give_up("usage: p9peer PEER NUMBER");
	play(argv[1], argv[2]);
	return any_broken();
}
