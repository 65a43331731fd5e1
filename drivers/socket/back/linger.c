// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that were released before all that the guest sent has arrived. They
 * count as the guest's until it has: one that is let go of belongs to nobody, and
 * a guest could leave as many of those as it likes, each with a ringful of data.
 *
 * Such a socket is in no table, and has no ring. The network tells its worker when
 * the peer has all; the device's (pvback.linger) resets those that get nowhere.
 * Who takes one off the list ends it.
 */
#include <linux/jiffies.h>
#include <linux/net.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include "pvback.h"

/* How often one looks for those that get nowhere. */
#define LOOK	HZ

static bool has_unsent(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (READ_ONCE(sk->sk_state) == TCP_CLOSE)
		return false;
	/* The end that comes behind the data counts as a byte, and needs no memory. */
	return READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_una) > 1;
}

/* Whether the peer has all, or never will. */
static bool is_settled(const struct sock *sk)
{
	return 1 << READ_ONCE(sk->sk_state) &
	       (TCPF_FIN_WAIT2 | TCPF_TIME_WAIT | TCPF_CLOSE);
}

/* Begin to wait for the peer to acknowledge something. */
static void expect_more(struct pvsock *ps)
{
	ps->acked = READ_ONCE(tcp_sk(ps->sock->sk)->snd_una);
	ps->until = jiffies + READ_ONCE(pvback_linger) * HZ;
}

static void enlist(struct pvsock *ps)
{
	struct pvback *be = ps->be;

	mutex_lock(&be->lock);
	list_add_tail(&ps->link, &be->lingering);
	be->nr_lingering++;
	ps->lingers = true;
	pvs_hook(ps, NULL);
	/* What happened before that nobody told. */
	queue_work(be->wq, &ps->work);
	queue_delayed_work(be->wq, &be->linger, LOOK);
	mutex_unlock(&be->lock);
}

/**
 * pvs_linger() - keep a socket until what it has to send has arrived
 * @ps: a socket that was released, quiet and without a ring
 *
 * What the guest did not read, and %XPV_PVCALLS_LINGER, reset a connection: then
 * there is nothing to wait for.
 *
 * Context: as pvs_end(); sleeps.
 * Return: whether it is kept; then it is not the caller's any more.
 */
bool pvs_linger(struct pvsock *ps)
{
	struct sock *sk = ps->sock->sk;

	if (sock_flag(sk, SOCK_LINGER) || !has_unsent(sk) ||
	    !skb_queue_empty_lockless(&sk->sk_receive_queue))
		return false;
	kernel_sock_shutdown(ps->sock, SHUT_RDWR);
	ps->ring = NULL;
	expect_more(ps);
	WRITE_ONCE(ps->ending, false);
	smp_store_release(&ps->state, PVSOCK_LINGERING);	/* its worker */
	enlist(ps);
	return true;
}

/* Return: whether it was in the list, and so is for who calls to end. */
static bool delist(struct pvsock *ps)
{
	bool was = ps->lingers;

	lockdep_assert_held(&ps->be->lock);
	if (was) {
		list_del(&ps->link);
		ps->be->nr_lingering--;
		ps->lingers = false;
	}
	return was;
}

static void let_go(struct pvsock *ps)
{
	sock_release(ps->sock);
	pvs_free(ps);
}

/**
 * pvs_linger_work() - look whether the peer has all
 * @ps: a socket that lingers; gone afterwards if so
 *
 * Context: its worker; sleeps, but not for the network.
 */
void pvs_linger_work(struct pvsock *ps)
{
	struct pvback *be = ps->be;
	bool mine;

	if (!is_settled(ps->sock->sk))
		return;
	mutex_lock(&be->lock);
	mine = delist(ps);
	mutex_unlock(&be->lock);
	/* If not, who ends it waits for this to return. */
	if (!mine)
		return;
	pvs_unhook(ps);
	cancel_work(&ps->work);
	let_go(ps);
}

/* One that makes progress, however slow, is waited for further. */
static bool is_late(struct pvsock *ps)
{
	if (time_before(jiffies, ps->until))
		return false;
	if (READ_ONCE(tcp_sk(ps->sock->sk)->snd_una) == ps->acked)
		return true;
	expect_more(ps);
	return false;
}

static void end_list(struct list_head *list, bool reset)
{
	struct pvsock *ps, *next;

	list_for_each_entry_safe(ps, next, list, link) {
		pvs_quiesce(ps);
		if (reset)
			sock_no_linger(ps->sock->sk);
		let_go(ps);
	}
}

static void linger_look(struct work_struct *work)
{
	struct pvback *be = container_of(to_delayed_work(work), struct pvback,
					 linger);
	struct pvsock *ps, *next;
	LIST_HEAD(late);

	mutex_lock(&be->lock);
	list_for_each_entry_safe(ps, next, &be->lingering, link) {
		if (is_late(ps) && delist(ps))
			list_add(&ps->link, &late);
	}
	if (be->nr_lingering)
		queue_delayed_work(be->wq, &be->linger, LOOK);
	mutex_unlock(&be->lock);
	end_list(&late, true);
}

/**
 * pvs_linger_init() - set up
 * @be: a new device
 */
void pvs_linger_init(struct pvback *be)
{
	INIT_LIST_HEAD(&be->lingering);
	INIT_DELAYED_WORK(&be->linger, linger_look);
}

/**
 * pvs_linger_end() - leave those that linger to the network
 * @be: the device, without other sockets
 *
 * Context: process; sleeps.
 */
void pvs_linger_end(struct pvback *be)
{
	struct pvsock *ps, *next;
	LIST_HEAD(list);

	cancel_delayed_work_sync(&be->linger);
	mutex_lock(&be->lock);
	list_for_each_entry_safe(ps, next, &be->lingering, link) {
		delist(ps);
		list_add(&ps->link, &list);
	}
	mutex_unlock(&be->lock);
	end_list(&list, false);
}
