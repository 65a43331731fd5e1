// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/9p/front/{fids,names}.c: any requests, any answers. An input is a row
 * of messages, each behind its length; of each two the second answers the first.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/9p/front/fids.h"

#define REQUIRE(x) do { if (!(x)) __builtin_trap(); } while (0)

void *shim_alloc_array(size_t n, size_t size)
{
	return calloc(n, size);
}

static struct p9front_table table;

/* A copy of its own, so that the sanitizer knows where it ends. */
static u8 *next(const u8 **data, size_t *left, u32 *len)
{
	u32 given;
	u8 *msg;

	if (!*left)
		return NULL;
	given = **data;
	(*data)++;
	(*left)--;
	if (given > *left)
		given = *left;
	*len = given < P9FRONT_HEAD ? P9FRONT_HEAD : given;
	msg = calloc(1, *len);
	memcpy(msg, *data, given);
	*data += given;
	*left -= given;
	return msg;
}

static void check(void)
{
	static unsigned int life;
	struct p9front_fid *f;
	u8 asked[512];
	unsigned int i;

	for (i = 0; i < P9FRONT_HASH_SIZE; i++)
		hlist_for_each_entry(f, &table.fids[i], link)
			p9front_name_root(f->name);	/* which ends */
	life++;
	for (i = 0; p9front_lock_next(&table, life, asked, sizeof(asked)); i++)
		REQUIRE(i < table.nr_locks);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct p9front_change *change;
	u8 *asked, *answer;
	u32 len, i;

	memset(&table, 0, sizeof(table));
	spin_lock_init(&table.lock);
	INIT_LIST_HEAD(&table.locks);
	table.any_stale = true;
	while ((asked = next(&data, &size, &len))) {
		p9front_fids_stale(&table, 1, asked, len);
		if (p9front_change_plan(1, asked, len, &change))
			change = NULL;
		answer = next(&data, &size, &len);
		if (answer)
			p9front_change_make(&table, change, answer, len);
		else
			p9front_change_drop(change);
		free(answer);
		free(asked);
		check();
	}
	for (i = 0; i < 256; i++)
		p9front_fids_drop(&table, i);
	for (i = 0; i < P9FRONT_HASH_SIZE; i++)
		REQUIRE(!table.fids[i].first && !table.names[i].first);
	REQUIRE(list_empty(&table.locks) && !table.nr_locks);
	return 0;
}
