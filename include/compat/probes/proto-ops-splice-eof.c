// SPDX-License-Identifier: GPL-2.0
/* A socket is told that a file ended before as much of it was spliced as was asked for. */
#include <linux/net.h>

static void end_of_file(struct socket *sock)
{
}

const struct proto_ops probe_ops = { .splice_eof = end_of_file };
