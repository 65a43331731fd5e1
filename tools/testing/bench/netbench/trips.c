// SPDX-License-Identifier: GPL-2.0
/* A byte there and a byte back, over one connection or many at once. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "netbench.h"

#define MANY	100	/* connections */

static void hurry(int sock)
{
	int on = 1;

	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void echo(int sock)
{
	char byte;

	hurry(sock);
	while (recv(sock, &byte, 1, 0) == 1 && send(sock, &byte, 1, MSG_NOSIGNAL) == 1)
		;
}

void trips_serve(int sock)
{
	serve_each(sock, echo);
}

static void sent(int sock)
{
	static const char byte;

	if (send(sock, &byte, 1, MSG_NOSIGNAL) != 1)
		give_up("a trip does not begin: %s", strerror(errno));
}

static void returned(int sock)
{
	char byte;

	if (recv(sock, &byte, 1, 0) != 1)
		give_up("a trip does not end: %s", strerror(errno));
}

void trips_go(const struct sockaddr_in *to, const struct amount *amount)
{
	int sock = connected(to);
	uint64_t start, done;

	hurry(sock);
	start = now_ns();
	for (done = 0; !is_done(amount, done, start); done++) {
		sent(sock);
		returned(sock);
	}
	tell_speed(done, start);
}

/* A byte on each, and then all of them back. */
void trips_many(const struct sockaddr_in *to, const struct amount *amount)
{
	uint64_t start, done;
	int socks[MANY], i;

	for (i = 0; i < MANY; i++) {
		socks[i] = connected(to);
		hurry(socks[i]);
	}
	start = now_ns();
	for (done = 0; !is_done(amount, done, start); done += MANY) {
		for (i = 0; i < MANY; i++)
			sent(socks[i]);
		for (i = 0; i < MANY; i++)
			returned(socks[i]);
	}
	tell_speed(done, start);
}
