// SPDX-License-Identifier: GPL-2.0
/* What accept() is asked comes in a structure. */
#include <linux/net.h>
#include <net/sock.h>

static int accept_one(struct socket *sock, struct socket *newsock,
		      struct proto_accept_arg *arg)
{
	return arg->kern ? arg->flags : 0;
}

const struct proto_ops probe_ops = { .accept = accept_one };
