// SPDX-License-Identifier: GPL-2.0
/* A ring that a guest's driver granted, and the pages of its requests, from dom0. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/* The header that is shipped to user space lacks them. */
#define domid_t unsigned short
#define grant_ref_t unsigned int
#include <xen/gntdev.h>

#include "peer.h"

/* The words at the head of a ring. */
enum { REQ_PROD, REQ_EVENT, RSP_PROD, RSP_EVENT };

#define HEAD_BYTES 64

static int gntdev = -1;
static unsigned int frontend;

void served_begin(unsigned int domid)
{
	frontend = domid;
	gntdev = open("/dev/xen/gntdev", O_RDWR);
	if (gntdev < 0)
		give_up("/dev/xen/gntdev: %s", strerror(errno));
}

/* Of slots of STRIDE bytes. */
void served_map(struct served *ring, __u32 gref, unsigned int stride)
{
	struct ioctl_gntdev_map_grant_ref arg = { .count = 1 };

	memset(ring, 0, sizeof(*ring));
	arg.refs[0].domid = frontend;
	arg.refs[0].ref = gref;
	if (ioctl(gntdev, IOCTL_GNTDEV_MAP_GRANT_REF, &arg))
		give_up("grant %u: %s", gref, strerror(errno));
	ring->index = arg.index;
	ring->stride = stride;
	for (ring->nr = 1; HEAD_BYTES + 2 * ring->nr * stride <= PAGE_BYTES;)
		ring->nr *= 2;
	ring->page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, gntdev, arg.index);
	if (ring->page == MAP_FAILED)
		give_up("grant %u cannot be mapped: %s", gref, strerror(errno));
}

void served_unmap(struct served *ring)
{
	struct ioctl_gntdev_unmap_grant_ref arg = { .index = ring->index, .count = 1 };

	munmap(ring->page, PAGE_BYTES);
	ioctl(gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &arg);
	ring->page = NULL;
}

static __u32 *word(const struct served *ring, unsigned int i)
{
	return (__u32 *)ring->page + i;
}

__u8 *served_slot(const struct served *ring, __u32 index)
{
	return ring->page + HEAD_BYTES + index % ring->nr * ring->stride;
}

__u32 served_waiting(const struct served *ring)
{
	__u32 nr = READ_ONCE(*word(ring, REQ_PROD)) - ring->cons;

	full_barrier();
	return nr > ring->nr ? 0 : nr;
}

/* Ask for an event with the next request. Return: how many came meanwhile. */
__u32 served_waiting_at_last(const struct served *ring)
{
	WRITE_ONCE(*word(ring, REQ_EVENT), ring->cons + 1);
	full_barrier();
	return served_waiting(ring);
}

void served_push(struct served *ring, const struct channel *ch)
{
	__u32 old = READ_ONCE(*word(ring, RSP_PROD));

	full_barrier();
	WRITE_ONCE(*word(ring, RSP_PROD), ring->prod);
	full_barrier();
	if (ring->prod - READ_ONCE(*word(ring, RSP_EVENT)) < ring->prod - old)
		channel_notify(ch);
}

/* Between DATA and a page of the frontend's. Return: whether Xen did it. */
bool served_copy(void *data, unsigned int len, __u32 gref, __u16 offset, bool out)
{
	struct gntdev_grant_copy_segment segment = { .len = len };
	struct ioctl_gntdev_grant_copy arg = { .count = 1, .segments = &segment };

	if (out) {
		segment.source.virt = data;
		segment.dest.foreign.ref = gref;
		segment.dest.foreign.offset = offset;
		segment.dest.foreign.domid = frontend;
	} else {
		segment.source.foreign.ref = gref;
		segment.source.foreign.offset = offset;
		segment.source.foreign.domid = frontend;
		segment.dest.virt = data;
	}
	segment.flags = out ? 1 << 1 : 1 << 0; /* which of them is a grant */
	return !ioctl(gntdev, IOCTL_GNTDEV_GRANT_COPY, &arg) && !segment.status;
}
