// SPDX-License-Identifier: GPL-2.0
/* A byte there and a byte back, over one TCP connection. */
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netbench.h"

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
	int conn;

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		conn = accept(sock, NULL, NULL);
		if (conn < 0)
			continue;
		if (!fork()) {
			echo(conn);
			_exit(0);
		}
		close(conn);
	}
}

void trips_go(const struct sockaddr_in *to, const struct amount *amount)
{
	int sock = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t start, done;
	char byte = 0;

	if (connect(sock, (const struct sockaddr *)to, sizeof(*to)))
		give_up("connect: %s", strerror(errno));
	hurry(sock);
	start = now_ns();
	for (done = 0; !is_done(amount, done, start); done++)
		if (send(sock, &byte, 1, MSG_NOSIGNAL) != 1 || recv(sock, &byte, 1, 0) != 1)
			give_up("trip %llu: %s", (unsigned long long)done, strerror(errno));
	tell_speed(done, start);
}
