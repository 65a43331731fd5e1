// SPDX-License-Identifier: GPL-2.0
/*
 * usage: sockpeer PEER NUMBER	in a guest: play a frontend, which must have no
 *				driver
 *        sockpeer serve	in the backend's domain: who is talked to
 */
#include <stdio.h>
#include <string.h>

#include "sock.h"

static const struct peer peers[] = {
	{ "verify", play_verify },
	{ "policy", play_policy },
	{ "many", play_many },
	{ "hostile", play_hostile },
	{ "dies", play_dies },
	{ "elsewhere", play_elsewhere },
	{ }
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	if (argc != 3)
		give_up("usage: sockpeer PEER NUMBER, or sockpeer serve");
	peer_play(peers, "pvcalls", argv[1], argv[2]);
	return any_broken();
}
