// SPDX-License-Identifier: GPL-2.0
/* Limits are set in one go, features among them. */
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set, struct request_queue *q);
struct gendisk *probe(struct blk_mq_tag_set *set, struct request_queue *q)
{
	struct queue_limits lim = queue_limits_start_update(q);

	lim.features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_ROTATIONAL;
	if (queue_limits_commit_update(q, &lim))
		queue_limits_cancel_update(q);
	return blk_mq_alloc_disk(set, &lim, NULL);
}
