#include "textflag.h"
#include "kernel_amd64.h"

#define SPLIT_ARGS(size) \
	MOVQ left+0(FP), R8 \
	MOVQ right+8(FP), R9 \
	MOVQ src+16(FP), SI \
	MOVQ n+24(FP), CX \
	LEAQ (R8)(CX*4), R8 \
	LEAQ (R9)(CX*4), R9 \
	LEAQ (SI)(CX*size), SI \
	NEGQ CX

#define JOIN_ARGS(size) \
	MOVQ dst+0(FP), DI \
	MOVQ left+8(FP), R8 \
	MOVQ right+16(FP), R9 \
	MOVQ n+24(FP), CX \
	LEAQ (DI)(CX*size), DI \
	LEAQ (R8)(CX*4), R8 \
	LEAQ (R9)(CX*4), R9 \
	NEGQ CX

// func splitShortsAVX2(left, right, src *byte, n int)
TEXT ·splitShortsAVX2(SB), NOSPLIT, $0-32
	SPLIT_ARGS(4)
	SPLAT(0x30000000, X8, Y8)
	SPLAT(0xffff0000, X9, Y9)

loop:
	VMOVDQU (SI)(CX*4), Y0
	VMOVDQU 32(SI)(CX*4), Y1
	HALVES(Y0, Y2)
	HALVES(Y1, Y3)
	VMOVUPS Y2, (R8)(CX*4)
	VMOVUPS Y3, 32(R8)(CX*4)
	VMOVUPS Y0, (R9)(CX*4)
	VMOVUPS Y1, 32(R9)(CX*4)
	ADDQ    $16, CX
	JNZ     loop
	VZEROUPPER
	RET

// func splitIntsAVX2(left, right, src *byte, n int)
TEXT ·splitIntsAVX2(SB), NOSPLIT, $0-32
	SPLIT_ARGS(8)
	SPLAT(0x30000000, X8, Y8)

loop:
	VCVTDQ2PS (SI)(CX*8), Y0
	VCVTDQ2PS 32(SI)(CX*8), Y1
	VMULPS    Y8, Y0, Y0
	VMULPS    Y8, Y1, Y1
	SPLIT(Y0, Y1, Y2, Y3)
	VMOVUPS   Y2, (R8)(CX*4)
	VMOVUPS   Y3, (R9)(CX*4)
	ADDQ      $8, CX
	JNZ       loop
	VZEROUPPER
	RET

// func splitFloatsAVX2(left, right, src *byte, n int)
TEXT ·splitFloatsAVX2(SB), NOSPLIT, $0-32
	SPLIT_ARGS(8)

loop:
	VMOVUPS (SI)(CX*8), Y0
	VMOVUPS 32(SI)(CX*8), Y1
	SPLIT(Y0, Y1, Y2, Y3)
	VMOVUPS Y2, (R8)(CX*4)
	VMOVUPS Y3, (R9)(CX*4)
	ADDQ    $8, CX
	JNZ     loop
	VZEROUPPER
	RET

// func joinShortsAVX2(dst, left, right *byte, n int) (clipped int)
TEXT ·joinShortsAVX2(SB), NOSPLIT, $0-40
	JOIN_ARGS(4)
	ENCODE_SHORTS

loop:
	VMOVUPS  (R8)(CX*4), Y0
	VMOVUPS  (R9)(CX*4), Y1
	TO_SHORTS(Y0, Y2, Y14)
	TO_SHORTS(Y1, Y3, Y15)
	VPSLLD   $16, Y3, Y3
	VPBLENDW $0xaa, Y3, Y2, Y2
	VMOVDQU  Y2, (DI)(CX*4)
	ADDQ     $8, CX
	JNZ      loop
	SUM
	ADDQ     n+24(FP), AX
	ADDQ     n+24(FP), AX
	MOVQ     AX, clipped+32(FP)
	VZEROUPPER
	RET

// func joinIntsAVX2(dst, left, right *byte, n int) (clipped int)
TEXT ·joinIntsAVX2(SB), NOSPLIT, $0-40
	JOIN_ARGS(8)
	ENCODE_INTS

loop:
	VMOVUPS (R8)(CX*4), Y0
	VMOVUPS (R9)(CX*4), Y1
	TO_INTS(Y0, Y4, Y2, Y14)
	TO_INTS(Y1, Y5, Y3, Y15)
	JOIN(Y2, Y3, Y0, Y1)
	VMOVDQU Y2, (DI)(CX*8)
	VMOVDQU Y3, 32(DI)(CX*8)
	ADDQ    $8, CX
	JNZ     loop
	SUM
	ADDQ    n+24(FP), AX
	ADDQ    n+24(FP), AX
	MOVQ    AX, clipped+32(FP)
	VZEROUPPER
	RET

// func joinFloatsAVX2(dst, left, right *byte, n int) (clipped int)
TEXT ·joinFloatsAVX2(SB), NOSPLIT, $0-40
	JOIN_ARGS(8)

loop:
	VMOVUPS (R8)(CX*4), Y2
	VMOVUPS (R9)(CX*4), Y3
	JOIN(Y2, Y3, Y0, Y1)
	VMOVUPS Y2, (DI)(CX*8)
	VMOVUPS Y3, 32(DI)(CX*8)
	ADDQ    $8, CX
	JNZ     loop
	MOVQ    $0, clipped+32(FP)
	VZEROUPPER
	RET
