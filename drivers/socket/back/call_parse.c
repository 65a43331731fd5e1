// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest asks for, checked.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>

#include "call_parse.h"

#define TYPE_STREAM	1
#define PROTO_TCP	6

/* sockaddr_in and sockaddr_in6 of Linux; the last has come to have a scope. */
#define V4_LEN		16
#define V6_LEN		28
#define V6_OLD_LEN	24

/* More than any event channel design of Xen's has. */
#define PORT_MAX	0x1ffff

static int check_socket(const struct xpv_pvcalls_request *req)
{
	if (req->u.socket.domain != CALL_INET &&
	    req->u.socket.domain != CALL_INET6)
		return -CALL_ENOTSUP;
	if (req->u.socket.type != TYPE_STREAM)
		return -CALL_ENOTSUP;
	if (req->u.socket.protocol && req->u.socket.protocol != PROTO_TCP)
		return -CALL_ENOTSUP;
	return 0;
}

static int check_ring(u32 ref, u32 evtchn)
{
	return ref && evtchn && evtchn <= PORT_MAX ? 0 : -EINVAL;
}

static int check_connect(const struct xpv_pvcalls_request *req)
{
	struct call_addr addr;
	int err = call_parse_addr(req->u.connect.addr, req->u.connect.len,
				  &addr);

	if (err)
		return err;
	return check_ring(req->u.connect.ref, req->u.connect.evtchn);
}

static int check_bind(const struct xpv_pvcalls_request *req)
{
	struct call_addr addr;

	return call_parse_addr(req->u.bind.addr, req->u.bind.len, &addr);
}

static int check_accept(const struct xpv_pvcalls_request *req)
{
	if (req->u.accept.id == req->u.accept.id_new)
		return -EINVAL;
	return check_ring(req->u.accept.ref, req->u.accept.evtchn);
}

static int check_value(u32 option, s32 value)
{
	switch (option) {
	case XPV_PVCALLS_REUSEADDR:
	case XPV_PVCALLS_KEEPALIVE:
	case XPV_PVCALLS_NODELAY:
	case XPV_PVCALLS_CORK:
	case XPV_PVCALLS_V6ONLY:
		return value == 0 || value == 1 ? 0 : -EINVAL;
	case XPV_PVCALLS_LINGER:
		return value == 0 || value == -1 ? 0 : -EINVAL;
	case XPV_PVCALLS_KEEPIDLE:
	case XPV_PVCALLS_KEEPINTVL:
		return value >= 1 && value <= 32767 ? 0 : -EINVAL;
	case XPV_PVCALLS_KEEPCNT:
		return value >= 1 && value <= 127 ? 0 : -EINVAL;
	case XPV_PVCALLS_USER_TIMEOUT:
		return value >= 0 ? 0 : -EINVAL;
	default:
		return -ENOPROTOOPT;
	}
}

static int check_get(u32 option)
{
	if (option == XPV_PVCALLS_LINGER || !option ||
	    option > XPV_PVCALLS_UNSENT)
		return -ENOPROTOOPT;
	return 0;
}

int call_check(const struct xpv_pvcalls_request *req)
{
	switch (req->cmd) {
	case CALL_SOCKET:
		return check_socket(req);
	case CALL_CONNECT:
		return check_connect(req);
	case CALL_BIND:
		return check_bind(req);
	case CALL_ACCEPT:
		return check_accept(req);
	case CALL_RELEASE:
	case CALL_LISTEN:
	case CALL_POLL:
		return 0;
	case XPV_PVCALLS_SET:
		return check_value(req->u.option.option, req->u.option.value);
	case XPV_PVCALLS_GET:
		return check_get(req->u.option.option);
	case XPV_PVCALLS_NAME:
		return req->u.name.which <= XPV_PVCALLS_PEER_NAME ? 0 : -EINVAL;
	case XPV_PVCALLS_SHUT:
		return req->u.shut.how <= XPV_PVCALLS_SHUT_RDWR ? 0 : -EINVAL;
	case XPV_PVCALLS_FORGET:
		return 0;
	default:
		return -CALL_ENOTSUP;
	}
}

const char *call_name(u32 cmd)
{
	static const char *const names[] = {
		"socket", "connect", "release", "bind", "listen", "accept",
		"poll",
	};
	static const char *const more[] = {
		"set", "get", "name", "shutdown", "forget",
	};

	if (cmd < ARRAY_SIZE(names))
		return names[cmd];
	if (cmd >= XPV_PVCALLS_SET && cmd - XPV_PVCALLS_SET < ARRAY_SIZE(more))
		return more[cmd - XPV_PVCALLS_SET];
	return NULL;
}

static u16 get_family(const u8 *bytes)
{
	u16 family;

	memcpy(&family, bytes, sizeof(family));
	return family;
}

static int parse_v4(const u8 *bytes, u32 len, struct call_addr *addr)
{
	if (len < V4_LEN)
		return -EINVAL;
	addr->at.ip[10] = 0xff;
	addr->at.ip[11] = 0xff;
	memcpy(addr->at.ip + 12, bytes + 4, 4);
	return 0;
}

static int parse_v6(const u8 *bytes, u32 len, struct call_addr *addr)
{
	if (len < V6_OLD_LEN)
		return -EINVAL;
	memcpy(addr->at.ip, bytes + 8, 16);
	if (len >= V6_LEN)
		memcpy(&addr->scope, bytes + 24, sizeof(addr->scope));
	return 0;
}

int call_parse_addr(const u8 bytes[XPV_PVCALLS_ADDR], u32 len,
		    struct call_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (len < sizeof(u16) || len > XPV_PVCALLS_ADDR)
		return -EINVAL;
	addr->family = get_family(bytes);
	addr->at.port = bytes[2] << 8 | bytes[3];
	switch (addr->family) {
	case CALL_INET:
		return parse_v4(bytes, len, addr);
	case CALL_INET6:
		return parse_v6(bytes, len, addr);
	default:
		return -CALL_ENOTSUP;
	}
}

u32 call_put_addr(const struct call_addr *addr, u8 bytes[XPV_PVCALLS_ADDR])
{
	memset(bytes, 0, XPV_PVCALLS_ADDR);
	memcpy(bytes, &addr->family, sizeof(addr->family));
	bytes[2] = addr->at.port >> 8;
	bytes[3] = addr->at.port;
	if (addr->family == CALL_INET) {
		memcpy(bytes + 4, addr->at.ip + 12, 4);
		return V4_LEN;
	}
	memcpy(bytes + 8, addr->at.ip, 16);
	memcpy(bytes + 24, &addr->scope, sizeof(addr->scope));
	return V6_LEN;
}

int call_backlog(u32 backlog)
{
	return backlog > CALL_MAX_BACKLOG ? CALL_MAX_BACKLOG : (int)backlog;
}
