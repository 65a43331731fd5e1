# SPDX-License-Identifier: GPL-2.0
# fuzz_NAME-src: the files of the suite that a target is linked with, as paths
# from the top folder.
fuzz_keys-src := lib/keys_parse.c
fuzz_blkif-src := drivers/block/blkback/blkif_parse.c
fuzz_ring-src := drivers/block/blkback/blkif_parse.c
fuzz_blkfront-src := drivers/block/blkfront/answer_parse.c
fuzz_netfront-src := drivers/net/netfront/netfront_parse.c
fuzz_netif-src := drivers/net/netback/netif_parse.c
fuzz_bytering-src :=
fuzz_9pfront-src := drivers/9p/front/wire.c
fuzz_9pfids-src := drivers/9p/front/fids.c drivers/9p/front/names.c \
	drivers/9p/front/locks.c drivers/9p/front/wire.c
fuzz_p9-src := drivers/9p/back/p9_wire.c drivers/9p/back/ids_parse.c
fuzz_pvcfront-src := drivers/socket/front/answer_parse.c
fuzz_pvcalls-src := drivers/socket/back/call_parse.c \
	drivers/socket/back/policy_parse.c
