#include "textflag.h"

// The conversions that compute the most, 16 at a time. What they do is told at
// the AVX2 macros of the same names; here Z14 and Z15 count the clipped. The
// others wait for memory, and four channels in more are no faster this way.

#define Z_SPLAT(bits, z) \
	MOVL $bits, AX \
	VPBROADCASTD AX, z

#define Z_ENCODE_SHORTS \
	Z_SPLAT(0x3f7ffeff, Z8) \
	Z_SPLAT(0xbf800080, Z9) \
	Z_SPLAT(0x07800000, Z10) \
	Z_COUNT

#define Z_ENCODE_INTS \
	Z_SPLAT(0x3f800000, Z8) \
	Z_SPLAT(0xbf800000, Z9) \
	Z_SPLAT(0x0f800000, Z10) \
	Z_SPLAT(0x7fffffff, Z16) \
	Z_COUNT

#define Z_COUNT \
	Z_SPLAT(1, Z11) \
	VPXORD Z14, Z14, Z14 \
	VPXORD Z15, Z15, Z15

#define Z_TO_SHORTS(v, t, count, k) \
	VMINPS v, Z8, t \
	VMAXPS t, Z9, t \
	VPCMPD $4, v, t, k \
	VPADDD Z11, count, k, count \
	VPADDD Z10, t, t \
	VCVTPS2DQ t, t

#define Z_TO_INTS(v, t, count, k, top) \
	VMINPS v, Z8, t \
	VMAXPS t, Z9, t \
	VPCMPD $4, v, t, k \
	VPCMPEQD Z8, t, top \
	KORW k, top, k \
	VPADDD Z11, count, k, count \
	VPADDD Z10, t, t \
	VCVTPS2DQ t, t \
	VMOVDQA32 Z16, top, t

// Z_SUM puts into AX the sum of the counts in Z14 and Z15.
#define Z_SUM \
	VPADDD Z14, Z15, Z15 \
	VEXTRACTI64X4 $1, Z15, Y14 \
	VPMOVZXDQ Y14, Z14 \
	VPMOVZXDQ Y15, Z15 \
	VPADDQ Z14, Z15, Z15 \
	VEXTRACTI64X4 $1, Z15, Y14 \
	VPADDQ Y14, Y15, Y15 \
	VEXTRACTI64X2 $1, Y15, X14 \
	VPADDQ X14, X15, X15 \
	VPSRLDQ $8, X15, X14 \
	VPADDQ X14, X15, X15 \
	VMOVQ X15, AX

#define Z_JOIN_ARGS(size) \
	MOVQ dst+0(FP), DI \
	MOVQ left+8(FP), R8 \
	MOVQ right+16(FP), R9 \
	MOVQ n+24(FP), CX \
	LEAQ (DI)(CX*size), DI \
	LEAQ (R8)(CX*4), R8 \
	LEAQ (R9)(CX*4), R9 \
	NEGQ CX

// func floatsToShortsAVX512(dst, src *byte, n int) (clipped int)
TEXT ·floatsToShortsAVX512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	LEAQ (DI)(CX*2), DI
	LEAQ (SI)(CX*4), SI
	NEGQ CX
	Z_ENCODE_SHORTS

loop:
	VMOVUPS (SI)(CX*4), Z0
	Z_TO_SHORTS(Z0, Z2, Z14, K1)
	VPMOVDW Z2, Y2
	VMOVDQU Y2, (DI)(CX*2)
	ADDQ    $16, CX
	JNZ     loop
	Z_SUM
	MOVQ    AX, clipped+24(FP)
	VZEROUPPER
	RET

// func floatsToIntsAVX512(dst, src *byte, n int) (clipped int)
TEXT ·floatsToIntsAVX512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	LEAQ (DI)(CX*4), DI
	LEAQ (SI)(CX*4), SI
	NEGQ CX
	Z_ENCODE_INTS

loop:
	VMOVUPS   (SI)(CX*4), Z0
	Z_TO_INTS(Z0, Z2, Z14, K1, K2)
	VMOVDQU32 Z2, (DI)(CX*4)
	ADDQ      $16, CX
	JNZ       loop
	Z_SUM
	MOVQ      AX, clipped+24(FP)
	VZEROUPPER
	RET

// func joinShortsAVX512(dst, left, right *byte, n int) (clipped int)
TEXT ·joinShortsAVX512(SB), NOSPLIT, $0-40
	Z_JOIN_ARGS(4)
	Z_ENCODE_SHORTS
	MOVL  $0xaaaaaaaa, AX // the upper half of every lane
	KMOVD AX, K7

loop:
	VMOVUPS   (R8)(CX*4), Z0
	VMOVUPS   (R9)(CX*4), Z1
	Z_TO_SHORTS(Z0, Z2, Z14, K1)
	Z_TO_SHORTS(Z1, Z3, Z15, K2)
	VPSLLD    $16, Z3, Z3
	VMOVDQU16 Z3, K7, Z2
	VMOVDQU32 Z2, (DI)(CX*4)
	ADDQ      $16, CX
	JNZ       loop
	Z_SUM
	MOVQ      AX, clipped+32(FP)
	VZEROUPPER
	RET

// The lanes of two vectors (the second's from 16) in turn.
DATA turns<>+0(SB)/8, $0x0000001000000000
DATA turns<>+8(SB)/8, $0x0000001100000001
DATA turns<>+16(SB)/8, $0x0000001200000002
DATA turns<>+24(SB)/8, $0x0000001300000003
DATA turns<>+32(SB)/8, $0x0000001400000004
DATA turns<>+40(SB)/8, $0x0000001500000005
DATA turns<>+48(SB)/8, $0x0000001600000006
DATA turns<>+56(SB)/8, $0x0000001700000007
GLOBL turns<>(SB), RODATA|NOPTR, $64

// func joinIntsAVX512(dst, left, right *byte, n int) (clipped int)
TEXT ·joinIntsAVX512(SB), NOSPLIT, $0-40
	Z_JOIN_ARGS(8)
	Z_ENCODE_INTS
	VMOVDQU32 turns<>(SB), Z17
	Z_SPLAT(8, Z18)
	VPADDD    Z17, Z18, Z18

loop:
	VMOVUPS   (R8)(CX*4), Z0
	VMOVUPS   (R9)(CX*4), Z1
	Z_TO_INTS(Z0, Z2, Z14, K1, K2)
	Z_TO_INTS(Z1, Z3, Z15, K3, K4)
	VMOVDQA32 Z2, Z4
	VPERMT2D  Z3, Z17, Z2
	VPERMT2D  Z3, Z18, Z4
	VMOVDQU32 Z2, (DI)(CX*8)
	VMOVDQU32 Z4, 64(DI)(CX*8)
	ADDQ      $16, CX
	JNZ       loop
	Z_SUM
	MOVQ      AX, clipped+32(FP)
	VZEROUPPER
	RET

// Z_ROUND is ROUND with the lowest bit that stays in Z12, and 1 in Z11.
#define Z_ROUND(v, k) \
	VPMINSD Z9, v, v \
	VPTESTMD Z12, v, k \
	VPADDD Z10, v, v \
	VPADDD Z11, v, k, v

// func intsToShortsAVX512(dst, src *byte, n int) (clipped int)
TEXT ·intsToShortsAVX512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	LEAQ (DI)(CX*2), DI
	LEAQ (SI)(CX*4), SI
	NEGQ CX
	Z_COUNT
	Z_SPLAT(0x7fff7fff, Z9)
	Z_SPLAT(0x00007fff, Z10)
	Z_SPLAT(0x00010000, Z12)

loop:
	VMOVDQU32 (SI)(CX*4), Z0
	VPCMPGTD  Z9, Z0, K1
	VPADDD    Z11, Z14, K1, Z14
	Z_ROUND(Z0, K2)
	VPSRLD    $16, Z0, Z0
	VPMOVDW   Z0, Y0
	VMOVDQU   Y0, (DI)(CX*2)
	ADDQ      $16, CX
	JNZ       loop
	Z_SUM
	MOVQ      AX, clipped+24(FP)
	VZEROUPPER
	RET

// The upper three bytes of every lane to the beginning of each quarter, and
// three lanes of each quarter to the beginning of the vector.
DATA upper3<>+0(SB)/8, $0x0a09070605030201
DATA upper3<>+8(SB)/8, $0x808080800f0e0d0b
GLOBL upper3<>(SB), RODATA|NOPTR, $16

DATA compact<>+0(SB)/8, $0x0000000100000000
DATA compact<>+8(SB)/8, $0x0000000400000002
DATA compact<>+16(SB)/8, $0x0000000600000005
DATA compact<>+24(SB)/8, $0x0000000900000008
DATA compact<>+32(SB)/8, $0x0000000c0000000a
DATA compact<>+40(SB)/8, $0x0000000e0000000d
DATA compact<>+48(SB)/8, $0x0000000300000003
DATA compact<>+56(SB)/8, $0x0000000300000003
GLOBL compact<>(SB), RODATA|NOPTR, $64

// func narrow24AVX512(dst, src *byte, n int) (clipped int)
TEXT ·narrow24AVX512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	Z_COUNT
	Z_SPLAT(0x7fffffff, Z8) // doesn't count
	Z_SPLAT(0x7fffff7f, Z9)
	Z_SPLAT(0x0000007f, Z10)
	Z_SPLAT(0x00000100, Z12)
	VBROADCASTI32X4 upper3<>(SB), Z17
	VMOVDQU32 compact<>(SB), Z18

loop:
	VMOVDQU32     (SI), Z0
	VPCMPGTD      Z9, Z0, K1
	VPCMPGTD      Z0, Z8, K1, K1
	VPADDD        Z11, Z14, K1, Z14
	Z_ROUND(Z0, K2)
	VPSHUFB       Z17, Z0, Z0
	VPERMD        Z0, Z18, Z0
	VMOVDQU       Y0, (DI)
	VEXTRACTI32X4 $2, Z0, 32(DI)
	ADDQ          $64, SI
	ADDQ          $48, DI
	SUBQ          $16, CX
	JNZ           loop
	Z_SUM
	MOVQ          AX, clipped+24(FP)
	VZEROUPPER
	RET
