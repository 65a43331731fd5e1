// SPDX-License-Identifier: GPL-2.0
/* How data goes. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "posixsock.h"

#define MEGABYTE	1048576

static bool send_filled(int fd, size_t total, size_t piece)
{
	static unsigned char data[65536];
	size_t at = 0;
	ssize_t n;

	while (at < total) {
		size_t len = total - at < piece ? total - at : piece;

		fill(data, at, len);
		n = send(fd, data, len, MSG_NOSIGNAL);
		if (!works(n))
			return false;
		at += n;
	}
	return true;
}

static bool takes_filled(int fd, size_t total, size_t piece)
{
	static unsigned char data[65536];
	size_t at = 0;
	ssize_t n;

	while (at < total) {
		n = recv(fd, data, piece, 0);
		if (!works(n) || !is_filled(data, at, n))
			return false;
		if (!n)
			return same(at, total);
		at += n;
	}
	return true;
}

/* Run in a child; join says how it went. */
static pid_t in_child(bool (*act)(int, size_t, size_t), int fd, size_t total,
		      size_t piece)
{
	pid_t child = fork();

	if (!child) {
		bool good;

		/* One that hangs goes with who gave up waiting. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		good = act(fd, total, piece);

		fflush(stdout);
		_exit(good ? 0 : 1);
	}
	return child;
}

static bool join(pid_t child)
{
	int status = -1;

	return works(waitpid(child, &status, 0)) && same(status, 0);
}

bool check_stream(void)
{
	int pair[2];
	pid_t sender, taker;
	bool good;

	if (!make_pair(pair))
		return false;
	sender = in_child(send_filled, pair[0], MEGABYTE, 65536);
	taker = in_child(takes_filled, pair[0], MEGABYTE, 4099);
	good = takes_filled(pair[1], MEGABYTE, 65536) &&
	       send_filled(pair[1], MEGABYTE, 1777);
	good = join(sender) && good;
	good = join(taker) && good;
	close_pair(pair);
	return good;
}

bool check_vectors(void)
{
	char a[] = "one", b[] = "", c[] = "three", x[2], y[6] = "", got[9];
	struct iovec out[] = { { a, 3 }, { b, 0 }, { c, 5 } };
	struct iovec in[] = { { x, 2 }, { y, 6 } };
	struct msghdr msg = { .msg_iov = out, .msg_iovlen = 3 };
	int pair[2];
	bool good;

	if (!make_pair(pair))
		return false;
	good = same(writev(pair[0], out, 3), 8) &&
	       same(events_of(pair[1], POLLIN, 5000), POLLIN) &&
	       same(readv(pair[1], in, 2), 8) && same(memcmp(x, "on", 2), 0) &&
	       same(memcmp(y, "ethree", 6), 0);
	good = good && same(sendmsg(pair[1], &msg, 0), 8) &&
	       same(recv(pair[0], got, 8, MSG_WAITALL), 8) &&
	       same(memcmp(got, "onethree", 8), 0) &&
	       same(write(pair[0], "w", 1), 1) &&
	       same(read(pair[1], got, 9), 1);
	close_pair(pair);
	return good;
}

bool check_flags(void)
{
	char data[16];
	int pair[2];
	bool good;

	if (!make_pair(pair))
		return false;
	good = fails(recv(pair[1], data, 4, MSG_DONTWAIT), EAGAIN) &&
	       send_text(pair[0], "abcdef") &&
	       same(events_of(pair[1], POLLIN, 5000), POLLIN) &&
	       same(recv(pair[1], data, 4, MSG_PEEK), 4) &&
	       same(memcmp(data, "abcd", 4), 0) &&
	       same(recv(pair[1], data, 16, MSG_PEEK), 6) &&
	       same(recv(pair[1], data, 2, 0), 2) &&
	       same(recv(pair[1], NULL, 2, MSG_TRUNC), 2) &&
	       same(recv(pair[1], data, 16, 0), 2) &&
	       same(memcmp(data, "ef", 2), 0) &&
	       fails(recv(pair[1], data, 1, MSG_OOB), EINVAL);
	good = good && send_text(pair[0], "12345") &&
	       send_text(pair[0], "678") &&
	       same(recv(pair[1], data, 8, MSG_WAITALL), 8) &&
	       same(memcmp(data, "12345678", 8), 0);
	close_pair(pair);
	return good;
}

/* Take what fill_up() sent, in pieces. */
static bool takes_back(int fd, size_t total)
{
	return takes_filled(fd, total, 65536);
}

bool check_full(void)
{
	int pair[2];
	size_t sent;
	bool good;

	if (!make_pair(pair))
		return false;
	sent = fill_up(pair[0]);
	good = same(sent > 0, 1) && same(events_of(pair[0], POLLOUT, 0), 0) &&
	       takes_back(pair[1], sent) &&
	       same(events_of(pair[0], POLLOUT, 5000), POLLOUT) &&
	       same(send(pair[0], "x", 1, MSG_DONTWAIT), 1);
	close_pair(pair);
	return good;
}

/* One connection is full both ways and nobody reads; others go on. */
bool check_slow(void)
{
	size_t sent, back;
	int stuck[2];
	bool good;

	if (!make_pair(stuck))
		return false;
	sent = fill_up(stuck[0]);
	back = fill_up(stuck[1]);
	check_port++;
	good = same(sent && back, 1) && check_stream();
	check_port++;
	good = good && check_stream() && takes_back(stuck[1], sent) &&
	       takes_back(stuck[0], back);
	close_pair(stuck);
	return good;
}

bool check_timeouts(void)
{
	struct timeval wait = { .tv_usec = 300000 };
	static char data[65536];
	long long before;
	int pair[2], i;
	bool good;

	if (!make_pair(pair))
		return false;
	good = works(setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &wait,
				sizeof(wait))) &&
	       works(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &wait,
				sizeof(wait)));
	before = now_ms();
	good = good && fails(recv(pair[1], data, 1, 0), EAGAIN) &&
	       same(now_ms() - before >= 290, 1);
	for (i = 0; i < 1000 && send(pair[0], data, sizeof(data), 0) > 0; i++)
		;
	good = good && fails(-1, EAGAIN);
	close_pair(pair);
	return good;
}

bool check_amount(void)
{
	int pair[2], n = -1;
	char data[8];
	bool good;

	if (!make_pair(pair))
		return false;
	good = works(ioctl(pair[1], FIONREAD, &n)) && same(n, 0) &&
	       send_text(pair[0], "sixsix") &&
	       same(events_of(pair[1], POLLIN, 5000), POLLIN) &&
	       works(ioctl(pair[1], FIONREAD, &n)) && same(n, 6) &&
	       same(recv(pair[1], data, 4, 0), 4) &&
	       works(ioctl(pair[1], FIONREAD, &n)) && same(n, 2);
	close_pair(pair);
	return good;
}

static int filled_file(size_t total)
{
	static unsigned char data[65536];
	int fd = memfd_create("posixsock", 0);
	size_t at;

	for (at = 0; fd >= 0 && at < total; at += sizeof(data)) {
		fill(data, at, sizeof(data));
		if (write(fd, data, sizeof(data)) != sizeof(data))
			return -1;
	}
	return fd;
}

/* Of a small file, as much as there could be: nothing waits for what does not come. */
static bool sends_small_file(int from, int to)
{
	int fd = memfd_create("posixsock", 0), tries = 3;
	bool good = works(fd) && works(ftruncate(fd, 100));
	long long took = 0;
	char text[200];

	do {
		long long start = now_ms();

		good = good && works(lseek(fd, 0, SEEK_SET)) &&
		       same(sendfile(from, fd, NULL, MEGABYTE), 100) &&
		       same(recv(to, text, 100, MSG_WAITALL), 100);
		took = now_ms() - start;
	} while (good && took > 150 && --tries);
	close(fd);
	return good && (took <= 150 || same(took, 0));
}

bool check_sendfile(void)
{
	int pair[2], fd = filled_file(MEGABYTE);
	off_t at = 0;
	pid_t taker;
	bool good;

	if (!works(fd) || !make_pair(pair))
		return false;
	taker = in_child(takes_filled, pair[1], MEGABYTE, 65536);
	good = true;
	while (good && at < MEGABYTE)
		good = works(sendfile(pair[0], fd, &at, MEGABYTE - at));
	good = join(taker) && good && sends_small_file(pair[0], pair[1]);
	close_pair(pair);
	close(fd);
	return good;
}

bool check_splice(void)
{
	int pair[2], back[2], pipes[2], fd = filled_file(MEGABYTE);
	size_t at = 0;
	pid_t sender, taker;
	ssize_t n = 1;
	bool good;

	if (!works(fd) || !works(pipe(pipes)) || !make_pair(pair))
		return false;
	check_port++;
	if (!make_pair(back))
		return false;
	sender = in_child(send_filled, pair[0], MEGABYTE, 5000);
	taker = in_child(takes_filled, back[1], MEGABYTE, 65536);
	good = true;
	while (good && at < MEGABYTE) {
		n = splice(pair[1], NULL, pipes[1], NULL, 65536, 0);
		good = works(n) && n;
		at += n;
		while (good && n > 0) {
			ssize_t m = splice(pipes[0], NULL, back[0], NULL, n, 0);

			good = works(m);
			n -= m;
		}
	}
	good = join(sender) && good;
	good = join(taker) && good;
	close_pair(pair);
	close_pair(back);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
	return good;
}

/* Pages that are not there yet are brought in; those that never will fail. */
bool check_faults(void)
{
	size_t len = 16 * 4096;
	unsigned char *there, *gone;
	int pair[2];
	pid_t sender;
	bool good;

	there = mmap(NULL, len, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	gone = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (there == MAP_FAILED || gone == MAP_FAILED || !make_pair(pair))
		return false;
	good = fails(send(pair[0], gone, 10, 0), EFAULT);
	sender = in_child(send_filled, pair[0], len, len);
	good = good && same(recv(pair[1], there, len, MSG_WAITALL), len) &&
	       is_filled(there, 0, len);
	good = join(sender) && good && send_text(pair[0], "still") &&
	       same(events_of(pair[1], POLLIN, 5000), POLLIN) &&
	       fails(recv(pair[1], gone, 5, 0), EFAULT) &&
	       gets_text(pair[1], "still");
	close_pair(pair);
	munmap(there, len);
	munmap(gone, len);
	return good;
}
