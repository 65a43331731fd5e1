// SPDX-License-Identifier: GPL-2.0
/* Choosing who is played. */
#include <string.h>

#include "peer.h"

/* peer_play: the one called @name of @peers, on device @number of @class */
void peer_play(const struct peer *peers, const char *class, const char *name,
	       const char *number)
{
	struct device dev;

	for (; peers->name; peers++) {
		if (strcmp(peers->name, name))
			continue;
		report_as(name);
		device_open(&dev, class, number);
		peers->play(&dev);
		return;
	}
	give_up("no such peer: %s", name);
}
