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

typedef int name_fn(int, struct sockaddr *, socklen_t *);

static bool name_of(int fd, name_fn *name, struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);

	memset(addr, 0, sizeof(*addr));
	return works(name(fd, (struct sockaddr *)addr, &len)) &&
	       same(len, sizeof(*addr)) && same(addr->sin_family, AF_INET);
}

/* Whether two ends have the same name for one of them, which is at our address. */
static bool agree(int fd, name_fn *name, int other, name_fn *others,
		  unsigned int port)
{
	struct sockaddr_in is, also;

	return name_of(fd, name, &is) && name_of(other, others, &also) &&
	       same(ntohl(is.sin_addr.s_addr), ntohl(address.s_addr)) &&
	       same(ntohl(also.sin_addr.s_addr), ntohl(is.sin_addr.s_addr)) &&
	       same(ntohs(also.sin_port), ntohs(is.sin_port)) &&
	       same(is.sin_port != 0, 1) &&
	       (!port || same(ntohs(is.sin_port), port));
}

bool check_names(void)
{
	struct sockaddr_in addr = { 0 };
	int pair[2], fd;
	bool good;

	if (!make_pair(pair))
		return false;
	good = agree(pair[0], getpeername, pair[1], getsockname, check_port) &&
	       agree(pair[0], getsockname, pair[1], getpeername, 0);
	close_pair(pair);
	fd = listen_on(0, 1);
	good = works(fd) && name_of(fd, getsockname, &addr) &&
	       same(addr.sin_port != 0, 1) &&
	       same(ntohl(addr.sin_addr.s_addr), ntohl(address.s_addr)) && good;
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

/* As long as the file exists: somebody looks what they take. */
static void hold(void)
{
	const char *file = getenv("POSIXSOCK_HOLD");

	if (!file)
		return;
	printf("# held\n");
	while (!access(file, F_OK))
		usleep(100000);
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
	if (good)
		hold();
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

/* More than fit: in a backlog of 8, of PV sockets 9 before that, and 8 by cookies. */
#define CROWD	36

/* As many as are let in at once: these have said so. */
static int count_connected(int *fds)
{
	int i, nr = 0;

	for (i = 0; i < CROWD; i++)
		nr += events_of(fds[i], POLLOUT, 0) == POLLOUT;
	return nr;
}

/*
 * Who was turned away tries again in its own time; and one that the listener has
 * forgotten is remembered by what it says.
 */
static void all_speak(int *fds, bool *spoken)
{
	int i;

	for (i = 0; i < CROWD; i++)
		if (!spoken[i] && events_of(fds[i], POLLOUT, 0) == POLLOUT)
			spoken[i] = send_text(fds[i], "knock");
}

static int take_crowd(int listener, int *fds, int *peers)
{
	long long end = now_ms() + 20000;
	bool spoken[CROWD] = { false };
	int taken = 0;

	while (taken < CROWD && now_ms() < end) {
		all_speak(fds, spoken);
		if (events_of(listener, POLLIN, 50) != POLLIN)
			continue;
		peers[taken] = accept(listener, NULL, NULL);
		if (!works(peers[taken]) || !send_text(peers[taken++], "come in"))
			break;
	}
	return taken;
}

bool check_crowd(void)
{
	int listener = listen_on(check_port, 8), fds[CROWD], peers[CROWD];
	int i, connected, taken;
	bool good = works(listener);

	for (i = 0; i < CROWD; i++) {
		fds[i] = make_socket(SOCK_NONBLOCK);
		good = good && works(fds[i]);
		if (good && start_connect(fds[i], check_port))
			good = fails(-1, EINPROGRESS);
	}
	usleep(500000);
	connected = count_connected(fds);
	taken = take_crowd(listener, fds, peers);
	good = good && same(connected > 0 && connected < CROWD, 1) && same(taken, CROWD);
	for (i = 0; i < CROWD; i++) {
		fcntl(fds[i], F_SETFL, 0);
		good = good && gets_text(fds[i], "come in");
		close(fds[i]);
	}
	while (taken--)
		close(peers[taken]);
	close(listener);
	return good;
}

/* Nobody has that address, which takes seconds to find out. */
bool check_late(void)
{
	struct timeval wait = { .tv_usec = 300000 };
	struct sockaddr_in nobody = {
		.sin_family = AF_INET,
		.sin_port = htons(check_port),
		.sin_addr.s_addr = htonl((ntohl(address.s_addr) & ~0xff) | 200),
	};
	long long before = now_ms();
	int fd = make_socket(0);
	bool good;

	good = works(fd) && works(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO,
					     &wait, sizeof(wait))) &&
	       fails(connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)),
		     EINPROGRESS) &&
	       same(now_ms() - before >= 290, 1) &&
	       same(now_ms() - before < 2000, 1) &&
	       fails(connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)),
		     EALREADY);
	close(fd);
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

static bool is_six(int fd, name_fn *name, unsigned int port)
{
	struct sockaddr_in6 addr = { 0 };
	socklen_t len = sizeof(addr);

	return works(name(fd, (struct sockaddr *)&addr, &len)) &&
	       same(len, sizeof(addr)) && same(addr.sin6_family, AF_INET6) &&
	       same(memcmp(&addr.sin6_addr, &address6, sizeof(address6)), 0) &&
	       (!port || same(ntohs(addr.sin6_port), port));
}

bool check_six(void)
{
	struct sockaddr_in6 at = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(check_port),
		.sin6_addr = address6,
	};
	int listener = socket(AF_INET6, SOCK_STREAM, protocol), peer = -1;
	int fd = socket(AF_INET6, SOCK_STREAM, protocol);
	bool good;

	good = works(listener) && works(fd) &&
	       works(bind(listener, (struct sockaddr *)&at, sizeof(at))) &&
	       works(listen(listener, 4)) &&
	       works(connect(fd, (struct sockaddr *)&at, sizeof(at)));
	if (good)
		peer = accept(listener, NULL, NULL);
	good = good && works(peer) && send_text(fd, "there") &&
	       gets_text(peer, "there") && send_text(peer, "back") &&
	       gets_text(fd, "back") && is_six(fd, getpeername, check_port) &&
	       is_six(peer, getsockname, check_port) &&
	       is_six(fd, getsockname, 0) && is_six(peer, getpeername, 0);
	close(peer);
	close(fd);
	close(listener);
	return good;
}

/* What a socket cannot do in another domain's network fails with an error. */
static bool had_or(int fd, int (*act)(int, unsigned int), int error)
{
	if (protocol)
		return fails(act(fd, check_port), error);
	return works(act(fd, check_port));
}

static int do_bind(int fd, unsigned int port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = address,
	};

	return bind(fd, (struct sockaddr *)&at, sizeof(at));
}

static int do_listen(int fd, unsigned int port)
{
	(void)port;
	return listen(fd, 1);
}

static bool sets(int fd, int name, int value)
{
	return works(setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value)));
}

static bool shares(void)
{
	int first = make_socket(0), second = make_socket(0);
	bool good;

	good = sets(first, SO_REUSEPORT, 1) && sets(second, SO_REUSEPORT, 1) &&
	       works(do_bind(first, check_port)) && works(listen(first, 1)) &&
	       had_or(second, do_bind, EADDRINUSE);
	close(first);
	close(second);
	return good;
}

bool check_wishes(void)
{
	int there = make_socket(0), marked = make_socket(0);
	bool good = shares();

	check_port++;
	good = works(setsockopt(there, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3)) &&
	       had_or(there, do_bind, ENODEV) && good;
	if (protocol)
		good = fails(start_connect(there, check_port), ENODEV) && good;
	check_port++;
	good = works(do_bind(marked, check_port)) && sets(marked, SO_MARK, 7) &&
	       had_or(marked, do_listen, EOPNOTSUPP) && good;
	close(there);
	close(marked);
	return good;
}
