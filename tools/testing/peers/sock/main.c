// SPDX-License-Identifier: GPL-2.0
/*
 * usage: sockpeer PEER NUMBER	in a guest: play a frontend, which must have no
 *				driver
 *        sockpeer serve	in the backend's domain: who is talked to
 *        sockpeer backend DOMID NUMBER	in dom0: a backend, which may mean harm
 *        sockpeer try STEP=RESULT...	in a guest: a program on what drivers make of it
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
	if (argc > 2 && !strcmp(argv[1], "try"))
		return try_steps(argc - 2, argv + 2);
	if (argc == 4 && !strcmp(argv[1], "backend")) {
		hostile_backend(argv[2], argv[3]);
		return any_broken();
	}
	if (argc != 3)
		give_up("usage: sockpeer PEER NUMBER, serve, backend or try");
	peer_play(peers, "pvcalls", argv[1], argv[2]);
	return any_broken();
}
