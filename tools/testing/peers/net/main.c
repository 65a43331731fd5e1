// SPDX-License-Identifier: GPL-2.0
/*
 * usage: netpeer PEER HANDLE
 *        netpeer mirror INTERFACE
 *        netpeer bare DOMID INTERFACE [filters|bursts|looks]...
 *        netpeer stream INTERFACE SECONDS RATE
 *        netpeer sums INTERFACE SECONDS
 *
 * Plays a frontend on the vif of that handle, which must have no driver. Or is,
 * in dom0, what they all talk to; or a backend for a guest's driver; or sends so
 * many packets a second to all of a bridge. Or counts packets with sums to be
 * made, at either end.
 */
#include <stdio.h>
#include <string.h>

#include "net.h"

static const struct peer peers[] = {
	{ "windows", play_windows },
	{ "rom", play_rom },
	{ "bsd", play_bsd },
	{ "simple", play_simple },
	{ "hostile", play_hostile },
	{ "wild", play_wild },
	{ "mild", play_mild },
	{ "neighbour", play_neighbour },
	{ "deaf", play_deaf },
	{ "mute", play_mute },
	{ "miser", play_miser },
	{ "sulky", play_sulky },
	{ "sulky-mum", play_sulky_mum },
	{ "staging", play_staging },
	{ }
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc >= 4 && !strcmp(argv[1], "bare")) {
		bare_backend(argv[2], argv[3], argv + 4);
		return any_broken();
	}
	if (argc == 4 && !strcmp(argv[1], "sums")) {
		count_sums(argv[2], argv[3]);
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], "stream")) {
		stream(argv[2], argv[3], argv[4]);
		return 0;
	}
	if (argc != 3)
		give_up("usage: netpeer PEER HANDLE | mirror | bare | stream | sums ...");
	if (!strcmp(argv[1], "mirror"))
		mirror(argv[2]);
	peer_play(peers, "vif", argv[1], argv[2]);
	return any_broken();
}
