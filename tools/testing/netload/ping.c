// SPDX-License-Identifier: GPL-2.0
/* Echo requests, by the kernel's own sockets for them, of any payload. */
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netload.h"

#define LARGEST (65535 - 20 - (int)sizeof(struct echo))

/* Of both families. The kernel fills in checksum and id. */
struct echo {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint16_t id;
	uint16_t number;
};

static bool is_v6(const struct sweep *sweep)
{
	struct address here = { .len = sizeof(here.v6) };

	getsockname(sweep->sock, &here.any, &here.len);
	return here.any.sa_family == AF_INET6;
}

static size_t fill(const struct sweep *sweep, unsigned char *data, unsigned int i)
{
	struct echo echo = {
		.type = is_v6(sweep) ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.number = htons(i),
	};
	size_t size = sweep_size(sweep, i);

	memcpy(data, &echo, sizeof(echo));
	memcpy(data + sizeof(echo), table_at(sweep_start(sweep, i)), size);
	return sizeof(echo) + size;
}

static int check(const struct sweep *sweep, const unsigned char *data, size_t len)
{
	struct echo echo;
	unsigned int i;

	if (len < sizeof(echo))
		return -1;
	memcpy(&echo, data, sizeof(echo));
	if (echo.type != (is_v6(sweep) ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY))
		return -1;
	i = ntohs(echo.number);
	if (sweep_size(sweep, i) != len - sizeof(echo))
		give_up("an echo of %u bytes came back as %zu", sweep_size(sweep, i),
			len - sizeof(echo));
	if (!table_matches(data + sizeof(echo), len - sizeof(echo), sweep_start(sweep, i)))
		give_up("an echo came back wrong");
	return i;
}

/* Whole: it may not be sent in fragments. */
static void send_whole(int sock, bool v6)
{
	int how = v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO;

	if (setsockopt(sock, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
		       v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &how, sizeof(how)))
		give_up("fragments cannot be forbidden");
}

static void allow_sockets(void)
{
	int control = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY);

	if (control >= 0 && write(control, "0 0", 3) == 3)
		close(control);
}

void ping_open(struct sweep *sweep, const struct address *to, bool whole)
{
	bool v6 = to->any.sa_family == AF_INET6;

	if (sweep_size(sweep, sweep->nr - 1) > LARGEST)
		give_up("no such sizes");
	allow_sockets();
	sweep->fill = fill;
	sweep->check = check;
	sweep->sock = socket(to->any.sa_family, SOCK_DGRAM, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (sweep->sock < 0 || connect(sweep->sock, &to->any, to->len))
		give_up("no socket");
	if (whole)
		send_whole(sweep->sock, v6);
}
