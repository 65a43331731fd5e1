// SPDX-License-Identifier: GPL-2.0
/* An open block device is a file. */
#include <linux/blkdev.h>

struct file *probe(dev_t dev, blk_mode_t mode, void *holder);
struct file *probe(dev_t dev, blk_mode_t mode, void *holder)
{
	struct file *file = bdev_file_open_by_path("", mode, holder, NULL);

	if (file_bdev(file))
		bdev_fput(file);
	return bdev_file_open_by_dev(dev, mode, holder, NULL);
}
