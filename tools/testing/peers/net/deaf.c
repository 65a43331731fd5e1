// SPDX-License-Identifier: GPL-2.0
/*
 * One that sends for answers which it never takes, one that only takes nothing,
 * one that takes a little now and then, one that takes nothing for a while, and one
 * beside them that must not feel it. All but that for a while mind their business
 * until /tmp/stop is there.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "net.h"

static const struct style nothing = { .queues = 1, .split = true, .sg = true, .gso = true };
static const struct style honest = { .queues = 1,
				     .split = true,
				     .sg = true,
				     .gso = true,
				     .buffers = RX_BUFFERS };

/* Which has the backend's control ring at work, too. */
static const struct style asking = { .queues = 1,
				     .split = true,
				     .sg = true,
				     .gso = true,
				     .control = true,
				     .buffers = RX_BUFFERS };

static const struct style mum = { .queues = 1,
				  .split = true,
				  .sg = true,
				  .gso = true,
				  .mum = true,
				  .buffers = RX_BUFFERS };

static void begin(struct card *card, struct device *dev, const struct style *style)
{
	card_open(card, dev);
	card_mac(card, dev->front);
	if (!device_wait(dev, INIT_WAIT, 10000) || !card_connect(card, style))
		give_up("the backend does not connect");
}

void play_deaf(struct device *dev)
{
	static struct frame frame;
	struct sending sending;
	unsigned int sent = 0;
	struct card card;

	begin(&card, dev, &nothing);
	for (; access("/tmp/stop", F_OK); sent++) {
		frame_tcp(&frame, card.mac, false, 30000, 1448, sent);
		send_put(&card.queue[0], &sending, &frame, 9);
		send_end(&card.queue[0], &sending);
	}
	note("%u frames sent, none taken", sent);
	rule("closes with its answers untaken", sent > 50 && card_closed(&card, CLOSED));
	device_state(dev, INITIALISING);
}

/* It gives buffers once, and looks at none. */
void play_mute(struct device *dev)
{
	struct card card;

	begin(&card, dev, &honest);
	while (access("/tmp/stop", F_OK))
		usleep(100000);
	rule("closes with all untaken", card_closed(&card, CLOSED));
	device_state(dev, INITIALISING);
}

/* It gives a buffer or a few back twenty times a second. */
void play_miser(struct device *dev)
{
	static struct frame frame;
	struct card card;

	begin(&card, dev, &honest);
	while (access("/tmp/stop", F_OK)) {
		queue_take(&card.queue[0], &frame, 0);
		usleep(50000);
	}
	rule("closes with most untaken", card_closed(&card, CLOSED));
	device_state(dev, INITIALISING);
}

#define TAKE_FILE "/tmp/take"
#define SILENT_FILE "/tmp/silent"

static bool file_comes(const char *path, int ms)
{
	long long end = now_ms() + ms;

	while (access(path, F_OK) && now_ms() < end)
		usleep(50000);
	return !access(path, F_OK);
}

/* More than there are buffers for. */
static void fill_up(struct card *card)
{
	static struct frame frame;
	struct sending sending;
	unsigned int i;

	for (i = 0; i < RX_BUFFERS + 100; i++) {
		frame_udp(&frame, card->mac, 1200, i);
		send_put(&card->queue[0], &sending, &frame, 1);
		send_end(&card->queue[0], &sending);
	}
}

/*
 * A request without an event, which is not found before someone has the backend
 * look, for which SILENT_FILE asks. Other traffic may have it look, too.
 */
static bool is_found(struct card *card)
{
	struct queue *queue = &card->queue[0];
	struct tx_request request = { .size = 60 };
	bool alone = false, found = false;
	struct pages page;
	unsigned int try;
	int file;

	pages_grant(&page, 1, false);
	request.gref = page.gref[0];
	for (try = 0; try < 5 && !alone; try++) {
		send_slot(queue, &request);
		ring_show(&queue->tx);
		usleep(500000);
		alone = !ring_waiting(&queue->tx);
		if (alone) {
			file = open(SILENT_FILE, O_CREAT | O_WRONLY, 0600);
			close(file);
		}
		found = send_settle(queue, 10000);
	}
	pages_end(&page);
	return pages_ended(&page) & !differs("a quiet request is waited with", alone, true) &
	       !differs("it is found", found, true);
}

/* Once /tmp/take is there it takes all, and behaves. */
static void sulk(struct device *dev, const struct style *style)
{
	static struct frame frame;
	unsigned int taken = 0;
	struct card card;

	unlink(TAKE_FILE);
	unlink(SILENT_FILE);
	begin(&card, dev, style);
	fill_up(&card);
	if (!file_comes(TAKE_FILE, 60000))
		give_up("there is no " TAKE_FILE);
	while (queue_take(&card.queue[0], &frame, 300))
		taken++;
	note("%u packets taken at last", taken);
	rule("what filled its ring is there", taken >= RX_BUFFERS / 2);
	rule("what is sent now comes", card_works(&card, 1));
	rule("a request without an event is found when looked for", is_found(&card));
	rule("closes", card_closed(&card, CLOSED));
	device_state(dev, INITIALISING);
}

void play_sulky(struct device *dev)
{
	sulk(dev, &honest);
}

void play_sulky_mum(struct device *dev)
{
	sulk(dev, &mum);
}

void play_neighbour(struct device *dev)
{
	unsigned int rounds = 0, slow = 0;
	long long start, took, slowest = 0;
	static struct frame frame;
	struct card card;
	bool good = true;

	begin(&card, dev, &asking);
	while (access("/tmp/stop", F_OK) && good) {
		start = now_ms();
		good = card_works(&card, rounds++) &&
		       control_is(&card.control, CTRL_OKAY, CTRL_GET_SIZE, 0, 0, 0);
		took = now_ms() - start;
		slow += took > 1000;
		if (took > slowest)
			slowest = took;
		usleep(20000);
	}
	while (queue_take(&card.queue[0], &frame, 500))
		;
	note("%u frames sent, %d lost", card.sent, card.sent - card.queue[0].mirrored);
	note("%u rounds, the slowest %lld ms, %u of more than a second", rounds, slowest, slow);
	rule("is served all the time",
	     rounds > 10 && slow * 20 <= rounds && card_closed(&card, CLOSED) && good);
	device_state(dev, INITIALISING);
}
