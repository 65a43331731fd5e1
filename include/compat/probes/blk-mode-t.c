// SPDX-License-Identifier: GPL-2.0
/* The mode of opening a block device has a type of its own. */
#include <linux/blkdev.h>

blk_mode_t probe = BLK_OPEN_READ | BLK_OPEN_WRITE | BLK_OPEN_WRITE_IOCTL;
