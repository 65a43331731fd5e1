// SPDX-License-Identifier: GPL-2.0
/*
 * Who is at the other end, in the backend's domain: what a connection wants its
 * first byte says.
 *
 *	e	every byte back, until it sends no more
 *	s	count and add up the bytes until it sends no more, and say both; or
 *		on standard output that it was reset
 *	g COUNT	so many bytes
 *	u	1000 bytes, an urgent one, and 1000 more
 *	r	a reset
 *	h	nothing, for ever: not even read
 *	c PORT	connect to that port of this domain, have bytes sent back, end, and
 *		say with a byte whether they came
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sock.h"

__u8 pattern(unsigned int at)
{
	return at * 7 + at / 251;
}

static void all_out(int fd, const void *from, size_t len)
{
	const char *at = from;
	ssize_t n;

	for (; len; at += n, len -= n) {
		n = write(fd, at, len);
		if (n <= 0)
			_exit(1);
	}
}

static void all_in(int fd, void *to, size_t len)
{
	char *at = to;
	ssize_t n;

	for (; len; at += n, len -= n) {
		n = read(fd, at, len);
		if (n <= 0)
			_exit(1);
	}
}

static void echo(int fd)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		all_out(fd, buf, n);
}

static void sink(int fd)
{
	static __u8 buf[65536];
	__u32 sums[2] = { 0 };
	ssize_t n, i;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i++, sums[0]++)
			sums[1] += buf[i] ^ sums[0];
	if (n < 0 && errno == ECONNRESET)
		puts("reset");
	all_out(fd, sums, sizeof(sums));
}

static void generate(int fd)
{
	static __u8 buf[65536];
	__u32 count, at = 0, n, i;

	all_in(fd, &count, sizeof(count));
	for (; at < count; at += n) {
		n = count - at < sizeof(buf) ? count - at : sizeof(buf);
		for (i = 0; i < n; i++)
			buf[i] = pattern(at + i);
		all_out(fd, buf, n);
	}
}

static void hurry(int fd)
{
	__u8 buf[2 * URGENT_AT];
	unsigned int i;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = pattern(i);
	all_out(fd, buf, URGENT_AT);
	if (send(fd, "!", 1, MSG_OOB) != 1)
		_exit(1);
	all_out(fd, buf + URGENT_AT, URGENT_AT);
}

static void reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static char visit(unsigned int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	static __u8 out[100000], in[100000];
	unsigned int i;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_port = htons(port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return 'x';
	for (i = 0; i < sizeof(out); i++)
		out[i] = pattern(i);
	all_out(fd, out, sizeof(out));
	all_in(fd, in, sizeof(in));
	shutdown(fd, SHUT_WR);
	if (memcmp(in, out, sizeof(in)) || read(fd, in, 1) != 0)
		return 'b';
	close(fd);
	return 'y';
}

static void call_back(int fd)
{
	__u16 port;
	char said;

	all_in(fd, &port, sizeof(port));
	said = visit(port);
	all_out(fd, &said, 1);
}

static void attend(int fd)
{
	char what;

	all_in(fd, &what, 1);
	switch (what) {
	case 'e':
		echo(fd);
		break;
	case 's':
		sink(fd);
		break;
	case 'g':
		generate(fd);
		break;
	case 'u':
		hurry(fd);
		break;
	case 'r':
		reset(fd);
		break;
	case 'c':
		call_back(fd);
		break;
	case 'h':
		for (;;)
			pause();
	}
	close(fd);
	_exit(0);
}

int serve(void)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(SERVER_PORT),
	};
	int on = 1, fd, peer;

	signal(SIGCHLD, SIG_IGN);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 500))
		give_up("the port cannot be had");
	puts("serving");
	while ((peer = accept(fd, NULL, NULL)) >= 0) {
		if (!fork()) {
			close(fd);
			attend(peer);
		}
		close(peer);
	}
	return 1;
}
