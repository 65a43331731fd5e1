// SPDX-License-Identifier: GPL-2.0
/*
 * UDP as fast as the sender's socket takes it. The speed is that of what came:
 * the receiver counts, and is asked for its count by a datagram of another size.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "netbench.h"

#define SIZE		1472	/* with its headers, all that an Ethernet frame holds */
#define ASK_TRIES	20
#define ASK_MS		250

void datagrams_serve(int sock)
{
	struct sockaddr_in from;
	static char data[SIZE];
	uint64_t count = 0;
	socklen_t len;
	ssize_t size;

	for (;;) {
		len = sizeof(from);
		size = recvfrom(sock, data, sizeof(data), 0, (struct sockaddr *)&from, &len);
		if (size == SIZE)
			count++;
		else if (size >= 0)
			sendto(sock, &count, sizeof(count), 0, (struct sockaddr *)&from, len);
	}
}

/* What is full at the other end may lose the question: it is asked again. */
static uint64_t ask(int sock)
{
	struct pollfd ready = { .fd = sock, .events = POLLIN };
	uint64_t count;
	int i;

	for (i = 0; i < ASK_TRIES; i++) {
		if (send(sock, "?", 1, 0) == 1 && poll(&ready, 1, ASK_MS) > 0 &&
		    recv(sock, &count, sizeof(count), 0) == sizeof(count))
			return count;
	}
	give_up("nobody counts");
}

void datagrams_go(const struct sockaddr_in *to, const struct amount *amount)
{
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	static const char data[SIZE];
	uint64_t start, sent, before;

	if (connect(sock, (const struct sockaddr *)to, sizeof(*to)))
		give_up("connect: %s", strerror(errno));
	before = ask(sock);
	start = now_ns();
	for (sent = 0; !is_done(amount, sent, start); sent++)
		if (send(sock, data, SIZE, 0) != SIZE && errno != ENOBUFS)
			give_up("datagram %llu: %s", (unsigned long long)sent, strerror(errno));
	tell_speed(ask(sock) - before, start);
}
