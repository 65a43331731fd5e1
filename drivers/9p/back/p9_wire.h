/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of 9P2000.L: taking a client's apart, and putting ours together.
 *
 * Pure: no lock, no allocation, no hypercall; user space compiles p9_wire.c for
 * its tests. A message is looked at in private memory only.
 *
 * Numbers are little-endian. Every message begins with size[4] type[1] tag[2];
 * a string is len[2] and as many bytes, a qid type[1] version[4] path[8].
 */
#ifndef P9_WIRE_H
#define P9_WIRE_H

#include <linux/types.h>

/* Types of requests; the answer's type is one more. */
enum p9w_type {
	P9W_RLERROR = 7,
	P9W_TSTATFS = 8,
	P9W_TLOPEN = 12,
	P9W_TLCREATE = 14,
	P9W_TSYMLINK = 16,
	P9W_TMKNOD = 18,
	P9W_TRENAME = 20,
	P9W_TREADLINK = 22,
	P9W_TGETATTR = 24,
	P9W_TSETATTR = 26,
	P9W_TXATTRWALK = 30,
	P9W_TXATTRCREATE = 32,
	P9W_TREADDIR = 40,
	P9W_TFSYNC = 50,
	P9W_TLOCK = 52,
	P9W_TGETLOCK = 54,
	P9W_TLINK = 70,
	P9W_TMKDIR = 72,
	P9W_TRENAMEAT = 74,
	P9W_TUNLINKAT = 76,
	P9W_TVERSION = 100,
	P9W_TAUTH = 102,
	P9W_TATTACH = 104,
	P9W_TFLUSH = 108,
	P9W_TWALK = 110,
	P9W_TREAD = 116,
	P9W_TWRITE = 118,
	P9W_TCLUNK = 120,
	P9W_TREMOVE = 122,
	P9W_TYPES
};

#define P9W_HEAD	7	/* size, type, tag */
#define P9W_READ_HEAD	11	/* and the count of an Rread or Rreaddir */
#define P9W_WRITE_HEAD	23	/* what is before the data of a Twrite */
/* What a msize of ours leaves for other things than data. */
#define P9W_IO_HEAD	24
#define P9W_MIN_MSIZE	4096
#define P9W_MAX_WALK	16
#define P9W_NAME_MAX	255
#define P9W_PATH_MAX	4095
#define P9W_NOTAG	0xffff
#define P9W_NOFID	0xffffffffU

/* What sort of thing a qid names. */
#define P9W_QID_DIR	0x80
#define P9W_QID_SYMLINK	0x02
#define P9W_QID_FILE	0x00

/* Flags of Tlopen and Tlcreate: those of Linux on x86, whoever sends them. */
#define P9W_O_ACCMODE	03
#define P9W_O_RDONLY	00
#define P9W_O_WRONLY	01
#define P9W_O_RDWR	02
#define P9W_O_CREATE	0100
#define P9W_O_EXCL	0200
#define P9W_O_NOCTTY	0400
#define P9W_O_TRUNC	01000
#define P9W_O_APPEND	02000
#define P9W_O_NONBLOCK	04000
#define P9W_O_DSYNC	010000
#define P9W_O_DIRECT	040000
#define P9W_O_LARGEFILE	0100000
#define P9W_O_DIRECTORY	0200000
#define P9W_O_NOFOLLOW	0400000
#define P9W_O_NOATIME	01000000
#define P9W_O_CLOEXEC	02000000
#define P9W_O_SYNC	04000000

#define P9W_AT_REMOVEDIR	0x200

/* What a Tsetattr sets. */
#define P9W_SET_MODE		0x001
#define P9W_SET_UID		0x002
#define P9W_SET_GID		0x004
#define P9W_SET_SIZE		0x008
#define P9W_SET_ATIME		0x010
#define P9W_SET_MTIME		0x020
#define P9W_SET_CTIME		0x040
#define P9W_SET_ATIME_TO	0x080
#define P9W_SET_MTIME_TO	0x100
#define P9W_SET_ALL		0x1ff

/* What an Rgetattr has. */
#define P9W_GOT_BASIC	0x7ffULL
#define P9W_GOT_BTIME	0x800ULL

/* Types and answers of locks. */
#define P9W_LOCK_READ		0
#define P9W_LOCK_WRITE		1
#define P9W_LOCK_NONE		2
#define P9W_LOCK_SUCCESS	0
#define P9W_LOCK_BLOCKED	1
#define P9W_LOCK_ERROR		2

/**
 * struct p9w_str - a string of a message
 * @s: where it is in the message, terminated; it has no NUL within
 * @len: its length without the end
 */
struct p9w_str {
	char *s;
	u16 len;
};

/**
 * struct p9w_req - a request, taken apart
 * @size: of the message, with its head
 * @type: &enum p9w_type; untrusted where the message could not be taken apart
 * @tag: the client's name for the request
 * @fid: what the request is about; of Trenameat and Tunlinkat the old folder
 * @fid2: newfid (Twalk, Txattrwalk), afid (Tattach), the new folder (Trename,
 *	Trenameat), the file (Tlink)
 * @flags: of Tlopen, Tlcreate, Txattrcreate, Tunlinkat, Tlock
 * @mode: of Tlcreate, Tmkdir, Tmknod, Tsetattr
 * @uid: of Tattach and Tsetattr
 * @gid: of what is made, and Tsetattr
 * @major: of Tmknod
 * @minor: of Tmknod
 * @count: of Tread, Twrite, Treaddir; the msize of Tversion; the datasync of
 *	Tfsync; the process of Tlock
 * @valid: what a Tsetattr sets
 * @offset: of Tread, Twrite, Treaddir; the start of a lock
 * @length: of a lock, of a Tsetattr, of an attribute's value
 * @mask: of Tgetattr
 * @atime_sec: of Tsetattr
 * @atime_nsec: of Tsetattr, below a second if it is to be set
 * @mtime_sec: of Tsetattr
 * @mtime_nsec: of Tsetattr, below a second if it is to be set
 * @oldtag: of Tflush
 * @lock: the type of a lock
 * @nwalk: names in @walk
 * @name: a name in a folder; of Tversion the version, of Tattach the user, of
 *	Txattr* the attribute, of Tlock the client
 * @name2: the new name of Trenameat, the target of Tsymlink, the tree of Tattach
 * @walk: names to walk, one after the other
 * @data: of Twrite: @count bytes
 */
struct p9w_req {
	u32 size;
	u8 type;
	u16 tag;
	u32 fid;
	u32 fid2;
	u32 flags;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 major;
	u32 minor;
	u32 count;
	u32 valid;
	u64 offset;
	u64 length;
	u64 mask;
	u64 atime_sec;
	u64 atime_nsec;
	u64 mtime_sec;
	u64 mtime_nsec;
	u16 oldtag;
	u8 lock;
	u16 nwalk;
	struct p9w_str name;
	struct p9w_str name2;
	struct p9w_str walk[P9W_MAX_WALK];
	u8 *data;
};

/**
 * struct p9w_qid - which file it is, for the client
 * @type: P9W_QID_*
 * @version: another one when the file has changed
 * @path: a number of its own
 */
struct p9w_qid {
	u8 type;
	u32 version;
	u64 path;
};

/**
 * struct p9w_time - a time
 * @sec: seconds since 1970
 * @nsec: and nanoseconds
 */
struct p9w_time {
	u64 sec;
	u64 nsec;
};

/**
 * struct p9w_attr - what an Rgetattr tells
 * @valid: P9W_GOT_*
 * @qid: the file
 * @mode: its type and permissions
 * @uid: its owner
 * @gid: and group
 * @nlink: names of it
 * @rdev: of a device node
 * @size: bytes
 * @blksize: what it is best read and written in
 * @blocks: of 512 bytes
 * @atime: last read
 * @mtime: last written
 * @ctime: last changed
 * @btime: made
 */
struct p9w_attr {
	u64 valid;
	struct p9w_qid qid;
	u32 mode;
	u32 uid;
	u32 gid;
	u64 nlink;
	u64 rdev;
	u64 size;
	u64 blksize;
	u64 blocks;
	struct p9w_time atime;
	struct p9w_time mtime;
	struct p9w_time ctime;
	struct p9w_time btime;
};

/**
 * struct p9w_statfs - what an Rstatfs tells
 * @type: of the file system
 * @bsize: size of a block
 * @blocks: in all
 * @bfree: free
 * @bavail: free for everybody
 * @files: in all
 * @ffree: that can still be made
 * @fsid: the file system's number
 * @namelen: the longest name
 */
struct p9w_statfs {
	u32 type;
	u32 bsize;
	u64 blocks;
	u64 bfree;
	u64 bavail;
	u64 files;
	u64 ffree;
	u64 fsid;
	u32 namelen;
};

/**
 * struct p9w_out - an answer being put together
 * @buf: where
 * @room: bytes of @buf
 * @pos: how many are used
 * @full: something did not fit; nothing was put since
 * @beside: bytes that follow those of @buf, and are elsewhere
 */
struct p9w_out {
	u8 *buf;
	u32 room;
	u32 pos;
	bool full;
	u32 beside;
};

/**
 * p9w_head() - take the head of a message apart
 * @head: its %P9W_HEAD bytes, a private copy
 * @req: its size, type and tag are set
 *
 * Context: any; pure.
 */
void p9w_head(const u8 *head, struct p9w_req *req);

/**
 * p9w_parse() - take a request apart
 * @msg: the whole message, a private copy with a byte of room behind it. Its
 *	strings are terminated in place, so that it cannot be parsed again. Of a
 *	Twrite what is behind %P9W_WRITE_HEAD is not read and need not be there.
 * @size: bytes of it, at least %P9W_HEAD
 * @req: filled; size, type and tag always are
 *
 * Checks all that can be known without the file system: that the message is as
 * long as it says and has nothing behind its last field, that no string has a
 * NUL within, that names of files are single components and none of ".", "..",
 * and that nanoseconds, types of locks and flags are such.
 *
 * Context: any; pure.
 * Return: 0, or
 * * -EOPNOTSUPP: a type that is no request of 9P2000.L
 * * -EPROTO: a message that is too long or too short for what is in it
 * * -EINVAL: a field that can have no such value
 * * -ENAMETOOLONG: a name longer than %P9W_NAME_MAX, or a link's target longer
 *   than %P9W_PATH_MAX
 */
int p9w_parse(u8 *msg, u32 size, struct p9w_req *req);

/**
 * p9w_changes() - whether a type of request can change something
 * @type: the type
 *
 * What changes nothing may be forgotten when it is flushed.
 */
bool p9w_changes(u8 type);

/**
 * p9w_type_name() - a type of request in words
 * @type: the type
 *
 * Return: a constant string, NULL if there is no such request.
 */
const char *p9w_type_name(u8 type);

/**
 * p9w_is_component() - whether a string can be the name of a file in a folder
 * @name: the string
 *
 * Return: 0, -EINVAL or -ENAMETOOLONG.
 */
int p9w_is_component(const struct p9w_str *name);

/**
 * p9w_begin() - begin an answer
 * @out: what it is put together in
 * @buf: memory for it
 * @room: bytes of it, at least %P9W_HEAD
 */
void p9w_begin(struct p9w_out *out, u8 *buf, u32 room);

void p9w_put8(struct p9w_out *out, u8 value);
void p9w_put16(struct p9w_out *out, u16 value);
void p9w_put32(struct p9w_out *out, u32 value);
void p9w_put64(struct p9w_out *out, u64 value);
void p9w_put_str(struct p9w_out *out, const char *s, u16 len);
void p9w_put_qid(struct p9w_out *out, const struct p9w_qid *qid);
void p9w_put_attr(struct p9w_out *out, const struct p9w_attr *attr);
void p9w_put_statfs(struct p9w_out *out, const struct p9w_statfs *st);

/**
 * p9w_skip() - leave bytes of an answer to be filled otherwise
 * @out: the answer
 * @len: how many
 *
 * Return: where they are, NULL if they do not fit.
 */
u8 *p9w_skip(struct p9w_out *out, u32 len);

/**
 * p9w_put_entry() - put an entry of a folder
 * @out: the answer
 * @qid: the file
 * @next: where to go on reading behind it
 * @type: DT_*
 * @name: its name
 * @len: of that
 *
 * All of it or nothing.
 *
 * Return: whether it fitted.
 */
bool p9w_put_entry(struct p9w_out *out, const struct p9w_qid *qid, u64 next,
		   u8 type, const char *name, u16 len);

/**
 * p9w_poke32() - write a number into what was put before
 * @out: the answer
 * @at: where in it
 * @value: the number
 */
void p9w_poke32(struct p9w_out *out, u32 at, u32 value);

/**
 * p9w_end() - end an answer
 * @out: the answer, with nothing that did not fit
 * @type: its type
 * @tag: the request's
 */
void p9w_end(struct p9w_out *out, u8 type, u16 tag);

/**
 * p9w_error() - make it an Rlerror instead
 * @out: the answer; what was put into it is dropped
 * @tag: the request's
 * @err: a negative errno
 */
void p9w_error(struct p9w_out *out, u16 tag, int err);

#endif
