// SPDX-License-Identifier: GPL-2.0
/* How connections end. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/wait.h>

#include "posixsock.h"

bool check_closed(void)
{
	int pair[2];
	char byte;
	bool good;

	if (!make_pair(pair))
		return false;
	good = send_text(pair[0], "last words");
	close(pair[0]);
	good = good && same(events_of(pair[1], POLLRDHUP, 5000), POLLRDHUP) &&
	       gets_text(pair[1], "last words") &&
	       same(recv(pair[1], &byte, 1, 0), 0) &&
	       same(recv(pair[1], &byte, 1, MSG_DONTWAIT), 0) &&
	       same(events_of(pair[1], POLLIN | POLLRDHUP, 0),
		    POLLIN | POLLRDHUP);
	close(pair[1]);
	return good;
}

bool check_half(void)
{
	int pair[2];
	char byte;
	bool good;

	if (!make_pair(pair))
		return false;
	good = send_text(pair[0], "a question") &&
	       works(shutdown(pair[0], SHUT_WR)) &&
	       fails(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE) &&
	       gets_text(pair[1], "a question") &&
	       same(recv(pair[1], &byte, 1, 0), 0) &&
	       send_text(pair[1], "an answer") &&
	       gets_text(pair[0], "an answer");
	close(pair[1]);
	good = good && same(recv(pair[0], &byte, 1, 0), 0) &&
	       same(events_of(pair[0], POLLIN, 0), POLLIN | POLLHUP);
	close(pair[0]);
	return good;
}

bool check_shut(void)
{
	int pair[2];
	char byte;
	bool good;

	if (!make_pair(pair))
		return false;
	good = works(shutdown(pair[0], SHUT_RD)) &&
	       same(recv(pair[0], &byte, 1, 0), 0) &&
	       send_text(pair[0], "goes on") &&
	       gets_text(pair[1], "goes on") &&
	       fails(shutdown(pair[0], 7), EINVAL) &&
	       works(shutdown(pair[0], SHUT_RDWR)) &&
	       fails(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE) &&
	       same(recv(pair[1], &byte, 1, 0), 0);
	close_pair(pair);
	return good;
}

static bool breaks(int fd)
{
	int i;

	for (i = 0; i < 50; i++) {
		if (send(fd, "x", 1, MSG_NOSIGNAL) < 0)
			return errno == EPIPE || errno == ECONNRESET;
		usleep(100000);
	}
	return same(i, 0);
}

bool check_pipe(void)
{
	int pair[2], status = 0;
	pid_t child;
	bool good;

	if (!make_pair(pair))
		return false;
	close(pair[1]);
	good = breaks(pair[0]);
	/* The error was told; from now on it is a broken pipe. */
	if (send(pair[0], "x", 1, MSG_NOSIGNAL) < 0 && errno == ECONNRESET)
		printf("# told twice\n");
	good = good && fails(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	child = fork();
	if (!child) {
		signal(SIGPIPE, SIG_DFL);
		send(pair[0], "x", 1, 0);
		_exit(0);
	}
	good = works(waitpid(child, &status, 0)) &&
	       same(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, 1) &&
	       good;
	close(pair[0]);
	return good;
}

bool check_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	int pair[2];
	char byte;
	bool good;

	if (!make_pair(pair))
		return false;
	good = works(setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &now,
				sizeof(now)));
	close(pair[0]);
	good = good && same(events_of(pair[1], POLLIN, 5000),
			    POLLIN | POLLERR | POLLHUP) &&
	       fails(recv(pair[1], &byte, 1, 0), ECONNRESET) &&
	       same(recv(pair[1], &byte, 1, 0), 0);
	close(pair[1]);
	return good;
}

bool check_linger(void)
{
	static unsigned char data[60000], got[60000];
	struct linger some = { .l_onoff = 1, .l_linger = 5 };
	int pair[2];
	bool good;

	if (!make_pair(pair))
		return false;
	fill(data, 0, sizeof(data));
	good = same(send(pair[0], data, sizeof(data), 0), sizeof(data));
	close(pair[0]);
	usleep(300000);
	good = good && same(recv(pair[1], got, sizeof(got), MSG_WAITALL),
			    sizeof(got)) && is_filled(got, 0, sizeof(got));
	close(pair[1]);

	if (!good || !make_pair(pair))
		return false;
	good = works(setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &some,
				sizeof(some))) && send_text(pair[0], "slowly");
	close(pair[0]);
	good = good && gets_text(pair[1], "slowly");
	close(pair[1]);
	return good;
}

/* Begins to read late. */
static pid_t read_late(int pair[2], size_t total)
{
	static unsigned char got[65536];
	pid_t child = fork();
	size_t at = 0;
	ssize_t n = 1;

	if (child)
		return child;
	close(pair[0]);
	usleep(700000);
	while (n > 0 && (n = recv(pair[1], got, sizeof(got), 0)) > 0 &&
	       is_filled(got, at, n))
		at += n;
	n = same(n, 0) && same(at, total) ? 0 : 1;
	fflush(stdout);
	_exit(n);
}

/* close() comes back once there is little left to be sent, and before it gives up. */
bool check_patient(void)
{
	struct linger some = { .l_onoff = 1, .l_linger = 20 };
	int pair[2], status = -1;
	long long before;
	pid_t child;
	size_t sent;
	bool good;

	if (!make_pair(pair))
		return false;
	sent = fill_up(pair[0]);
	good = same(sent > 0, 1) &&
	       works(setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &some,
				sizeof(some)));
	child = read_late(pair, sent);
	close(pair[1]);
	/* Ours is to be the last. */
	usleep(200000);
	before = now_ms();
	close(pair[0]);
	good = good && same(now_ms() - before >= 300, 1) &&
	       same(now_ms() - before < 15000, 1);
	good = works(waitpid(child, &status, 0)) && same(status, 0) && good;
	return good;
}

/* A process that waits in accept() until the backend is lost. */
static pid_t wait_in_accept(int listener)
{
	pid_t child = fork();

	if (!child) {
		bool good = fails(accept(listener, NULL, NULL), ENETDOWN);

		fflush(stdout);
		_exit(good ? 0 : 1);
	}
	return child;
}

static bool can_again(void)
{
	int pair[2], i;
	bool good;

	for (i = 0; i < 100; i++) {
		int fd = make_socket(0);

		close(fd);
		if (fd >= 0)
			break;
		usleep(100000);
	}
	check_port++;
	if (!make_pair(pair))
		return false;
	good = send_text(pair[0], "anew") && gets_text(pair[1], "anew");
	close_pair(pair);
	return good;
}

/* Says "# ready"; then whoever called takes the backend away and brings one. */
bool check_lost(void)
{
	int listener, pair[2], status = -1;
	pid_t child;
	bool good;
	char byte;

	if (!make_pair(pair))
		return false;
	check_port++;
	listener = listen_on(check_port, 1);
	good = works(listener);
	child = wait_in_accept(listener);
	printf("# ready\n");
	fflush(stdout);
	good = good && fails(recv(pair[0], &byte, 1, 0), ECONNRESET) &&
	       same(recv(pair[0], &byte, 1, 0), 0) &&
	       fails(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE) &&
	       same(events_of(pair[1], 0, 5000), POLLERR | POLLHUP) &&
	       works(waitpid(child, &status, 0)) && same(status, 0) &&
	       fails(accept(listener, NULL, NULL), EINVAL);
	close_pair(pair);
	close(listener);
	return can_again() && good;
}
