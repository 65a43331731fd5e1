// SPDX-License-Identifier: GPL-2.0
/*
 * A program that uses PV sockets step by step, and knows how each has to end:
 * "connect=OK send=OK recv=EIO,ECONNABORTED". No step may take long, whatever the
 * backend does: where programs may wait as long as they want, this one does not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sock.h"

#define PVCALLS		259
#define PATIENCE_S	2
#define BOUND_MS	4500

static int fd = -1, listener = -1;

static const struct sockaddr_in any_address = { .sin_family = AF_INET, .sin_port = 0x901f };

static int make_socket(void)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int sock = socket(AF_INET, SOCK_STREAM, PVCALLS);

	if (sock < 0)
		return sock;
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return sock;
}

static int do_again(void)
{
	return connect(fd, (const struct sockaddr *)&any_address, sizeof(any_address));
}

static int do_connect(void)
{
	fd = make_socket();
	return fd < 0 ? fd : do_again();
}

static int do_send(void)
{
	return send(fd, "x", 1, MSG_NOSIGNAL);
}

/* The end of data is an error here. */
static int do_recv(void)
{
	char byte;
	int n = recv(fd, &byte, 1, 0);

	if (!n)
		errno = ENODATA;
	return n ? n : -1;
}

static int do_poll(void)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };
	int n = poll(&one, 1, PATIENCE_S * 1000);

	if (!n)
		errno = ETIME;
	return n ? n : -1;
}

/* Whatever each says: all that counts is that they return, until one second is over. */
static int do_talk(void)
{
	long long end = now_ms() + 1200;
	char byte;

	while (now_ms() < end) {
		do_send();
		recv(fd, &byte, 1, MSG_DONTWAIT);
		do_poll();
	}
	return 0;
}

static int do_name(void)
{
	struct sockaddr_in own;
	socklen_t len = sizeof(own);

	return getsockname(fd, (struct sockaddr *)&own, &len);
}

static int do_bind(void)
{
	listener = make_socket();
	return listener < 0 ? listener : bind(listener, (const struct sockaddr *)&any_address,
					      sizeof(any_address));
}

static int do_listen(void)
{
	return listen(listener, 1);
}

static int do_accept(void)
{
	fd = accept(listener, NULL, NULL);
	return fd;
}

static int do_close(void)
{
	return close(fd);
}

/* For the backend to do its part. */
static int do_rest(void)
{
	return usleep(200000);
}

static const struct {
	const char *name;
	int (*go)(void);
} steps[] = {
	{ "connect", do_connect }, { "again", do_again }, { "send", do_send },
	{ "recv", do_recv }, { "poll", do_poll }, { "talk", do_talk }, { "name", do_name },
	{ "bind", do_bind }, { "listen", do_listen }, { "accept", do_accept },
	{ "close", do_close }, { "rest", do_rest },
};

static const char *take_step(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (!strcmp(steps[i].name, name))
			return steps[i].go() < 0 ? strerrorname_np(errno) : "OK";
	give_up("no such step: %s", name);
}

static bool is_among(const char *result, char *allowed)
{
	char *one;

	while ((one = strsep(&allowed, ",")))
		if (!strcmp(one, result))
			return true;
	return false;
}

/* Return: 0 if each ended as it should, and soon. */
int try_steps(int nr, char **words)
{
	const char *result;
	long long took;
	char *allowed;
	int i, bad = 0;

	alarm(30);
	for (i = 0; i < nr; i++) {
		allowed = strchr(words[i], '=');
		if (!allowed)
			give_up("no result: %s", words[i]);
		*allowed++ = '\0';
		took = now_ms();
		result = take_step(words[i]);
		took = now_ms() - took;
		printf("%s: %s after %lld ms, of %s\n", words[i], result ? result : "?", took,
		       allowed);
		if (!result || took > BOUND_MS || !is_among(result, allowed))
			bad = 1;
	}
	return bad;
}
