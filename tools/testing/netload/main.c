// SPDX-License-Identifier: GPL-2.0
/*
 * usage: netload serve PORT
 *        netload tcp ADDRESS PORT KILOBYTES [CONNECTIONS]
 *        netload udp ADDRESS PORT FROM LAST STEP
 *        netload ping ADDRESS FROM LAST STEP [whole]
 *        netload traffic ADDRESS PORT STOPFILE
 *        netload xdp INTERFACE pass|drop|tx|abort|OTHER-INTERFACE
 *
 * The first answers the others, over IPv4 and IPv6; a ping is answered by the
 * kernel. udp and ping try payloads of all sizes from FROM to LAST; whole ones
 * may not be fragmented. traffic makes connection after connection until
 * STOPFILE is there. xdp has a program of the interface's driver decide what
 * becomes of the UDP that it receives. In the environment, NETLOAD_TRIES says how
 * often a datagram that was lost is sent, and NETLOAD_LOSSES that traffic goes on after
 * a connection that was lost, though not after bytes that are wrong, or silence.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netload.h"

void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	exit(2);
}

long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* A number below BELOW, by a small generator of known sequence. */
uint32_t any(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

static struct address parse(const char *text, const char *port)
{
	struct address address;

	memset(&address, 0, sizeof(address));
	if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons(atoi(port));
		address.len = sizeof(address.v4);
	} else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons(atoi(port));
		address.len = sizeof(address.v6);
	} else {
		give_up("no address: %s", text);
	}
	return address;
}

static int bound(int type, const char *port)
{
	struct sockaddr_in6 here = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	int sock = socket(AF_INET6, type, 0), on = 1;

	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(sock, (struct sockaddr *)&here, sizeof(here)))
		give_up("port %s: %s", port, strerror(errno));
	return sock;
}

static int serve(const char *port)
{
	int tcp = bound(SOCK_STREAM, port), udp = bound(SOCK_DGRAM, port);

	if (listen(tcp, 64))
		give_up("listen: %s", strerror(errno));
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		udp_serve(udp);
	}
	tcp_serve(tcp);
	return 0;
}

/* Connections at once, a process each. */
static int exchange(const struct address *to, unsigned int kilobytes, unsigned int connections)
{
	long long start = now_ms(), took;
	unsigned int i;
	int status, failed = 0;

	for (i = 0; i < connections; i++) {
		fflush(stdout);
		if (!fork())
			exit(tcp_exchange(to, kilobytes * 1024ULL, i * 16 + start) !=
			     EXCHANGE_RIGHT);
	}
	while (wait(&status) > 0)
		failed |= status;
	took = now_ms() - start;
	printf("%u KB each way on %u connections in %lld ms\n", kilobytes, connections, took);
	return !!failed;
}

static int traffic(const struct address *to, const char *stop)
{
	bool may_lose = getenv("NETLOAD_LOSSES");
	unsigned int rounds, lost = 0;
	enum exchange outcome;

	for (rounds = 0; access(stop, F_OK); rounds++) {
		outcome = tcp_exchange(to, 512 << 10, rounds);
		if (outcome == EXCHANGE_WRONG || (outcome == EXCHANGE_LOST && !may_lose)) {
			printf("failed in round %u\n", rounds);
			return 1;
		}
		lost += outcome == EXCHANGE_LOST;
		printf(outcome == EXCHANGE_LOST ? "lost\n" : "round\n");
	}
	printf("stopped after %u rounds, %u of them lost\n", rounds, lost);
	return 0;
}

/* Sizes are FROM LAST STEP in WORDS. */
static struct sweep *sweep_of(char **words)
{
	static struct sweep sweep;
	unsigned int last = atoi(words[1]);

	sweep.from = atoi(words[0]);
	sweep.step = atoi(words[2]);
	if (!sweep.step || last < sweep.from || last > CHUNK_MAX)
		give_up("no such sizes");
	sweep.nr = (last - sweep.from) / sweep.step + 1;
	return &sweep;
}

static int sweep(const char *what, char **words, int nr)
{
	struct address to = parse(words[0], strcmp(what, "udp") ? "0" : words[1]);
	struct sweep *sweep;

	if (!strcmp(what, "udp")) {
		sweep = sweep_of(words + 2);
		udp_open(sweep, &to);
	} else {
		sweep = sweep_of(words + 1);
		ping_open(sweep, &to, nr > 4);
	}
	return !sweep_run(sweep);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct address to;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	table_make();
	if (argc == 3 && !strcmp(what, "serve"))
		return serve(argv[2]);
	if (argc == 4 && !strcmp(what, "xdp"))
		xdp_run(argv[2], argv[3]);
	if (argc < 5)
		give_up("usage: netload serve|tcp|udp|ping|traffic ...");
	if (argc >= 6 && (!strcmp(what, "udp") || !strcmp(what, "ping")))
		return sweep(what, argv + 2, argc - 2);
	to = parse(argv[2], argv[3]);
	if (!strcmp(what, "tcp"))
		return exchange(&to, atoi(argv[4]), argc > 5 ? atoi(argv[5]) : 1);
	if (!strcmp(what, "traffic"))
		return traffic(&to, argv[4]);
	give_up("no such work: %s", what);
}
