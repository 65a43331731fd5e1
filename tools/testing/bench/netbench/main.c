// SPDX-License-Identifier: GPL-2.0
/*
 * usage: netbench serve PORT
 *        netbench trips ADDRESS PORT AMOUNT
 *        netbench datagrams ADDRESS PORT AMOUNT
 *
 * The first answers trips, a byte there and a byte back over TCP, and takes
 * datagrams of UDP, each as large as an Ethernet frame can be. AMOUNT is a
 * number, or a time such as 2s; what is printed is the speed, in so many a
 * second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "netbench.h"

static struct sockaddr_in parse(const char *text, const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		give_up("no address: %s", text);
	return address;
}

static int bound(int type, const char *port)
{
	struct sockaddr_in here = parse("0.0.0.0", port);
	int sock = socket(AF_INET, type, 0), on = 1;

	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(sock, (struct sockaddr *)&here, sizeof(here)))
		give_up("port %s: %s", port, strerror(errno));
	return sock;
}

static void serve(const char *port)
{
	int tcp = bound(SOCK_STREAM, port), udp = bound(SOCK_DGRAM, port);

	if (listen(tcp, 64))
		give_up("listen: %s", strerror(errno));
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		datagrams_serve(udp);
	}
	trips_serve(tcp);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct sockaddr_in to;
	struct amount amount;

	if (argc == 3 && !strcmp(what, "serve"))
		serve(argv[2]);
	if (argc != 5)
		give_up("usage: netbench serve|trips|datagrams ...");
	amount = amount_of(argv[4]);
	to = parse(argv[2], argv[3]);
	if (!strcmp(what, "trips"))
		trips_go(&to, &amount);
	else if (!strcmp(what, "datagrams"))
		datagrams_go(&to, &amount);
	else
		give_up("no such load: %s", what);
	return 0;
}
