// SPDX-License-Identifier: GPL-2.0
/* Waiting for sockets, and sharing them. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "posixsock.h"

bool check_poll(void)
{
	struct pollfd both[2];
	int pair[2];
	bool good;

	if (!make_pair(pair))
		return false;
	both[0] = (struct pollfd){ .fd = pair[0], .events = POLLIN };
	both[1] = (struct pollfd){ .fd = pair[1], .events = POLLIN | POLLOUT };
	good = same(poll(both, 2, 0), 1) && same(both[0].revents, 0) &&
	       same(both[1].revents, POLLOUT) && send_text(pair[1], "x") &&
	       same(poll(both, 1, 5000), 1) && same(both[0].revents, POLLIN) &&
	       gets_text(pair[0], "x") && same(poll(both, 1, 50), 0);
	close_pair(pair);
	return good;
}

bool check_select(void)
{
	struct timeval wait = { .tv_sec = 5 };
	fd_set in, out;
	int pair[2];
	bool good;

	if (!make_pair(pair))
		return false;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(pair[0], &in);
	FD_SET(pair[0], &out);
	good = same(select(pair[0] + 1, &in, &out, NULL, &wait), 1) &&
	       same(!!FD_ISSET(pair[0], &out), 1) && send_text(pair[1], "y");
	FD_ZERO(&in);
	FD_SET(pair[0], &in);
	good = good && same(select(pair[0] + 1, &in, NULL, NULL, &wait), 1) &&
	       same(!!FD_ISSET(pair[0], &in), 1) && gets_text(pair[0], "y");
	close_pair(pair);
	return good;
}

static bool level(int epoll, int pair[2])
{
	struct epoll_event event = { .events = EPOLLIN };

	return works(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event)) &&
	       same(count_events(epoll, 0), 0) && send_text(pair[1], "ab") &&
	       same(count_events(epoll, 5000), EPOLLIN) &&
	       gets_text(pair[0], "a") &&
	       same(count_events(epoll, 0), EPOLLIN) &&
	       gets_text(pair[0], "b") && same(count_events(epoll, 0), 0) &&
	       works(epoll_ctl(epoll, EPOLL_CTL_DEL, pair[0], NULL));
}

static bool edge(int epoll, int pair[2])
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	return works(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event)) &&
	       send_text(pair[1], "ab") &&
	       same(count_events(epoll, 5000), EPOLLIN) &&
	       same(count_events(epoll, 100), 0) && gets_text(pair[0], "a") &&
	       same(count_events(epoll, 100), 0) && send_text(pair[1], "c") &&
	       same(count_events(epoll, 5000), EPOLLIN) &&
	       gets_text(pair[0], "bc") && same(count_events(epoll, 0), 0);
}

bool check_edge(void)
{
	struct epoll_event out = { .events = EPOLLOUT | EPOLLET };
	int pair[2], epoll = epoll_create1(0);
	bool good;

	if (!works(epoll) || !make_pair(pair))
		return false;
	good = level(epoll, pair) && edge(epoll, pair) &&
	       works(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &out)) &&
	       same(count_events(epoll, 1000), EPOLLOUT) &&
	       same(count_events(epoll, 50), 0);
	close(pair[1]);
	good = good && same(count_events(epoll, 5000), EPOLLIN);
	close(pair[0]);
	close(epoll);
	return good;
}

bool check_once(void)
{
	struct epoll_event in = { .events = EPOLLIN | EPOLLONESHOT };
	int pair[2], epoll = epoll_create1(0);
	bool good;

	if (!works(epoll) || !make_pair(pair))
		return false;
	good = works(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &in)) &&
	       send_text(pair[1], "a") &&
	       same(count_events(epoll, 5000), EPOLLIN) &&
	       same(count_events(epoll, 0), 0) && gets_text(pair[0], "a") &&
	       send_text(pair[1], "b") &&
	       same(events_of(pair[0], POLLIN, 5000), POLLIN) &&
	       same(count_events(epoll, 100), 0) &&
	       works(epoll_ctl(epoll, EPOLL_CTL_MOD, pair[0], &in)) &&
	       same(count_events(epoll, 5000), EPOLLIN) &&
	       same(count_events(epoll, 0), 0);
	close_pair(pair);
	close(epoll);
	return good;
}

static bool drains(int fd, size_t total)
{
	static char data[65536];
	ssize_t n;

	for (; total; total -= n) {
		n = recv(fd, data, total < sizeof(data) ? total : sizeof(data), 0);
		if (!works(n) || !n)
			return false;
	}
	return true;
}

/* As programs wait that send until EAGAIN. */
bool check_room(void)
{
	struct epoll_event out = { .events = EPOLLOUT | EPOLLET };
	int pair[2], epoll = epoll_create1(0), i;
	size_t sent;
	bool good;

	if (!works(epoll) || !make_pair(pair))
		return false;
	good = works(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &out)) &&
	       same(count_events(epoll, 1000), EPOLLOUT);
	for (i = 0; good && i < 2; i++) {
		sent = fill_up(pair[0]);
		/* Of room that came while it was filled. */
		count_events(epoll, 0);
		good = same(sent > 0, 1) && same(count_events(epoll, 100), 0) &&
		       drains(pair[1], sent) &&
		       same(count_events(epoll, 5000), EPOLLOUT);
	}
	close_pair(pair);
	close(epoll);
	return good;
}

static atomic_int rang;

static void ring(int number)
{
	rang += number == SIGUSR1;
}

static void on_usr1(int flags)
{
	struct sigaction act = { .sa_handler = ring, .sa_flags = flags };

	rang = 0;
	sigaction(SIGUSR1, &act, NULL);
}

/* Signals the parent soon, then sends. */
static pid_t disturb(int fd)
{
	pid_t child = fork();

	if (!child) {
		usleep(300000);
		kill(getppid(), SIGUSR1);
		usleep(300000);
		_exit(send(fd, "late", 4, 0) == 4 ? 0 : 1);
	}
	return child;
}

bool check_signals(void)
{
	char data[8];
	int pair[2], listener;
	bool good;

	if (!make_pair(pair))
		return false;
	on_usr1(0);
	disturb(pair[1]);
	good = fails(recv(pair[0], data, 4, 0), EINTR) && same(rang, 1) &&
	       gets_text(pair[0], "late");
	wait(NULL);
	on_usr1(SA_RESTART);
	disturb(pair[1]);
	good = good && gets_text(pair[0], "late") && same(rang, 1);
	wait(NULL);
	check_port++;
	listener = listen_on(check_port, 1);
	on_usr1(0);
	disturb(pair[1]);
	good = good && works(listener) &&
	       fails(accept(listener, NULL, NULL), EINTR);
	wait(NULL);
	signal(SIGUSR1, SIG_DFL);
	close(listener);
	close_pair(pair);
	return good;
}

bool check_fork(void)
{
	int pair[2], status = -1;
	pid_t child;
	bool good;

	if (!make_pair(pair))
		return false;
	child = fork();
	if (!child) {
		good = gets_text(pair[1], "to the child") &&
		       send_text(pair[1], "from the child");
		fflush(stdout);
		_exit(good ? 0 : 1);
	}
	close(pair[1]);
	good = send_text(pair[0], "to the child") &&
	       gets_text(pair[0], "from the child") &&
	       works(waitpid(child, &status, 0)) && same(status, 0) &&
	       same(recv(pair[0], &status, 1, 0), 0);
	close(pair[0]);
	return good;
}

static bool hand(int over, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec vec = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return works(sendmsg(over, &msg, 0));
}

static int get_handed(int over)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec vec = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int fd = -1;

	if (works(recvmsg(over, &msg, 0)) && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

bool check_passing(void)
{
	int pair[2], over[2], status = -1, fd;
	pid_t child;
	bool good;

	if (!works(socketpair(AF_UNIX, SOCK_STREAM, 0, over)))
		return false;
	child = fork();
	if (!child) {
		fd = get_handed(over[1]);
		good = works(fd) && send_text(fd, "handed");
		fflush(stdout);
		_exit(good ? 0 : 1);
	}
	if (!make_pair(pair))
		return false;
	good = hand(over[0], pair[1]);
	close(pair[1]);
	good = good && gets_text(pair[0], "handed") &&
	       works(waitpid(child, &status, 0)) && same(status, 0);
	close(pair[0]);
	close_pair(over);
	return good;
}

#define THREADS	6
#define SHARE	20000

static int shared[2];
static atomic_long taken;

static void *sends(void *arg)
{
	char byte = *(char *)arg;
	int i;

	for (i = 0; i < SHARE / 100; i++) {
		char data[100];

		memset(data, byte, sizeof(data));
		if (send(shared[0], data, sizeof(data), 0) != sizeof(data))
			return (void *)1;
	}
	return NULL;
}

static void *takes(void *arg)
{
	char data[333];
	ssize_t n;

	(void)arg;
	while ((n = recv(shared[1], data, sizeof(data), 0)) > 0)
		taken += n;
	return n ? (void *)1 : NULL;
}

bool check_threads(void)
{
	static char bytes[THREADS] = "abcdef";
	pthread_t senders[THREADS], takers[THREADS];
	bool good = true;
	void *bad;
	int i;

	if (!make_pair(shared))
		return false;
	taken = 0;
	for (i = 0; i < THREADS; i++) {
		pthread_create(&senders[i], NULL, sends, &bytes[i]);
		pthread_create(&takers[i], NULL, takes, NULL);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(senders[i], &bad);
		good = good && !bad;
	}
	close(shared[0]);
	for (i = 0; i < THREADS; i++) {
		pthread_join(takers[i], &bad);
		good = good && !bad;
	}
	close(shared[1]);
	return good && same(taken, (long)THREADS * SHARE);
}

static bool keeps(int fd, int level_, int name, int value)
{
	socklen_t len = sizeof(int);
	int got = -1;

	return works(setsockopt(fd, level_, name, &value, sizeof(value))) &&
	       works(getsockopt(fd, level_, name, &got, &len)) &&
	       same(got, value) && same(len, sizeof(int));
}

bool check_options(void)
{
	int pair[2], value = 1;
	bool good;

	if (!make_pair(pair))
		return false;
	good = keeps(pair[0], SOL_SOCKET, SO_REUSEADDR, 1) &&
	       keeps(pair[0], SOL_SOCKET, SO_KEEPALIVE, 1) &&
	       keeps(pair[0], IPPROTO_TCP, TCP_NODELAY, 1) &&
	       keeps(pair[0], IPPROTO_TCP, TCP_NODELAY, 0) &&
	       keeps(pair[0], IPPROTO_IP, IP_TOS, 0x10) &&
	       fails(setsockopt(pair[0], IPPROTO_TCP, 9999, &value,
				sizeof(value)), ENOPROTOOPT);
	if (has_options)
		good = good && keeps(pair[0], IPPROTO_TCP, TCP_KEEPIDLE, 100) &&
		       keeps(pair[0], IPPROTO_TCP, TCP_KEEPCNT, 5);
	good = good && send_text(pair[0], "nevertheless") &&
	       gets_text(pair[1], "nevertheless");
	close_pair(pair);
	return good;
}

/* Of both families: PV sockets were asked for, or TCP by no name. */
bool check_protocol(void)
{
	static const int families[] = { AF_INET, AF_INET6 };
	socklen_t len = sizeof(int);
	bool good = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		int fd = socket(families[i], SOCK_STREAM, protocol), kind = -1;

		good = works(fd) &&
		       works(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &kind,
					&len)) &&
		       same(kind, protocol ?: IPPROTO_TCP) && good;
		close(fd);
	}
	return good;
}

/* Nothing comes; who was too slow to look in time cannot tell. */
static bool is_held(int fd, long long since)
{
	return !events_of(fd, POLLIN, 50) || now_ms() - since > 150 || same(0, 1);
}

/* What waits comes when that ends, by itself in time, and before the end. */
static bool corks(int from, int to)
{
	int on = 1, off = 0;
	long long start = now_ms();

	return works(setsockopt(from, IPPROTO_TCP, TCP_CORK, &on, sizeof(on))) &&
	       send_text(from, "two ") && is_held(to, start) && send_text(from, "pieces") &&
	       works(setsockopt(from, IPPROTO_TCP, TCP_CORK, &off, sizeof(off))) &&
	       gets_text(to, "two pieces") &&
	       works(setsockopt(from, IPPROTO_TCP, TCP_CORK, &on, sizeof(on))) &&
	       send_text(from, "late") && gets_text(to, "late") && send_text(from, "last");
}

bool check_cork(void)
{
	int pair[2];
	long long start = now_ms();
	char byte;
	bool good;

	if (!make_pair(pair))
		return false;
	good = same(send(pair[0], "more", 4, MSG_MORE), 4) && is_held(pair[1], start) &&
	       send_text(pair[0], " came") && gets_text(pair[1], "more came") &&
	       corks(pair[0], pair[1]) && works(close(pair[0])) &&
	       gets_text(pair[1], "last") && same(recv(pair[1], &byte, 1, 0), 0);
	close(pair[1]);
	return good;
}
