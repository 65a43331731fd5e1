// SPDX-License-Identifier: GPL-2.0
/* Connections that are made, and end at once. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netbench.h"

void connects_serve(int sock)
{
	int conn;

	for (;;) {
		conn = accept(sock, NULL, NULL);
		if (conn < 0)
			give_up("accept: %s", strerror(errno));
		close(conn);
	}
}

void connects_go(const struct sockaddr_in *to, const struct amount *amount)
{
	uint64_t start = now_ns(), done;
	char byte;
	int sock;

	for (done = 0; !is_done(amount, done, start); done++) {
		sock = connected(to);
		if (recv(sock, &byte, 1, 0) != 0)
			give_up("connection %llu does not end: %s",
				(unsigned long long)done, strerror(errno));
		close(sock);
	}
	tell_speed(done, start);
}
