/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a guest may connect to, and what it may bind: lists of rules, and the
 * addresses they are about.
 *
 * Pure: no lock, no allocation; user space compiles policy_parse.c for its
 * tests.
 */
#ifndef POLICY_PARSE_H
#define POLICY_PARSE_H

#include <linux/types.h>

/* Rules of a list, and the longest text of one. */
#define POLICY_RULES	32
#define POLICY_TEXT	1024

/**
 * struct policy_addr - an address and a port
 * @ip: of IPv6; one of IPv4 is ::ffff:a.b.c.d
 * @port: in our byte order
 */
struct policy_addr {
	u8 ip[16];
	u16 port;
};

/**
 * enum policy_kind - which addresses a rule is about
 * @POLICY_ANY: all
 * @POLICY_NET: those of a network
 * @POLICY_LOOPBACK: those that stay in the domain whatever its network is
 */
enum policy_kind {
	POLICY_ANY,
	POLICY_NET,
	POLICY_LOOPBACK,
};

/**
 * struct policy_rule - addresses and ports
 * @kind: which addresses
 * @ip: the network
 * @prefix: how many bits of it count, of 128
 * @first: the first port
 * @last: the last one
 */
struct policy_rule {
	enum policy_kind kind;
	u8 ip[16];
	u8 prefix;
	u16 first;
	u16 last;
};

/**
 * struct policy_list - rules
 * @nr: how many
 * @rule: the rules
 */
struct policy_list {
	unsigned int nr;
	struct policy_rule rule[POLICY_RULES];
};

/**
 * struct policy - what a guest may do
 * @allow_connect: it may connect there
 * @deny_connect: it may not
 * @allow_bind: it may bind these
 * @deny_bind: it may not
 *
 * What a rule denies is denied, else what a rule allows is allowed. What no
 * rule is about is denied if there are rules that allow; if there are none it
 * is allowed, but for the loopback (connect) and ports below 1024 (bind).
 */
struct policy {
	struct policy_list allow_connect;
	struct policy_list deny_connect;
	struct policy_list allow_bind;
	struct policy_list deny_bind;
};

/**
 * policy_parse_list() - read a list of rules
 * @text: rules "ADDRESS[/BITS][:PORT[-PORT]]", separated by commas or blanks; or
 *	nothing. An address is one of IPv4, one of IPv6 in brackets (its bits
 *	too), "*" or "loopback".
 * @list: filled; empty on error
 *
 * Return: 0; -EINVAL if it is none; -ERANGE if a number is too large; -E2BIG if
 * there are more than %POLICY_RULES.
 */
int policy_parse_list(const char *text, struct policy_list *list);

/**
 * policy_may_connect() - whether a guest may connect somewhere
 * @policy: what it may do
 * @to: where. The unspecified address stands for the loopback and for @from: all
 *	of it has to be allowed.
 * @from: the address that the socket is bound to, or the unspecified one
 */
bool policy_may_connect(const struct policy *policy,
			const struct policy_addr *to, const u8 from[16]);

/**
 * policy_may_bind() - whether a guest may bind an address
 * @policy: what it may do
 * @addr: which. The unspecified one stands for all of the domain's: a rule that
 *	denies any of them denies it. Port 0 is one that is chosen later, and
 *	then is to be asked about again.
 */
bool policy_may_bind(const struct policy *policy,
		     const struct policy_addr *addr);

#endif
