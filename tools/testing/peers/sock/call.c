// SPDX-License-Identifier: GPL-2.0
/* Commands, one function each. */
#include <arpa/inet.h>
#include <string.h>

#include "sock.h"

void gives(const char *what, int is, int should)
{
	if (is != should)
		note("%d, not %d", is, should);
	rule(what, is == should);
}

static int call(struct guest *g, __u32 cmd, __u64 id, __u32 one, __u32 two)
{
	struct request req = { .cmd = cmd, .id = id, .word = { one, two } };
	struct response rsp;

	return guest_call(g, &req, &rsp);
}

int sock_open(struct guest *g, __u64 id, int domain)
{
	struct request req = { .cmd = SOCKET, .id = id, .word = { domain, 1 } };
	struct response rsp;

	return guest_call(g, &req, &rsp);
}

int sock_release(struct guest *g, __u64 id)
{
	return call(g, RELEASE, id, 0, 0);
}

int sock_release_keep(struct guest *g, __u64 id, int *kept)
{
	struct request req = { .cmd = RELEASE, .id = id, .word = { 1 } };
	struct response rsp;
	int ret = guest_call(g, &req, &rsp);

	*kept = rsp.value;
	return ret;
}

/* The address's 28 bytes, then its length. */
void put_addr(__u32 *words, const char *ip, unsigned int port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	memset(words, 0, 32);
	in.sin_port = htons(port);
	in6.sin6_port = htons(port);
	if (inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1) {
		memcpy(words, &in6, sizeof(in6));
		words[7] = sizeof(in6);
	} else {
		inet_pton(AF_INET, ip, &in.sin_addr);
		memcpy(words, &in, sizeof(in));
		words[7] = sizeof(in);
	}
}

void fill_connect(struct request *req, struct conn *c, const char *ip,
		  unsigned int port)
{
	memset(req, 0, sizeof(*req));
	req->cmd = CONNECT;
	req->id = c->id;
	put_addr(req->word, ip, port);
	req->word[9] = c->index.gref[0];
	req->word[10] = c->ch.port;
}

int sock_connect(struct guest *g, struct conn *c, const char *ip,
		 unsigned int port)
{
	struct response rsp;
	struct request req;

	fill_connect(&req, c, ip, port);
	return guest_call(g, &req, &rsp);
}

int sock_bind(struct guest *g, __u64 id, const char *ip, unsigned int port)
{
	struct request req = { .cmd = BIND, .id = id };
	struct response rsp;

	put_addr(req.word, ip, port);
	return guest_call(g, &req, &rsp);
}

int sock_listen(struct guest *g, __u64 id, unsigned int backlog)
{
	return call(g, LISTEN, id, backlog, 0);
}

/* Return: the request's id. */
__u32 sock_accept_start(struct guest *g, __u64 id, struct conn *c)
{
	struct request req = { .cmd = ACCEPT, .id = id };

	memcpy(req.word, &c->id, sizeof(c->id));
	req.word[2] = c->index.gref[0];
	req.word[3] = c->ch.port;
	return guest_send(g, &req);
}

int sock_set(struct guest *g, __u64 id, __u32 option, int value)
{
	return call(g, SET, id, option, value);
}

int sock_get(struct guest *g, __u64 id, __u32 option, int *value)
{
	struct request req = { .cmd = GET, .id = id, .word = { option } };
	struct response rsp;
	int ret = guest_call(g, &req, &rsp);

	*value = rsp.value;
	return ret;
}

int sock_shut(struct guest *g, __u64 id, __u32 how)
{
	return call(g, SHUT, id, how, 0);
}

int sock_forget(struct guest *g, __u32 ref)
{
	return call(g, FORGET, 0, ref, 0);
}
