// SPDX-License-Identifier: GPL-2.0
/* drivers/9p/front/wire.c: any answer of a backend, any request of the client. */
#include <string.h>
#include <stdlib.h>
#include <linux/types.h>
#include "../../../drivers/9p/front/wire.h"

#define REQUIRE(x) do { if (!(x)) __builtin_trap(); } while (0)

#define MAX	1024

static void answer(const u8 *msg, u32 len, u8 asked)
{
	struct p9front_head head;

	if (len < P9FRONT_HEAD || p9front_parse_head(msg, MAX, &head))
		return;
	REQUIRE(head.size >= P9FRONT_HEAD && head.size <= MAX);
	if (p9front_is_answer(asked, head.type))
		REQUIRE(head.type == asked + 1 ||
			head.type == P9FRONT_RLERROR ||
			head.type == P9FRONT_RERROR);
	if (len >= P9FRONT_READ_HEAD) {
		int n = p9front_parse_read(&head, msg + P9FRONT_HEAD, asked);

		REQUIRE(n < 0 || (n <= asked &&
				  n + P9FRONT_READ_HEAD == (int)head.size));
		n = p9front_parse_written(&head, msg + P9FRONT_HEAD, asked);
		REQUIRE(n <= asked);
	}
}

static void version(const u8 *msg, u32 len)
{
	struct p9front_version version, again;
	u8 buf[P9FRONT_HEAD + 6 + P9FRONT_DIALECT];
	u32 size;

	if (p9front_parse_version(msg, len, &version))
		return;
	REQUIRE(memchr(version.dialect, 0, P9FRONT_DIALECT));
	size = p9front_fill_version(buf, sizeof(buf), 1, &version);
	REQUIRE(size && !p9front_parse_version(buf, size, &again));
	REQUIRE(!memcmp(&version, &again, sizeof(version)));
}

static void request(const u8 *msg, u32 len)
{
	u32 at[P9FRONT_FIDS];
	unsigned int nr = p9front_find_fids(msg, len, at), i;

	REQUIRE(nr <= P9FRONT_FIDS);
	for (i = 0; i < nr; i++)
		REQUIRE(at[i] >= P9FRONT_HEAD && at[i] + 4 <= len);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 asked, *msg;

	if (size < 1)
		return 0;
	/* The sanitizer knows where the copy ends. */
	asked = data[0];
	msg = malloc(size - 1);
	memcpy(msg, data + 1, size - 1);
	answer(msg, size - 1, asked);
	version(msg, size - 1);
	request(msg, size - 1);
	free(msg);
	return 0;
}
