/* SPDX-License-Identifier: GPL-2.0 */
/* What must hold of a request that blkif_parse.c lets pass. */
#ifndef CHECK_BLKIF_H
#define CHECK_BLKIF_H

#include <stdlib.h>
#include <linux/types.h>
#include "../../../drivers/block/blkback/blkif_parse.h"

#ifndef REQUIRE
#define REQUIRE(condition) do {		\
		if (!(condition))	\
			abort();	\
	} while (0)
#endif

/* Whatever may be carried out lies within the disk and its pages. */
static inline void check_data(const struct blkif_limits *limits,
			      const struct blkif_req *req,
			      const struct blkif_seg *segs)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < req->nr_segs; i++) {
		REQUIRE(segs[i].first <= segs[i].last);
		REQUIRE(segs[i].last < BLKIF_PAGE_SECTORS);
		sum += segs[i].last - segs[i].first + 1;
		REQUIRE(sum % limits->block == 0);
	}
	if (req->op != BLKIF_DISCARD)
		REQUIRE(req->nr_sectors == sum);
	REQUIRE(req->sector % limits->block == 0);
	REQUIRE(req->nr_sectors % limits->block == 0);
	REQUIRE(req->sector + req->nr_sectors >= req->sector);
	REQUIRE(req->sector + req->nr_sectors <= limits->capacity);
}

static inline void check_policy(const struct blkif_limits *limits,
				const struct blkif_req *req)
{
	REQUIRE(!req->why);
	switch (req->op) {
	case BLKIF_READ:
		REQUIRE(req->nr_segs);
		break;
	case BLKIF_WRITE:
		REQUIRE(req->nr_segs && !limits->readonly);
		break;
	case BLKIF_BARRIER:
		REQUIRE(!req->nr_segs || !limits->readonly);
		REQUIRE(!req->indirect);
		break;
	case BLKIF_FLUSH:
		REQUIRE(!req->nr_segs && !req->nr_sectors && !req->sector);
		break;
	case BLKIF_DISCARD:
		REQUIRE(!req->nr_segs);
		REQUIRE(limits->discard && !limits->readonly);
		REQUIRE(limits->secure || !req->secure);
		break;
	default:
		abort();
	}
}

#endif
