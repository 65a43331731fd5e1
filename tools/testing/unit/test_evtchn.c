// SPDX-License-Identifier: GPL-2.0
/* lib/evtchn.c: no event lost at the beginning, none ended after the end. */
#include "unit.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include "shim/fake_xen.h"

static struct xenbus_device bus = { .otherend_id = 7 };
static struct xpv_driver drv = { .name = "xen-blkback" };
static struct xpv_device dev;
static int events;

static int setup(void **state)
{
	fake_reset();
	memset(&dev, 0, sizeof(dev));
	dev.bus = &bus;
	dev.drv = &drv;
	dev.id = 51712;
	dev.otherend_id = 7;
	events = 0;
	fake_xen.bad_port = 666;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(dev.held.evtchns.counter, 0);
	assert_int_equal(fake_xen.ports, 0);
	return 0;
}

static void count(void *arg)
{
	events++;
}

static void end_at_once(void *arg)
{
	events++;
	xpv_evtchn_eoi(arg, true);
}

static void frontend_opens(void **state)
{
	const struct cpumask *cpus = (void *)&bus;
	struct xpv_evtchn ch = {};

	assert_int_equal(xpv_evtchn_alloc(&dev, &ch, count, &ch, 3), 0);
	assert_true(ch.port > 100);
	assert_string_equal(ch.name, "xen-blkback-7-51712-3");
	assert_int_equal(dev.held.evtchns.counter, 1);
	assert_false(xpv_evtchn_has_peer(&ch));
	fake_xen.peer_bound = true;
	assert_true(xpv_evtchn_has_peer(&ch));
	fake_xen.peer_bound = false;
	fake_xen.no_port = true;	/* Xen does not tell */
	assert_true(xpv_evtchn_has_peer(&ch));
	fake_xen.no_port = false;
	assert_true(fake_event(ch.irq));
	assert_int_equal(events, 1);
	assert_false(fake_event(ch.irq));
	xpv_evtchn_eoi(&ch, false);
	assert_int_equal(fake_irq(ch.irq)->eois, 1);
	assert_int_equal(fake_irq(ch.irq)->spurious, 1);
	xpv_evtchn_notify(&ch);
	assert_int_equal(fake_irq(ch.irq)->notified, 1);
	xpv_evtchn_prefer(&ch, cpus);
	assert_ptr_equal(fake_irq(ch.irq)->cpus, cpus);
	xpv_evtchn_close(&ch);
	assert_int_equal(ch.irq, 0);
	assert_int_equal(ch.port, 0);
	xpv_evtchn_close(&ch);
}

static void backend_binds(void **state)
{
	struct xpv_evtchn ch = {};

	assert_int_equal(xpv_evtchn_bind(&dev, &ch, 5, count, &ch, 0), 0);
	assert_int_equal(fake_irq(ch.irq)->port, 5);
	assert_true(fake_event(ch.irq));
	xpv_evtchn_eoi(&ch, true);
	assert_int_equal(fake_irq(ch.irq)->spurious, 0);
	xpv_evtchn_close(&ch);
}

static void failures_hold_nothing(void **state)
{
	struct xpv_evtchn ch = {};

	assert_int_equal(xpv_evtchn_bind(&dev, &ch, 666, count, &ch, 0),
			 -EINVAL);
	fake_xen.no_port = true;
	assert_int_equal(xpv_evtchn_alloc(&dev, &ch, count, &ch, 0), -ENOSPC);
	fake_xen.no_port = false;
	fake_xen.no_irq = true;
	assert_int_equal(xpv_evtchn_alloc(&dev, &ch, count, &ch, 0), -ENOMEM);
	assert_int_equal(xpv_evtchn_bind(&dev, &ch, 5, count, &ch, 0),
			 -ENOMEM);
	fake_xen.no_irq = false;
	fake_xen.no_handler = true;
	assert_int_equal(xpv_evtchn_alloc(&dev, &ch, count, &ch, 0), -EBUSY);
	assert_int_equal(xpv_evtchn_bind(&dev, &ch, 5, count, &ch, 0), -EBUSY);
	assert_int_equal(fake_xen.ports, 0);
	xpv_evtchn_close(&ch);
}

/* The event is delivered while the channel opens, and must be ended. */
static void an_event_that_waits(void **state)
{
	struct xpv_evtchn ch = {};

	fake_xen.event_waits = true;
	assert_int_equal(xpv_evtchn_bind(&dev, &ch, 5, end_at_once, &ch, 0),
			 0);
	assert_int_equal(events, 1);
	assert_int_equal(fake_irq(ch.irq)->eois, 1);
	assert_true(fake_event(ch.irq));
	xpv_evtchn_close(&ch);
	assert_int_equal(xpv_evtchn_alloc(&dev, &ch, end_at_once, &ch, 0), 0);
	assert_int_equal(fake_irq(ch.irq)->eois, 1);
	xpv_evtchn_close(&ch);
}

/* The number of a closed channel's interrupt is somebody else's by now. */
static void a_late_eoi_hits_nobody(void **state)
{
	struct xpv_evtchn old = {}, other = {};
	unsigned int irq;

	assert_int_equal(xpv_evtchn_bind(&dev, &old, 5, count, &old, 0), 0);
	irq = old.irq;
	assert_true(fake_event(irq));
	xpv_evtchn_close(&old);
	assert_int_equal(xpv_evtchn_bind(&dev, &other, 6, count, &other, 1),
			 0);
	assert_int_equal(other.irq, irq);
	xpv_evtchn_eoi(&old, true);
	xpv_evtchn_notify(&old);
	assert_int_equal(fake_irq(irq)->eois, 0);
	assert_int_equal(fake_irq(irq)->notified, 0);
	xpv_evtchn_close(&other);
}

static void never_opened(void **state)
{
	struct xpv_evtchn ch = {};

	xpv_evtchn_eoi(&ch, true);
	xpv_evtchn_notify(&ch);
	xpv_evtchn_close(&ch);
}

static int stop;

static void *end_all_the_time(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
		xpv_evtchn_eoi(arg, true);
	return NULL;
}

/*
 * One thread ends events of a channel while the other closes it, again and
 * again, and looks at who gets its interrupt's number.
 */
static void eoi_races_with_close(void **state)
{
	struct xpv_evtchn ch = {}, other = {};
	pthread_t ender;
	int i;

	for (i = 0; i < 300; i++) {
		assert_int_equal(xpv_evtchn_bind(&dev, &ch, 5, count, &ch, 0),
				 0);
		__atomic_store_n(&stop, 0, __ATOMIC_SEQ_CST);
		pthread_create(&ender, NULL, end_all_the_time, &ch);
		while (!__atomic_load_n(&fake_irq(ch.irq)->eois,
					__ATOMIC_SEQ_CST))
			;
		xpv_evtchn_close(&ch);
		assert_int_equal(xpv_evtchn_bind(&dev, &other, 6, count,
						 &other, 1), 0);
		__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
		pthread_join(ender, NULL);
		assert_int_equal(fake_irq(other.irq)->eois, 0);
		xpv_evtchn_close(&other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frontend_opens, setup,
						teardown),
		cmocka_unit_test_setup_teardown(backend_binds, setup,
						teardown),
		cmocka_unit_test_setup_teardown(failures_hold_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_event_that_waits, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_late_eoi_hits_nobody, setup,
						teardown),
		cmocka_unit_test_setup_teardown(never_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(eoi_races_with_close, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
