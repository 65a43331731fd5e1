// SPDX-License-Identifier: GPL-2.0
/*
 * A connection on which both ends write as many bytes as they read, at once, in
 * pieces of all sizes: copied, and straight from the pages of a file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netload.h"

#define SILENCE_MS 30000
#define MAGIC 0x6e6c6f64

struct hello {
	uint32_t magic;
	uint32_t seed;
	uint64_t bytes;
};

/**
 * struct stream - one end of a connection
 * @sock: the connection
 * @bytes: to be written, and to be read
 * @sent: bytes written so far
 * @got: bytes read and compared so far
 * @out: where in the table what is written begins
 * @in: where in the table what is read begins
 * @random: state of what chooses sizes
 * @wrong: what was read is not what the other end was to write, or it hangs
 */
struct stream {
	int sock;
	uint64_t bytes;
	uint64_t sent;
	uint64_t got;
	uint64_t out;
	uint64_t in;
	uint32_t random;
	bool wrong;
};

/* Small pieces, pages, or as much as there is. */
static size_t piece(struct stream *stream)
{
	static const uint32_t limits[] = { 200, 1500, 4096, CHUNK_MAX };
	size_t size = 1 + any(&stream->random, limits[any(&stream->random, 4)]);
	uint64_t left = stream->bytes - stream->sent;

	return size < left ? size : left;
}

static bool put(struct stream *stream)
{
	uint64_t at = stream->out + stream->sent;
	size_t size = piece(stream);
	off_t from = table_file_offset(at);
	ssize_t done;

	if (any(&stream->random, 3))
		done = send(stream->sock, table_at(at), size, MSG_NOSIGNAL | MSG_DONTWAIT);
	else
		done = sendfile(stream->sock, table_file(), &from, size);
	if (done < 0 && errno != EAGAIN) {
		printf("send: %s\n", strerror(errno));
		return false;
	}
	if (done > 0)
		stream->sent += done;
	return true;
}

static bool take(struct stream *stream)
{
	static unsigned char data[CHUNK_MAX];
	uint64_t left = stream->bytes - stream->got;
	ssize_t done;

	done = recv(stream->sock, data, left < sizeof(data) ? left : sizeof(data), MSG_DONTWAIT);
	if (done < 0 && errno == EAGAIN)
		return true;
	if (done <= 0) {
		printf("%llu bytes are missing: %s\n", (unsigned long long)left,
		       done ? strerror(errno) : "closed");
		return false;
	}
	stream->wrong = !table_matches(data, done, stream->in + stream->got);
	stream->got += done;
	return !stream->wrong;
}

/* Return: what is ready; 0 if nothing is for so long that something hangs. */
static int wait_ready(struct stream *stream, int events)
{
	struct pollfd ready = { .fd = stream->sock, .events = events };

	if (poll(&ready, 1, SILENCE_MS) > 0)
		return ready.revents;
	printf("silence, %llu of %llu bytes written and %llu read\n",
	       (unsigned long long)stream->sent, (unsigned long long)stream->bytes,
	       (unsigned long long)stream->got);
	stream->wrong = true;
	return 0;
}

static bool step(struct stream *stream)
{
	int ready = wait_ready(stream, (stream->got < stream->bytes ? POLLIN : 0) |
				       (stream->sent < stream->bytes ? POLLOUT : 0));

	if (!ready || ((ready & POLLOUT) && !put(stream)))
		return false;
	return !(ready & (POLLIN | POLLHUP | POLLERR)) || take(stream);
}

/* Each end tells the other that all it read was right. */
static bool agree(struct stream *stream)
{
	char verdict = 'y';

	if (send(stream->sock, &verdict, 1, MSG_NOSIGNAL) != 1 || !wait_ready(stream, POLLIN))
		return false;
	if (recv(stream->sock, &verdict, 1, 0) == 1 && verdict == 'y')
		return true;
	printf("the other end went, or read something else\n");
	return false;
}

static bool carry(struct stream *stream)
{
	while (stream->sent < stream->bytes || stream->got < stream->bytes)
		if (!step(stream))
			return false;
	return agree(stream);
}

static bool answer(int sock)
{
	struct hello hello;
	struct stream stream = { .sock = sock };

	if (recv(sock, &hello, sizeof(hello), MSG_WAITALL) != sizeof(hello) || hello.magic != MAGIC)
		return false;
	stream.bytes = hello.bytes;
	stream.random = hello.seed + 2;
	stream.in = stream_start(hello.seed);
	stream.out = stream_start(hello.seed + 1);
	return carry(&stream);
}

/* Serve connections for ever, each in a process of its own. */
void tcp_serve(int sock)
{
	int conn;

	for (;;) {
		conn = accept(sock, NULL, NULL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (conn < 0)
			continue;
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(sock);
			_exit(!answer(conn));
		}
		close(conn);
	}
}

/* NETLOAD_PROTOCOL is another one of streams, as PV sockets have. */
static int protocol(void)
{
	const char *number = getenv("NETLOAD_PROTOCOL");

	return number ? atoi(number) : 0;
}

static int connect_to(const struct address *to)
{
	long long end = now_ms() + SILENCE_MS;
	int sock;

	do {
		sock = socket(to->any.sa_family, SOCK_STREAM, protocol());
		if (sock >= 0 && !connect(sock, &to->any, to->len))
			return sock;
		printf("connect: %s\n", strerror(errno));
		close(sock);
		usleep(200000);
	} while (now_ms() < end);
	return -1;
}

/*
 * Whether all bytes went both ways and were right; and if not, whether the connection was
 * merely lost, or a byte was wrong here or nothing moved.
 */
enum exchange tcp_exchange(const struct address *to, uint64_t bytes, uint32_t seed)
{
	struct hello hello = { .magic = MAGIC, .seed = seed, .bytes = bytes };
	struct stream stream = { .bytes = bytes, .random = seed + 1 };
	bool good;

	stream.sock = connect_to(to);
	if (stream.sock < 0)
		return EXCHANGE_LOST;
	stream.out = stream_start(seed);
	stream.in = stream_start(seed + 1);
	good = send(stream.sock, &hello, sizeof(hello), MSG_NOSIGNAL) == sizeof(hello) &&
	       carry(&stream);
	close(stream.sock);
	return good ? EXCHANGE_RIGHT : stream.wrong ? EXCHANGE_WRONG : EXCHANGE_LOST;
}
