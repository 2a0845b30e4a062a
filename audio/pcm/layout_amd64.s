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

// HALVES makes floats, after a factor of 2^-31 (Y8), of the 16-bit samples in
// the lower halves (to l) and in the upper halves (Y9 masks them) of x.
#define HALVES(x, l) \
	VPSLLD $16, x, l \
	VPAND Y9, x, x \
	VCVTDQ2PS l, l \
	VCVTDQ2PS x, x \
	VMULPS Y8, l, l \
	VMULPS Y8, x, x

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

// TRANSPOSE transposes the two 4x4 matrices in the halves of Y0 to Y3.
#define TRANSPOSE \
	VUNPCKLPS Y1, Y0, Y4 \
	VUNPCKHPS Y1, Y0, Y5 \
	VUNPCKLPS Y3, Y2, Y6 \
	VUNPCKHPS Y3, Y2, Y7 \
	VUNPCKLPD Y6, Y4, Y0 \
	VUNPCKHPD Y6, Y4, Y1 \
	VUNPCKLPD Y7, Y5, Y2 \
	VUNPCKHPD Y7, Y5, Y3

// func split4AVX2(a, b, c, d, frames *byte, stride, n int)
TEXT ·split4AVX2(SB), NOSPLIT, $0-56
	MOVQ a+0(FP), R8
	MOVQ b+8(FP), R9
	MOVQ c+16(FP), R10
	MOVQ d+24(FP), R11
	MOVQ frames+32(FP), SI
	MOVQ stride+40(FP), BX
	MOVQ n+48(FP), CX
	LEAQ (R8)(CX*4), R8
	LEAQ (R9)(CX*4), R9
	LEAQ (R10)(CX*4), R10
	LEAQ (R11)(CX*4), R11
	NEGQ CX
	LEAQ (BX)(BX*2), R12      // three strides
	LEAQ (SI)(BX*4), DX       // the fifth frame

loop:
	VMOVUPS     (SI), X0
	VMOVUPS     (SI)(BX*1), X1
	VMOVUPS     (SI)(BX*2), X2
	VMOVUPS     (SI)(R12*1), X3
	VINSERTF128 $1, (DX), Y0, Y0
	VINSERTF128 $1, (DX)(BX*1), Y1, Y1
	VINSERTF128 $1, (DX)(BX*2), Y2, Y2
	VINSERTF128 $1, (DX)(R12*1), Y3, Y3
	TRANSPOSE
	VMOVUPS     Y3, (R11)(CX*4) // before c, which is in the same place if there are three
	VMOVUPS     Y0, (R8)(CX*4)
	VMOVUPS     Y1, (R9)(CX*4)
	VMOVUPS     Y2, (R10)(CX*4)
	LEAQ        (SI)(BX*8), SI
	LEAQ        (DX)(BX*8), DX
	ADDQ        $8, CX
	JNZ         loop
	VZEROUPPER
	RET

// func join4AVX2(frames, a, b, c, d *byte, stride, n int)
TEXT ·join4AVX2(SB), NOSPLIT, $0-56
	MOVQ frames+0(FP), DI
	MOVQ a+8(FP), R8
	MOVQ b+16(FP), R9
	MOVQ c+24(FP), R10
	MOVQ d+32(FP), R11
	MOVQ stride+40(FP), BX
	MOVQ n+48(FP), CX
	LEAQ (R8)(CX*4), R8
	LEAQ (R9)(CX*4), R9
	LEAQ (R10)(CX*4), R10
	LEAQ (R11)(CX*4), R11
	NEGQ CX
	LEAQ (BX)(BX*2), R12
	LEAQ (DI)(BX*4), DX

loop:
	VMOVUPS      (R8)(CX*4), Y0
	VMOVUPS      (R9)(CX*4), Y1
	VMOVUPS      (R10)(CX*4), Y2
	VMOVUPS      (R11)(CX*4), Y3
	TRANSPOSE
	VMOVUPS      X0, (DI) // in this order: the next frame covers a fourth sample too much
	VMOVUPS      X1, (DI)(BX*1)
	VMOVUPS      X2, (DI)(BX*2)
	VMOVUPS      X3, (DI)(R12*1)
	VEXTRACTF128 $1, Y0, (DX)
	VEXTRACTF128 $1, Y1, (DX)(BX*1)
	VEXTRACTF128 $1, Y2, (DX)(BX*2)
	VEXTRACTF128 $1, Y3, (DX)(R12*1)
	LEAQ         (DI)(BX*8), DI
	LEAQ         (DX)(BX*8), DX
	ADDQ         $8, CX
	JNZ          loop
	VZEROUPPER
	RET
