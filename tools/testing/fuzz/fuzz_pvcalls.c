// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/socket/back: any request, and any list of rules. An input is a slot of
 * the command ring, and behind it the list.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/socket/back/call_parse.h"
#include "../../../drivers/socket/back/policy_parse.h"

#define REQUIRE(condition) do {		\
		if (!(condition))	\
			abort();	\
	} while (0)

/* An address that was read is written as it was, but for what means nothing. */
static void check_addr(const u8 *bytes, u32 len, struct call_addr *addr)
{
	struct call_addr again;
	u8 written[XPV_PVCALLS_ADDR];
	int err = call_parse_addr(bytes, len, addr);
	u32 n;

	if (err)
		return;
	REQUIRE(len >= 16 && len <= XPV_PVCALLS_ADDR);
	n = call_put_addr(addr, written);
	REQUIRE(n == (addr->family == AF_INET ? 16 : 28));
	REQUIRE(!memcmp(written, bytes, 4));
	REQUIRE(!call_parse_addr(written, n, &again));
	REQUIRE(!memcmp(&again, addr, sizeof(again)));
}

static void check_request(const struct xpv_pvcalls_request *req,
			  struct call_addr *addr)
{
	int err = call_check(req);

	REQUIRE(!err || err == -EINVAL || err == -524 || err == -ENOPROTOOPT);
	REQUIRE(!call_name(req->cmd) <= (err == -524));
	check_addr(req->u.connect.addr, req->u.connect.len, addr);
	if (!err && req->cmd == CALL_CONNECT)
		REQUIRE(req->u.connect.evtchn && req->u.connect.ref &&
			req->u.connect.len <= XPV_PVCALLS_ADDR);
	if (!err && req->cmd == XPV_PVCALLS_SET)
		REQUIRE(req->u.option.option != XPV_PVCALLS_LINGER ||
			req->u.option.value <= 0);
}

/* A rule that was read can be written down, and then is the same. */
static void check_rule(const struct policy_rule *rule)
{
	struct policy_list again;
	char ip[64], text[160];

	REQUIRE(rule->first <= rule->last);
	REQUIRE(rule->prefix <= 128);
	inet_ntop(AF_INET6, rule->ip, ip, sizeof(ip));
	/* No IPv4 in it, as the library likes to write. */
	if (rule->kind == POLICY_NET && !strchr(ip, '.')) {
		snprintf(text, sizeof(text), "[%s/%u]:%u-%u", ip, rule->prefix,
			 rule->first, rule->last);
		REQUIRE(!policy_parse_list(text, &again));
		REQUIRE(again.nr == 1);
		REQUIRE(!memcmp(&again.rule[0], rule, sizeof(*rule)));
	}
}

static void check_list(const char *text, const struct policy_addr *addr,
		       const u8 from[16])
{
	static struct policy policy;
	unsigned int i;
	bool without, with;

	memset(&policy, 0, sizeof(policy));
	without = policy_may_connect(&policy, addr, from);
	if (policy_parse_list(text, &policy.deny_connect)) {
		REQUIRE(!policy.deny_connect.nr);
		return;
	}
	REQUIRE(policy.deny_connect.nr <= POLICY_RULES);
	for (i = 0; i < policy.deny_connect.nr; i++)
		check_rule(&policy.deny_connect.rule[i]);
	/* What is denied is never more for a rule more. */
	with = policy_may_connect(&policy, addr, from);
	REQUIRE(with <= without);
	policy.allow_connect = policy.deny_connect;
	REQUIRE(!policy.deny_connect.nr || !policy_may_connect(&policy, addr, from));
	policy.deny_bind = policy.deny_connect;
	with = policy_may_bind(&policy, addr);
	memset(&policy.deny_bind, 0, sizeof(policy.deny_bind));
	REQUIRE(with <= policy_may_bind(&policy, addr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xpv_pvcalls_request req;
	struct call_addr addr;
	char *text;

	if (size < sizeof(req))
		return 0;
	memcpy(&req, data, sizeof(req));
	check_request(&req, &addr);
	text = strndup((const char *)data + sizeof(req), size - sizeof(req));
	REQUIRE(text);
	/* Any bytes are an address to be bound to. */
	check_list(text, &addr.at, data);
	free(text);
	return 0;
}
