/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest asks for, checked: requests of PV Calls, copied from the ring.
 *
 * Pure: no lock, no allocation; user space compiles call_parse.c for its tests.
 */
#ifndef CALL_PARSE_H
#define CALL_PARSE_H

#include <linux/types.h>
#include <xpv/pvcalls.h>

#include "policy_parse.h"

/* The protocol's commands. */
#define CALL_SOCKET	0
#define CALL_CONNECT	1
#define CALL_RELEASE	2
#define CALL_BIND	3
#define CALL_LISTEN	4
#define CALL_ACCEPT	5
#define CALL_POLL	6

/* Its families, which are Linux's. */
#define CALL_INET	2
#define CALL_INET6	10

/* The protocol's ENOTSUP. */
#define CALL_ENOTSUP	524

/* The most connections that may wait to be accepted. */
#define CALL_MAX_BACKLOG	4096

/**
 * struct call_addr - a socket's address
 * @family: %CALL_INET or %CALL_INET6
 * @scope: of a link's address of IPv6
 * @at: the rest
 */
struct call_addr {
	u16 family;
	u32 scope;
	struct policy_addr at;
};

/**
 * call_check() - check a request as far as it can be by itself
 * @req: a private copy
 *
 * Return: 0; -%CALL_ENOTSUP for a command, or a kind of socket, that is not
 * known; -ENOPROTOOPT for such an option; -EINVAL for any other value that
 * cannot be.
 */
int call_check(const struct xpv_pvcalls_request *req);

/**
 * call_name() - what a command is called
 * @cmd: the command
 *
 * Return: a constant string, NULL if it is not known.
 */
const char *call_name(u32 cmd);

/**
 * call_parse_addr() - read an address of a request
 * @bytes: the address, a private copy
 * @len: how much of it counts; untrusted
 * @addr: filled
 *
 * Return: 0; -EINVAL if it is too short or too long; -%CALL_ENOTSUP if it is of
 * another family.
 */
int call_parse_addr(const u8 bytes[XPV_PVCALLS_ADDR], u32 len,
		    struct call_addr *addr);

/**
 * call_put_addr() - write an address for a response
 * @addr: the address
 * @bytes: filled
 *
 * Return: how much of it counts.
 */
u32 call_put_addr(const struct call_addr *addr, u8 bytes[XPV_PVCALLS_ADDR]);

/**
 * call_backlog() - how many connections may wait
 * @backlog: as the request has it
 *
 * Return: the same, or the most that there can be.
 */
int call_backlog(u32 backlog);

#endif
