// SPDX-License-Identifier: GPL-2.0
/*
 * Requests: what the 9p client asks goes into a ring, with the numbers that are
 * the mount's own translated.
 *
 * The client's buffer stays as it is, since the client reads it again; numbers
 * are changed in the ring, before the backend is shown them.
 */
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
static bool write_flushed(struct p9front_ring *ring,
			  const struct p9front_mount *mount,
			  const struct p9_fcall *tc)
{
	const struct p9front_slot *old;
	u8 bytes[2];
	bool out;

	spin_lock_irq(&ring->lock);
	old = p9front_slot_find(ring, mount, tc->sdata[P9FRONT_HEAD] |
				tc->sdata[P9FRONT_HEAD + 1] << 8);
	out = old && old->state == P9FRONT_OUT;
	if (out)
		p9front_put16(bytes, p9front_ring_tag(ring, old));
	spin_unlock_irq(&ring->lock);
	if (out)
		xpv_bytes_write(&ring->bytes.out, P9FRONT_HEAD, bytes,
				sizeof(bytes));
	return out;
}

static void fill_slot(struct p9front_ring *ring, struct p9front_slot *slot,
		      struct p9front_mount *mount, struct p9_req_t *req,
		      struct p9front_data *data)
{
	bool in = data && !data->out;

	WRITE_ONCE(req->status, REQ_STATUS_SENT);
	spin_lock_irq(&ring->lock);
	slot->mount = mount;
	slot->req = req;
	slot->to = in ? data->iter : NULL;
	slot->len = in ? data->len : 0;
	slot->tag = req->tc.tag;
	slot->type = req->tc.id;
	slot->deaf = false;
	slot->state = P9FRONT_OUT;
	spin_unlock_irq(&ring->lock);
}

static void unget_slot(struct p9front_ring *ring, struct p9front_slot *slot)
{
	spin_lock_irq(&ring->lock);
	p9front_slot_free(ring, slot);
	spin_unlock_irq(&ring->lock);
}

static int put_message(struct p9front_ring *ring, struct p9front_mount *mount,
		       struct p9_req_t *req, struct p9front_data *data,
		       u32 size)
{
	struct p9front_slot *slot = p9front_slot_get(ring, req->tc.id);
	int err = -EFAULT;

	if (!slot)
		return -EAGAIN;
	if (!write_message(ring, slot, mount, &req->tc, data))
		goto err_slot;
	err = -EALREADY;
	if (req->tc.id == P9FRONT_TFLUSH &&
	    !write_flushed(ring, mount, &req->tc))
		goto err_slot;
	fill_slot(ring, slot, mount, req, data);
	xpv_bytes_move(&ring->bytes.out, size);
	xpv_bytes_push(&ring->bytes.out);
	xpv_evtchn_notify(&ring->ch);
	return 0;

err_slot:
	unget_slot(ring, slot);
	return err;
}

static int try_put(struct p9front_ring *ring, struct p9front_mount *mount,
		   struct p9_req_t *req, struct p9front_data *data, u32 size)
{
	int room;

	lockdep_assert_held(&ring->put);
	if (!ring->live || !p9front_alive(mount))
		return -EIO;
	if (size > ring->bytes.out.size || !fids_fit(&req->tc))
		return -EMSGSIZE;
	room = xpv_bytes_room(&ring->bytes.out);
	if (room < 0) {
		xpv_device_fail(mount->pf->dev, room,
				"ring %u: the backend's consumer is impossible",
				ring->index);
		return -EIO;
	}
	if (room < size)
		return -EAGAIN;
	return put_message(ring, mount, req, data, size);
}

/**
 * p9front_send() - give a request to the backend
 * @mount: whose it is
 * @req: the request; a reference goes with it until it is answered
 * @data: what goes beside its buffer, or NULL
 *
 * Waits, killable, while there is no room.
 *
 * Return: 0; -ERESTARTSYS; -EALREADY if it is a flush of what is over; or
 * another error: then nothing went.
 */
int p9front_send(struct p9front_mount *mount, struct p9_req_t *req,
		 struct p9front_data *data)
{
	struct p9front_ring *ring = ring_of(mount, req);
	u32 size = req->tc.size + (data && data->out ? data->len : 0);
	int stirs, err;

	if (!ring)
		return -EIO;
	for (;;) {
		stirs = atomic_read_acquire(&ring->stirs);
		mutex_lock(&ring->put);
		err = try_put(ring, mount, req, data, size);
		mutex_unlock(&ring->put);
		if (err != -EAGAIN)
			return err;
		atomic_long_inc(&ring->waits);
		err = wait_event_killable(ring->room,
					  atomic_read(&ring->stirs) != stirs);
		if (err)
			return err;
	}
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

/* What is over needs no flush: whoever asks is told so. */
static void answer_flush(struct p9front_mount *mount, struct p9_req_t *req)
{
	struct p9front_head head = {
		.size = P9FRONT_HEAD,
		.type = P9FRONT_RFLUSH,
		.tag = req->tc.tag,
	};

	p9front_put_head(req->rc.sdata, &head);
	p9front_answer_self(mount, req);
}

/**
 * p9front_request() - p9_trans_module::request
 * @client: whose
 * @req: the request
 *
 * Return: 0, and the client waits; or an error.
 */
int p9front_request(struct p9_client *client, struct p9_req_t *req)
{
	struct p9front_mount *mount = client->trans;
	int err;

	if (req->tc.id == P9FRONT_TVERSION)
		return p9front_ask_version(mount, req);
	err = p9front_send(mount, req, NULL);
	if (err == -EALREADY) {
		answer_flush(mount, req);
		return 0;
	}
	return err;
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
			slot->to = NULL;
	}
	spin_unlock_irq(&ring->lock);
	return state;
}

/*
 * Who waited was killed, and its memory goes. An answer that comes later has no
 * place for its data any more; one that is being copied is waited for, which is
 * as long as copying takes.
 */
static void stop_listening(struct p9front_mount *mount, struct p9_req_t *req)
{
	while (make_deaf(mount, req) == P9FRONT_TAKEN)
		cond_resched();
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
	int err;

	err = p9front_data_take(&data, req, out ?: in, out ? out_len : in_len,
				out);
	if (err)
		goto err_put;
	err = p9front_send(mount, req, &data);
	if (err) {
		p9front_data_drop(&data);
		goto err_put;
	}
	err = wait_event_killable(req->wq,
				  READ_ONCE(req->status) >= REQ_STATUS_RCVD);
	if (err)
		stop_listening(mount, req);
	p9front_data_drop(&data);
	return err;

err_put:
	/* The reference that would have gone with it. */
	p9_req_put(client, req);
	return err;
}

/**
 * p9front_cancel() - p9_trans_module::cancel
 * @client: whose
 * @req: a request that is out
 *
 * Return: 1, since the backend has to be told.
 */
int p9front_cancel(struct p9_client *client, struct p9_req_t *req)
{
	return 1;
}

/**
 * p9front_cancelled() - p9_trans_module::cancelled
 * @client: whose
 * @req: a request that the backend said it will not answer
 *
 * Return: 0.
 */
int p9front_cancelled(struct p9_client *client, struct p9_req_t *req)
{
	struct p9front_mount *mount = client->trans;
	struct p9front_ring *ring = ring_of(mount, req);
	struct p9front_slot *slot;
	bool out = false;

	if (!ring)
		return 0;
	spin_lock_irq(&ring->lock);
	slot = p9front_slot_find(ring, mount, req->tc.tag);
	if (slot && slot->state == P9FRONT_OUT) {
		p9front_slot_free(ring, slot);
		out = true;
	}
	spin_unlock_irq(&ring->lock);
	if (out) {
		p9front_ring_stir(ring);
		p9_req_put(client, req);
	}
	return 0;
}
