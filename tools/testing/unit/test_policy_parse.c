// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/socket/back/policy_parse.c: lists of rules that are none, and what a
 * guest may do by those that are.
 */
#include "unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/socket/back/policy_parse.h"

static struct policy_list list;
static struct policy policy;

static struct policy_addr addr_of(const char *ip, unsigned int port)
{
	struct policy_addr addr = { .port = port };

	if (inet_pton(AF_INET6, ip, addr.ip) == 1)
		return addr;
	addr.ip[10] = 0xff;
	addr.ip[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, ip, addr.ip + 12), 1);
	return addr;
}

static void rules(const char *allow_connect, const char *deny_connect,
		  const char *allow_bind, const char *deny_bind)
{
	assert_int_equal(policy_parse_list(allow_connect, &policy.allow_connect), 0);
	assert_int_equal(policy_parse_list(deny_connect, &policy.deny_connect), 0);
	assert_int_equal(policy_parse_list(allow_bind, &policy.allow_bind), 0);
	assert_int_equal(policy_parse_list(deny_bind, &policy.deny_bind), 0);
}

static void connects_from(const char *own, const char *ip, unsigned int port,
			  bool may)
{
	struct policy_addr addr = addr_of(ip, port), from = addr_of(own, 0);

	assert_int_equal(policy_may_connect(&policy, &addr, from.ip), may);
}

static void connects(const char *ip, unsigned int port, bool may)
{
	connects_from(strchr(ip, ':') ? "::" : "0.0.0.0", ip, port, may);
}

static void binds(const char *ip, unsigned int port, bool may)
{
	struct policy_addr addr = addr_of(ip, port);

	assert_int_equal(policy_may_bind(&policy, &addr), may);
}

static void test_lists(void **state)
{
	assert_int_equal(policy_parse_list("", &list), 0);
	assert_int_equal(list.nr, 0);
	assert_int_equal(policy_parse_list(" , \n", &list), 0);
	assert_int_equal(list.nr, 0);
	assert_int_equal(policy_parse_list("*", &list), 0);
	assert_int_equal(list.nr, 1);
	assert_int_equal(list.rule[0].kind, POLICY_ANY);
	assert_int_equal(list.rule[0].last, 65535);
	assert_int_equal(policy_parse_list("10.0.0.0/8:80-90, loopback:7\n[fe80::/10]", &list), 0);
	assert_int_equal(list.nr, 3);
	assert_int_equal(list.rule[0].prefix, 104);
	assert_int_equal(list.rule[0].first, 80);
	assert_int_equal(list.rule[0].last, 90);
	assert_int_equal(list.rule[1].kind, POLICY_LOOPBACK);
	assert_int_equal(list.rule[1].first, 7);
	assert_int_equal(list.rule[2].prefix, 10);
}

static void refuse(const char *text, int err)
{
	list.nr = 7;
	assert_int_equal(policy_parse_list(text, &list), err);
	assert_int_equal(list.nr, 0);
}

static void test_no_lists(void **state)
{
	char many[400] = "";
	unsigned int i;

	refuse("x", -EINVAL);
	refuse("**", -EINVAL);
	refuse("*:", -EINVAL);
	refuse("*:1-", -EINVAL);
	refuse("*:2-1", -EINVAL);
	refuse("*:65536", -ERANGE);
	refuse("*:99999999999999999999", -ERANGE);
	refuse("10.0.0", -EINVAL);
	refuse("10.0.0.256", -ERANGE);
	refuse("10.0.0.0/33", -ERANGE);
	refuse("10.0.0.0/", -EINVAL);
	refuse("10.0.0.0.0", -EINVAL);
	refuse("fe80::1", -EINVAL);
	refuse("[fe80::1", -EINVAL);
	refuse("[]", -EINVAL);
	refuse("[:]", -EINVAL);
	refuse("[:::]", -EINVAL);
	refuse("[1:2:3:4:5:6:7]", -EINVAL);
	refuse("[1:2:3:4:5:6:7:8:9]", -EINVAL);
	refuse("[1:2:3:4:5:6:7::8]", -EINVAL);
	refuse("[1::2::3]", -EINVAL);
	refuse("[12345::]", -EINVAL);
	refuse("[::/129]", -ERANGE);
	refuse("loopbacks", -EINVAL);
	refuse("*;*", -EINVAL);
	for (i = 0; i <= POLICY_RULES; i++)
		strcat(many, "*,");
	refuse(many, -E2BIG);
}

/* What the C library makes of the same addresses. */
static void test_addresses(void **state)
{
	static const char *const ips[] = {
		"::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "a::8",
		"2001:db8::ABCD:0:1", "1:2:3:4:5:6::", "::3:4:5:6:7:8",
	};
	unsigned int i;
	char text[64];

	for (i = 0; i < ARRAY_SIZE(ips); i++) {
		struct policy_addr addr = addr_of(ips[i], 1);

		snprintf(text, sizeof(text), "[%s]", ips[i]);
		assert_int_equal(policy_parse_list(text, &list), 0);
		assert_memory_equal(list.rule[0].ip, addr.ip, 16);
	}
}

static void test_without_rules(void **state)
{
	rules("", "", "", "");
	connects("10.0.0.1", 80, true);
	connects("2001:db8::1", 80, true);
	connects("127.0.0.1", 80, false);
	connects("127.255.0.1", 80, false);
	connects("0.0.0.0", 80, false);
	connects("::1", 80, false);
	connects("::", 80, false);
	connects("::ffff:127.0.0.1", 80, false);
	binds("0.0.0.0", 0, true);
	binds("0.0.0.0", 1, false);
	binds("0.0.0.0", 1023, false);
	binds("0.0.0.0", 1024, true);
	binds("::", 80, false);
	binds("10.0.0.1", 80, false);
}

static void test_connect(void **state)
{
	rules("10.0.0.0/8:80-90,[2001:db8::/32]", "10.1.0.0/16,*:85", "", "");
	connects("10.0.0.1", 80, true);
	connects("10.0.0.1", 91, false);
	connects("10.0.0.1", 85, false);
	connects("10.1.0.1", 80, false);
	connects("11.0.0.1", 80, false);
	connects("2001:db8:5::1", 443, true);
	connects("2001:db9::1", 443, false);
	connects("127.0.0.1", 80, false);
	rules("*", "", "", "");
	connects("127.0.0.1", 80, true);
	rules("loopback:80", "", "", "");
	connects("::1", 80, true);
	connects("::1", 81, false);
	connects("10.0.0.1", 80, false);
	/* Rules that deny do not make anything allowed. */
	rules("", "10.0.0.1", "", "");
	connects("127.0.0.1", 80, false);
	connects("10.0.0.2", 80, true);
	/* IPv6 is not IPv4. */
	rules("[::/0]", "", "", "");
	connects("10.0.0.1", 80, false);
	connects("2001:db8::1", 80, true);
	rules("10.128.0.0/9", "", "", "");
	connects("10.127.0.1", 80, false);
	connects("10.129.0.1", 80, true);
}

/* To no address is to the loopback, or to where the socket is bound. */
static void test_oneself(void **state)
{
	rules("*", "127.0.0.0/8", "", "");
	connects("0.0.0.0", 80, false);
	connects("::ffff:0.0.0.0", 80, false);
	connects("::", 80, true);
	connects_from("::ffff:10.0.0.1", "::", 80, false);
	rules("*", "[::1]:80", "", "");
	connects("::", 80, false);
	connects("::", 81, true);
	connects("0.0.0.0", 80, true);
	rules("*", "loopback", "", "");
	connects("0.0.0.0", 80, false);
	connects("::", 80, false);
	rules("*", "10.0.0.1", "", "");
	connects("0.0.0.0", 80, true);
	connects_from("10.0.0.1", "0.0.0.0", 80, false);
	connects_from("10.0.0.2", "0.0.0.0", 80, true);
	connects_from("10.0.0.1", "10.0.0.2", 80, true);
	connects_from("::ffff:10.0.0.1", "::ffff:0.0.0.0", 80, false);
	connects_from("::ffff:10.0.0.1", "::", 80, false);
	rules("*", "[fd00::1]", "", "");
	connects_from("fd00::1", "::", 80, false);
	/* Denied as it stands, and allowed only by what it becomes. */
	rules("*", "0.0.0.0", "", "");
	connects("0.0.0.0", 80, false);
	rules("0.0.0.0,10.0.0.1", "", "", "");
	connects("0.0.0.0", 80, false);
	connects_from("10.0.0.1", "0.0.0.0", 80, false);
	rules("127.0.0.0/8", "", "", "");
	connects("0.0.0.0", 80, true);
	connects_from("10.0.0.1", "0.0.0.0", 80, false);
}

static void test_bind(void **state)
{
	rules("", "", "*:80,*:8000-8010", "");
	binds("0.0.0.0", 80, true);
	binds("::", 80, true);
	binds("0.0.0.0", 8010, true);
	binds("0.0.0.0", 8011, false);
	binds("0.0.0.0", 0, false);
	rules("", "", "10.0.0.1", "");
	binds("10.0.0.1", 22, true);
	binds("10.0.0.2", 2222, false);
	/* All addresses are more than that one. */
	binds("0.0.0.0", 2222, false);
	rules("", "", "loopback", "");
	binds("127.0.0.1", 2222, true);
	binds("0.0.0.0", 2222, false);
	rules("", "", "0.0.0.0/0", "");
	binds("0.0.0.0", 2222, true);
	binds("::", 2222, false);
	/* And have all of what is denied. */
	rules("", "", "", "10.0.0.1:8080");
	binds("10.0.0.1", 8080, false);
	binds("10.0.0.2", 8080, true);
	binds("0.0.0.0", 8080, false);
	binds("::", 8080, false);
	binds("::", 8081, true);
	binds("::", 80, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_no_lists),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_without_rules),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_oneself),
		cmocka_unit_test(test_bind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
