// SPDX-License-Identifier: GPL-2.0
/*
 * usage: p9peer PEER NUMBER
 *
 * Plays a frontend on the share of that number, which must have no driver.
 */
#include <stdio.h>
#include <string.h>

#include "p9.h"

static const struct peer peers[] = {
	{ "escape", play_escape },
	{ "moved", play_moved },
	{ "limits", play_limits },
	{ "hostile", play_hostile },
	{ "flush", play_flush },
	{ "crowd", play_crowd },
	{ "many", play_many },
	{ "held", play_held },
	{ "copied", play_copied },
	{ "deaf", play_deaf },
	{ "rubbish", play_rubbish },
	{ }
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 3)
		give_up("usage: p9peer PEER NUMBER");
	peer_play(peers, "9pfs", argv[1], argv[2]);
	return any_broken();
}
