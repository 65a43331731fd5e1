// SPDX-License-Identifier: GPL-2.0
/* What a backend answers. Nothing here allocates, locks or calls Xen. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <xen/interface/io/blkif.h>
#include "answer_parse.h"

#define LIFE_SHIFT	32

u64 blkfront_id(u32 slot, const struct blkfront_asked *asked)
{
	return (u64)asked->life << LIFE_SHIFT | slot;
}

int blkfront_answer_slot(const struct blkif_response *rsp, unsigned int nr)
{
	u32 slot = lower_32_bits(rsp->id);

	return slot < nr ? (int)slot : -ENOENT;
}

/* Some name the operation inside an indirect request, some the outer one. */
static bool echoes(const struct blkfront_asked *asked, u8 op)
{
	return op == asked->op || (asked->indirect && op == BLKIF_OP_INDIRECT);
}

int blkfront_answer_check(const struct blkfront_asked *asked,
			  const struct blkif_response *rsp)
{
	if (!asked->out || asked->life != upper_32_bits(rsp->id))
		return -ENOENT;
	return echoes(asked, rsp->operation) ? 0 : -EILSEQ;
}

enum blkfront_said blkfront_answer_says(const struct blkfront_asked *asked,
					s16 status, bool worked)
{
	bool refused = status == BLKIF_RSP_EOPNOTSUPP;

	if (status == BLKIF_RSP_OKAY)
		return BLKFRONT_DONE;
	switch (asked->op) {
	case BLKIF_OP_DISCARD:
		refused |= !asked->secure && !worked;
		break;
	case BLKIF_OP_FLUSH_DISKCACHE:
	case BLKIF_OP_WRITE_BARRIER:
		break;
	default:
		refused = false;
	}
	return refused ? BLKFRONT_REFUSED : BLKFRONT_FAILED;
}
