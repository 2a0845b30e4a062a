#include "textflag.h"
#include "kernel_amd64.h"

#define FLAT(dstSize, srcSize) \
	MOVQ dst+0(FP), DI \
	MOVQ src+8(FP), SI \
	MOVQ n+16(FP), CX \
	LEAQ (DI)(CX*dstSize), DI \
	LEAQ (SI)(CX*srcSize), SI \
	NEGQ CX

// func shortsToFloatsAVX2(dst, src *byte, n int) (clipped int)
TEXT ·shortsToFloatsAVX2(SB), NOSPLIT, $0-32
	FLAT(4, 2)
	SPLAT(0x38000000, X8, Y8) // 2^-15

loop:
	VPMOVSXWD (SI)(CX*2), Y0
	VPMOVSXWD 16(SI)(CX*2), Y1
	VCVTDQ2PS Y0, Y0
	VCVTDQ2PS Y1, Y1
	VMULPS    Y8, Y0, Y0
	VMULPS    Y8, Y1, Y1
	VMOVUPS   Y0, (DI)(CX*4)
	VMOVUPS   Y1, 32(DI)(CX*4)
	ADDQ      $16, CX
	JNZ       loop
	MOVQ      $0, clipped+24(FP)
	VZEROUPPER
	RET

// func shortsToIntsAVX2(dst, src *byte, n int) (clipped int)
TEXT ·shortsToIntsAVX2(SB), NOSPLIT, $0-32
	FLAT(4, 2)

loop:
	VPMOVZXWD (SI)(CX*2), Y0
	VPMOVZXWD 16(SI)(CX*2), Y1
	VPSLLD    $16, Y0, Y0
	VPSLLD    $16, Y1, Y1
	VMOVDQU   Y0, (DI)(CX*4)
	VMOVDQU   Y1, 32(DI)(CX*4)
	ADDQ      $16, CX
	JNZ       loop
	MOVQ      $0, clipped+24(FP)
	VZEROUPPER
	RET

// func intsToFloatsAVX2(dst, src *byte, n int) (clipped int)
TEXT ·intsToFloatsAVX2(SB), NOSPLIT, $0-32
	FLAT(4, 4)
	SPLAT(0x30000000, X8, Y8) // 2^-31

loop:
	VCVTDQ2PS (SI)(CX*4), Y0
	VCVTDQ2PS 32(SI)(CX*4), Y1
	VMULPS    Y8, Y0, Y0
	VMULPS    Y8, Y1, Y1
	VMOVUPS   Y0, (DI)(CX*4)
	VMOVUPS   Y1, 32(DI)(CX*4)
	ADDQ      $16, CX
	JNZ       loop
	MOVQ      $0, clipped+24(FP)
	VZEROUPPER
	RET

// ROUND adds to v what makes cutting its lower bits off rounding half to even,
// less than a half (Y10) and the lowest bit that stays (Y11 is 1), after a
// clamp to the largest that doesn't overflow (Y9).
#define ROUND(v, bits, t) \
	VPMINSD Y9, v, v \
	VPSRLD bits, v, t \
	VPAND Y11, t, t \
	VPADDD Y10, v, v \
	VPADDD t, v, v

// func intsToShortsAVX2(dst, src *byte, n int) (clipped int)
TEXT ·intsToShortsAVX2(SB), NOSPLIT, $0-32
	FLAT(2, 4)
	SPLAT(0x7fff7fff, X9, Y9)
	SPLAT(0x00007fff, X10, Y10)
	SPLAT(1, X11, Y11)
	VPXOR Y14, Y14, Y14
	VPXOR Y15, Y15, Y15

loop:
	VMOVDQU   (SI)(CX*4), Y0
	VMOVDQU   32(SI)(CX*4), Y1
	VPCMPGTD  Y9, Y0, Y2
	VPCMPGTD  Y9, Y1, Y3
	VPADDD    Y2, Y14, Y14
	VPADDD    Y3, Y15, Y15
	ROUND(Y0, $16, Y2)
	ROUND(Y1, $16, Y3)
	VPSRAD    $16, Y0, Y0
	VPSRAD    $16, Y1, Y1
	VPACKSSDW Y1, Y0, Y0
	VPERMQ    $0xd8, Y0, Y0
	VMOVDQU   Y0, (DI)(CX*2)
	ADDQ      $16, CX
	JNZ       loop
	SUM
	NEGQ      AX
	MOVQ      AX, clipped+24(FP)
	VZEROUPPER
	RET

// func floatsToShortsAVX2(dst, src *byte, n int) (clipped int)
TEXT ·floatsToShortsAVX2(SB), NOSPLIT, $0-32
	FLAT(2, 4)
	ENCODE_SHORTS

loop:
	VMOVUPS   (SI)(CX*4), Y0
	VMOVUPS   32(SI)(CX*4), Y1
	TO_SHORTS(Y0, Y2, Y14)
	TO_SHORTS(Y1, Y3, Y15)
	VPACKSSDW Y3, Y2, Y2
	VPERMQ    $0xd8, Y2, Y2
	VMOVDQU   Y2, (DI)(CX*2)
	ADDQ      $16, CX
	JNZ       loop
	SUM
	ADDQ      n+16(FP), AX
	MOVQ      AX, clipped+24(FP)
	VZEROUPPER
	RET

// func floatsToIntsAVX2(dst, src *byte, n int) (clipped int)
TEXT ·floatsToIntsAVX2(SB), NOSPLIT, $0-32
	FLAT(4, 4)
	ENCODE_INTS

loop:
	VMOVUPS (SI)(CX*4), Y0
	VMOVUPS 32(SI)(CX*4), Y1
	TO_INTS(Y0, Y4, Y2, Y14)
	TO_INTS(Y1, Y5, Y3, Y15)
	VMOVDQU Y2, (DI)(CX*4)
	VMOVDQU Y3, 32(DI)(CX*4)
	ADDQ    $16, CX
	JNZ     loop
	SUM
	ADDQ    n+16(FP), AX
	MOVQ    AX, clipped+24(FP)
	VZEROUPPER
	RET

// The three bytes of a sample to the upper three of four, in each half of a
// vector, and back.
DATA widen<>+0(SB)/8, $0x0504038002010080
DATA widen<>+8(SB)/8, $0x0b0a098008070680
GLOBL widen<>(SB), RODATA|NOPTR, $16

DATA narrow<>+0(SB)/8, $0x0a09070605030201
DATA narrow<>+8(SB)/8, $0x808080800f0e0d0b
GLOBL narrow<>(SB), RODATA|NOPTR, $16

// func widen24AVX2(dst, src *byte, n int) (clipped int)
TEXT ·widen24AVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTI128 widen<>(SB), Y8

loop:
	VMOVDQU     (SI), X0
	VMOVDQU     24(SI), X1
	VINSERTI128 $1, 12(SI), Y0, Y0
	VINSERTI128 $1, 36(SI), Y1, Y1
	VPSHUFB     Y8, Y0, Y0
	VPSHUFB     Y8, Y1, Y1
	VMOVDQU     Y0, (DI)
	VMOVDQU     Y1, 32(DI)
	ADDQ        $48, SI
	ADDQ        $64, DI
	SUBQ        $16, CX
	JNZ         loop
	MOVQ        $0, clipped+24(FP)
	VZEROUPPER
	RET

// NARROW rounds v to 24 bits, puts them together and counts the clipped, but
// for the largest (Y8).
#define NARROW(v, t, u, count) \
	VPCMPGTD Y9, v, t \
	VPCMPEQD Y8, v, u \
	VPADDD t, count, count \
	VPSUBD u, count, count \
	ROUND(v, $8, t) \
	VPSHUFB Y12, v, v

// func narrow24AVX2(dst, src *byte, n int) (clipped int)
TEXT ·narrow24AVX2(SB), NOSPLIT, $0-32
	MOVQ  dst+0(FP), DI
	MOVQ  src+8(FP), SI
	MOVQ  n+16(FP), CX
	SPLAT(0x7fffffff, X8, Y8)
	SPLAT(0x7fffff7f, X9, Y9)
	SPLAT(0x0000007f, X10, Y10)
	SPLAT(1, X11, Y11)
	VBROADCASTI128 narrow<>(SB), Y12
	VPXOR Y14, Y14, Y14
	VPXOR Y15, Y15, Y15

loop:
	VMOVDQU      (SI), Y0
	VMOVDQU      32(SI), Y1
	NARROW(Y0, Y2, Y4, Y14)
	NARROW(Y1, Y3, Y5, Y15)
	VMOVDQU      X0, (DI) // each store covers what the one before has too much
	VEXTRACTI128 $1, Y0, 12(DI)
	VMOVDQU      X1, 24(DI)
	VEXTRACTI128 $1, Y1, 36(DI)
	ADDQ         $64, SI
	ADDQ         $48, DI
	SUBQ         $16, CX
	JNZ          loop
	SUM
	NEGQ         AX
	MOVQ         AX, clipped+24(FP)
	VZEROUPPER
	RET

// func cleanAVX2(x *float32, n int) bool
//
// Twice the bits, without the sign, are in the order of the magnitudes; one
// less takes zero to the top and keeps the order of the rest. Of the first the
// largest tells infinity and NaN, of the second the smallest those too small.
TEXT ·cleanAVX2(SB), NOSPLIT, $0-17
	MOVQ     x+0(FP), SI
	MOVQ     n+8(FP), CX
	LEAQ     (SI)(CX*4), SI
	NEGQ     CX
	VPCMPEQD Y8, Y8, Y8    // -1
	VPXOR    Y0, Y0, Y0    // the largest
	VPXOR    Y1, Y1, Y1
	VMOVDQA  Y8, Y2        // the smallest
	VMOVDQA  Y8, Y3

loop:
	VMOVDQU (SI)(CX*4), Y4
	VMOVDQU 32(SI)(CX*4), Y5
	VPADDD  Y4, Y4, Y4
	VPADDD  Y5, Y5, Y5
	VPMAXUD Y4, Y0, Y0
	VPMAXUD Y5, Y1, Y1
	VPADDD  Y8, Y4, Y4
	VPADDD  Y8, Y5, Y5
	VPMINUD Y4, Y2, Y2
	VPMINUD Y5, Y3, Y3
	ADDQ    $16, CX
	JNZ     loop
	VPMAXUD Y0, Y1, Y0
	VPMINUD Y2, Y3, Y2
	SPLAT(0xff000000, X4, Y4)     // twice infinity
	SPLAT(0x1b4484be, X5, Y5)     // twice tinyBits, less 2
	VPMAXUD  Y0, Y4, Y4
	VPCMPEQD Y0, Y4, Y0
	VPMINUD  Y2, Y5, Y5
	VPCMPEQD Y2, Y5, Y2
	VPOR     Y0, Y2, Y0
	VPTEST   Y0, Y0
	SETEQ    ret+16(FP)
	VZEROUPPER
	RET
