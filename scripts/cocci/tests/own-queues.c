// SPDX-License-Identifier: GPL-2.0
/* What own-queues.cocci has to find: each line marked with a question mark. */
static void later(struct blkfront *bf)
{
	schedule_work(&bf->add); /* ? */
	schedule_delayed_work(&bf->give_up, HZ); /* ? */
	queue_work(system_unbound_wq, &bf->limits); /* ? */
	queue_work(xpv_prompt_queue, &bf->finish);
}
