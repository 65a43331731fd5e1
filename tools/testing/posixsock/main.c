// SPDX-License-Identifier: GPL-2.0
/*
 * usage: posixsock tcp|pv[,names][,shutdown][,options][,inet6] ADDRESS PORT [CHECK]...
 *
 * Tries what programs expect of stream sockets, with both ends at ADDRESS and
 * ports from PORT on; all of it, or the named checks. What is about IPv6 needs
 * an address of it, in POSIXSOCK_ADDRESS6. POSIXSOCK_MANY connections
 * are made at once, and held while the file POSIXSOCK_HOLD exists,
 * POSIXSOCK_CYCLES in a row, and a check may take POSIXSOCK_SECONDS.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "posixsock.h"

bool has_names, has_shutdown, has_options, has_inet6;

static const bool never;

static const struct {
	const char *name;
	bool (*run)(void);
	const char *what;
	const bool *needs;
} checks[] = {
	{ "echo", check_echo, "connections carry data both ways", NULL },
	{ "nonblock", check_nonblock, "connections are made without waiting", NULL },
	{ "refused", check_refused, "a refused connection says so", NULL },
	{ "states", check_states, "calls out of turn fail as they should", NULL },
	{ "accept", check_accept, "accept() with all flags, and without waiting", NULL },
	{ "in-use", check_in_use, "a port in use is in use", NULL },
	{ "names", check_names, "addresses are known", &has_names },
	{ "again", check_again, "a socket connects after it was refused", NULL },
	{ "many", check_many, "many connections at once", NULL },
	{ "cycles", check_cycles, "many connections in a row", NULL },
	{ "backlog", check_backlog, "connections wait to be accepted", NULL },
	{ "crowd", check_crowd, "who finds the backlog full waits, and gets in", NULL },
	{ "late", check_late, "a connection that takes long goes on behind SO_SNDTIMEO", NULL },
	{ "inet6", check_inet6, "a socket of IPv6 takes connections of IPv4", NULL },
	{ "six", check_six, "IPv6 from end to end, addresses known", &has_inet6 },
	{ "wishes", check_wishes, "interfaces, marks and shared ports are had or refused", NULL },
	{ "stream", check_stream, "a megabyte each way at once", NULL },
	{ "vectors", check_vectors, "data comes from and goes to many places", NULL },
	{ "flags", check_flags, "MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC", NULL },
	{ "full", check_full, "a full socket says so, and when it is not", NULL },
	{ "slow", check_slow, "one that does not read holds up no other", NULL },
	{ "timeouts", check_timeouts, "SO_RCVTIMEO and SO_SNDTIMEO", NULL },
	{ "amount", check_amount, "FIONREAD", NULL },
	{ "sendfile", check_sendfile, "sendfile()", NULL },
	{ "splice", check_splice, "splice() both ways", NULL },
	{ "faults", check_faults, "memory that is not there", NULL },
	{ "closed", check_closed, "the end of data is seen, after the data", NULL },
	{ "half", check_half, "one direction ends, the other goes on", &has_shutdown },
	{ "shut", check_shut, "shutdown() of reading and of both", NULL },
	{ "pipe", check_pipe, "EPIPE and SIGPIPE", NULL },
	{ "reset", check_reset, "a connection that is reset", &has_options },
	{ "linger", check_linger, "what was sent arrives though it was closed", NULL },
	{ "patient", check_patient, "SO_LINGER waits until a full socket was read", NULL },
	{ "poll", check_poll, "poll()", NULL },
	{ "select", check_select, "select()", NULL },
	{ "edge", check_edge, "epoll by level and by edge", NULL },
	{ "once", check_once, "EPOLLONESHOT tells once, until it is armed again", NULL },
	{ "room", check_room, "epoll tells by edge of room in a full socket", NULL },
	{ "signals", check_signals, "signals interrupt, and calls begin again", NULL },
	{ "fork", check_fork, "a child goes on with a socket", NULL },
	{ "passing", check_passing, "a socket is handed to another process", NULL },
	{ "threads", check_threads, "many threads on one socket", NULL },
	{ "options", check_options, "options are kept", NULL },
	/* Only by name: something may make it another. */
	{ "protocol", check_protocol, "a socket is what it was asked to be", &never },
	{ "cork", check_cork, "TCP_CORK and MSG_MORE hold data, and not for long", NULL },
	/* Only by name: somebody takes the backend away. */
	{ "lost", check_lost, "connections are reset with the backend, and new ones made", &never },
};

bool works_at(const char *file, int line, const char *call, long long result)
{
	if (result >= 0)
		return true;
	printf("# %s:%d: %s: %s\n", file, line, call, strerror(errno));
	return false;
}

bool fails_at(const char *file, int line, const char *call, long long result,
	      int error)
{
	if (result >= 0)
		printf("# %s:%d: %s works\n", file, line, call);
	else if (errno != error)
		printf("# %s:%d: %s: %s, not %s\n", file, line, call,
		       strerror(errno), strerror(error));
	return result < 0 && errno == error;
}

bool same_at(const char *file, int line, const char *what, long long is,
	     long long should)
{
	if (is == should)
		return true;
	printf("# %s:%d: %s is %lld, not %lld\n", file, line, what, is,
	       should);
	return false;
}

static bool run(unsigned int i)
{
	const char *seconds = getenv("POSIXSOCK_SECONDS");
	bool good;

	if (checks[i].needs && checks[i].needs != &never && !*checks[i].needs) {
		printf("skip - %s\n", checks[i].what);
		return true;
	}
	alarm(seconds ? atoi(seconds) : 30);
	good = checks[i].run();
	alarm(0);
	printf("%s - %s\n", good ? "ok" : "not ok", checks[i].what);
	fflush(stdout);
	check_port++;
	return good;
}

static bool is_wanted(unsigned int check, int argc, char **argv)
{
	int i;

	for (i = 4; i < argc; i++)
		if (!strcmp(argv[i], checks[check].name))
			return true;
	return argc == 4 && checks[check].needs != &never;
}

static void hung(int number)
{
	static const char text[] = "# a check hangs\nnot ok - no check hangs\n";

	(void)number;
	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(3);
	_exit(1);
}

int main(int argc, char **argv)
{
	unsigned int i;
	int bad = 0;

	if (argc < 4 || !inet_aton(argv[2], &address)) {
		printf("# usage: posixsock tcp|pv[,...] ADDRESS PORT [CHECK]...\n");
		return 2;
	}
	if (!strncmp(argv[1], "pv", 2))
		protocol = IPPROTO_PVCALLS;
	has_names = !protocol || strstr(argv[1], "names");
	has_shutdown = !protocol || strstr(argv[1], "shutdown");
	has_options = !protocol || strstr(argv[1], "options");
	has_inet6 = getenv("POSIXSOCK_ADDRESS6") &&
		    inet_pton(AF_INET6, getenv("POSIXSOCK_ADDRESS6"), &address6) == 1 &&
		    (!protocol || strstr(argv[1], "inet6"));
	check_port = atoi(argv[3]);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, hung);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < ARRAY_SIZE(checks); i++)
		if (is_wanted(i, argc, argv))
			bad |= !run(i);
	return bad;
}
