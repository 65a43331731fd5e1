// SPDX-License-Identifier: GPL-2.0
/*
 * usage: netbench serve PORT
 *        netbench [pv] greet PORT
 *        netbench [pv] trips|many ADDRESS PORT AMOUNT
 *        netbench [pv] send|receive ADDRESS PORT AMOUNT
 *        netbench [pv] connects ADDRESS PORT AMOUNT
 *        netbench [pv] small|large ADDRESS PORT AMOUNT
 *        netbench datagrams ADDRESS PORT AMOUNT
 *
 * The first serves the others, but for files: on PORT trips, a byte there and a byte
 * back over a TCP connection or many, and datagrams of UDP, each as large as an
 * Ethernet frame can be; on the next port streams, of blocks of 64 KiB; on the one
 * after that connections that are made, and end at once. The last is what "greet"
 * does too. "small" and "large" are files of a web server, the latter of 4 MB. With
 * "pv" connections are made of PV sockets. AMOUNT is a number, or a time such as 2s; what
 * is printed is the speed, in so many a second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <xpv/pvsock.h>

#include "netbench.h"

#define BACKLOG			128

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static int protocol;

int stream_socket(void)
{
	int sock = socket(AF_INET, SOCK_STREAM, protocol);

	if (sock < 0)
		give_up("socket: %s", strerror(errno));
	return sock;
}

int connected(const struct sockaddr_in *to)
{
	int sock = stream_socket();

	if (connect(sock, (const struct sockaddr *)to, sizeof(*to)))
		give_up("connect: %s", strerror(errno));
	return sock;
}

void serve_each(int sock, void (*serve)(int conn))
{
	int conn;

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		conn = accept(sock, NULL, NULL);
		if (conn < 0)
			continue;
		if (!fork()) {
			serve(conn);
			_exit(0);
		}
		close(conn);
	}
}

static struct sockaddr_in parse(const char *text, const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		give_up("no address: %s", text);
	return address;
}

static int bound(int type, int port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(port) };
	int sock = type == SOCK_STREAM ? stream_socket() : socket(AF_INET, type, 0), on = 1;

	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(sock, (struct sockaddr *)&here, sizeof(here)))
		give_up("port %d: %s", port, strerror(errno));
	if (type == SOCK_STREAM && listen(sock, BACKLOG))
		give_up("listen: %s", strerror(errno));
	return sock;
}

static void beside(void (*serve)(int sock), int sock)
{
	if (fork()) {
		close(sock);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	serve(sock);
}

static void serve(int port)
{
	beside(datagrams_serve, bound(SOCK_DGRAM, port));
	beside(streams_serve, bound(SOCK_STREAM, port + 1));
	beside(connects_serve, bound(SOCK_STREAM, port + 2));
	trips_serve(bound(SOCK_STREAM, port));
}

static const struct {
	const char *name;
	void (*go)(const struct sockaddr_in *to, const struct amount *amount);
} loads[] = {
	{ "trips", trips_go },
	{ "many", trips_many },
	{ "send", streams_send },
	{ "receive", streams_receive },
	{ "connects", connects_go },
	{ "small", files_small },
	{ "large", files_large },
	{ "datagrams", datagrams_go },
};

static void go(char **words)
{
	struct amount amount = amount_of(words[3]);
	struct sockaddr_in to = parse(words[1], words[2]);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		if (!strcmp(words[0], loads[i].name)) {
			loads[i].go(&to, &amount);
			return;
		}
	}
	give_up("no such load: %s", words[0]);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && !strcmp(argv[1], "pv")) {
		protocol = IPPROTO_PVCALLS;
		argv++;
		argc--;
	}
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(atoi(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "greet"))
		connects_serve(bound(SOCK_STREAM, atoi(argv[2])));
	else if (argc == 5)
		go(argv + 1);
	else
		give_up("usage: netbench [pv] WHAT ... (see the head of this file)");
	return 0;
}
