// SPDX-License-Identifier: GPL-2.0
/*
 * A socket from SOCKET, or a connection taken, to RELEASE.
 *
 * What the network calls (struct pvhooks) finds the socket of ours by
 * sk_user_data, under sk_callback_lock, moves data that came, and has its worker
 * look: nothing else.
 */
#include <linux/errno.h>
#include <linux/jhash.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "pvback.h"

/* The table's key of an id, which the guest cannot foresee. */
static u32 key_of(const struct pvback *be, u64 id)
{
	return jhash_2words(id, id >> 32, be->seed);
}

static struct pvsock *find_locked(struct pvback *be, u64 id)
{
	struct pvsock *ps;

	lockdep_assert_held(&be->lock);
	hash_for_each_possible(be->table, ps, node, key_of(be, id))
		if (ps->id == id)
			return ps;
	return NULL;
}

/**
 * pvs_find() - the socket of an id
 * @be: the device
 * @id: the guest's name for it
 *
 * Context: the command worker; it stays until that ends it.
 * Return: the socket, or NULL.
 */
struct pvsock *pvs_find(struct pvback *be, u64 id)
{
	struct pvsock *ps;

	mutex_lock(&be->lock);
	ps = find_locked(be, id);
	mutex_unlock(&be->lock);
	return ps;
}

/**
 * pvs_publish() - let a socket be found
 * @ps: the socket; once this returned 0 the command worker may end it
 *
 * Return: 0, or -EEXIST if there is one of that id.
 */
int pvs_publish(struct pvsock *ps)
{
	struct pvback *be = ps->be;
	int err = 0;

	mutex_lock(&be->lock);
	if (find_locked(be, ps->id))
		err = -EEXIST;
	else
		hash_add(be->table, &ps->node, key_of(be, ps->id));
	mutex_unlock(&be->lock);
	return err;
}

static void sock_work(struct work_struct *work)
{
	struct pvsock *ps = container_of(work, struct pvsock, work);

	if (READ_ONCE(ps->ending))
		return;
	switch (smp_load_acquire(&ps->state)) {	/* the command worker's */
	case PVSOCK_CONNECTING:
		pvs_connect_work(ps);
		break;
	case PVSOCK_CONNECTED:
		pvs_stream_work(ps);
		break;
	case PVSOCK_LISTENING:
		pvs_listen_work(ps);
		break;
	case PVSOCK_LINGERING:
		pvs_linger_work(ps);
		break;
	default:
		break;
	}
}

/**
 * pvs_alloc() - a socket of ours, without one of the network's
 * @be: the device
 * @id: the guest's name for it
 *
 * Return: the socket, or NULL if there is no memory, or the guest has as many
 * as it may.
 */
struct pvsock *pvs_alloc(struct pvback *be, u64 id)
{
	struct pvsock *ps;

	if (atomic_inc_return(&be->nr_socks) > be->limits.sockets)
		goto err_count;
	ps = kzalloc(sizeof(*ps), GFP_KERNEL);
	if (!ps)
		goto err_count;
	ps->be = be;
	ps->id = id;
	ps->cpu = WORK_CPU_UNBOUND;
	INIT_HLIST_NODE(&ps->node);
	INIT_WORK(&ps->work, sock_work);
	INIT_LIST_HEAD(&ps->accepts);
	mutex_init(&ps->lock);
	return ps;

err_count:
	atomic_dec(&be->nr_socks);
	return NULL;
}

/**
 * pvs_free() - undo pvs_alloc()
 * @ps: the socket, without anything
 */
void pvs_free(struct pvsock *ps)
{
	atomic_dec(&ps->be->nr_socks);
	kfree(ps);
}

/*
 * Something happened to the socket: have its worker look, where it is. Who is
 * here may go on with what it does, as the program at the other end.
 */
static void tell(struct sock *sk, bool data)
{
	struct pvsock *ps;

	read_lock_bh(&sk->sk_callback_lock);
	rcu_read_lock();
	ps = rcu_dereference_sk_user_data(sk);
	if (ps && !(data && pvs_stream_came(ps)))
		queue_work_on(READ_ONCE(ps->cpu), ps->be->wq, &ps->work);
	rcu_read_unlock();
	read_unlock_bh(&sk->sk_callback_lock);
}

static void look(struct sock *sk)
{
	tell(sk, false);
}

static void look_for_data(struct sock *sk)
{
	tell(sk, true);
}

/* As the network's own does it: the bit says that somebody waits for this. */
static void look_for_room(struct sock *sk)
{
	if (!sk_stream_is_writeable(sk))
		return;
	if (sk->sk_socket)
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	look(sk);
}

/**
 * pvs_hook() - hear from the network
 * @ps: the socket
 * @before: what the network called before; NULL if that is what it has now. A
 *	connection taken begins with what its listening socket has.
 *
 * Context: process.
 */
void pvs_hook(struct pvsock *ps, const struct pvhooks *before)
{
	struct sock *sk = ps->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	if (before) {
		ps->hooks = *before;
	} else {
		ps->hooks.state_change = sk->sk_state_change;
		ps->hooks.data_ready = sk->sk_data_ready;
		ps->hooks.write_space = sk->sk_write_space;
		ps->hooks.error_report = sk->sk_error_report;
	}
	/* Connections that come in are not to have it. */
	__rcu_assign_sk_user_data_with_flags(sk, ps, SK_USER_DATA_NOCOPY);
	sk->sk_state_change = look;
	sk->sk_data_ready = look_for_data;
	sk->sk_write_space = look_for_room;
	sk->sk_error_report = look;
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * pvs_unhook() - hear no more
 * @ps: the socket; nothing happens if it does not
 *
 * Context: process. The worker may still be queued.
 */
void pvs_unhook(struct pvsock *ps)
{
	struct sock *sk = ps->sock->sk;

	if (!ps->hooks.data_ready)
		return;
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	sk->sk_state_change = ps->hooks.state_change;
	sk->sk_data_ready = ps->hooks.data_ready;
	sk->sk_write_space = ps->hooks.write_space;
	sk->sk_error_report = ps->hooks.error_report;
	write_unlock_bh(&sk->sk_callback_lock);
	memset(&ps->hooks, 0, sizeof(ps->hooks));
}

/**
 * pvs_quiesce() - have nobody queue a socket's worker any more
 * @ps: the socket
 *
 * It stops first: of a connection that is not made it gives back the ring and the
 * hooks itself.
 *
 * Context: as pvs_end(); sleeps until it is not running.
 */
void pvs_quiesce(struct pvsock *ps)
{
	WRITE_ONCE(ps->ending, true);
	cancel_work_sync(&ps->work);
	if (ps->sock)
		pvs_unhook(ps);
	if (ps->ring)
		pvr_use(ps->ring, NULL);
	cancel_work_sync(&ps->work);
}

static void unpublish(struct pvsock *ps)
{
	mutex_lock(&ps->be->lock);
	if (!hlist_unhashed(&ps->node))
		hash_del(&ps->node);
	mutex_unlock(&ps->be->lock);
}

/*
 * Without RELEASE nobody knows whether the guest sent all it had to, unless it
 * said so: the peer must not take what came for the whole.
 */
static void end_stream(struct pvsock *ps)
{
	if (!ps->released && !ps->shut)
		sock_no_linger(ps->sock->sk);
	pvs_stream_flush(ps);
	if (!ps->released)
		pvs_stream_lose(ps);
}

/**
 * pvs_end() - end a socket
 * @ps: the socket; gone afterwards
 * @keep: whether its ring may stay mapped
 *
 * Requests that wait for it are answered. What the guest sent before it released
 * the socket goes out, later, by the network's own doing (linger.c). The ring is
 * not touched any more when this returns.
 *
 * Context: the command worker, or the lane when that is stopped; or who made a
 * socket that cannot be found. Sleeps.
 * Return: whether the ring stayed mapped.
 */
bool pvs_end(struct pvsock *ps, bool keep)
{
	bool kept = false;

	unpublish(ps);
	pvs_quiesce(ps);
	if (ps->state == PVSOCK_CONNECTING)
		pvs_connect_cancel(ps);
	else if (ps->state == PVSOCK_LISTENING)
		pvs_listen_cancel(ps);
	else if (ps->state == PVSOCK_CONNECTED)
		end_stream(ps);
	if (ps->ring)
		kept = pvr_put(ps->ring, keep);
	if (ps->released && ps->state == PVSOCK_CONNECTED && pvs_linger(ps))
		return kept;
	if (ps->sock)
		sock_release(ps->sock);
	pvs_free(ps);
	return kept;
}

static struct pvsock *any(struct pvback *be)
{
	struct pvsock *ps, *found = NULL;
	unsigned int bucket;

	mutex_lock(&be->lock);
	hash_for_each(be->table, bucket, ps, node) {
		found = ps;
		break;
	}
	mutex_unlock(&be->lock);
	return found;
}

/*
 * One that listens first: while it does, its worker may add to the table. So
 * this goes on until nothing is left.
 */
/**
 * pvs_end_all() - end all sockets of a device
 * @be: the device, whose command worker is stopped
 *
 * Context: the lane; sleeps.
 */
void pvs_end_all(struct pvback *be)
{
	struct pvsock *ps;

	while ((ps = any(be)))
		pvs_end(ps, false);
}

/**
 * pvs_socket() - SOCKET
 * @be: the device
 * @req: the request, checked
 *
 * Context: the command worker; sleeps.
 * Return: the result.
 */
int pvs_socket(struct pvback *be, const struct xpv_pvcalls_request *req)
{
	struct pvsock *ps = pvs_alloc(be, req->u.socket.id);
	int err;

	if (!ps)
		return -ENFILE;
	/* Not one of the kernel's own: those do not hold their network. */
	err = __sock_create(be->net, req->u.socket.domain, SOCK_STREAM,
			    IPPROTO_TCP, &ps->sock, 0);
	if (err)
		goto err_free;
	err = pvs_publish(ps);
	if (err)
		goto err_release;
	return 0;

err_release:
	sock_release(ps->sock);
err_free:
	pvs_free(ps);
	return err;
}

/**
 * pvs_release() - RELEASE
 * @be: the device
 * @req: the request
 * @rsp: told whether the ring stayed mapped
 *
 * Context: the command worker; sleeps.
 * Return: the result.
 */
int pvs_release(struct pvback *be, const struct xpv_pvcalls_request *req,
		struct xpv_pvcalls_response *rsp)
{
	struct pvsock *ps = pvs_find(be, req->u.release.id);

	if (!ps)
		return -EBADF;
	ps->released = true;
	rsp->value = pvs_end(ps, req->u.release.reuse == 1);
	return 0;
}
