// SPDX-License-Identifier: GPL-2.0
/*
 * Requests: what the 9p client asks goes into a ring, with the numbers that are
 * the mount's own translated.
 *
 * The client's buffer stays as it is, since the client reads it again; numbers
 * are changed in the ring, before the backend is shown them.
 */
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/sched.h>
#include "p9front.h"

/* A flush goes where the request is that it speaks of, and not past it. */
static struct p9front_ring *ring_of(const struct p9front_mount *mount,
				    const struct p9_req_t *req)
{
	struct p9front *pf = mount->pf;
	unsigned int nr = READ_ONCE(pf->nr_rings);
	u16 tag = req->tc.tag;

	if (!nr)
		return NULL;
	if (req->tc.id == P9FRONT_TFLUSH)
		tag = req->tc.sdata[P9FRONT_HEAD] |
		      req->tc.sdata[P9FRONT_HEAD + 1] << 8;
	return &pf->rings[tag % nr];
}

static void translate_fids(const struct p9front_mount *mount,
			   const struct xpv_byte_stream *to,
			   const struct p9_fcall *tc)
{
	u32 at[P9FRONT_FIDS], fid;
	unsigned int nr, i;
	u8 bytes[4];

	nr = p9front_find_fids(tc->sdata, tc->size, at);
	for (i = 0; i < nr; i++) {
		fid = p9front_get32(tc->sdata + at[i]);
		if (fid == P9FRONT_NOFID)
			continue;
		p9front_put32(bytes, fid | mount->id << P9FRONT_FID_BITS);
		xpv_bytes_write(to, at[i], bytes, sizeof(bytes));
	}
}

/* Fids are given out from the smallest, so that none comes near to this. */
static bool fids_fit(const struct p9_fcall *tc)
{
	u32 at[P9FRONT_FIDS], fid;
	unsigned int nr, i;

	nr = p9front_find_fids(tc->sdata, tc->size, at);
	for (i = 0; i < nr; i++) {
		fid = p9front_get32(tc->sdata + at[i]);
		if (fid != P9FRONT_NOFID && fid >> P9FRONT_FID_BITS)
			return false;
	}
	return true;
}

/*
 * Write a message behind what the backend was shown.
 *
 * Return: whether all of its data was there.
 */
static bool write_message(struct p9front_ring *ring,
			  const struct p9front_slot *slot,
			  const struct p9front_mount *mount,
			  const struct p9_fcall *tc, struct p9front_data *data)
{
	const struct xpv_byte_stream *to = &ring->bytes.out;
	u32 extra = data && data->out ? data->len : 0;
	struct p9front_head head = {
		.size = tc->size + extra,
		.type = tc->id,
		.tag = p9front_ring_tag(ring, slot),
	};
	u8 bytes[P9FRONT_HEAD];

	p9front_put_head(bytes, &head);
	xpv_bytes_write(to, 0, bytes, sizeof(bytes));
	xpv_bytes_write(to, P9FRONT_HEAD, tc->sdata + P9FRONT_HEAD,
			tc->size - P9FRONT_HEAD);
	translate_fids(mount, to, tc);
	if (tc->id == P9FRONT_TVERSION) {
		p9front_put32(bytes, mount->pf->size);
		xpv_bytes_write(to, P9FRONT_HEAD, bytes, 4);
	}
	return !extra || xpv_bytes_from_iter(to, tc->size, data->iter,
					     extra) == extra;
}

/* The tag that a flush speaks of, on the wire. Return: false if it is over. */
static bool write_flushed(struct p9front_ring *ring, struct p9front_slot *slot,
			  const struct p9front_mount *mount,
			  const struct p9_fcall *tc)
{
	struct p9front_slot *old;
	u8 bytes[2];
	bool out;

	spin_lock_irq(&ring->lock);
	old = p9front_slot_find(ring, mount, tc->sdata[P9FRONT_HEAD] |
				tc->sdata[P9FRONT_HEAD + 1] << 8);
	out = old && old->state == P9FRONT_OUT;
	if (out) {
		p9front_put16(bytes, p9front_ring_tag(ring, old));
		slot->flushes = old - ring->slots;
		old->unwanted = true;
	}
	spin_unlock_irq(&ring->lock);
	if (out)
		xpv_bytes_write(&ring->bytes.out, P9FRONT_HEAD, bytes,
				sizeof(bytes));
	return out;
}

/* The longest answer that a backend may give. */
static u32 longest_answer(const struct p9_req_t *req,
			  const struct p9front_data *data)
{
	u32 buffer = req->rc.capacity;

	if (!data || data->out)
		return buffer;
	return max(buffer, P9FRONT_READ_HEAD + data->len);
}

static void fill_slot(struct p9front_ring *ring, struct p9front_slot *slot,
		      struct p9front_mount *mount, struct p9_req_t *req,
		      struct p9front_data *data, struct p9front_change *change)
{
	WRITE_ONCE(req->status, REQ_STATUS_SENT);
	spin_lock_irq(&ring->lock);
	slot->mount = mount;
	slot->req = req;
	slot->data = data;
	slot->change = change;
	slot->tag = req->tc.tag;
	slot->type = req->tc.id;
	slot->deaf = false;
	slot->unwanted = false;
	slot->flushed = false;
	slot->state = P9FRONT_OUT;
	p9front_slot_expect(ring, slot, longest_answer(req, data));
	spin_unlock_irq(&ring->lock);
}

static void unget_slot(struct p9front_ring *ring, struct p9front_slot *slot)
{
	spin_lock_irq(&ring->lock);
	p9front_slot_free(ring, slot);
	spin_unlock_irq(&ring->lock);
}

static void show_message(struct p9front_ring *ring, u32 size)
{
	struct xpv_byte_stream *out = &ring->bytes.out;

	xpv_bytes_move(out, size);
	/* Backends of others sleep as they like. */
	if (xpv_bytes_push(out) || !xpv_bytes_agreed(out))
		xpv_evtchn_notify(&ring->ch);
}

static int put_message(struct p9front_ring *ring, struct p9front_mount *mount,
		       struct p9_req_t *req, struct p9front_data *data,
		       struct p9front_change *change, u32 size)
{
	struct p9front_slot *slot = p9front_slot_get(ring, req->tc.id);
	int err = -EFAULT;

	if (!slot)
		return -EAGAIN;
	if (!write_message(ring, slot, mount, &req->tc, data))
		goto err_slot;
	err = -EALREADY;
	if (req->tc.id == P9FRONT_TFLUSH &&
	    !write_flushed(ring, slot, mount, &req->tc))
		goto err_slot;
	err = -ECANCELED;
	if (!p9front_may_go(mount, req))
		goto err_slot;
	if (req->tc.id == P9FRONT_TFLUSH)
		p9front_flush_sent(mount->pf, slot);
	fill_slot(ring, slot, mount, req, data, change);
	show_message(ring, size);
	return 0;

err_slot:
	unget_slot(ring, slot);
	return err;
}

/*
 * Return: -EAGAIN if there is no room now; then an event comes when there is.
 * Where events have to be asked for, who asks last asks for all who wait: the
 * backend gets there, and then all of them look again.
 */
static int check_room(struct p9front_ring *ring, u32 size)
{
	struct xpv_byte_stream *out = &ring->bytes.out;
	int room;

	lockdep_assert_held(&ring->put);
	if (size > out->size)
		return -EMSGSIZE;
	room = xpv_bytes_room(out);
	if (room >= 0 && room < size) {
		xpv_bytes_ask(out, size - room);
		room = xpv_bytes_room(out);
	}
	if (room < 0) {
		p9front_ring_break(ring, room,
				   "the backend's consumer is impossible");
		return -ENOTCONN;
	}
	return room < size ? -EAGAIN : 0;
}

static bool is_over(const struct p9front_mount *mount)
{
	return READ_ONCE(mount->dead) || READ_ONCE(mount->pf->aborted);
}

static int try_put(struct p9front_ring *ring, struct p9front_mount *mount,
		   struct p9_req_t *req, struct p9front_data *data,
		   struct p9front_change *change)
{
	u32 size = req->tc.size + (data && data->out ? data->len : 0);
	int err;

	if (is_over(mount))
		return -EIO;
	if (!ring->live || !READ_ONCE(mount->pf->ready))
		return -ENOTCONN;
	if (p9front_fids_stale(&mount->pf->table, mount->id, req->tc.sdata,
			       req->tc.size))
		return -ESTALE;
	if (req->tc.id == P9FRONT_TVERSION && !p9front_may_ask(mount))
		return -ENOTCONN;
	if (!fids_fit(&req->tc))
		return -EMSGSIZE;
	err = check_room(ring, size);
	if (err)
		return err;
	return put_message(ring, mount, req, data, change, size);
}

/*
 * The client hides a signal from itself before it asks, so that a task that was
 * killed would wait here as if nothing was.
 */
static bool is_killed(void)
{
	return __fatal_signal_pending(current);
}

static bool may_go_on(const struct p9front_mount *mount)
{
	const struct p9front *pf = mount->pf;

	return READ_ONCE(pf->ready) || READ_ONCE(pf->failing) ||
	       is_over(mount);
}

/*
 * How long who was killed waits for room to say so. What is not flushed may make a
 * fid that the client knows nothing of.
 */
#define FLUSH_ROOM	(10 * HZ)

/*
 * The end of a fid is told as long as there is a backend: its number is used
 * again. A flush is of somebody who was killed.
 */
static bool gives_up(const struct p9_req_t *req, unsigned long began)
{
	switch (req->tc.id) {
	case P9FRONT_TCLUNK:
		return false;
	case P9FRONT_TFLUSH:
		return time_after_eq(jiffies, began + FLUSH_ROOM);
	default:
		return is_killed();
	}
}

/* Return: 0 if it is to be tried again. */
static int wait_for_room(struct p9front_ring *ring, int stirs,
			 const struct p9_req_t *req, unsigned long began)
{
	long left;

	atomic_long_inc(&ring->waits);
	left = wait_event_killable_timeout(ring->room,
					   atomic_read(&ring->stirs) != stirs ||
					   gives_up(req, began), FLUSH_ROOM);
	if (left < 0)
		return left;
	return gives_up(req, began) ? -ERESTARTSYS : 0;
}

/**
 * p9front_wait_backend() - wait until something can be asked
 * @mount: who wants to
 *
 * Return: 0 if it is to be tried, which may fail; -ERESTARTSYS.
 */
int p9front_wait_backend(struct p9front_mount *mount)
{
	int err;

	err = wait_event_killable(mount->pf->wait,
				  may_go_on(mount) || is_killed());
	if (!err && !may_go_on(mount))
		return -ERESTARTSYS;
	return err;
}

/*
 * The ring that a request goes to, with what goes into it held; NULL if there is
 * none. Whoever waits for it may find another connection, with other rings.
 */
static struct p9front_ring *hold_ring(const struct p9front_mount *mount,
				      const struct p9_req_t *req)
{
	struct p9front_ring *ring;

	while ((ring = ring_of(mount, req))) {
		mutex_lock(&ring->put);
		if (ring == ring_of(mount, req))
			break;
		mutex_unlock(&ring->put);
	}
	return ring;
}

/*
 * The next backend need not hear of a fid that ends. One that has heard already,
 * and is hearing of others, is told that too: its number is used again. Telling
 * takes as long as p9front_make_call() permits for each, whoever is killed.
 *
 * Return: -ESTALE if there is nothing more to do; 0 if it is to be tried again.
 */
static int end_untold(struct p9front_mount *mount, const struct p9_req_t *req)
{
	struct p9front *pf = mount->pf;
	unsigned int life = READ_ONCE(pf->life);

	if (p9front_fid_end_untold(&pf->table, mount->id, req->tc.sdata, life))
		return -ESTALE;
	wait_event_idle(pf->wait, may_go_on(mount) ||
			READ_ONCE(pf->life) != life);
	return 0;
}

static int put_when_possible(struct p9front_mount *mount, struct p9_req_t *req,
			     struct p9front_data *data,
			     struct p9front_change *change, bool again)
{
	bool clunk = req->tc.id == P9FRONT_TCLUNK;
	unsigned long began = jiffies;
	struct p9front_ring *ring;
	int stirs = 0, err;

	do {
		ring = hold_ring(mount, req);
		err = is_over(mount) ? -EIO : -ENOTCONN;
		if (ring) {
			stirs = atomic_read_acquire(&ring->stirs);
			err = try_put(ring, mount, req, data, change);
			mutex_unlock(&ring->put);
		}
		if (err != -EAGAIN && (err != -ENOTCONN || again))
			return err;
		if (err == -ENOTCONN && req->tc.id == P9FRONT_TFLUSH)
			return -EALREADY;
		if (err == -ENOTCONN && !clunk && READ_ONCE(mount->pf->failing))
			return -ENOLINK;
		if (err == -EAGAIN)
			err = wait_for_room(ring, stirs, req, began);
		else if (clunk)
			err = end_untold(mount, req);
		else
			err = p9front_wait_backend(mount);
	} while (!err);
	return err;
}

/**
 * p9front_send() - give a request to the backend
 * @mount: whose it is
 * @req: the request; a reference goes with it until it is answered
 * @data: what goes beside its buffer, or NULL
 * @again: it was out when an earlier backend was lost; or it is for no other
 *
 * Waits, killable, while there is no room, and unless @again while there is no
 * backend.
 *
 * Return: 0; -ERESTARTSYS; -EALREADY if it is a flush of what is over; -ESTALE
 * if it is of a file that could not be found again; -ENOTCONN with @again;
 * -ECANCELED if it was to be sent again, and is not any more; -ENOLINK if no
 * backend is waited for; or another error: then nothing went.
 */
int p9front_send(struct p9front_mount *mount, struct p9_req_t *req,
		 struct p9front_data *data, bool again)
{
	struct p9front_change *change;
	int err;

	err = p9front_change_plan(mount->id, req->tc.sdata, req->tc.size,
				  &change);
	if (err)
		return err;
	err = put_when_possible(mount, req, data, change, again);
	if (err)
		p9front_change_drop(change);
	return err;
}

static int try_call(struct p9front_ring *ring, struct p9front_call *call,
		    struct p9front_slot **slot)
{
	u8 bytes[2];
	int err;

	if (!ring->live)
		return -ENOTCONN;
	err = check_room(ring, call->len);
	if (err)
		return err;
	*slot = p9front_slot_get(ring, call->msg[4]);
	if (!*slot)
		return -EAGAIN;
	p9front_put16(bytes, p9front_ring_tag(ring, *slot));
	xpv_bytes_write(&ring->bytes.out, 0, call->msg, call->len);
	xpv_bytes_write(&ring->bytes.out, 5, bytes, sizeof(bytes));
	spin_lock_irq(&ring->lock);
	(*slot)->call = call;
	(*slot)->type = call->msg[4];
	(*slot)->state = P9FRONT_OUT;
	p9front_slot_expect(ring, *slot, sizeof(call->answer));
	spin_unlock_irq(&ring->lock);
	show_message(ring, call->len);
	return 0;
}

/* How long a backend may take to answer what a connection begins with. */
#define CALL_WAIT	(30 * HZ)

/* It took too long. Return: false if it is being answered all the same. */
static bool forget_call(struct p9front_ring *ring, struct p9front_slot *slot,
			const struct p9front_call *call)
{
	bool out;

	spin_lock_irq(&ring->lock);
	out = slot->call == call && slot->state == P9FRONT_OUT;
	if (out)
		p9front_slot_orphan(ring, slot);
	spin_unlock_irq(&ring->lock);
	return out;
}

static bool call_done(const struct p9front_call *call)
{
	/* Pairs with answer_call(): the answer is looked at next. */
	return smp_load_acquire(&call->done);
}

/**
 * p9front_make_call() - ask the backend for the frontend itself
 * @pf: the share
 * @call: what to ask; filled with the answer
 *
 * On the first ring, or where Tversion belongs, while nobody else asks.
 *
 * Context: process; sleeps, at most half a minute.
 * Return: 0 if there is an answer, which may tell of an error; -ENOTCONN if
 * the backend is lost; or another errno.
 */
int p9front_make_call(struct p9front *pf, struct p9front_call *call)
{
	unsigned int nr = READ_ONCE(pf->nr_rings);
	struct p9front_slot *slot;
	struct p9front_ring *ring;
	int err;

	if (!nr)
		return -ENOTCONN;
	call->done = false;
	ring = &pf->rings[call->msg[4] == P9FRONT_TVERSION ?
			  P9FRONT_NOTAG % nr : 0];
	mutex_lock(&ring->put);
	err = try_call(ring, call, &slot);
	mutex_unlock(&ring->put);
	if (err)
		return err;
	if (!wait_event_timeout(pf->wait, call_done(call), CALL_WAIT) &&
	    forget_call(ring, slot, call))
		return -ETIMEDOUT;
	wait_event(pf->wait, call_done(call));
	return call->err;
}

/**
 * p9front_answer_self() - answer a request that needs no backend
 * @mount: whose it is
 * @req: the request, whose answer is in its buffer
 */
void p9front_answer_self(struct p9front_mount *mount, struct p9_req_t *req)
{
	req->rc.size = p9front_get32(req->rc.sdata);
	req->rc.id = req->rc.sdata[4];
	req->rc.tag = req->tc.tag;
	req->rc.offset = 0;
	p9_client_cb(mount->client, req, REQ_STATUS_RCVD);
}

/**
 * p9front_answer_empty() - say that a request was done, if that is all
 * @mount: whose it is
 * @req: the request
 */
void p9front_answer_empty(struct p9front_mount *mount, struct p9_req_t *req)
{
	struct p9front_head head = {
		.size = P9FRONT_HEAD,
		.type = req->tc.id + 1,
		.tag = req->tc.tag,
	};

	p9front_put_head(req->rc.sdata, &head);
	p9front_answer_self(mount, req);
}

/* The backend does not know the fid, and we need not either. */
static void end_stale(struct p9front_mount *mount, struct p9_req_t *req)
{
	static const u8 refused[P9FRONT_HEAD] = { [4] = P9FRONT_RLERROR };
	struct p9front_change *change;

	if (!p9front_change_plan(mount->id, req->tc.sdata, req->tc.size,
				 &change))
		p9front_change_make(&mount->pf->table, change, refused,
				    sizeof(refused));
}

/**
 * p9front_unsent() - answer a request that did not go
 * @mount: whose it is
 * @req: the request
 * @err: why
 */
void p9front_unsent(struct p9front_mount *mount, struct p9_req_t *req, int err)
{
	bool clunk = req->tc.id == P9FRONT_TCLUNK;

	if (err == -ESTALE && (clunk || req->tc.id == P9FRONT_TREMOVE))
		end_stale(mount, req);
	if (err == -EALREADY || (err == -ESTALE && clunk)) {
		p9front_answer_empty(mount, req);
	} else {
		req->t_err = err == -ENOLINK ? -EIO : err;
		p9_client_cb(mount->client, req, REQ_STATUS_ERROR);
	}
}

/**
 * p9front_request() - p9_trans_module::request
 * @client: whose
 * @req: the request
 *
 * What the client is returned it takes for the end of the whole mount.
 *
 * Return: 0, and the client waits; or an error.
 */
int p9front_request(struct p9_client *client, struct p9_req_t *req)
{
	struct p9front_mount *mount = client->trans;
	int err;

	if (req->tc.id == P9FRONT_TVERSION)
		return p9front_ask_version(mount, req);
	err = p9front_send(mount, req, NULL, false);
	if (!err || err == -ERESTARTSYS || err == -EIO)
		return err;
	p9front_unsent(mount, req, err);
	return 0;
}

/* Where a request is, and whether it waits or its answer is being copied. */
static int make_deaf(struct p9front_mount *mount, struct p9_req_t *req)
{
	struct p9front_ring *ring = ring_of(mount, req);
	struct p9front_slot *slot;
	int state = P9FRONT_FREE;

	if (!ring)
		return state;
	spin_lock_irq(&ring->lock);
	slot = p9front_slot_find(ring, mount, req->tc.tag);
	if (slot) {
		state = slot->state;
		slot->deaf = true;
		if (state == P9FRONT_OUT)
			slot->data = NULL;
	}
	spin_unlock_irq(&ring->lock);
	return state;
}

/*
 * Who waited was killed, and its memory goes. An answer that comes later has no
 * place for its data any more; one that is being copied is waited for, which is
 * as long as copying takes. What was lost with a backend will not be answered.
 */
static void stop_listening(struct p9front_mount *mount, struct p9_req_t *req,
			   const struct p9front_data *data)
{
	while (make_deaf(mount, req) == P9FRONT_TAKEN)
		cond_resched();
	if (!READ_ONCE(data->lost))
		return;
	WRITE_ONCE(req->status, REQ_STATUS_UNSENT);
	p9_req_put(mount->client, req);
}

/* Return: 0 once it is answered; an error with *sent false if it never went. */
static int ask_with_data(struct p9front_mount *mount, struct p9_req_t *req,
			 struct p9front_data *data, bool *sent)
{
	int err;

	for (;;) {
		*sent = false;
		err = p9front_data_rewind(data, req) ?:
		      p9front_send(mount, req, data, false);
		if (err)
			return err;
		*sent = true;
		err = wait_event_killable(req->wq, READ_ONCE(data->lost) ||
					  READ_ONCE(req->status) >=
					  REQ_STATUS_RCVD);
		if (err) {
			stop_listening(mount, req, data);
			return err;
		}
		if (!READ_ONCE(data->lost))
			return 0;
		WRITE_ONCE(req->status, REQ_STATUS_UNSENT);
	}
}

/**
 * p9front_zc_request() - p9_trans_module::zc_request
 * @client: whose
 * @req: the request
 * @in: where the data goes, or NULL
 * @out: where the data is, or NULL
 * @in_len: how much may come
 * @out_len: how much goes
 * @in_head: bytes of the answer before its data
 *
 * Return: 0 once it is answered, or an error.
 */
int p9front_zc_request(struct p9_client *client, struct p9_req_t *req,
		       struct iov_iter *in, struct iov_iter *out, int in_len,
		       int out_len, int in_head)
{
	struct p9front_mount *mount = client->trans;
	struct p9front_data data;
	bool sent = false;
	int err, end;

	err = p9front_data_take(&data, req, out ?: in, out ? out_len : in_len,
				out);
	if (!err) {
		err = ask_with_data(mount, req, &data, &sent);
		/* Who is killed is answered all the same, if an answer came. */
		end = p9front_data_end(&data, req);
		if (end)
			err = end;
		p9front_data_drop(&data);
	}
	/* Not returned, which would be the end of the mount. */
	if (err == -ENOLINK) {
		p9front_unsent(mount, req, err);
		return 0;
	}
	/* The reference that would have gone with it. */
	if (!sent)
		p9_req_put(client, req);
	return err;
}

/*
 * A request that was sent, and not answered, is out; or its answer is being
 * taken; or its backend was lost, and it is kept, or about to be sent again. From
 * one to the next it may be in none of these for a moment. So who looks for it
 * looks until it is found, or is in none for good.
 */
static bool is_pending(const struct p9_req_t *req)
{
	return READ_ONCE(req->status) == REQ_STATUS_SENT;
}

static struct p9front_slot *find_out(struct p9front_ring *ring,
				     const struct p9front_mount *mount,
				     const struct p9_req_t *req)
{
	struct p9front_slot *slot = p9front_slot_find(ring, mount, req->tc.tag);

	return slot && slot->state == P9FRONT_OUT ? slot : NULL;
}

static bool is_out(struct p9front_mount *mount, const struct p9_req_t *req)
{
	struct p9front_ring *ring = ring_of(mount, req);
	bool out;

	if (!ring)
		return false;
	spin_lock_irq(&ring->lock);
	out = find_out(ring, mount, req);
	spin_unlock_irq(&ring->lock);
	return out;
}

/**
 * p9front_cancel() - p9_trans_module::cancel
 * @client: whose
 * @req: a request that nobody waits for any more
 *
 * Return: 1 if the backend has to be told; 0 if it does not know of it, or has
 * answered.
 */
int p9front_cancel(struct p9_client *client, struct p9_req_t *req)
{
	struct p9front_mount *mount = client->trans;

	while (is_pending(req)) {
		if (p9front_unhold(mount, req))
			return 0;
		if (is_out(mount, req))
			return 1;
		cond_resched();
	}
	return 0;
}

/*
 * The flush may have been answered here, because its backend was lost, and what
 * it speaks of been sent to the next one since: that will answer.
 */
static bool free_if_out(struct p9front_mount *mount,
			const struct p9_req_t *req)
{
	struct p9front_ring *ring = ring_of(mount, req);
	struct p9front_slot *slot;

	if (!ring)
		return false;
	spin_lock_irq(&ring->lock);
	slot = find_out(ring, mount, req);
	if (slot && slot->flushed)
		p9front_slot_free(ring, slot);
	else if (slot)
		p9front_slot_orphan(ring, slot);
	spin_unlock_irq(&ring->lock);
	if (slot)
		p9front_ring_stir(ring);
	return slot;
}

/**
 * p9front_cancelled() - p9_trans_module::cancelled
 * @client: whose
 * @req: a request whose flush was answered
 *
 * That may have been here, because the request was not out: then it is found
 * where it was going. What becomes of it is settled when this returns.
 *
 * Return: 0.
 */
int p9front_cancelled(struct p9_client *client, struct p9_req_t *req)
{
	struct p9front_mount *mount = client->trans;

	while (is_pending(req)) {
		if (free_if_out(mount, req)) {
			p9_req_put(client, req);
			break;
		}
		if (p9front_unhold(mount, req))
			break;
		cond_resched();
	}
	return 0;
}
