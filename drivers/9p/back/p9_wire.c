// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of 9P2000.L: taking a client's apart, and putting ours together.
 *
 * One table has the fields of every request; see p9_wire.h.
 */
#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#include "p9_wire.h"

/* What a field is, and what it is checked for. */
enum field_kind {
	FIELD_END,
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_TEXT,	/* any string without a NUL */
	FIELD_NAME,	/* the name of a file in a folder */
	FIELD_TARGET,	/* of a symbolic link */
	FIELD_WALK,	/* n[2], and as many names */
	FIELD_DATA,	/* as many bytes as the field before says */
};

struct field {
	u8 kind;
	u16 at;
};

#define FIELDS_MAX	12

/**
 * struct message - a type of request
 * @name: in words
 * @changes: it can change something, on a disk or of what a fid is
 * @fields: what follows its head
 */
struct message {
	const char *name;
	bool changes;
	struct field fields[FIELDS_MAX];
};

#define U8(_f)		{ FIELD_U8, offsetof(struct p9w_req, _f) }
#define U16(_f)		{ FIELD_U16, offsetof(struct p9w_req, _f) }
#define U32(_f)		{ FIELD_U32, offsetof(struct p9w_req, _f) }
#define U64(_f)		{ FIELD_U64, offsetof(struct p9w_req, _f) }
#define TEXT(_f)	{ FIELD_TEXT, offsetof(struct p9w_req, _f) }
#define NAME(_f)	{ FIELD_NAME, offsetof(struct p9w_req, _f) }
#define TARGET(_f)	{ FIELD_TARGET, offsetof(struct p9w_req, _f) }
#define WALK		{ FIELD_WALK, 0 }
#define DATA		{ FIELD_DATA, 0 }

static const struct message messages[P9W_TYPES] = {
	[P9W_TSTATFS] = { "statfs", false, { U32(fid) } },
	[P9W_TLOPEN] = { "lopen", true, { U32(fid), U32(flags) } },
	[P9W_TLCREATE] = { "lcreate", true,
		{ U32(fid), NAME(name), U32(flags), U32(mode), U32(gid) } },
	[P9W_TSYMLINK] = { "symlink", true,
		{ U32(fid), NAME(name), TARGET(name2), U32(gid) } },
	[P9W_TMKNOD] = { "mknod", true,
		{ U32(fid), NAME(name), U32(mode), U32(major), U32(minor),
		  U32(gid) } },
	[P9W_TRENAME] = { "rename", true, { U32(fid), U32(fid2), NAME(name) } },
	[P9W_TREADLINK] = { "readlink", false, { U32(fid) } },
	[P9W_TGETATTR] = { "getattr", false, { U32(fid), U64(mask) } },
	[P9W_TSETATTR] = { "setattr", true,
		{ U32(fid), U32(valid), U32(mode), U32(uid), U32(gid),
		  U64(length), U64(atime_sec), U64(atime_nsec), U64(mtime_sec),
		  U64(mtime_nsec) } },
	[P9W_TXATTRWALK] = { "xattrwalk", true,
		{ U32(fid), U32(fid2), TEXT(name) } },
	[P9W_TXATTRCREATE] = { "xattrcreate", true,
		{ U32(fid), TEXT(name), U64(length), U32(flags) } },
	[P9W_TREADDIR] = { "readdir", false,
		{ U32(fid), U64(offset), U32(count) } },
	[P9W_TFSYNC] = { "fsync", false, { U32(fid), U32(count) } },
	[P9W_TLOCK] = { "lock", true,
		{ U32(fid), U8(lock), U32(flags), U64(offset), U64(length),
		  U32(count), TEXT(name) } },
	[P9W_TGETLOCK] = { "getlock", false,
		{ U32(fid), U8(lock), U64(offset), U64(length), U32(count),
		  TEXT(name) } },
	[P9W_TLINK] = { "link", true, { U32(fid), U32(fid2), NAME(name) } },
	[P9W_TMKDIR] = { "mkdir", true,
		{ U32(fid), NAME(name), U32(mode), U32(gid) } },
	[P9W_TRENAMEAT] = { "renameat", true,
		{ U32(fid), NAME(name), U32(fid2), NAME(name2) } },
	[P9W_TUNLINKAT] = { "unlinkat", true,
		{ U32(fid), NAME(name), U32(flags) } },
	[P9W_TVERSION] = { "version", true, { U32(count), TEXT(name) } },
	[P9W_TAUTH] = { "auth", true,
		{ U32(fid), TEXT(name), TEXT(name2), U32(uid) } },
	[P9W_TATTACH] = { "attach", true,
		{ U32(fid), U32(fid2), TEXT(name), TEXT(name2), U32(uid) } },
	[P9W_TFLUSH] = { "flush", true, { U16(oldtag) } },
	[P9W_TWALK] = { "walk", true, { U32(fid), U32(fid2), WALK } },
	[P9W_TREAD] = { "read", false, { U32(fid), U64(offset), U32(count) } },
	[P9W_TWRITE] = { "write", true,
		{ U32(fid), U64(offset), U32(count), DATA } },
	[P9W_TCLUNK] = { "clunk", true, { U32(fid) } },
	[P9W_TREMOVE] = { "remove", true, { U32(fid) } },
};

/* A message while it is taken apart. */
struct cursor {
	u8 *at;
	u32 left;
};

static u64 load(const u8 *from, unsigned int bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | from[bytes];
	return value;
}

static void store(u8 *to, u64 value, unsigned int bytes)
{
	for (; bytes--; value >>= 8)
		*to++ = value;
}

static int take(struct cursor *msg, u32 len, u8 **what)
{
	if (len > msg->left)
		return -EPROTO;
	*what = msg->at;
	msg->at += len;
	msg->left -= len;
	return 0;
}

static int take_number(struct cursor *msg, void *into, unsigned int bytes)
{
	u64 value;
	u8 *what;
	int err = take(msg, bytes, &what);

	if (err)
		return err;
	value = load(what, bytes);
	switch (bytes) {
	case 1:
		*(u8 *)into = value;
		break;
	case 2:
		*(u16 *)into = value;
		break;
	case 4:
		*(u32 *)into = value;
		break;
	default:
		*(u64 *)into = value;
	}
	return 0;
}

static int take_text(struct cursor *msg, struct p9w_str *str)
{
	u8 *what;
	int err = take_number(msg, &str->len, 2);

	if (err)
		return err;
	err = take(msg, str->len, &what);
	if (err)
		return err;
	str->s = (char *)what;
	return memchr(what, 0, str->len) ? -EINVAL : 0;
}

int p9w_is_component(const struct p9w_str *name)
{
	if (name->len > P9W_NAME_MAX)
		return -ENAMETOOLONG;
	if (!name->len || memchr(name->s, '/', name->len) ||
	    memchr(name->s, 0, name->len))
		return -EINVAL;
	if (name->s[0] != '.')
		return 0;
	if (name->len == 1 || (name->len == 2 && name->s[1] == '.'))
		return -EINVAL;
	return 0;
}

static int take_name(struct cursor *msg, struct p9w_str *str)
{
	int err = take_text(msg, str);

	return err ?: p9w_is_component(str);
}

static int take_target(struct cursor *msg, struct p9w_str *str)
{
	int err = take_text(msg, str);

	if (err)
		return err;
	if (str->len > P9W_PATH_MAX)
		return -ENAMETOOLONG;
	return str->len ? 0 : -EINVAL;
}

static int take_walk(struct cursor *msg, struct p9w_req *req)
{
	u16 nr, i;
	int err = take_number(msg, &nr, sizeof(nr));

	if (err)
		return err;
	if (nr > P9W_MAX_WALK)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		err = take_name(msg, &req->walk[i]);
		if (err)
			return err;
	}
	req->nwalk = nr;
	return 0;
}

static int take_field(struct cursor *msg, const struct field *field,
		      struct p9w_req *req)
{
	void *into = (u8 *)req + field->at;

	switch (field->kind) {
	case FIELD_U8:
		return take_number(msg, into, 1);
	case FIELD_U16:
		return take_number(msg, into, 2);
	case FIELD_U32:
		return take_number(msg, into, 4);
	case FIELD_U64:
		return take_number(msg, into, 8);
	case FIELD_TEXT:
		return take_text(msg, into);
	case FIELD_NAME:
		return take_name(msg, into);
	case FIELD_TARGET:
		return take_target(msg, into);
	case FIELD_WALK:
		return take_walk(msg, req);
	default:
		return take(msg, req->count, &req->data);
	}
}

#define SECOND	1000000000ULL

static int check_times(const struct p9w_req *req)
{
	if (req->valid & ~P9W_SET_ALL)
		return -EINVAL;
	if (req->valid & P9W_SET_ATIME_TO && req->atime_nsec >= SECOND)
		return -EINVAL;
	if (req->valid & P9W_SET_MTIME_TO && req->mtime_nsec >= SECOND)
		return -EINVAL;
	return 0;
}

/* What one field cannot tell. */
static int check(const struct p9w_req *req)
{
	switch (req->type) {
	case P9W_TSETATTR:
		return check_times(req);
	case P9W_TLOCK:
	case P9W_TGETLOCK:
		return req->lock > P9W_LOCK_NONE ? -EINVAL : 0;
	case P9W_TUNLINKAT:
		return req->flags & ~P9W_AT_REMOVEDIR ? -EINVAL : 0;
	default:
		return 0;
	}
}

static void terminate(struct p9w_str *str)
{
	if (str->s)
		str->s[str->len] = 0;
}

/*
 * The byte behind a string is another field's, which has been read, or the one
 * behind the message.
 */
static void terminate_all(struct p9w_req *req)
{
	u16 i;

	terminate(&req->name);
	terminate(&req->name2);
	for (i = 0; i < req->nwalk; i++)
		terminate(&req->walk[i]);
}

void p9w_head(const u8 *head, struct p9w_req *req)
{
	req->size = load(head, 4);
	req->type = head[4];
	req->tag = load(head + 5, 2);
}

int p9w_parse(u8 *msg, u32 size, struct p9w_req *req)
{
	struct cursor left = { msg + P9W_HEAD, size - P9W_HEAD };
	const struct field *field;
	int err;

	memset(req, 0, sizeof(*req));
	p9w_head(msg, req);
	if (req->size != size)
		return -EPROTO;
	if (!p9w_type_name(req->type))
		return -EOPNOTSUPP;
	for (field = messages[req->type].fields; field->kind; field++) {
		err = take_field(&left, field, req);
		if (err)
			return err;
	}
	if (left.left)
		return -EPROTO;
	terminate_all(req);
	return check(req);
}

bool p9w_changes(u8 type)
{
	return type < P9W_TYPES && messages[type].changes;
}

const char *p9w_type_name(u8 type)
{
	return type < P9W_TYPES ? messages[type].name : NULL;
}

void p9w_begin(struct p9w_out *out, u8 *buf, u32 room)
{
	out->buf = buf;
	out->room = room;
	out->pos = P9W_HEAD;
	out->full = false;
	out->beside = 0;
}

u8 *p9w_skip(struct p9w_out *out, u32 len)
{
	u8 *at = out->buf + out->pos;

	if (out->full || len > out->room - out->pos) {
		out->full = true;
		return NULL;
	}
	out->pos += len;
	return at;
}

static void put(struct p9w_out *out, u64 value, unsigned int bytes)
{
	u8 *to = p9w_skip(out, bytes);

	if (to)
		store(to, value, bytes);
}

void p9w_put8(struct p9w_out *out, u8 value)
{
	put(out, value, 1);
}

void p9w_put16(struct p9w_out *out, u16 value)
{
	put(out, value, 2);
}

void p9w_put32(struct p9w_out *out, u32 value)
{
	put(out, value, 4);
}

void p9w_put64(struct p9w_out *out, u64 value)
{
	put(out, value, 8);
}

void p9w_put_str(struct p9w_out *out, const char *s, u16 len)
{
	u8 *to;

	p9w_put16(out, len);
	to = p9w_skip(out, len);
	if (to)
		memcpy(to, s, len);
}

void p9w_put_qid(struct p9w_out *out, const struct p9w_qid *qid)
{
	p9w_put8(out, qid->type);
	p9w_put32(out, qid->version);
	p9w_put64(out, qid->path);
}

static void put_time(struct p9w_out *out, const struct p9w_time *time)
{
	p9w_put64(out, time->sec);
	p9w_put64(out, time->nsec);
}

void p9w_put_attr(struct p9w_out *out, const struct p9w_attr *attr)
{
	p9w_put64(out, attr->valid);
	p9w_put_qid(out, &attr->qid);
	p9w_put32(out, attr->mode);
	p9w_put32(out, attr->uid);
	p9w_put32(out, attr->gid);
	p9w_put64(out, attr->nlink);
	p9w_put64(out, attr->rdev);
	p9w_put64(out, attr->size);
	p9w_put64(out, attr->blksize);
	p9w_put64(out, attr->blocks);
	put_time(out, &attr->atime);
	put_time(out, &attr->mtime);
	put_time(out, &attr->ctime);
	put_time(out, &attr->btime);
	p9w_put64(out, 0);	/* generation */
	p9w_put64(out, 0);	/* version of the data */
}

void p9w_put_statfs(struct p9w_out *out, const struct p9w_statfs *st)
{
	p9w_put32(out, st->type);
	p9w_put32(out, st->bsize);
	p9w_put64(out, st->blocks);
	p9w_put64(out, st->bfree);
	p9w_put64(out, st->bavail);
	p9w_put64(out, st->files);
	p9w_put64(out, st->ffree);
	p9w_put64(out, st->fsid);
	p9w_put32(out, st->namelen);
}

bool p9w_put_entry(struct p9w_out *out, const struct p9w_qid *qid, u64 next,
		   u8 type, const char *name, u16 len)
{
	if (out->full || 13 + 8 + 1 + 2 + (u32)len > out->room - out->pos)
		return false;
	p9w_put_qid(out, qid);
	p9w_put64(out, next);
	p9w_put8(out, type);
	p9w_put_str(out, name, len);
	return true;
}

void p9w_poke32(struct p9w_out *out, u32 at, u32 value)
{
	if (at <= out->pos && out->pos - at >= 4)
		store(out->buf + at, value, 4);
}

void p9w_end(struct p9w_out *out, u8 type, u16 tag)
{
	store(out->buf, out->pos + out->beside, 4);
	out->buf[4] = type;
	store(out->buf + 5, tag, 2);
}

void p9w_error(struct p9w_out *out, u16 tag, int err)
{
	out->pos = P9W_HEAD;
	out->full = false;
	out->beside = 0;
	p9w_put32(out, -err);
	p9w_end(out, P9W_RLERROR, tag);
}
