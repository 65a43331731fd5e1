/* SPDX-License-Identifier: GPL-2.0 */
/* What blocks' responses look like, as the public header has it. */
#ifndef SHIM_XEN_INTERFACE_IO_BLKIF_H
#define SHIM_XEN_INTERFACE_IO_BLKIF_H

#include <linux/types.h>

#define BLKIF_OP_READ			0
#define BLKIF_OP_WRITE			1
#define BLKIF_OP_WRITE_BARRIER		2
#define BLKIF_OP_FLUSH_DISKCACHE	3
#define BLKIF_OP_DISCARD		5
#define BLKIF_OP_INDIRECT		6

#define BLKIF_RSP_EOPNOTSUPP	-2
#define BLKIF_RSP_ERROR		-1
#define BLKIF_RSP_OKAY		0

struct blkif_response {
	u64 id;
	u8 operation;
	s16 status;
};

#endif
