// SPDX-License-Identifier: GPL-2.0
/* A protocol says where in its sockets IPv6 has its own. */
#include <linux/ipv6.h>
#include <net/sock.h>

struct probe_sock {
	struct sock sk;
	struct ipv6_pinfo inet6;
};

const struct proto probe_proto = {
	.ipv6_pinfo_offset = offsetof(struct probe_sock, inet6),
};
