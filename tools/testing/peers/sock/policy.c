// SPDX-License-Identifier: GPL-2.0
/*
 * A client that goes where it may not. Device 0 has no rules; the test says what
 * those of devices 1 and 3 are.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "sock.h"

static struct guest g;

static int try_connect(int domain, const char *ip, unsigned int port)
{
	struct conn c;
	int err;

	conn_open(&c, &g, 1, 1);
	sock_open(&g, 1, domain);
	err = sock_connect(&g, &c, ip, port);
	sock_release(&g, 1);
	if (!conn_free(&c))
		rule("a ring was let go of", false);
	return err;
}

static int try_bind(int domain, const char *ip, unsigned int port)
{
	int err;

	sock_open(&g, 1, domain);
	err = sock_bind(&g, 1, ip, port);
	sock_release(&g, 1);
	return err;
}

/* Release a socket that has sent all that there is room for, to one that reads nothing. */
static void leave_behind(__u64 id)
{
	static const char much[60000] = "h";
	struct conn c;

	conn_open(&c, &g, id, 4);
	sock_open(&g, id, AF_INET);
	sock_connect(&g, &c, SERVER, SERVER_PORT);
	while (conn_send(&c, much, sizeof(much), 500) == sizeof(much))
		;
	sock_release(&g, id);
	conn_free(&c);
}

static void without_rules(void)
{
	gives("connects to the server", try_connect(AF_INET, SERVER, SERVER_PORT), 0);
	gives("but not to the loopback", try_connect(AF_INET, "127.0.0.1", SERVER_PORT), -EACCES);
	gives("nor to any of it", try_connect(AF_INET, "127.9.9.9", SERVER_PORT), -EACCES);
	gives("nor to no address, which is it",
	      try_connect(AF_INET, "0.0.0.0", SERVER_PORT), -EACCES);
	gives("nor by IPv6", try_connect(AF_INET6, "::1", SERVER_PORT), -EACCES);
	gives("nor to none of IPv6", try_connect(AF_INET6, "::", SERVER_PORT), -EACCES);
	gives("nor by an address of IPv4 in IPv6",
	      try_connect(AF_INET6, "::ffff:127.0.0.1", SERVER_PORT), -EACCES);
	gives("binds a high port", try_bind(AF_INET, "0.0.0.0", 8080), 0);
	gives("and one that is chosen", try_bind(AF_INET, "0.0.0.0", 0), 0);
	gives("but no low port", try_bind(AF_INET, "0.0.0.0", 80), -EACCES);
	gives("nor the last of them", try_bind(AF_INET6, "::", 1023), -EACCES);
}

/*
 * allow-connect=10.77.9.0/24:7000 deny-connect=[fd77:9::/64]
 * allow-bind=*:80,*:9000-9010 max-sockets=3
 */
static void with_rules(void)
{
	gives("connects where it is allowed", try_connect(AF_INET, SERVER, SERVER_PORT), 0);
	gives("not to another port", try_connect(AF_INET, SERVER, 7001), -EACCES);
	gives("not to another address", try_connect(AF_INET, "10.77.8.1", SERVER_PORT), -EACCES);
	gives("not where it is denied", try_connect(AF_INET6, SERVER6, SERVER_PORT), -EACCES);
	gives("binds a low port that is allowed", try_bind(AF_INET, "0.0.0.0", 80), 0);
	gives("binds one of a range", try_bind(AF_INET, "0.0.0.0", 9010), 0);
	gives("not one beyond it", try_bind(AF_INET, "0.0.0.0", 9011), -EACCES);
	gives("not one that is chosen", try_bind(AF_INET, "0.0.0.0", 0), -EACCES);
	sock_open(&g, 1, AF_INET);
	sock_open(&g, 2, AF_INET);
	gives("has as many sockets as it may", sock_open(&g, 3, AF_INET), 0);
	gives("and no more", sock_open(&g, 4, AF_INET), -ENFILE);
	sock_release(&g, 1);
	sock_release(&g, 2);
	sock_release(&g, 3);
	leave_behind(1);
	leave_behind(2);
	leave_behind(3);
	gives("those with something to send count until it is sent",
	      sock_open(&g, 4, AF_INET), -ENFILE);
}

/* allow-connect=* deny-connect=127.0.0.0/8,[::1] */
static void with_exceptions(void)
{
	gives("connects where nothing is denied", try_connect(AF_INET, SERVER, SERVER_PORT), 0);
	gives("not to the loopback by no address",
	      try_connect(AF_INET, "0.0.0.0", SERVER_PORT), -EACCES);
	gives("nor by none of IPv6", try_connect(AF_INET6, "::", SERVER_PORT), -EACCES);
	gives("nor by none of IPv4 in IPv6",
	      try_connect(AF_INET6, "::ffff:0.0.0.0", SERVER_PORT), -EACCES);
}

void play_policy(struct device *dev)
{
	guest_open(&g, dev, false);
	rule("the backend connects", guest_begin(&g));
	if (!strcmp(strrchr(dev->front, '/'), "/1"))
		with_rules();
	else if (!strcmp(strrchr(dev->front, '/'), "/3"))
		with_exceptions();
	else
		without_rules();
	rule("it closes and lets go of all", guest_close(&g));
}

/* In a network that has not even a loopback. */
void play_elsewhere(struct device *dev)
{
	guest_open(&g, dev, false);
	rule("the backend connects", guest_begin(&g));
	gives("the server is not there", try_connect(AF_INET, SERVER, SERVER_PORT), -ENETUNREACH);
	gives("and its port is free", try_bind(AF_INET, "0.0.0.0", SERVER_PORT), 0);
	rule("it closes and lets go of all", guest_close(&g));
}
