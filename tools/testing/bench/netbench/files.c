// SPDX-License-Identifier: GPL-2.0
/*
 * Files of a web server (HTTP 1.1), which keeps connections: a small one by each of
 * many at once, or a large one over and over. Of the latter blocks count.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netbench.h"

#define CONNECTIONS	10
#define BLOCK		65536
#define LARGE		64	/* blocks of the file */

static char buffer[BLOCK + 1];

static void ask(int sock, const char *name, const char *part)
{
	char text[200];
	int size = snprintf(text, sizeof(text), "GET /%s HTTP/1.1\r\nHost: bench\r\n%s\r\n",
			    name, part);

	if (send(sock, text, size, MSG_NOSIGNAL) != size)
		give_up("a request is not sent: %s", strerror(errno));
}

static size_t received(int sock, char *to, size_t room)
{
	ssize_t size = recv(sock, to, room, 0);

	if (size <= 0)
		give_up("an answer does not come: %s", size ? strerror(errno) : "it ended");
	return size;
}

/* Return: how long the file is, and in @here how much of it came with its head. */
static uint64_t head_of_answer(int sock, size_t *here)
{
	static const char key[] = "Content-Length: ";
	const char *end = NULL, *length;
	size_t got = 0;

	while (!end) {
		if (got == BLOCK)
			give_up("an answer's head does not end");
		got += received(sock, buffer + got, BLOCK - got);
		buffer[got] = '\0';
		end = strstr(buffer, "\r\n\r\n");
	}
	length = strstr(buffer, key);
	if (strncmp(buffer, "HTTP/1.1 20", 11) || !length || length > end)
		give_up("no file: %.60s", buffer);
	*here = got - (end + 4 - buffer);
	return strtoull(length + sizeof(key) - 1, NULL, 10);
}

static uint64_t answer(int sock)
{
	size_t here;
	uint64_t length = head_of_answer(sock, &here), left = length - here;

	while (left)
		left -= received(sock, buffer, left < BLOCK ? left : BLOCK);
	return length;
}

void files_small(const struct sockaddr_in *to, const struct amount *amount)
{
	int socks[CONNECTIONS], i;
	uint64_t start, done;

	for (i = 0; i < CONNECTIONS; i++)
		socks[i] = connected(to);
	start = now_ns();
	for (done = 0; !is_done(amount, done, start); done += CONNECTIONS) {
		for (i = 0; i < CONNECTIONS; i++)
			ask(socks[i], "small", "");
		for (i = 0; i < CONNECTIONS; i++)
			answer(socks[i]);
	}
	tell_speed(done, start);
}

void files_large(const struct sockaddr_in *to, const struct amount *amount)
{
	uint64_t start, done, blocks;
	int sock = connected(to);
	char part[60];

	start = now_ns();
	for (done = 0; !is_done(amount, done, start); done += blocks) {
		blocks = LARGE;
		if (amount->count && amount->count - done < LARGE)
			blocks = amount->count - done;
		snprintf(part, sizeof(part), "Range: bytes=0-%llu\r\n",
			 (unsigned long long)blocks * BLOCK - 1);
		ask(sock, "large", part);
		if (answer(sock) != blocks * BLOCK)
			give_up("a part of the large file is of another size");
	}
	tell_speed(done, start);
}
