// SPDX-License-Identifier: GPL-2.0
/*
 * A connection full of data, in blocks. The client begins with a word: how many
 * blocks it wants, or none if it is to send. The speed is that of what came to
 * the receiver.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netbench.h"

#define BLOCK		65536
#define WITHOUT_END	UINT64_MAX

static char block[BLOCK];

static bool send_all(int sock, const void *data, size_t size)
{
	const char *at = data;
	ssize_t sent;

	for (; size; at += sent, size -= sent) {
		sent = send(sock, at, size, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
	}
	return true;
}

static bool receive_all(int sock, void *data, size_t size)
{
	return recv(sock, data, size, MSG_WAITALL) == (ssize_t)size;
}

static void serve(int conn)
{
	uint64_t wanted, i;

	if (!receive_all(conn, &wanted, sizeof(wanted)))
		return;
	for (i = 0; i < wanted; i++)
		if (!send_all(conn, block, BLOCK))
			return;
	if (wanted)
		return;
	while (recv(conn, block, BLOCK, 0) > 0)
		;
	send_all(conn, "", 1);
}

void streams_serve(int sock)
{
	serve_each(sock, serve);
}

static int begun(const struct sockaddr_in *to, uint64_t wanted)
{
	int sock = connected(to);

	if (!send_all(sock, &wanted, sizeof(wanted)))
		give_up("a stream does not begin: %s", strerror(errno));
	return sock;
}

void streams_send(const struct sockaddr_in *to, const struct amount *amount)
{
	int sock = begun(to, 0);
	uint64_t start = now_ns(), done;
	char byte;

	for (done = 0; !is_done(amount, done, start); done++)
		if (!send_all(sock, block, BLOCK))
			give_up("block %llu: %s", (unsigned long long)done, strerror(errno));
	if (shutdown(sock, SHUT_WR) || recv(sock, &byte, 1, 0) != 1)
		give_up("a stream does not end: %s", strerror(errno));
	tell_speed(done, start);
}

void streams_receive(const struct sockaddr_in *to, const struct amount *amount)
{
	int sock = begun(to, amount->count ? amount->count : WITHOUT_END);
	uint64_t start = now_ns(), bytes = 0;
	ssize_t size;

	while (!is_done(amount, bytes / BLOCK, start)) {
		size = recv(sock, block, BLOCK, 0);
		if (size <= 0)
			give_up("after %llu bytes: %s", (unsigned long long)bytes, strerror(errno));
		bytes += size;
	}
	tell_speed(bytes / BLOCK, start);
}
