// SPDX-License-Identifier: GPL-2.0
/*
 * A disk in memory that can do what none of the kernel's own test disks can:
 * erase securely. What is erased so reads as 0xee and what is discarded as
 * 0xdd, so that a test can tell which of them was asked for.
 */
#include <linux/blk-mq.h>
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <compat/block.h>

#define NAME	"xpvtest"
#define SIZE	(16 * SZ_1M)

static char *data;
static struct blk_mq_tag_set tags;
static struct gendisk *disk;

static void copy(struct request *rq, char *at)
{
	bool write = op_is_write(req_op(rq));
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_segment(bv, rq, iter) {
		if (write)
			memcpy_from_bvec(at, &bv);
		else
			memcpy_to_bvec(&bv, at);
		at += bv.bv_len;
	}
}

static blk_status_t carry_out(struct request *rq)
{
	loff_t from = blk_rq_pos(rq) << SECTOR_SHIFT;
	unsigned int len = blk_rq_bytes(rq);

	if (from + len > SIZE)
		return BLK_STS_IOERR;
	switch (req_op(rq)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		copy(rq, data + from);
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
		memset(data + from, 0xdd, len);
		return BLK_STS_OK;
	case REQ_OP_SECURE_ERASE:
		memset(data + from, 0xee, len);
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

static blk_status_t queue_rq(struct blk_mq_hw_ctx *hctx,
			     const struct blk_mq_queue_data *bd)
{
	blk_mq_start_request(bd->rq);
	blk_mq_end_request(bd->rq, carry_out(bd->rq));
	return BLK_STS_OK;
}

static const struct blk_mq_ops ops = {
	.queue_rq = queue_rq,
};

static const struct block_device_operations fops = {
	.owner = THIS_MODULE,
};

static int disk_make(void)
{
	struct queue_limits lim = {
		.max_hw_discard_sectors = SZ_1M >> SECTOR_SHIFT,
		.max_secure_erase_sectors = SZ_1M >> SECTOR_SHIFT,
		.discard_granularity = SZ_4K,
	};
	int err;

	disk = compat_blk_mq_alloc_disk(&tags, &lim, 0, NULL);
	if (IS_ERR(disk))
		return PTR_ERR(disk);
	strscpy(disk->disk_name, NAME, DISK_NAME_LEN);
	disk->fops = &fops;
	set_capacity(disk, SIZE >> SECTOR_SHIFT);
	err = add_disk(disk);
	if (err)
		put_disk(disk);
	return err;
}

static int __init testdisk_init(void)
{
	int err = -ENOMEM;

	data = vzalloc(SIZE);
	if (!data)
		return err;
	tags.ops = &ops;
	tags.nr_hw_queues = 1;
	tags.queue_depth = 64;
	tags.numa_node = NUMA_NO_NODE;
	tags.flags = BLK_MQ_F_SHOULD_MERGE;
	err = blk_mq_alloc_tag_set(&tags);
	if (err)
		goto err_data;
	err = disk_make();
	if (err)
		goto err_tags;
	return 0;

err_tags:
	blk_mq_free_tag_set(&tags);
err_data:
	vfree(data);
	return err;
}
module_init(testdisk_init);

static void __exit testdisk_exit(void)
{
	del_gendisk(disk);
	put_disk(disk);
	blk_mq_free_tag_set(&tags);
	vfree(data);
}
module_exit(testdisk_exit);

MODULE_DESCRIPTION("Disk for tests, with secure erase");
MODULE_LICENSE("GPL");
