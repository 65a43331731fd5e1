// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/socket/back/call_parse.c: requests that cannot be, and addresses.
 */
#include "unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/socket/back/call_parse.h"

static struct xpv_pvcalls_request begin(u32 cmd)
{
	struct xpv_pvcalls_request req;

	memset(&req, 0, sizeof(req));
	req.cmd = cmd;
	return req;
}

static int check_socket(u32 domain, u32 type, u32 protocol)
{
	struct xpv_pvcalls_request req = begin(CALL_SOCKET);

	req.u.socket.domain = domain;
	req.u.socket.type = type;
	req.u.socket.protocol = protocol;
	return call_check(&req);
}

static void test_sockets(void **state)
{
	assert_int_equal(check_socket(AF_INET, 1, 0), 0);
	assert_int_equal(check_socket(AF_INET, 1, 6), 0);
	assert_int_equal(check_socket(AF_INET6, 1, 0), 0);
	assert_int_equal(check_socket(AF_UNIX, 1, 0), -524);
	assert_int_equal(check_socket(0, 1, 0), -524);
	assert_int_equal(check_socket(AF_INET, 2, 0), -524);
	assert_int_equal(check_socket(AF_INET, 1, 17), -524);
	assert_int_equal(check_socket(AF_INET | 0x10000, 1, 0), -524);
}

static int parse(const void *from, size_t size, u32 len,
		 struct call_addr *addr)
{
	u8 bytes[XPV_PVCALLS_ADDR] = { 0 };

	memcpy(bytes, from, size);
	return call_parse_addr(bytes, len, addr);
}

static void test_v4(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	u8 bytes[XPV_PVCALLS_ADDR];
	struct call_addr addr;

	in.sin_port = htons(8080);
	in.sin_addr.s_addr = htonl(0x0a000001);
	assert_int_equal(parse(&in, sizeof(in), sizeof(in), &addr), 0);
	assert_int_equal(addr.family, CALL_INET);
	assert_int_equal(addr.at.port, 8080);
	assert_int_equal(addr.at.ip[11], 0xff);
	assert_int_equal(addr.at.ip[12], 10);
	assert_int_equal(addr.at.ip[15], 1);
	assert_int_equal(call_put_addr(&addr, bytes), sizeof(in));
	assert_memory_equal(bytes, &in, sizeof(in));
	assert_int_equal(parse(&in, sizeof(in), 15, &addr), -EINVAL);
	assert_int_equal(parse(&in, sizeof(in), 1, &addr), -EINVAL);
	assert_int_equal(parse(&in, sizeof(in), 0, &addr), -EINVAL);
	assert_int_equal(parse(&in, sizeof(in), 29, &addr), -EINVAL);
	assert_int_equal(parse(&in, sizeof(in), ~0U, &addr), -EINVAL);
	in.sin_family = AF_UNSPEC;
	assert_int_equal(parse(&in, sizeof(in), sizeof(in), &addr), -524);
}

static void test_v6(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	u8 bytes[XPV_PVCALLS_ADDR];
	struct call_addr addr;

	in6.sin6_port = htons(443);
	in6.sin6_scope_id = 7;
	inet_pton(AF_INET6, "fe80::1:2", &in6.sin6_addr);
	assert_int_equal(parse(&in6, sizeof(in6), sizeof(in6), &addr), 0);
	assert_int_equal(addr.family, CALL_INET6);
	assert_int_equal(addr.at.port, 443);
	assert_int_equal(addr.scope, 7);
	assert_memory_equal(addr.at.ip, &in6.sin6_addr, 16);
	assert_int_equal(call_put_addr(&addr, bytes), sizeof(in6));
	assert_memory_equal(bytes, &in6, sizeof(in6));
	assert_int_equal(parse(&in6, sizeof(in6), 24, &addr), 0);
	assert_int_equal(addr.scope, 0);
	assert_int_equal(parse(&in6, sizeof(in6), 23, &addr), -EINVAL);
}

static void test_rings(void **state)
{
	struct xpv_pvcalls_request req = begin(CALL_ACCEPT);

	req.u.accept.id = 1;
	req.u.accept.id_new = 2;
	assert_int_equal(call_check(&req), -EINVAL);
	req.u.accept.ref = 8;
	assert_int_equal(call_check(&req), -EINVAL);
	req.u.accept.evtchn = 5;
	assert_int_equal(call_check(&req), 0);
	req.u.accept.evtchn = 0x20000;
	assert_int_equal(call_check(&req), -EINVAL);
	req.u.accept.evtchn = 5;
	req.u.accept.id_new = 1;
	assert_int_equal(call_check(&req), -EINVAL);
}

static int set(u32 option, s32 value)
{
	struct xpv_pvcalls_request req = begin(XPV_PVCALLS_SET);

	req.u.option.option = option;
	req.u.option.value = value;
	return call_check(&req);
}

static int get(u32 option)
{
	struct xpv_pvcalls_request req = begin(XPV_PVCALLS_GET);

	req.u.option.option = option;
	return call_check(&req);
}

static void test_options(void **state)
{
	assert_int_equal(set(XPV_PVCALLS_NODELAY, 1), 0);
	assert_int_equal(set(XPV_PVCALLS_NODELAY, 2), -EINVAL);
	/* Nobody may make RELEASE wait. */
	assert_int_equal(set(XPV_PVCALLS_LINGER, -1), 0);
	assert_int_equal(set(XPV_PVCALLS_LINGER, 0), 0);
	assert_int_equal(set(XPV_PVCALLS_LINGER, 1), -EINVAL);
	assert_int_equal(set(XPV_PVCALLS_KEEPIDLE, 0), -EINVAL);
	assert_int_equal(set(XPV_PVCALLS_KEEPIDLE, 32768), -EINVAL);
	assert_int_equal(set(XPV_PVCALLS_KEEPCNT, 128), -EINVAL);
	assert_int_equal(set(XPV_PVCALLS_USER_TIMEOUT, -1), -EINVAL);
	assert_int_equal(set(XPV_PVCALLS_UNSENT, 0), -ENOPROTOOPT);
	assert_int_equal(set(0, 0), -ENOPROTOOPT);
	assert_int_equal(set(99, 0), -ENOPROTOOPT);
	assert_int_equal(get(XPV_PVCALLS_UNSENT), 0);
	assert_int_equal(get(XPV_PVCALLS_LINGER), -ENOPROTOOPT);
	assert_int_equal(get(XPV_PVCALLS_UNSENT + 1), -ENOPROTOOPT);
	assert_int_equal(get(0), -ENOPROTOOPT);
}

static void test_commands(void **state)
{
	static const u32 unknown[] = { 7, 255, 261, 0x80000000, ~0U };
	struct xpv_pvcalls_request req;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		req = begin(unknown[i]);
		assert_int_equal(call_check(&req), -524);
		assert_null(call_name(unknown[i]));
	}
	assert_string_equal(call_name(CALL_POLL), "poll");
	assert_string_equal(call_name(XPV_PVCALLS_FORGET), "forget");
	req = begin(XPV_PVCALLS_SHUT);
	req.u.shut.how = 3;
	assert_int_equal(call_check(&req), -EINVAL);
	req = begin(XPV_PVCALLS_NAME);
	req.u.name.which = 2;
	assert_int_equal(call_check(&req), -EINVAL);
	assert_int_equal(call_backlog(~0U), CALL_MAX_BACKLOG);
	assert_int_equal(call_backlog(5), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_rings),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
