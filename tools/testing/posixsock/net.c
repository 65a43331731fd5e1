// SPDX-License-Identifier: GPL-2.0
/* Sockets to try things on. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include "posixsock.h"

int protocol;
struct in_addr address;
struct in6_addr address6;
unsigned int check_port;

int make_socket(int flags)
{
	return socket(AF_INET, SOCK_STREAM | flags, protocol);
}

static struct sockaddr_in at(unsigned int port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = address,
	};

	return addr;
}

int listen_on(unsigned int port, int backlog)
{
	struct sockaddr_in addr = at(port);
	int fd = make_socket(0), one = 1;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
	    !listen(fd, backlog))
		return fd;
	close(fd);
	return -1;
}

int start_connect(int fd, unsigned int port)
{
	struct sockaddr_in addr = at(port);

	return connect(fd, (struct sockaddr *)&addr, sizeof(addr));
}

int connect_to(unsigned int port)
{
	int fd = make_socket(0);

	if (fd >= 0 && start_connect(fd, port)) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

/* The first connected, the second accepted. */
bool make_pair(int pair[2])
{
	int fd = listen_on(check_port, 8);

	if (!works(fd))
		return false;
	pair[0] = connect_to(check_port);
	if (!works(pair[0])) {
		close(fd);
		return false;
	}
	pair[1] = accept(fd, NULL, NULL);
	close(fd);
	if (works(pair[1]))
		return true;
	close(pair[0]);
	return false;
}

void close_pair(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

/*
 * Send until there is no room any more; what is on its way to the other end makes
 * some for a while. Return: how much.
 */
size_t fill_up(int fd)
{
	static unsigned char data[65536];
	size_t sent = 0, before;
	int quiet = 0;
	ssize_t n;

	while (quiet < 5) {
		before = sent;
		fill(data, sent, sizeof(data));
		while ((n = send(fd, data, sizeof(data), MSG_DONTWAIT)) > 0) {
			sent += n;
			fill(data, sent, sizeof(data));
		}
		if (!fails(n, EAGAIN))
			return 0;
		quiet = sent == before ? quiet + 1 : 0;
		usleep(100000);
	}
	return sent;
}

long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

bool send_text(int fd, const char *text)
{
	return same(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

bool gets_text(int fd, const char *text)
{
	char found[256] = "";
	ssize_t len = strlen(text);

	if (!same(recv(fd, found, len, MSG_WAITALL), len))
		return false;
	if (memcmp(found, text, len))
		printf("# \"%s\" came, not \"%s\"\n", found, text);
	return !memcmp(found, text, len);
}

int events_of(int fd, int events, int ms)
{
	struct pollfd one = { .fd = fd, .events = events };

	return poll(&one, 1, ms) < 0 ? -1 : one.revents;
}

unsigned int count_events(int epoll, int ms)
{
	struct epoll_event event;
	int n = epoll_wait(epoll, &event, 1, ms);

	return n > 0 ? event.events : 0;
}

/* What is at each place of a stream, so that nothing can be lost or swapped. */
static unsigned char byte_at(size_t at)
{
	return at * 131 + (at >> 8) * 17 + (at >> 16);
}

void fill(unsigned char *to, size_t at, size_t len)
{
	while (len--)
		*to++ = byte_at(at++);
}

bool is_filled(const unsigned char *data, size_t at, size_t len)
{
	for (; len--; data++, at++)
		if (*data != byte_at(at)) {
			printf("# wrong at %zu\n", at);
			return false;
		}
	return true;
}
