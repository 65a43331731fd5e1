// SPDX-License-Identifier: GPL-2.0
/* See linux/workqueue.h. One lock for all: this is for truth, not for speed. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <linux/list.h>
#include <linux/workqueue.h>

struct worker {
	pthread_t thread;
	struct workqueue_struct *wq;
	struct work_struct *current;
};

struct workqueue_struct {
	int max_active;
	int nr_active;		/* ready or running */
	bool dying;
	struct list_head timed;
	struct list_head waiting;
	struct list_head ready;
	pthread_cond_t wake;
	struct worker workers[];
};

int shim_workqueues;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished = PTHREAD_COND_INITIALIZER;

static bool is_running(struct workqueue_struct *wq, struct work_struct *work)
{
	int i;

	for (i = 0; wq && i < wq->max_active; i++)
		if (wq->workers[i].current == work)
			return true;
	return false;
}

static void activate(struct workqueue_struct *wq, struct work_struct *work)
{
	wq->nr_active++;
	work->state = SHIM_WORK_READY;
	list_add_tail(&work->link, &wq->ready);
	pthread_cond_signal(&wq->wake);
}

static void enqueue(struct workqueue_struct *wq, struct work_struct *work)
{
	if (wq->nr_active < wq->max_active) {
		activate(wq, work);
		return;
	}
	work->state = SHIM_WORK_WAITING;
	list_add_tail(&work->link, &wq->waiting);
}

static void one_less_active(struct workqueue_struct *wq)
{
	struct work_struct *next;

	wq->nr_active--;
	if (list_empty(&wq->waiting))
		return;
	next = list_entry(wq->waiting.next, struct work_struct, link);
	list_del(&next->link);
	activate(wq, next);
}

static void start_timer(struct workqueue_struct *wq,
			struct delayed_work *dwork, unsigned long delay)
{
	dwork->expires = ktime_get() + delay * 1000000LL;
	dwork->work.state = SHIM_WORK_TIMED;
	list_add_tail(&dwork->work.link, &wq->timed);
	pthread_cond_signal(&wq->wake);
}

/* Take a pending item out of whatever it is in. */
static bool grab(struct work_struct *work)
{
	enum shim_work_state was = work->state;

	if (was == SHIM_WORK_IDLE || was == SHIM_WORK_CANCELING)
		return false;
	list_del(&work->link);
	work->state = SHIM_WORK_IDLE;
	if (was == SHIM_WORK_READY)
		one_less_active(work->wq);
	return true;
}

static void queue_idle(struct workqueue_struct *wq,
		       struct delayed_work *dwork, unsigned long delay)
{
	assert(!wq->dying);
	dwork->work.wq = wq;
	if (delay)
		start_timer(wq, dwork, delay);
	else
		enqueue(wq, &dwork->work);
}

bool queue_delayed_work(struct workqueue_struct *wq,
			struct delayed_work *dwork, unsigned long delay)
{
	bool queued;

	pthread_mutex_lock(&lock);
	queued = dwork->work.state == SHIM_WORK_IDLE;
	if (queued)
		queue_idle(wq, dwork, delay);
	pthread_mutex_unlock(&lock);
	return queued;
}

/* What is next in line already needs no worker to be woken. */
static bool move_to_tail(struct work_struct *work)
{
	if (work->state != SHIM_WORK_READY)
		return false;
	list_del(&work->link);
	list_add_tail(&work->link, &work->wq->ready);
	return true;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
		      unsigned long delay)
{
	bool pending;

	pthread_mutex_lock(&lock);
	pending = !delay && move_to_tail(&dwork->work);
	if (!pending) {
		pending = grab(&dwork->work);
		if (dwork->work.state == SHIM_WORK_IDLE)
			queue_idle(wq, dwork, delay);
	}
	pthread_mutex_unlock(&lock);
	return pending;
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	bool pending;

	pthread_mutex_lock(&lock);
	pending = grab(&dwork->work);
	dwork->work.state = SHIM_WORK_CANCELING;
	while (is_running(dwork->work.wq, &dwork->work))
		pthread_cond_wait(&finished, &lock);
	dwork->work.state = SHIM_WORK_IDLE;
	pthread_mutex_unlock(&lock);
	return pending;
}

/* Returns when the next timer expires, 0 if there is none. */
static ktime_t run_timers(struct workqueue_struct *wq)
{
	struct list_head *at, *next;
	ktime_t now = ktime_get(), first = 0;

	for (at = wq->timed.next; at != &wq->timed; at = next) {
		struct work_struct *work =
			list_entry(at, struct work_struct, link);
		ktime_t expires = to_delayed_work(work)->expires;

		next = at->next;
		if (expires <= now) {
			list_del(at);
			enqueue(wq, work);
		} else if (!first || expires < first) {
			first = expires;
		}
	}
	return first;
}

static struct work_struct *next_ready(struct workqueue_struct *wq)
{
	struct work_struct *work;

	list_for_each_entry(work, &wq->ready, link)
		if (!is_running(wq, work))
			return work;
	return NULL;
}

static void sleep_until(struct workqueue_struct *wq, ktime_t when)
{
	struct timespec to = {
		.tv_sec = when / 1000000000LL,
		.tv_nsec = when % 1000000000LL,
	};

	if (when)
		pthread_cond_timedwait(&wq->wake, &lock, &to);
	else
		pthread_cond_wait(&wq->wake, &lock);
}

/*
 * The function may free its item: after it, only the pointer is compared.
 * Somebody else looks after timers and other items meanwhile.
 */
static void run(struct worker *worker, struct work_struct *work)
{
	work_func_t func = work->func;

	list_del(&work->link);
	work->state = SHIM_WORK_IDLE;
	worker->current = work;
	pthread_cond_signal(&worker->wq->wake);
	pthread_mutex_unlock(&lock);
	func(work);
	pthread_mutex_lock(&lock);
	worker->current = NULL;
	one_less_active(worker->wq);
	if (worker->wq->dying)
		pthread_cond_broadcast(&worker->wq->wake);
	pthread_cond_broadcast(&finished);
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct workqueue_struct *wq = worker->wq;
	struct work_struct *work;
	ktime_t expires;

	pthread_mutex_lock(&lock);
	for (;;) {
		expires = run_timers(wq);
		work = next_ready(wq);
		if (work)
			run(worker, work);
		else if (wq->dying && !wq->nr_active)
			break;
		else
			sleep_until(wq, expires);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...)
{
	struct workqueue_struct *wq;
	pthread_condattr_t attr;
	int i;

	(void)fmt;
	(void)flags;
	wq = calloc(1, sizeof(*wq) + max_active * sizeof(wq->workers[0]));
	if (!wq)
		return NULL;
	wq->max_active = max_active;
	INIT_LIST_HEAD(&wq->timed);
	INIT_LIST_HEAD(&wq->waiting);
	INIT_LIST_HEAD(&wq->ready);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&wq->wake, &attr);
	pthread_condattr_destroy(&attr);
	for (i = 0; i < max_active; i++) {
		wq->workers[i].wq = wq;
		pthread_create(&wq->workers[i].thread, NULL, worker_main,
			       &wq->workers[i]);
	}
	__atomic_fetch_add(&shim_workqueues, 1, __ATOMIC_RELAXED);
	return wq;
}

/* A timer that outlives its queue would be a bug of the file under test. */
void destroy_workqueue(struct workqueue_struct *wq)
{
	int i;

	pthread_mutex_lock(&lock);
	assert(list_empty(&wq->timed));
	wq->dying = true;
	pthread_cond_broadcast(&wq->wake);
	pthread_mutex_unlock(&lock);
	for (i = 0; i < wq->max_active; i++)
		pthread_join(wq->workers[i].thread, NULL);
	pthread_cond_destroy(&wq->wake);
	free(wq);
	__atomic_fetch_sub(&shim_workqueues, 1, __ATOMIC_RELAXED);
}
