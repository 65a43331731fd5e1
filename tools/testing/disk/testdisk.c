// SPDX-License-Identifier: GPL-2.0
/*
 * A disk in memory that can do what none of the kernel's own test disks can:
 *
 * - Erase securely. What is erased so reads as 0xee and what is discarded as
 *   0xdd, so that a test can tell which of them was asked for.
 * - Lose what is in its cache, if it has one (cache=1): writing to the parameter
 *   "lose" is a power failure. It counts what it was asked, and can be slow at
 *   writing (delay_ms), so that a flush that does not wait for the writes before
 *   it is caught ("overtook").
 * - Have blocks, units of discard and the like as a test wants them.
 */
#include <linux/blk-mq.h>
#include <linux/cdrom.h>
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <compat/block.h>

#define NAME	"xpvtest"
#define SIZE	(16 * SZ_1M)

static bool cache;
module_param(cache, bool, 0444);
MODULE_PARM_DESC(cache, "What is written is lost without a flush or FUA");

static uint physical = SECTOR_SIZE;
module_param(physical, uint, 0444);
MODULE_PARM_DESC(physical, "Bytes of a physical block");

static uint granularity = SZ_4K;
module_param(granularity, uint, 0444);
MODULE_PARM_DESC(granularity, "Bytes of the unit of discards");

static uint alignment;
module_param(alignment, uint, 0444);
MODULE_PARM_DESC(alignment, "Where the first such unit begins");

static bool removable;
module_param(removable, bool, 0444);

static bool cdrom;
module_param(cdrom, bool, 0444);

static uint delay_ms;
module_param(delay_ms, uint, 0644);
MODULE_PARM_DESC(delay_ms, "How long a write takes");

/* How much was asked; the last, how many flushes came with writes under way. */
static ulong writes, fuas, flushes, overtook;
module_param(writes, ulong, 0444);
module_param(fuas, ulong, 0444);
module_param(flushes, ulong, 0444);
module_param(overtook, ulong, 0444);

/* Protects all of these, and the numbers above. */
static DEFINE_SPINLOCK(lock);
static char *data;		/* what the disk reads as */
static char *stable;		/* what outlives a power failure */
static unsigned int writing;	/* writes under way */

static struct cdrom_device_info cdi;
static struct blk_mq_tag_set tags;
static struct gendisk *disk;

static int lose_set(const char *value, const struct kernel_param *param)
{
	if (!stable)
		return -ENODEV;
	spin_lock(&lock);
	memcpy(data, stable, SIZE);
	spin_unlock(&lock);
	return 0;
}

static const struct kernel_param_ops lose_ops = {
	.set = lose_set,
};
module_param_cb(lose, &lose_ops, NULL, 0200);

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

static void carry_out_write(struct request *rq, loff_t from, unsigned int len)
{
	copy(rq, data + from);
	writes++;
	if (!(rq->cmd_flags & REQ_FUA))
		return;
	fuas++;
	if (stable)
		memcpy(stable + from, data + from, len);
}

static void flush(void)
{
	flushes++;
	overtook += !!writing;
	if (stable)
		memcpy(stable, data, SIZE);
}

static blk_status_t carry_out(struct request *rq)
{
	loff_t from = blk_rq_pos(rq) << SECTOR_SHIFT;
	unsigned int len = blk_rq_bytes(rq);

	if (req_op(rq) == REQ_OP_FLUSH) {
		flush();
		return BLK_STS_OK;
	}
	if (from + len > SIZE)
		return BLK_STS_IOERR;
	switch (req_op(rq)) {
	case REQ_OP_READ:
		copy(rq, data + from);
		return BLK_STS_OK;
	case REQ_OP_WRITE:
		carry_out_write(rq, from, len);
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

static void finish(struct request *rq, bool late)
{
	blk_status_t status;

	spin_lock(&lock);
	writing -= late;
	status = carry_out(rq);
	spin_unlock(&lock);
	blk_mq_end_request(rq, status);
}

static void late_work(struct work_struct *work)
{
	finish(blk_mq_rq_from_pdu(to_delayed_work(work)), true);
}

static blk_status_t queue_rq(struct blk_mq_hw_ctx *hctx,
			     const struct blk_mq_queue_data *bd)
{
	struct delayed_work *late = blk_mq_rq_to_pdu(bd->rq);

	blk_mq_start_request(bd->rq);
	if (req_op(bd->rq) != REQ_OP_WRITE || !delay_ms) {
		finish(bd->rq, false);
		return BLK_STS_OK;
	}
	spin_lock(&lock);
	writing++;
	spin_unlock(&lock);
	INIT_DELAYED_WORK(late, late_work);
	schedule_delayed_work(late, msecs_to_jiffies(delay_ms));
	return BLK_STS_OK;
}

static const struct blk_mq_ops ops = {
	.queue_rq = queue_rq,
};

static const struct block_device_operations fops = {
	.owner = THIS_MODULE,
};

static void disk_describe(void)
{
	strscpy(disk->disk_name, NAME, DISK_NAME_LEN);
	disk->fops = &fops;
	if (removable)
		disk->flags |= GENHD_FL_REMOVABLE;
	if (cdrom)
		disk->cdi = &cdi;
	set_capacity(disk, SIZE >> SECTOR_SHIFT);
}

static int disk_make(void)
{
	blk_features_t features = cache ? BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA : 0;
	struct queue_limits lim = {
		.physical_block_size = physical,
		.max_hw_discard_sectors = SZ_1M >> SECTOR_SHIFT,
		.max_secure_erase_sectors = SZ_1M >> SECTOR_SHIFT,
		.discard_granularity = granularity,
		.discard_alignment = alignment,
	};
	int err;

	disk = compat_blk_mq_alloc_disk(&tags, &lim, features, NULL);
	if (IS_ERR(disk))
		return PTR_ERR(disk);
	disk_describe();
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
	if (cache) {
		stable = vzalloc(SIZE);
		if (!stable)
			goto err_data;
	}
	tags.ops = &ops;
	tags.nr_hw_queues = 1;
	tags.queue_depth = 64;
	tags.numa_node = NUMA_NO_NODE;
	tags.cmd_size = sizeof(struct delayed_work);
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
	vfree(stable);
	vfree(data);
	return err;
}
module_init(testdisk_init);

static void __exit testdisk_exit(void)
{
	del_gendisk(disk);
	put_disk(disk);
	blk_mq_free_tag_set(&tags);
	vfree(stable);
	vfree(data);
}
module_exit(testdisk_exit);

MODULE_DESCRIPTION("Disk for tests, with secure erase and a cache to lose");
MODULE_LICENSE("GPL");
