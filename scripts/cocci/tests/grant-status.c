// SPDX-License-Identifier: GPL-2.0
/* What grant-status.cocci has to find: each line marked with a question mark. */
static int trusting(struct gnttab_map_grant_ref *ops, struct page **pages, int n)
{
	return gnttab_map_refs(ops, NULL, pages, n); /* ? */
}

static void copying(struct gnttab_copy *op)
{
	gnttab_batch_copy(op, 1); /* ? */
	op->flags = 0;
}

static int careful(struct gnttab_map_grant_ref *ops, struct page **pages, int n)
{
	int i, err = gnttab_map_refs(ops, NULL, pages, n);

	for (i = 0; i < n; i++)
		if (ops[i].status != GNTST_okay)
			err = -EINVAL;
	return err;
}

static void done(int err, struct gntab_unmap_queue_data *work)
{
	check(err, work->unmap_ops[0].status);
}

static void later(struct gntab_unmap_queue_data *work)
{
	work->done = done;
	gnttab_unmap_refs_async(work);
}

static void never(struct gntab_unmap_queue_data *work)
{
	gnttab_unmap_refs_async(work); /* ? */
}
