// SPDX-License-Identifier: GPL-2.0
/*
 * Granted pages, and whether the backend has let go of them.
 *
 * A granted page is held by the open device and by a mapping; once neither
 * does, our kernel ends the grant at that moment. If the page is still mapped
 * by the backend Xen refuses, and the kernel says that it puts the grant off:
 * that message, which dynamic debug turns on, is the verdict.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/gntalloc.h>

#include "peer.h"

static int gntalloc = -1, kmsg = -1;
static unsigned int backend;

/* Grants that Xen refused to end, since they were granted. */
static bool put_off[1 << 16];

static void arm_verdict(void)
{
	static const char on[] = "file grant-table.c +p";
	int control = open("/proc/dynamic_debug/control", O_WRONLY);

	if (control < 0 || write(control, on, sizeof(on) - 1) < 0)
		give_up("grants put off would not be told: %s",
			strerror(errno));
	close(control);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		give_up("/dev/kmsg: %s", strerror(errno));
}

void pages_open(unsigned int domid)
{
	backend = domid;
	gntalloc = open("/dev/xen/gntalloc", O_RDWR);
	if (gntalloc < 0)
		give_up("/dev/xen/gntalloc: %s", strerror(errno));
	arm_verdict();
}

static void take_record(const char *record)
{
	const char *at = strstr(record, "g.e. ");
	unsigned long gref;

	if (!at || (!strstr(record, "deferring") && !strstr(record, "leaking")))
		return;
	gref = strtoul(at + 5, NULL, 0);
	if (gref < ARRAY_SIZE(put_off))
		put_off[gref] = true;
}

static void read_messages(void)
{
	char record[2048];
	ssize_t got;

	for (;;) {
		got = read(kmsg, record, sizeof(record) - 1);
		if (got < 0 && errno == EPIPE)
			give_up("kernel messages were lost");
		if (got < 0)
			return;
		record[got] = '\0';
		take_record(record);
	}
}

/* What was said of these grants was said of another use of them. */
static void forget(const struct pages *pages)
{
	unsigned int i;

	read_messages();
	for (i = 0; i < pages->nr; i++) {
		if (pages->gref[i] >= ARRAY_SIZE(put_off))
			give_up("grant reference %u", pages->gref[i]);
		put_off[pages->gref[i]] = false;
	}
}

static void let_go(struct pages *pages)
{
	struct ioctl_gntalloc_dealloc_gref arg = {
		.index = pages->index,
		.count = pages->nr,
	};

	if (ioctl(gntalloc, IOCTL_GNTALLOC_DEALLOC_GREF, &arg))
		give_up("cannot let go of grants: %s", strerror(errno));
	pages->held = false;
}

static void unmap(struct pages *pages)
{
	munmap(pages->mem, pages->nr * PAGE_BYTES);
	pages->mem = NULL;
}

void pages_grant(struct pages *pages, unsigned int nr, bool writable)
{
	size_t size = sizeof(struct ioctl_gntalloc_alloc_gref) +
		      nr * sizeof(__u32);
	struct ioctl_gntalloc_alloc_gref *arg = calloc(1, size);

	if (!arg || nr > PAGES_MAX)
		give_up("no memory for %u grants", nr);
	arg->domid = backend;
	arg->flags = writable ? GNTALLOC_FLAG_WRITABLE : 0;
	arg->count = nr;
	if (ioctl(gntalloc, IOCTL_GNTALLOC_ALLOC_GREF, arg))
		give_up("cannot grant %u pages: %s", nr, strerror(errno));
	pages->mem = mmap(NULL, nr * PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_SHARED, gntalloc, arg->index);
	if (pages->mem == MAP_FAILED)
		give_up("cannot map %u granted pages: %s", nr,
			strerror(errno));
	pages->nr = nr;
	pages->index = arg->index;
	pages->held = true;
	memcpy(pages->gref, arg->gref_ids, nr * sizeof(__u32));
	forget(pages);
	free(arg);
}

/*
 * Leave one hold, so that a single call ends the grants later: the mapping, for
 * what is read, or the device, which is quicker to let go.
 */
void pages_keep(struct pages *pages, bool mapped)
{
	if (mapped)
		let_go(pages);
	else
		unmap(pages);
}

/* End the grants at this moment, whatever the backend does with the pages. */
void pages_end(struct pages *pages)
{
	if (pages->mem)
		unmap(pages);
	if (pages->held)
		let_go(pages);
}

/* Return: whether Xen let all grants end, which the backend had to allow. */
bool pages_ended(struct pages *pages)
{
	unsigned int i, held = 0;

	read_messages();
	for (i = 0; i < pages->nr; i++)
		held += put_off[pages->gref[i]];
	if (held)
		note("%u of %u pages were still mapped", held, pages->nr);
	pages->nr = 0;
	return !held;
}
