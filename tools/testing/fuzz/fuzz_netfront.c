// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/net/netfront/netfront_parse.c with any slots, responses and texts. An
 * input is slots of the receive ring, each with a byte in front that says
 * whether its id is the one expected. All of the input is also taken for a
 * response on the control ring, and for the text of an address.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/net/netfront/netfront_parse.h"

#define REQUIRE(what) do { if (!(what)) abort(); } while (0)

#define PIECE	(1 + NETFRONT_RX_SLOT)

/* What a driver relies on, whatever was fed. */
static void check_packet(const struct netfront_packet *pkt)
{
	u32 len = 0;
	int i;

	REQUIRE(pkt->nr <= NETFRONT_RX_FRAGS);
	REQUIRE(pkt->slots <= NETFRONT_RX_SLOTS_MAX);
	for (i = 0; i < pkt->nr; i++) {
		REQUIRE(pkt->frags[i].len);
		REQUIRE(pkt->frags[i].offset + pkt->frags[i].len <=
			NETFRONT_PAGE);
		len += pkt->frags[i].len;
	}
	REQUIRE(pkt->len == len);
	REQUIRE(!pkt->gso == !pkt->gso_size);
	REQUIRE(pkt->gso <= NETFRONT_GSO_TCPV6);
	REQUIRE(pkt->hash <= NETFRONT_HASH_NONE);
}

static void check_slots(const u8 *data, size_t size)
{
	struct netfront_packet pkt;
	u8 before, *slot;
	int what;
	u16 id;

	netfront_packet_start(&pkt);
	for (; size >= PIECE; data += PIECE, size -= PIECE) {
		/* Of its exact size, for the sanitizer. */
		slot = malloc(NETFRONT_RX_SLOT);
		memcpy(slot, data + 1, NETFRONT_RX_SLOT);
		memcpy(&id, slot, sizeof(id));
		before = pkt.nr;
		what = netfront_packet_feed(&pkt, slot, id + data[0] % 2);
		free(slot);
		check_packet(&pkt);
		if (what < 0) {
			REQUIRE(what == -EILSEQ || what == -EOVERFLOW);
			return;
		}
		REQUIRE(pkt.nr == before + !!(what & NETFRONT_SLOT_DATA));
		if (!(what & NETFRONT_SLOT_LAST))
			continue;
		REQUIRE(pkt.err || (pkt.nr && pkt.len >= NETFRONT_FRAME_MIN));
		netfront_packet_start(&pkt);
	}
}

static void check_ctrl(const u8 *data, size_t size)
{
	u32 value = 0x5a5a5a5a;
	u8 rsp[NETFRONT_CTRL_RSP] = {};
	u32 status;
	int err;

	memcpy(rsp, data, size < sizeof(rsp) ? size : sizeof(rsp));
	memcpy(&status, rsp + 4, sizeof(status));
	err = netfront_ctrl_parse(rsp, rsp[0] | rsp[1] << 8,
				  rsp[2] | rsp[3] << 8, &value);
	REQUIRE(!err == !status);
	REQUIRE(err != -EILSEQ);
	REQUIRE(netfront_ctrl_parse(rsp, ~(rsp[0] | rsp[1] << 8), 0, &value) ==
		-EILSEQ);
}

static void check_mac(const u8 *data, size_t size)
{
	u8 mac[NETFRONT_MAC_LEN] = { 1 };
	char *text = calloc(1, size + 1);

	memcpy(text, data, size);
	if (!netfront_mac_parse(text, mac))
		REQUIRE(!(mac[0] & 1) && strlen(text) == 17);
	else
		REQUIRE(mac[0] == 1);
	free(text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	check_slots(data, size);
	check_ctrl(data, size);
	check_mac(data, size);
	return 0;
}
