/* SPDX-License-Identifier: GPL-2.0 */
/* The hostile frontend's two halves. */
#ifndef WILD_H
#define WILD_H

#include "net.h"

/**
 * enum end - what an attack has to lead to
 * @ENDS_SERVED: the same rings go on
 * @ENDS_STOPPED: the backend stops the device, which can begin anew
 */
enum end { ENDS_SERVED, ENDS_STOPPED };

/* hostile.c */
void hostile_begin(struct card *card);
bool hostile_leave(struct card *card);
bool hostile_recovers(struct card *card, enum end end);

typedef void (*attack_fn)(struct device *dev, const char *what, bool (*how)(struct card *card),
			  enum end end);

/* wild.c */
void wild_attacks(struct device *dev, attack_fn attack);
void mild_attacks(struct device *dev, attack_fn attack);

#endif
