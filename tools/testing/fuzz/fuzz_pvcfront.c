// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/socket/front/answer_parse.c: any answers to any table of what was
 * asked. An input is the table, then answers, then what streams say.
 */
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/socket/front/answer_parse.h"

#define REQUIRE(x) do { if (!(x)) __builtin_trap(); } while (0)

#define SLOTS	8

static struct pvcfront_asked asked[SLOTS];

static bool take(const u8 **data, size_t *left, void *to, size_t len)
{
	if (*left < len)
		return false;
	memcpy(to, *data, len);
	*data += len;
	*left -= len;
	return true;
}

/* An error that may go to a program: one that it knows. */
static void check_error(int err)
{
	REQUIRE(err <= 0 && err >= -133);
	REQUIRE(err != -EAGAIN && err != -EINTR && err != -EINPROGRESS);
}

static void check_addr(const struct xpv_pvcalls_response *rsp)
{
	struct pvcfront_addr addr, again;
	u8 wire[XPV_PVCALLS_ADDR];
	u32 len;

	pvcfront_addr_get(&addr, rsp->addr, rsp->addr_len);
	if (!addr.family)
		return;
	REQUIRE(addr.family == PVCFRONT_INET || addr.family == PVCFRONT_INET6);
	len = pvcfront_addr_put(&addr, wire);
	REQUIRE(len == rsp->addr_len);
	pvcfront_addr_get(&again, wire, len);
	REQUIRE(!memcmp(&addr, &again, sizeof(addr)));
	if (pvcfront_addr_to_inet(&again))
		REQUIRE(again.family == PVCFRONT_INET);
	pvcfront_addr_to_inet6(&again);
	REQUIRE(again.family == PVCFRONT_INET6);
}

static void check_answer(const struct xpv_pvcalls_response *rsp)
{
	int slot = pvcfront_answer_find(asked, SLOTS, rsp);

	check_error(pvcfront_errno(rsp->ret));
	check_addr(rsp);
	if (slot < 0) {
		REQUIRE(slot == -EILSEQ);
		return;
	}
	REQUIRE(slot < SLOTS && asked[slot].out);
	REQUIRE(asked[slot].id == rsp->id && asked[slot].cmd == rsp->cmd);
	/* Answered once. */
	asked[slot].out = false;
	REQUIRE(pvcfront_answer_find(asked, SLOTS, rsp) == -EILSEQ);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct xpv_pvcalls_response rsp;
	unsigned int i;
	int err = 0;
	s32 error;
	u8 bits;

	if (!take(&data, &size, &bits, 1))
		return 0;
	for (i = 0; i < SLOTS; i++) {
		asked[i].out = bits & (1 << i);
		asked[i].req_id = i | (u32)bits << 16;
		asked[i].cmd = i % 3;
		asked[i].id = i;
	}
	while (take(&data, &size, &rsp, sizeof(rsp)))
		check_answer(&rsp);
	while (take(&data, &size, &error, sizeof(error))) {
		if (pvcfront_stream_in(error, &err) == PVCFRONT_LOST)
			check_error(err);
		if (pvcfront_stream_out(error, &err) == PVCFRONT_LOST)
			check_error(err);
	}
	return 0;
}
