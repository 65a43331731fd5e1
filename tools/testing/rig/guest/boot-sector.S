/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The boot sector of HVM guests' boot disk: loads a bzImage, its command line
 * and an initrd by LBA. QEMU's own -kernel is of no use under Xen, where it
 * hands over each byte through an I/O port.
 *
 * Memory: 0x7c00 this, 0x10000 buffer, 0x90000 the kernel's setup, 0x9e000 its
 * command line, 1 MB the kernel, 128 MB the initrd. The BIOS is called in real
 * mode; copies above 1 MB go through segments with 4 GB limits, made anew after
 * each call since the BIOS drops them.
 */
	.set	BUFFER, 0x10000
	.set	CHUNK, 64		/* sectors a read */
	.set	SETUP, 0x90000
	.set	COMMAND_LINE, 0x9e000
	.set	KERNEL, 0x100000
	.set	INITRD, 0x8000000

	.code16
	.globl	_start
_start:
	ljmp	$0, $start
start:
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$_start, %sp
	movb	%dl, drive

	movw	$parts, %bp
	movl	$COMMAND_LINE, %edi
	call	load
	movl	$SETUP, %edi
	call	load
	movl	$KERNEL, %edi
	call	load
	movl	$INITRD, %edi
	call	load

	/* Linux boot protocol, from the header at 0x1f1 of the setup */
	movl	$SETUP, %edi
	movb	$0xff, 0x210(%edi)	/* type_of_loader */
	orb	$0x80, 0x211(%edi)	/* loadflags: CAN_USE_HEAP */
	movl	$INITRD, 0x218(%edi)	/* ramdisk_image */
	movl	initrd_bytes, %eax
	movl	%eax, 0x21c(%edi)	/* ramdisk_size */
	movw	$0xde00, 0x224(%edi)	/* heap_end_ptr */
	movl	$COMMAND_LINE, 0x228(%edi)
	cli
	movw	$(SETUP >> 4), %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	movw	$0xe000, %sp
	ljmp	$(SETUP >> 4) + 0x20, $0

/* Load the part that BP describes to EDI; BP moves on to the next. */
load:
	movl	(%bp), %eax		/* LBA */
	movl	4(%bp), %ecx		/* sectors */
	addw	$8, %bp
next_chunk:
	movl	$CHUNK, %edx
	cmpl	%edx, %ecx
	jae	whole_chunk
	movl	%ecx, %edx
whole_chunk:
	movw	%dx, packet_count
	movl	%eax, packet_lba
	pushal
	movw	$packet, %si
	movb	$0x42, %ah
	movb	drive, %dl
	int	$0x13
	jc	failed
	popal
	pushal
	call	widen
	movl	%edx, %ecx
	shll	$7, %ecx
	movl	$BUFFER, %esi
	addr32 rep movsl
	popal
	addl	%edx, %eax
	subl	%edx, %ecx
	shll	$9, %edx
	addl	%edx, %edi
	testl	%ecx, %ecx
	jnz	next_chunk
	ret

/* Give DS and ES a limit of 4 GB, by way of protected mode. */
widen:
	cli
	lgdt	gdt_register
	movl	%cr0, %ebx
	orb	$1, %bl
	movl	%ebx, %cr0
	movw	$8, %ax
	movw	%ax, %ds
	movw	%ax, %es
	andb	$0xfe, %bl
	movl	%ebx, %cr0
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	sti
	ret

/* Xen logs what is written to port 0xe9. */
failed:
	movw	$message, %si
	movw	$0xe9, %dx
	movw	$(message_end - message), %cx
	cld
	rep outsb
	hlt
	jmp	failed

message:
	.ascii	"boot sector: read error\n"
message_end:

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf92000000ffff
gdt_register:
	.word	gdt_register - gdt - 1
	.long	gdt

	.balign	4
packet:
	.byte	16, 0
packet_count:
	.word	0
	.word	0, BUFFER >> 4
packet_lba:
	.long	0, 0
drive:
	.byte	0

/* Filled in by what makes the disk: LBA and sectors of each part. */
	.org	_start + 510 - 4 - 4 * 8
parts:
	.fill	8, 4, 0
initrd_bytes:
	.long	0
	.word	0xaa55
