// SPDX-License-Identifier: GPL-2.0
/*
 * Where a guest may connect to, and what it may bind.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>

#include "policy_parse.h"

/* Ports below this are for who the administrator lets have them. */
#define FIRST_FREE_PORT	1024

#define V4_AT		12
#define V4_BITS		96

static const u8 v4_prefix[V4_AT] = { [10] = 0xff, [11] = 0xff };

static bool is_v4(const u8 *ip)
{
	return !memcmp(ip, v4_prefix, V4_AT);
}

static bool is_zero(const u8 *bytes, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (bytes[i])
			return false;
	return true;
}

static bool is_unspecified(const u8 *ip)
{
	return is_v4(ip) ? is_zero(ip + V4_AT, 4) : is_zero(ip, 16);
}

/* To connect to the unspecified address is to connect to oneself. */
static bool is_loopback(const u8 *ip)
{
	if (is_v4(ip))
		return ip[V4_AT] == 127 || !ip[V4_AT];
	return is_zero(ip, 15) && ip[15] <= 1;
}

static int take_number(const char **text, u32 max, u32 *number)
{
	const char *at = *text;
	u32 value = 0;

	if (*at < '0' || *at > '9')
		return -EINVAL;
	for (; *at >= '0' && *at <= '9'; at++) {
		value = value * 10 + (*at - '0');
		if (value > max)
			return -ERANGE;
	}
	*number = value;
	*text = at;
	return 0;
}

static bool take_char(const char **text, char what)
{
	if (**text != what)
		return false;
	(*text)++;
	return true;
}

static bool take_word(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len))
		return false;
	*text += len;
	return true;
}

static int take_v4(const char **text, u8 *to)
{
	unsigned int i;
	u32 byte;
	int err;

	for (i = 0; i < 4; i++) {
		if (i && !take_char(text, '.'))
			return -EINVAL;
		err = take_number(text, 255, &byte);
		if (err)
			return err;
		to[i] = byte;
	}
	return 0;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Return: how many digits there were, at most four. */
static unsigned int take_hex(const char **text, u8 *to)
{
	unsigned int value = 0, nr;

	for (nr = 0; nr < 4 && hex_of(**text) >= 0; nr++, (*text)++)
		value = value << 4 | hex_of(**text);
	to[0] = value >> 8;
	to[1] = value;
	return nr;
}

/* Move what comes behind "::", at byte @gap, to the end. */
static void spread(u8 *ip, unsigned int gap, unsigned int len)
{
	unsigned int behind = len - gap;

	memmove(ip + 16 - behind, ip + gap, behind);
	memset(ip + gap, 0, 16 - len);
}

/* Groups of up to four digits, and "::" once; no IPv4 in it. */
static int take_v6(const char **text, u8 *ip)
{
	unsigned int len = 0, gap = 16;
	bool more = true;

	memset(ip, 0, 16);
	if (take_word(text, "::")) {
		gap = 0;
		more = hex_of(**text) >= 0;
	}
	while (more) {
		if (len == 16 || !take_hex(text, ip + len))
			return -EINVAL;
		len += 2;
		if (gap == 16 && take_word(text, "::")) {
			gap = len;
			more = hex_of(**text) >= 0;
		} else {
			more = take_char(text, ':');
		}
	}
	if (gap == 16)
		return len == 16 ? 0 : -EINVAL;
	if (len > 14)
		return -EINVAL;
	spread(ip, gap, len);
	return 0;
}

/* The bits of a network that count, behind the @base that always do. */
static int take_bits(const char **text, struct policy_rule *rule,
		     unsigned int base)
{
	u32 bits;
	int err;

	rule->prefix = 128;
	if (!take_char(text, '/'))
		return 0;
	err = take_number(text, 128 - base, &bits);
	if (!err)
		rule->prefix = base + bits;
	return err;
}

static int take_net(const char **text, struct policy_rule *rule)
{
	int err;

	rule->kind = POLICY_NET;
	if (take_char(text, '[')) {
		err = take_v6(text, rule->ip);
		if (!err)
			err = take_bits(text, rule, 0);
		if (!err && !take_char(text, ']'))
			err = -EINVAL;
		return err;
	}
	memcpy(rule->ip, v4_prefix, V4_AT);
	err = take_v4(text, rule->ip + V4_AT);
	return err ?: take_bits(text, rule, V4_BITS);
}

static int take_ports(const char **text, struct policy_rule *rule)
{
	u32 first, last;
	int err;

	rule->first = 0;
	rule->last = U16_MAX;
	if (!take_char(text, ':'))
		return 0;
	err = take_number(text, U16_MAX, &first);
	if (err)
		return err;
	last = first;
	if (take_char(text, '-'))
		err = take_number(text, U16_MAX, &last);
	if (!err && last < first)
		err = -EINVAL;
	rule->first = first;
	rule->last = last;
	return err;
}

static int take_rule(const char **text, struct policy_rule *rule)
{
	int err = 0;

	memset(rule, 0, sizeof(*rule));
	if (take_char(text, '*'))
		rule->kind = POLICY_ANY;
	else if (take_word(text, "loopback"))
		rule->kind = POLICY_LOOPBACK;
	else
		err = take_net(text, rule);
	return err ?: take_ports(text, rule);
}

static bool is_between(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n';
}

static int take_rules(const char *text, struct policy_list *list)
{
	struct policy_rule rule;
	int err;

	for (;;) {
		while (is_between(*text))
			text++;
		if (!*text)
			return 0;
		err = take_rule(&text, &rule);
		if (err)
			return err;
		if (*text && !is_between(*text))
			return -EINVAL;
		if (list->nr == POLICY_RULES)
			return -E2BIG;
		list->rule[list->nr++] = rule;
	}
}

int policy_parse_list(const char *text, struct policy_list *list)
{
	int err;

	memset(list, 0, sizeof(*list));
	err = take_rules(text, list);
	if (err)
		list->nr = 0;
	return err;
}

static bool same_net(const u8 *a, const u8 *b, unsigned int bits)
{
	unsigned int bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes))
		return false;
	return !rest || !((a[bytes] ^ b[bytes]) >> (8 - rest));
}

static bool has_port(const struct policy_rule *rule, u16 port)
{
	return port >= rule->first && port <= rule->last;
}

static bool covers(const struct policy_rule *rule,
		   const struct policy_addr *addr)
{
	if (!has_port(rule, addr->port))
		return false;
	switch (rule->kind) {
	case POLICY_ANY:
		return true;
	case POLICY_LOOPBACK:
		return is_loopback(addr->ip);
	case POLICY_NET:
		/* "[::/0]" is about addresses of IPv6 only. */
		return is_v4(rule->ip) == is_v4(addr->ip) &&
		       same_net(rule->ip, addr->ip, rule->prefix);
	}
	return false;
}

static bool any_covers(const struct policy_list *list,
		       const struct policy_addr *addr)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (covers(&list->rule[i], addr))
			return true;
	return false;
}

/* A rule about one of a domain's addresses is about all of them together. */
static bool any_touches(const struct policy_list *list,
			const struct policy_addr *addr)
{
	unsigned int i;

	if (!is_unspecified(addr->ip))
		return any_covers(list, addr);
	for (i = 0; i < list->nr; i++)
		if (has_port(&list->rule[i], addr->port))
			return true;
	return false;
}

static bool may_reach(const struct policy *policy,
		      const struct policy_addr *to)
{
	if (any_covers(&policy->deny_connect, to))
		return false;
	if (policy->allow_connect.nr)
		return any_covers(&policy->allow_connect, to);
	return !is_loopback(to->ip);
}

/* The loopback, as the kernel has a connection to the unspecified address get there. */
static void become_loopback(struct policy_addr *addr, bool v4)
{
	memset(addr->ip, 0, sizeof(addr->ip));
	if (v4) {
		memcpy(addr->ip, v4_prefix, V4_AT);
		addr->ip[V4_AT] = 127;
	}
	addr->ip[15] = 1;
}

/*
 * A rule is about where a connection gets: by the unspecified address to the
 * loopback, or to what the socket is bound to. What denies the address as it
 * stands is heard too.
 */
static bool may_reach_oneself(const struct policy *policy,
			      const struct policy_addr *to, const u8 *from)
{
	struct policy_addr is = *to;

	if (any_covers(&policy->deny_connect, to))
		return false;
	become_loopback(&is, is_v4(to->ip) || is_v4(from));
	if (!may_reach(policy, &is))
		return false;
	memcpy(is.ip, from, sizeof(is.ip));
	return is_unspecified(from) || may_reach(policy, &is);
}

bool policy_may_connect(const struct policy *policy,
			const struct policy_addr *to, const u8 from[16])
{
	if (is_unspecified(to->ip))
		return may_reach_oneself(policy, to, from);
	return may_reach(policy, to);
}

/* All of a domain's addresses are more than its loopback. */
static bool allows_bind(const struct policy_list *list,
			const struct policy_addr *addr)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		const struct policy_rule *rule = &list->rule[i];

		if (is_unspecified(addr->ip) && rule->kind == POLICY_LOOPBACK)
			continue;
		if (is_unspecified(addr->ip) && rule->kind == POLICY_NET &&
		    rule->prefix > (is_v4(rule->ip) ? V4_BITS : 0))
			continue;
		if (covers(rule, addr))
			return true;
	}
	return false;
}

bool policy_may_bind(const struct policy *policy,
		     const struct policy_addr *addr)
{
	if (any_touches(&policy->deny_bind, addr))
		return false;
	if (policy->allow_bind.nr)
		return allows_bind(&policy->allow_bind, addr);
	return !addr->port || addr->port >= FIRST_FREE_PORT;
}
