// SPDX-License-Identifier: GPL-2.0
/*
 * xenstored, in the place of xenbus's ring to it: a thread takes the requests that
 * xenbus has queued, and answers them.
 *
 * What a transaction changes is noted, and done when it ends: it does not see its own
 * changes, and meets nobody else's. There are no permissions, and no quota.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include <xen/interface/io/xs_wire.h>
#include <xen/xenbus.h>

#include "xenbus.h"
#include "xen.h"

#define HOME	"/local/domain/0/"

/* What xenbus_comms.c has, for the rest of xenbus. */
LIST_HEAD(xs_reply_list);
LIST_HEAD(xb_write_list);
DECLARE_WAIT_QUEUE_HEAD(xb_waitq);
DEFINE_MUTEX(xb_write_mutex);
DEFINE_MUTEX(xs_response_mutex);

/*
 * struct node - a key
 * @link: in the list of all, which is in the order of their making
 * @path: where it is, absolute
 * @value: its text, terminated
 */
struct node {
	struct list_head link;
	char *path;
	char *value;
};

/*
 * struct watch - a watch
 * @link: in the list of all
 * @path: what is watched, absolute
 * @home: bytes of it that whoever watches does not know of
 * @token: whose it is
 */
struct watch {
	struct list_head link;
	char *path;
	size_t home;
	char *token;
};

/*
 * struct change - of a transaction
 * @link: in the list of all
 * @txn: which
 * @type: XS_WRITE, XS_MKDIR or XS_RM
 * @path: where, absolute
 * @value: of a XS_WRITE
 */
struct change {
	struct list_head link;
	u32 txn;
	u32 type;
	char *path;
	char *value;
};

/*
 * struct question - a request, and its answer
 * @type: XS_*; of the answer too, unless that is an error
 * @txn: its transaction, 0 for none
 * @body: strings
 * @len: bytes of them
 * @answer: likewise, allocated; NULL for "OK"
 * @answer_len: likewise
 */
struct question {
	u32 type;
	u32 txn;
	char *body;
	size_t len;
	char *answer;
	size_t answer_len;
};

/* All of it is the thread's alone. */
static LIST_HEAD(nodes);
static LIST_HEAD(watches);
static LIST_HEAD(changes);
static u32 last_txn;

/* The root's own is empty. */
static char *absolute(const char *path)
{
	if (!strcmp(path, "/"))
		path++;
	else if (*path != '/')
		return kasprintf(GFP_KERNEL, HOME "%s", path);
	return kstrdup(path, GFP_KERNEL);
}

/* Return: whether @path is @dir, or in it. */
static bool is_in(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

static struct node *find(const char *path)
{
	struct node *node;

	list_for_each_entry(node, &nodes, link)
		if (!strcmp(node->path, path))
			return node;
	return NULL;
}

static void tell(const struct watch *watch, const char *path)
{
	size_t size = strlen(path) + 1, token = strlen(watch->token) + 1;
	struct xs_watch_event *event;

	path += watch->home;
	size -= watch->home;
	event = kzalloc(sizeof(*event) + size + token + 1, GFP_KERNEL);
	if (!event)
		return;
	memcpy(event->body, path, size);
	memcpy(event->body + size, watch->token, token);
	event->len = size + token;
	xs_watch_msg(event);
}

/* Of what is gone, those hear who watch something in it. */
static void fire(const char *path, bool gone)
{
	const struct watch *watch;

	list_for_each_entry(watch, &watches, link) {
		if (is_in(path, watch->path))
			tell(watch, path);
		else if (gone && is_in(watch->path, path))
			tell(watch, watch->path);
	}
}

static struct node *make(const char *path)
{
	struct node *node = kzalloc(sizeof(*node), GFP_KERNEL);

	node->path = kstrdup(path, GFP_KERNEL);
	node->value = kstrdup("", GFP_KERNEL);
	list_add_tail(&node->link, &nodes);
	return node;
}

/* What it is in is made first. */
static struct node *find_or_make(const char *path)
{
	struct node *node = find(path);
	char *parent, *slash;

	if (node)
		return node;
	parent = kstrdup(path, GFP_KERNEL);
	slash = strrchr(parent, '/');
	if (slash && slash != parent) {
		*slash = '\0';
		find_or_make(parent);
	}
	kfree(parent);
	return make(path);
}

static void remove(const char *path)
{
	struct node *node, *next;

	list_for_each_entry_safe(node, next, &nodes, link) {
		if (!is_in(node->path, path))
			continue;
		list_del(&node->link);
		kfree(node->path);
		kfree(node->value);
		kfree(node);
	}
}

static int apply(u32 type, const char *path, const char *value)
{
	struct node *node;

	if (type == XS_RM) {
		if (!find(path))
			return -ENOENT;
		remove(path);
		fire(path, true);
		return 0;
	}
	node = find_or_make(path);
	if (type == XS_WRITE) {
		kfree(node->value);
		node->value = kstrdup(value, GFP_KERNEL);
	}
	fire(path, false);
	return 0;
}

static int note_change(const struct question *q, const char *path, const char *value)
{
	struct change *change = kzalloc(sizeof(*change), GFP_KERNEL);

	if (q->type == XS_RM && !find(path)) {
		kfree(change);
		return -ENOENT;
	}
	change->txn = q->txn;
	change->type = q->type;
	change->path = kstrdup(path, GFP_KERNEL);
	change->value = kstrdup(value, GFP_KERNEL);
	list_add_tail(&change->link, &changes);
	return 0;
}

/* The value follows the path, and is not terminated: but the body is. */
static int change(struct question *q, const char *path)
{
	const char *value = "";

	if (q->type == XS_WRITE)
		value = q->body + strlen(q->body) + 1;
	return q->txn ? note_change(q, path, value) : apply(q->type, path, value);
}

static int end_transaction(struct question *q)
{
	bool commit = *q->body == 'T';
	struct change *change, *next;

	list_for_each_entry_safe(change, next, &changes, link) {
		if (change->txn != q->txn)
			continue;
		if (commit)
			apply(change->type, change->path, change->value);
		list_del(&change->link);
		kfree(change->path);
		kfree(change->value);
		kfree(change);
	}
	return 0;
}

static int begin_transaction(struct question *q)
{
	q->answer = kasprintf(GFP_KERNEL, "%u", ++last_txn);
	q->answer_len = strlen(q->answer) + 1;
	return 0;
}

static int read(struct question *q, const char *path)
{
	const struct node *node = find(path);

	if (!node)
		return -ENOENT;
	q->answer = kstrdup(node->value, GFP_KERNEL);
	q->answer_len = strlen(q->answer);
	return 0;
}

/* The name of @path in the folder @dir, if it is there and in no other one below. */
static const char *entry(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (!is_in(path, dir) || path[len] != '/' || strchr(path + len + 1, '/'))
		return NULL;
	return path + len + 1;
}

static int directory(struct question *q, const char *path)
{
	const struct node *node;
	const char *name;

	if (*path && !find(path))
		return -ENOENT;
	q->answer = kzalloc(XENSTORE_PAYLOAD_MAX + 1, GFP_KERNEL);
	list_for_each_entry(node, &nodes, link) {
		name = entry(node->path, path);
		if (!name)
			continue;
		if (q->answer_len + strlen(name) + 1 > XENSTORE_PAYLOAD_MAX)
			return -E2BIG;
		strcpy(q->answer + q->answer_len, name);
		q->answer_len += strlen(name) + 1;
	}
	return 0;
}

static int add_watch(struct question *q, const char *path)
{
	struct watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);

	watch->path = kstrdup(path, GFP_KERNEL);
	watch->home = *q->body == '/' ? 0 : strlen(HOME);
	watch->token = kstrdup(q->body + strlen(q->body) + 1, GFP_KERNEL);
	list_add_tail(&watch->link, &watches);
	tell(watch, watch->path);
	return 0;
}

static int remove_watch(struct question *q, const char *path)
{
	const char *token = q->body + strlen(q->body) + 1;
	struct watch *watch;

	list_for_each_entry(watch, &watches, link) {
		if (strcmp(watch->path, path) || strcmp(watch->token, token))
			continue;
		list_del(&watch->link);
		kfree(watch->path);
		kfree(watch->token);
		kfree(watch);
		return 0;
	}
	return -ENOENT;
}

static int answer_path(struct question *q, const char *path)
{
	switch (q->type) {
	case XS_DIRECTORY:
		return directory(q, path);
	case XS_READ:
		return read(q, path);
	case XS_WATCH:
		return add_watch(q, path);
	case XS_UNWATCH:
		return remove_watch(q, path);
	case XS_WRITE:
	case XS_MKDIR:
	case XS_RM:
		return change(q, path);
	case XS_SET_PERMS:
		return 0;
	default:
		return -EINVAL;
	}
}

static int answer(struct question *q)
{
	char *path;
	int err;

	if (q->type == XS_TRANSACTION_START)
		return begin_transaction(q);
	if (q->type == XS_TRANSACTION_END)
		return end_transaction(q);
	path = absolute(q->body);
	err = answer_path(q, path);
	kfree(path);
	return err;
}

static const char *error_name(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (xsd_errors[i].errnum == -err)
			return xsd_errors[i].errstring;
	return "EINVAL";
}

static void say(struct question *q, u32 type, const char *text)
{
	kfree(q->answer);
	q->type = type;
	q->answer = kstrdup(text, GFP_KERNEL);
	q->answer_len = strlen(text) + 1;
}

static void ask(struct question *q)
{
	int err = answer(q);

	if (err)
		say(q, XS_ERROR, error_name(err));
	else if (!q->answer)
		say(q, q->type, "OK");
}

static char *body_of(const struct xb_req_data *req)
{
	char *body = kzalloc(req->msg.len + 2, GFP_KERNEL);
	size_t at = 0;
	int i;

	for (i = 0; i < req->num_vecs; i++) {
		memcpy(body + at, req->vec[i].iov_base, req->vec[i].iov_len);
		at += req->vec[i].iov_len;
	}
	return body;
}

static struct xb_req_data *take(void)
{
	struct xb_req_data *req;

	mutex_lock(&xb_write_mutex);
	req = list_first_entry_or_null(&xb_write_list, struct xb_req_data, list);
	if (req) {
		list_del_init(&req->list);
		if (req->state == xb_req_state_queued)
			req->state = xb_req_state_wait_reply;
	}
	mutex_unlock(&xb_write_mutex);
	return req;
}

static void serve(struct xb_req_data *req)
{
	struct question q = {
		.type = req->msg.type,
		.txn = req->msg.tx_id,
		.body = body_of(req),
		.len = req->msg.len,
	};

	ask(&q);
	kfree(q.body);
	req->msg.req_id = req->caller_req_id;
	req->msg.type = q.type;
	req->msg.len = q.answer_len;
	req->body = q.answer;
	/* The answer is there before it is told. */
	smp_wmb();
	req->state = xb_req_state_got_reply;
	req->cb(req);
	kref_put(&req->kref, xs_free_req);
}

static int xenstored(void *unused)
{
	struct xb_req_data *req;

	for (;;) {
		wait_event_idle(xb_waitq, !list_empty_careful(&xb_write_list));
		req = take();
		if (req)
			serve(req);
	}
	return 0;
}

int loop_store_init(void)
{
	struct task_struct *task = kthread_run(xenstored, NULL, "xenstored");

	return PTR_ERR_OR_ZERO(task);
}

int xb_init_comms(void)
{
	return 0;
}

void xb_deinit_comms(void)
{
}
