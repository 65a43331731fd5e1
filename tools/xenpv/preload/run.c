// SPDX-License-Identifier: GPL-2.0
/*
 * What "xenpv run" loads into a program: its TCP sockets become PV sockets. What
 * the C library does by itself, such as looking up names, is left alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xpv/pvsock.h>

#define SOCK_TYPE_MASK	0xf

static bool is_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & SOCK_TYPE_MASK) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP);
}

/* No module, no device, or no backend: errors of socket() itself. */
static bool is_absent(int err)
{
	return err == EPROTONOSUPPORT || err == ENETDOWN || err == EINVAL ||
	       err == EAFNOSUPPORT;
}

static void tell_once(void)
{
	static const char text[] =
		"xenpv: there are no PV sockets here; this is TCP\n";
	static bool told;

	if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED) &&
	    write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		return;
}

__attribute__((visibility("default")))
int socket(int domain, int type, int protocol)
{
	int fd, err = errno;

	if (is_tcp(domain, type, protocol)) {
		fd = syscall(SYS_socket, domain, type, IPPROTO_PVCALLS);
		if (fd >= 0 || !getenv("XENPV_RUN_FALLBACK") ||
		    !is_absent(errno))
			return fd;
		tell_once();
		errno = err;
	}
	return syscall(SYS_socket, domain, type, protocol);
}
