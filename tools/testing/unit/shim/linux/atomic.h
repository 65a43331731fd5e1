/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_ATOMIC_H
#define SHIM_LINUX_ATOMIC_H

typedef struct {
	long counter;
} atomic_long_t;

typedef struct {
	int counter;
} atomic_t;

#define atomic_read(v)	 __atomic_load_n(&(v)->counter, __ATOMIC_SEQ_CST)
#define atomic_add(n, v) __atomic_add_fetch(&(v)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_sub(n, v) __atomic_sub_fetch(&(v)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_inc(v)	 atomic_add(1, v)
#define atomic_dec(v)	 atomic_sub(1, v)

static inline void atomic_long_or(long bits, atomic_long_t *v)
{
	__atomic_fetch_or(&v->counter, bits, __ATOMIC_SEQ_CST);
}

static inline long atomic_long_xchg(atomic_long_t *v, long new)
{
	return __atomic_exchange_n(&v->counter, new, __ATOMIC_SEQ_CST);
}

#endif
