/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for what is received, that comes back: pages in a circle, each cut into
 * pieces that packets get. We hold a reference to each page. If it is the only one
 * when the page's turn has come again, all that was cut from it is free, and it is
 * cut anew: nothing is allocated, nor cleared, as every page from the kernel is
 * where it has init_on_alloc. If it is not, the page is left to whoever has it, and
 * another takes its place.
 */
#ifndef XPV_NET_MEMORY_H
#define XPV_NET_MEMORY_H

#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/sizes.h>

#define NET_PAGES_MAX	64

/**
 * struct net_pages - a circle of pages
 * @at: the page that is being cut
 * @left: pieces of it that nobody has got yet, to each of which goes a reference
 * @pages: the pages, or NULL
 *
 * Zeroed at first. Of one NAPI, and of nobody else while that runs.
 */
struct net_pages {
	unsigned int at;
	unsigned int left;
	struct page *pages[NET_PAGES_MAX];
};

/* Return: whether the next page, an old one or a new one, is there to be cut. */
static inline bool net_pages_turn(struct net_pages *circle, unsigned int nr,
				  unsigned int pieces)
{
	struct page **page;

	circle->at = (circle->at + 1) % nr;
	page = &circle->pages[circle->at];
	if (*page && page_count(*page) != 1) {
		put_page(*page);
		*page = NULL;
	}
	if (!*page)
		*page = alloc_page(GFP_ATOMIC | __GFP_NOWARN |
				   __GFP_NOMEMALLOC);
	if (!*page)
		return false;
	page_ref_add(*page, pieces);
	circle->left = pieces;
	return true;
}

/**
 * net_pages_take() - get a piece of memory
 * @circle: where from
 * @nr: pages that it may have, at most %NET_PAGES_MAX; always the same
 * @size: bytes, a part of a page; always the same
 *
 * Context: NAPI.
 * Return: the piece, whose page has a reference for it; NULL without memory.
 */
static __always_inline void *net_pages_take(struct net_pages *circle,
					    unsigned int nr, unsigned int size)
{
	if (!circle->left && !net_pages_turn(circle, nr, PAGE_SIZE / size))
		return NULL;
	return page_address(circle->pages[circle->at]) +
	       --circle->left * size;
}

/**
 * net_pages_free() - keep no page any more
 * @circle: the pages, of a NAPI that is disabled
 */
static inline void net_pages_free(struct net_pages *circle)
{
	unsigned int i;

	if (circle->left)
		page_ref_sub(circle->pages[circle->at], circle->left);
	circle->left = 0;
	for (i = 0; i < NET_PAGES_MAX; i++) {
		if (circle->pages[i])
			put_page(circle->pages[i]);
		circle->pages[i] = NULL;
	}
}

/*
 * Heads of packets: as large as the kernel's own of small ones, and of as many
 * pages as make one round of NAPI.
 */
#define NET_HEAD_SIZE	SZ_1K
#define NET_HEAD_PAGES	(NAPI_POLL_WEIGHT * NET_HEAD_SIZE / PAGE_SIZE)

/* What fits one. */
#define NET_HEAD_ROOM \
	(SKB_WITH_OVERHEAD(NET_HEAD_SIZE) - NET_SKB_PAD - NET_IP_ALIGN)

/**
 * net_pages_skb() - get an empty packet with %NET_HEAD_ROOM in its head
 * @circle: where the head comes from
 * @napi: whose packet it is
 *
 * Context: NAPI.
 * Return: the packet, or NULL.
 */
static inline struct sk_buff *net_pages_skb(struct net_pages *circle,
					    struct napi_struct *napi)
{
	void *head = net_pages_take(circle, NET_HEAD_PAGES, NET_HEAD_SIZE);
	struct sk_buff *skb;

	if (unlikely(!head))	/* the kernel has reserves for packets */
		return napi_alloc_skb(napi, NET_HEAD_ROOM);
	skb = napi_build_skb(head, NET_HEAD_SIZE);
	if (unlikely(!skb)) {
		skb_free_frag(head);
		return NULL;
	}
	skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	skb->dev = napi->dev;
	return skb;
}

/**
 * net_consume() - free a packet that was copied, and so sent
 * @skb: the packet
 *
 * For many of them: an skb waits in this processor's cache, which the next
 * received packet has its own from.
 *
 * Context: bottom halves are disabled; or interrupts, by netpoll.
 */
static inline void net_consume(struct sk_buff *skb)
{
	napi_consume_skb(skb, !irqs_disabled());
}

#endif
