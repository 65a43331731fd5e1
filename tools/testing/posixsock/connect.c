// SPDX-License-Identifier: GPL-2.0
/* How connections come to be. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>

#include "posixsock.h"

bool check_echo(void)
{
	int pair[2];
	bool good;

	if (!make_pair(pair))
		return false;
	good = send_text(pair[0], "there") && gets_text(pair[1], "there") &&
	       send_text(pair[1], "and back") && gets_text(pair[0], "and back");
	close_pair(pair);
	return good;
}

static int error_of(int fd)
{
	socklen_t len = sizeof(int);
	int err = -1;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	return err;
}

bool check_nonblock(void)
{
	int listener = listen_on(check_port, 8), fd, peer;
	bool good;

	if (!works(listener))
		return false;
	fd = make_socket(SOCK_NONBLOCK);
	good = works(fd);
	if (good && start_connect(fd, check_port) && errno != EINPROGRESS)
		good = fails(-1, EINPROGRESS);
	good = good && same(events_of(fd, POLLOUT, 5000), POLLOUT) &&
	       same(error_of(fd), 0);
	good = good && works(start_connect(fd, check_port)) &&
	       fails(start_connect(fd, check_port), EISCONN);
	peer = accept(listener, NULL, NULL);
	good = good && works(peer) && send_text(fd, "x") &&
	       gets_text(peer, "x");
	good = good && fails(recv(fd, &peer, 1, 0), EAGAIN);
	close(peer);
	close(fd);
	close(listener);
	return good;
}

bool check_refused(void)
{
	int fd = connect_to(check_port);
	bool good = fails(fd, ECONNREFUSED);

	fd = make_socket(SOCK_NONBLOCK);
	if (!good || !works(fd))
		return false;
	if (start_connect(fd, check_port) && errno != EINPROGRESS &&
	    errno != ECONNREFUSED)
		good = fails(-1, EINPROGRESS);
	if (errno == EINPROGRESS)
		good = same(events_of(fd, POLLOUT | POLLIN, 5000),
			    POLLOUT | POLLIN | POLLERR | POLLHUP) &&
		       same(error_of(fd), ECONNREFUSED) &&
		       same(error_of(fd), 0);
	close(fd);
	return good;
}

bool check_states(void)
{
	int fd = make_socket(0), listener;
	char byte;
	bool good;

	if (!works(fd))
		return false;
	good = same(events_of(fd, POLLOUT | POLLIN, 0), POLLOUT | POLLHUP) &&
	       fails(recv(fd, &byte, 1, 0), ENOTCONN) &&
	       fails(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE) &&
	       fails(shutdown(fd, SHUT_RDWR), ENOTCONN) &&
	       fails(accept(fd, NULL, NULL), EINVAL) &&
	       fails(getpeername(fd, (struct sockaddr *)&byte,
				 &(socklen_t){ 0 }), ENOTCONN);
	close(fd);
	listener = listen_on(check_port, 1);
	good = works(listener) && good;
	good = good && fails(start_connect(listener, check_port), EISCONN) &&
	       fails(recv(listener, &byte, 1, 0), ENOTCONN) &&
	       fails(send(listener, "x", 1, MSG_NOSIGNAL), EPIPE) &&
	       works(listen(listener, 3));
	close(listener);
	return good;
}

bool check_accept(void)
{
	int listener = listen_on(check_port, 8), fd, peer;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	bool good;

	if (!works(listener))
		return false;
	fcntl(listener, F_SETFL, O_NONBLOCK);
	good = fails(accept(listener, NULL, NULL), EAGAIN) &&
	       same(events_of(listener, POLLIN, 0), 0);
	fd = connect_to(check_port);
	good = good && works(fd) &&
	       same(events_of(listener, POLLIN, 5000), POLLIN);
	peer = accept4(listener, (struct sockaddr *)&from, &len,
		       SOCK_NONBLOCK | SOCK_CLOEXEC);
	good = good && works(peer) && same(len, sizeof(from)) &&
	       same(from.sin_family, AF_INET) &&
	       same(fcntl(peer, F_GETFL) & O_NONBLOCK, O_NONBLOCK) &&
	       same(fcntl(peer, F_GETFD), FD_CLOEXEC) &&
	       fails(recv(peer, &len, 1, 0), EAGAIN) &&
	       fails(accept(listener, NULL, NULL), EAGAIN);
	close(peer);
	close(fd);
	close(listener);
	return good;
}

bool check_in_use(void)
{
	int first = listen_on(check_port, 1), second;
	bool good;

	if (!works(first))
		return false;
	second = listen_on(check_port, 1);
	good = fails(second, EADDRINUSE);
	close(first);
	return good;
}

static unsigned int port_of(int fd, int (*name)(int, struct sockaddr *,
						socklen_t *))
{
	struct sockaddr_in addr = { 0 };
	socklen_t len = sizeof(addr);

	if (!works(name(fd, (struct sockaddr *)&addr, &len)) ||
	    !same(addr.sin_family, AF_INET))
		return 0;
	return ntohs(addr.sin_port);
}

bool check_names(void)
{
	int pair[2], fd;
	bool good;

	if (!make_pair(pair))
		return false;
	good = same(port_of(pair[0], getpeername), check_port) &&
	       same(port_of(pair[1], getsockname), check_port) &&
	       same(port_of(pair[0], getsockname) ==
		    port_of(pair[1], getpeername), 1) &&
	       same(port_of(pair[0], getsockname) != 0, 1);
	close_pair(pair);
	fd = listen_on(0, 1);
	good = works(fd) && same(port_of(fd, getsockname) != 0, 1) && good;
	close(fd);
	return good;
}

bool check_again(void)
{
	int fd = make_socket(0), listener, peer;
	bool good;

	good = works(fd) && fails(start_connect(fd, check_port), ECONNREFUSED);
	listener = listen_on(check_port, 1);
	good = good && works(listener) &&
	       works(start_connect(fd, check_port));
	peer = accept(listener, NULL, NULL);
	good = good && works(peer) && send_text(fd, "second") &&
	       gets_text(peer, "second");
	close(peer);
	close(fd);
	close(listener);
	return good;
}

/* As many as there are to be by the environment, or by default. */
static int number(const char *name, int usual)
{
	const char *text = getenv(name);

	return text ? atoi(text) : usual;
}

static bool may_open(rlim_t files)
{
	struct rlimit limit = { .rlim_cur = files, .rlim_max = files };

	return works(setrlimit(RLIMIT_NOFILE, &limit));
}

static bool talk(int (*pairs)[2], int nr)
{
	bool good = true;
	char text[32];
	int i;

	for (i = 0; good && i < nr; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		good = send_text(pairs[i][0], text);
	}
	for (i = 0; good && i < nr; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		good = gets_text(pairs[i][1], text);
	}
	return good;
}

bool check_many(void)
{
	int many = number("POSIXSOCK_MANY", 60), made = 0;
	int (*pairs)[2] = calloc(many, sizeof(*pairs));
	int listener = listen_on(check_port, 60);
	bool good = works(listener) && may_open(2 * many + 100);

	while (good && made < many) {
		pairs[made][0] = connect_to(check_port);
		good = works(pairs[made][0]);
		pairs[made][1] = good ? accept(listener, NULL, NULL) : -1;
		good = good && works(pairs[made][1]);
		made++;
	}
	good = good && talk(pairs, made);
	while (made--)
		close_pair(pairs[made]);
	close(listener);
	free(pairs);
	return good;
}

bool check_cycles(void)
{
	int listener = listen_on(check_port, 8), fd, peer;
	int left = number("POSIXSOCK_CYCLES", 100);
	bool good = works(listener);

	while (good && left--) {
		fd = connect_to(check_port);
		good = works(fd);
		peer = good ? accept(listener, NULL, NULL) : -1;
		good = good && works(peer) && send_text(peer, "hello") &&
		       gets_text(fd, "hello");
		close(fd);
		close(peer);
	}
	close(listener);
	return good;
}

bool check_backlog(void)
{
	int listener = listen_on(check_port, 8), fds[5], i, peer;
	bool good = works(listener);

	for (i = 0; i < 5; i++) {
		fds[i] = connect_to(check_port);
		good = works(fds[i]) && good && send_text(fds[i], "waits");
	}
	for (i = 0; good && i < 5; i++) {
		peer = accept(listener, NULL, NULL);
		good = works(peer) && gets_text(peer, "waits");
		close(peer);
	}
	for (i = 0; i < 5; i++)
		close(fds[i]);
	close(listener);
	return good;
}

static int listen_on_inet6(void)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(check_port),
	};
	int fd = socket(AF_INET6, SOCK_STREAM, protocol), no = 0;

	if (fd >= 0 &&
	    !setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) &&
	    !bind(fd, (struct sockaddr *)&any, sizeof(any)) && !listen(fd, 4))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int connect_inet6(void)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(check_port),
	};
	int fd = socket(AF_INET6, SOCK_STREAM, protocol);

	to.sin6_addr.s6_addr[10] = 0xff;
	to.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&to.sin6_addr.s6_addr[12], &address, sizeof(address));
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool check_inet6(void)
{
	struct sockaddr_in6 from = { 0 };
	socklen_t len = sizeof(from);
	int listener = listen_on_inet6(), fd, peer;
	bool good = works(listener);

	fd = connect_to(check_port);
	peer = accept(listener, (struct sockaddr *)&from, &len);
	good = good && works(fd) && works(peer) &&
	       same(from.sin6_family, AF_INET6) && same(len, sizeof(from)) &&
	       send_text(fd, "four") && gets_text(peer, "four");
	close(fd);
	close(peer);
	fd = connect_inet6();
	peer = accept(listener, NULL, NULL);
	good = good && works(fd) && works(peer) && send_text(peer, "six") &&
	       gets_text(fd, "six");
	close(fd);
	close(peer);
	close(listener);
	return good;
}
