# SPDX-License-Identifier: GPL-2.0
# test_NAME-src: the files of the suite that a test is linked with, and the
# fakes it needs, as paths from the top folder.
test_keys-src := lib/keys_parse.c
test_state-src := drivers/xenbus/state.c
test_former-src := drivers/xenbus/former.c
test_loss-src := drivers/xenbus/loss.c
test_lane-src := drivers/xenbus/lane.c tools/testing/unit/shim/workqueue.c

# The same lanes, watched for data races.
test_lane_tsan-src := $(test_lane-src)
test_lane_tsan-cflags := -fno-sanitize=all -fsanitize=thread

test_blkif_parse-src := drivers/block/blkback/blkif_parse.c
test_hold-src := drivers/block/blkback/hold.c
test_poll-src :=
test_bytering-src :=
test_rate-src := drivers/net/netback/rate.c
test_netif_parse-src := drivers/net/netback/netif_parse.c
test_vdev-src := drivers/block/blkfront/vdev.c
test_blkfront_answer-src := drivers/block/blkfront/answer_parse.c

fake-xen := tools/testing/unit/shim/fake_xen.c
test_grant-src := lib/grant.c $(fake-xen)
test_grant_bytes-src := lib/grant.c $(fake-xen)
test_relic-src := lib/relic.c lib/grant.c $(fake-xen)
test_grant_cache-src := lib/grant_cache.c $(fake-xen)
test_map-src := lib/map.c $(fake-xen)
test_map_bytes-src := lib/map_bytes.c lib/map.c $(fake-xen)
test_mapcache-src := lib/mapcache.c lib/map.c $(fake-xen)
test_copy-src := lib/copy.c $(fake-xen)
test_evtchn-src := lib/evtchn.c $(fake-xen)
test_netfront_parse-src := drivers/net/netfront/netfront_parse.c
test_9pfront_wire-src := drivers/9p/front/wire.c
test_9pfront_fids-src := drivers/9p/front/fids.c drivers/9p/front/names.c \
	drivers/9p/front/locks.c drivers/9p/front/wire.c $(fake-xen)
test_p9_wire-src := drivers/9p/back/p9_wire.c
test_ids_parse-src := drivers/9p/back/ids_parse.c
test_pvcfront_answer-src := drivers/socket/front/answer_parse.c
test_policy_parse-src := drivers/socket/back/policy_parse.c
test_call_parse-src := drivers/socket/back/call_parse.c
