// SPDX-License-Identifier: GPL-2.0
/* What copy-once.cocci has to find: each line marked with a question mark. */
static void serve(struct blkif *blkif, struct blkif_sring *sring)
{
	struct blkif_request *shared, private;
	u32 prod = blkif->ring.sring->req_prod; /* ? */

	shared = RING_GET_REQUEST(&blkif->ring, 0); /* ? */
	shared = xpv_ring_slot(&blkif->ring, 0); /* ? */
	if (sring->rsp_event == prod) /* ? */
		return;
	if (blkif->ring.page->slots[3]) /* ? */
		return;
	if (xpv_ring_slots(PAGE_SIZE, sizeof(private)) > 64)
		return;
	xpv_back_ring_get(&blkif->ring, &private);
	if (private.operation == BLKIF_OP_READ)
		read(&private);
}

static void byte_ring(struct xen_9pfs_data_intf *intf)
{
	if (intf->in_prod) /* ? */
		return;
}

static void our_byte_ring(struct xpv_bytes_intf *idx, struct xpv_byte_stream *s,
			  struct thing *thing)
{
	u8 head[7];

	if (idx->out_cons) /* ? */
		return;
	memcpy(head, s->pages[0], 7); /* ? */
	if (*s->other == s->at) /* ? */
		return;
	memcpy(head, xpv_bytes_piece(s, 0, &n), 7); /* ? */
	if (thing->pages)
		return;
	if (xpv_bytes_ready(s) >= 7)
		xpv_bytes_get(s, head, 7);
}
