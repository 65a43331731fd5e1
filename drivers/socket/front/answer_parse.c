// SPDX-License-Identifier: GPL-2.0
/*
 * What a backend answers. Nothing here allocates, locks or calls Xen.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include "answer_parse.h"

/* The last error that Linux shows to programs; above are the kernel's own. */
#define LAST_ERRNO	133

/* How PV Calls says "not supported": an error of the kernel's own. */
#define WIRE_ENOTSUPP	524

/* Where a slot's number ends in a request's. */
#define SLOT_MASK	0xffff

int pvcfront_answer_find(const struct pvcfront_asked *asked, unsigned int nr,
			 const struct xpv_pvcalls_response *rsp)
{
	u32 slot = rsp->req_id & SLOT_MASK;

	if (slot >= nr)
		return -EILSEQ;
	asked += slot;
	if (!asked->out || asked->req_id != rsp->req_id ||
	    asked->cmd != rsp->cmd || asked->id != rsp->id)
		return -EILSEQ;
	return slot;
}

/*
 * Errors that mean "later" or "again" are none that a finished request has, and
 * a caller that passed them on would wait for what does not come.
 */
int pvcfront_errno(s32 ret)
{
	if (!ret)
		return 0;
	switch (ret) {
	case -WIRE_ENOTSUPP:
		return -EOPNOTSUPP;
	case -EAGAIN:
	case -EINTR:
	case -EINPROGRESS:
	case -EALREADY:
		return -ECONNABORTED;
	}
	return ret < 0 && ret >= -LAST_ERRNO ? ret : -EIO;
}

enum pvcfront_stream pvcfront_stream_in(s32 error, int *err)
{
	if (!error)
		return PVCFRONT_OPEN;
	if (error == -ENOTCONN)
		return PVCFRONT_ENDED;
	*err = pvcfront_errno(error);
	return PVCFRONT_LOST;
}

enum pvcfront_stream pvcfront_stream_out(s32 error, int *err)
{
	if (!error)
		return PVCFRONT_OPEN;
	if (error == -EPIPE)
		return PVCFRONT_ENDED;
	*err = pvcfront_errno(error);
	return PVCFRONT_LOST;
}

/* The wire: family, port, then by the family. */
#define AT_PORT		2
#define AT_INET		4
#define INET_LEN	16
#define AT_INET6	8
#define AT_SCOPE	24
#define INET6_LEN	28

u32 pvcfront_addr_put(const struct pvcfront_addr *addr,
		      u8 wire[XPV_PVCALLS_ADDR])
{
	memset(wire, 0, XPV_PVCALLS_ADDR);
	memcpy(wire, &addr->family, sizeof(addr->family));
	memcpy(wire + AT_PORT, addr->port, sizeof(addr->port));
	if (addr->family == PVCFRONT_INET) {
		memcpy(wire + AT_INET, addr->ip, 4);
		return INET_LEN;
	}
	memcpy(wire + AT_INET6, addr->ip, sizeof(addr->ip));
	memcpy(wire + AT_SCOPE, &addr->scope, sizeof(addr->scope));
	return INET6_LEN;
}

void pvcfront_addr_get(struct pvcfront_addr *addr,
		       const u8 wire[XPV_PVCALLS_ADDR], u32 len)
{
	u16 family;

	memset(addr, 0, sizeof(*addr));
	memcpy(&family, wire, sizeof(family));
	if (family == PVCFRONT_INET && len == INET_LEN) {
		memcpy(addr->ip, wire + AT_INET, 4);
	} else if (family == PVCFRONT_INET6 && len == INET6_LEN) {
		memcpy(addr->ip, wire + AT_INET6, sizeof(addr->ip));
		memcpy(&addr->scope, wire + AT_SCOPE, sizeof(addr->scope));
	} else {
		return;
	}
	addr->family = family;
	memcpy(addr->port, wire + AT_PORT, sizeof(addr->port));
}

static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
static const u8 any[16];

bool pvcfront_addr_to_inet(struct pvcfront_addr *addr)
{
	if (addr->family != PVCFRONT_INET6)
		return addr->family == PVCFRONT_INET;
	if (!memcmp(addr->ip, mapped, sizeof(mapped)))
		memmove(addr->ip, addr->ip + sizeof(mapped), 4);
	else if (memcmp(addr->ip, any, sizeof(any)))
		return false;
	memset(addr->ip + 4, 0, sizeof(addr->ip) - 4);
	addr->family = PVCFRONT_INET;
	addr->scope = 0;
	return true;
}

void pvcfront_addr_to_inet6(struct pvcfront_addr *addr)
{
	if (addr->family != PVCFRONT_INET)
		return;
	addr->family = PVCFRONT_INET6;
	if (!memcmp(addr->ip, any, 4))
		return;
	memmove(addr->ip + sizeof(mapped), addr->ip, 4);
	memcpy(addr->ip, mapped, sizeof(mapped));
}
