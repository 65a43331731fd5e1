// SPDX-License-Identifier: GPL-2.0
/* A client with many connections at a time. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sock.h"

#define MANY	100

static struct guest g;
static struct conn *c;

static int connect_all(int nr)
{
	int i, good = 0;

	for (i = 0; i < nr; i++) {
		conn_open(&c[i], &g, i + 1, 1);
		if (!sock_open(&g, i + 1, AF_INET) &&
		    !sock_connect(&g, &c[i], SERVER, SERVER_PORT))
			good++;
	}
	return good;
}

static int talk_all(void)
{
	char out[2] = { 'e' }, in;
	int i, good = 0;

	for (i = 0; i < MANY; i++) {
		out[1] = i;
		conn_send(&c[i], out, 2, OK_TIME);
	}
	for (i = 0; i < MANY; i++)
		good += conn_receive(&c[i], &in, 1, OK_TIME) == 1 && in == (char)i;
	return good;
}

static int release_all(void)
{
	int i, good = 0;

	for (i = 0; i < MANY; i++)
		good += !sock_release(&g, i + 1) && conn_free(&c[i]);
	return good;
}

void play_many(struct device *dev)
{
	c = calloc(MANY, sizeof(*c));
	guest_open(&g, dev, false);
	rule("the backend connects", guest_begin(&g));
	gives("100 connections are made", connect_all(MANY), MANY);
	gives("and carry bytes", talk_all(), MANY);
	gives("and end", release_all(), MANY);
	rule("it closes and lets go of all", guest_close(&g));
}

#define DYING	20

/* One that is destroyed while it sends. */
void play_dies(struct device *dev)
{
	int i;

	c = calloc(MANY, sizeof(*c));
	guest_open(&g, dev, false);
	guest_begin(&g);
	connect_all(DYING);
	for (i = 0; i < DYING; i++)
		conn_send(&c[i], "sum", 3, OK_TIME);
	for (i = 0; i < DYING; i++)
		conn_drained(&c[i], OK_TIME);
	note("sent");
	pause();
}
