// SPDX-License-Identifier: GPL-2.0
/*
 * A caller of the kernel's own PV socket frontend, which has none. Linked to it; told
 * by its parameter "drive" what to do, which is done when the write returns:
 *
 *	stream ADDRESS PORT BYTES	connect to who sends back what follows an "e",
 *					and compare
 *	refused ADDRESS PORT		connect, and be refused
 *	serve PORT			listen, accept one, and send back what it sends
 *					until it sends no more
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/inet.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "pvcalls-front.h"

#define PIECE	30000

/* The frontend keeps what is its own in a field of the socket's: of one of these, free. */
static int open_sock(struct socket **sock)
{
	int err = sock_create_kern(&init_net, PF_UNIX, SOCK_STREAM, 0, sock);

	if (err)
		return err;
	err = pvcalls_front_socket(*sock);
	if (err)
		sock_release(*sock);
	return err;
}

static void close_sock(struct socket *sock)
{
	pr_info("release gives %d\n", pvcalls_front_release(sock));
	sock_release(sock);
}

static struct sockaddr_in at(const char *ip, unsigned int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (ip)
		addr.sin_addr.s_addr = in_aton(ip);
	return addr;
}

static int move(struct socket *sock, void *buf, size_t len, bool out)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, out ? ITER_SOURCE : ITER_DEST, &vec, 1, len);
	return out ? pvcalls_front_sendmsg(sock, &msg, len) :
		     pvcalls_front_recvmsg(sock, &msg, len, 0);
}

static int move_all(struct socket *sock, u8 *buf, size_t len, bool out)
{
	int n;

	for (; len; buf += n, len -= n) {
		if (signal_pending(current))
			return -EINTR;
		n = move(sock, buf, len, out);
		if (n < 0 || (!n && !out))
			return n ?: -ENODATA;
		if (!n)
			cond_resched();
	}
	return 0;
}

/* A prime's length, so that what is lost or doubled shifts all that follows. */
static void fill(u8 *buf, size_t at, size_t len)
{
	for (; len--; at++)
		*buf++ = at % 251 ^ at / 251;
}

static int exchange(struct socket *sock, u8 *sent, u8 *came, size_t bytes)
{
	size_t done = 0, n;
	int err;

	err = move_all(sock, "e", 1, true);
	for (; !err && done < bytes; done += n) {
		n = min_t(size_t, bytes - done, PIECE);
		fill(sent, done, n);
		err = move_all(sock, sent, n, true) ?: move_all(sock, came, n, false);
		if (!err && memcmp(sent, came, n))
			err = -EBADMSG;
	}
	pr_info("%zu bytes there and back: %d\n", done, err);
	return err;
}

static int stream(const char *ip, unsigned int port, size_t bytes)
{
	u8 *buf = kvmalloc(2 * PIECE, GFP_KERNEL);
	struct sockaddr_in addr = at(ip, port);
	struct socket *sock;
	int err = buf ? open_sock(&sock) : -ENOMEM;

	if (err)
		goto out;
	err = pvcalls_front_connect(sock, (struct sockaddr *)&addr, sizeof(addr), 0);
	pr_info("connect gives %d\n", err);
	if (!err)
		err = exchange(sock, buf, buf + PIECE, bytes);
	close_sock(sock);
out:
	kvfree(buf);
	return err;
}

static int be_refused(const char *ip, unsigned int port)
{
	struct sockaddr_in addr = at(ip, port);
	struct socket *sock;
	int err = open_sock(&sock);

	if (err)
		return err;
	err = pvcalls_front_connect(sock, (struct sockaddr *)&addr, sizeof(addr), 0);
	pr_info("connect gives %d\n", err);
	close_sock(sock);
	return err == -ECONNREFUSED ? 0 : err ?: -EISCONN;
}

/* The one that was accepted has a socket of the frontend's making. */
static int send_back(struct socket *conn)
{
	u8 *buf = kvmalloc(PIECE, GFP_KERNEL);
	size_t bytes = 0;
	int n = buf ? 1 : -ENOMEM;

	while (n > 0 && !signal_pending(current)) {
		n = move(conn, buf, PIECE, false);
		if (n > 0 && !move_all(conn, buf, n, true))
			bytes += n;
	}
	pr_info("sent %zu bytes back, and then %d\n", bytes, n);
	kvfree(buf);
	return n;
}

static int accept_one(struct socket *listener)
{
	struct socket *conn;
	int err = sock_create_lite(PF_INET, SOCK_STREAM, 0, &conn);

	if (err)
		return err;
	err = pvcalls_front_accept(listener, conn, 0);
	pr_info("accept gives %d\n", err);
	if (!err)
		err = send_back(conn);
	if (conn->sk) {
		pr_info("release gives %d\n", pvcalls_front_release(conn));
		sk_free(conn->sk);
		conn->sk = NULL;
	}
	sock_release(conn);
	return err;
}

static int serve(unsigned int port)
{
	struct sockaddr_in addr = at(NULL, port);
	struct socket *sock;
	int err = open_sock(&sock);

	if (err)
		return err;
	err = pvcalls_front_bind(sock, (struct sockaddr *)&addr, sizeof(addr)) ?:
	      pvcalls_front_listen(sock, 4);
	pr_info("bind and listen give %d\n", err);
	if (!err)
		err = accept_one(sock);
	close_sock(sock);
	return err;
}

static int set_drive(const char *text, const struct kernel_param *param)
{
	unsigned int port, bytes;
	char ip[16];

	if (sscanf(text, "stream %15s %u %u", ip, &port, &bytes) == 3)
		return stream(ip, port, bytes);
	if (sscanf(text, "refused %15s %u", ip, &port) == 2)
		return be_refused(ip, port);
	if (sscanf(text, "serve %u", &port) == 1)
		return serve(port);
	return -EINVAL;
}

static const struct kernel_param_ops drive_ops = { .set = set_drive };
module_param_cb(drive, &drive_ops, NULL, 0200);
