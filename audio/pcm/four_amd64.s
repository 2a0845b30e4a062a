#include "textflag.h"
#include "kernel_amd64.h"

// The kernels for four of several channels take eight frames at a time. BX is
// the stride and R12 three strides; the frames 0 to 3 are at SI (or DI) and
// 4 to 7 at DX, in steps of BX.

#define PLANES(a, b, c, d) \
	MOVQ a, R8 \
	MOVQ b, R9 \
	MOVQ c, R10 \
	MOVQ d, R11 \
	MOVQ stride+40(FP), BX \
	MOVQ n+48(FP), CX \
	LEAQ (R8)(CX*4), R8 \
	LEAQ (R9)(CX*4), R9 \
	LEAQ (R10)(CX*4), R10 \
	LEAQ (R11)(CX*4), R11 \
	NEGQ CX \
	LEAQ (BX)(BX*2), R12

#define SPLIT4_ARGS \
	PLANES(a+0(FP), b+8(FP), c+16(FP), d+24(FP)) \
	MOVQ frames+32(FP), SI \
	LEAQ (SI)(BX*4), DX

#define JOIN4_ARGS \
	PLANES(a+8(FP), b+16(FP), c+24(FP), d+32(FP)) \
	MOVQ frames+0(FP), DI \
	LEAQ (DI)(BX*4), DX

// PUT_PLANES stores d before c, which is in the same place if there are three.
#define PUT_PLANES(a, b, c, d) \
	VMOVUPS d, (R11)(CX*4) \
	VMOVUPS a, (R8)(CX*4) \
	VMOVUPS b, (R9)(CX*4) \
	VMOVUPS c, (R10)(CX*4) \
	LEAQ (SI)(BX*8), SI \
	LEAQ (DX)(BX*8), DX

// GET_FRAMES loads eight frames of 32-bit samples.
#define GET_FRAMES \
	VMOVUPS (SI), X0 \
	VMOVUPS (SI)(BX*1), X1 \
	VMOVUPS (SI)(BX*2), X2 \
	VMOVUPS (SI)(R12*1), X3 \
	VINSERTF128 $1, (DX), Y0, Y0 \
	VINSERTF128 $1, (DX)(BX*1), Y1, Y1 \
	VINSERTF128 $1, (DX)(BX*2), Y2, Y2 \
	VINSERTF128 $1, (DX)(R12*1), Y3, Y3

// PUT_FRAMES stores them in order, as each covers the fourth sample of the one
// before if that is one too many.
#define PUT_FRAMES \
	VMOVUPS X0, (DI) \
	VMOVUPS X1, (DI)(BX*1) \
	VMOVUPS X2, (DI)(BX*2) \
	VMOVUPS X3, (DI)(R12*1) \
	VEXTRACTF128 $1, Y0, (DX) \
	VEXTRACTF128 $1, Y1, (DX)(BX*1) \
	VEXTRACTF128 $1, Y2, (DX)(BX*2) \
	VEXTRACTF128 $1, Y3, (DX)(R12*1) \
	LEAQ (DI)(BX*8), DI \
	LEAQ (DX)(BX*8), DX

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

// COUNT4 clears the counts of two more channels.
#define COUNT4 \
	VPXOR Y12, Y12, Y12 \
	VPXOR Y13, Y13, Y13

// CLIPPED returns one channel's count.
#define CLIPPED(count, low, ret) \
	TOTAL(count, low) \
	ADDQ n+48(FP), AX \
	MOVQ AX, ret

#define CLIPPED4 \
	CLIPPED(Y12, X12, clipped_0+56(FP)) \
	CLIPPED(Y13, X13, clipped_1+64(FP)) \
	CLIPPED(Y14, X14, clipped_2+72(FP)) \
	CLIPPED(Y15, X15, clipped_3+80(FP))

// func splitShorts4AVX2(a, b, c, d, frames *byte, stride, n int)
TEXT ·splitShorts4AVX2(SB), NOSPLIT, $0-56
	SPLIT4_ARGS
	SPLAT(0x30000000, X8, Y8)
	SPLAT(0xffff0000, X9, Y9)

loop:
	VMOVQ       (SI), X0
	VMOVQ       (SI)(BX*2), X1
	VMOVQ       (DX), X2
	VMOVQ       (DX)(BX*2), X3
	VMOVHPD     (SI)(BX*1), X0, X0
	VMOVHPD     (SI)(R12*1), X1, X1
	VMOVHPD     (DX)(BX*1), X2, X2
	VMOVHPD     (DX)(R12*1), X3, X3
	VINSERTF128 $1, X2, Y0, Y0
	VINSERTF128 $1, X3, Y1, Y1
	VSHUFPS     $0x88, Y1, Y0, Y2 // a and b
	VSHUFPS     $0xdd, Y1, Y0, Y3 // c and d
	HALVES(Y2, Y0)
	HALVES(Y3, Y1)
	PUT_PLANES(Y0, Y2, Y1, Y3)
	ADDQ        $8, CX
	JNZ         loop
	VZEROUPPER
	RET

// func splitInts4AVX2(a, b, c, d, frames *byte, stride, n int)
TEXT ·splitInts4AVX2(SB), NOSPLIT, $0-56
	SPLIT4_ARGS
	SPLAT(0x30000000, X8, Y8)

loop:
	GET_FRAMES
	VCVTDQ2PS Y0, Y0
	VCVTDQ2PS Y1, Y1
	VCVTDQ2PS Y2, Y2
	VCVTDQ2PS Y3, Y3
	VMULPS    Y8, Y0, Y0
	VMULPS    Y8, Y1, Y1
	VMULPS    Y8, Y2, Y2
	VMULPS    Y8, Y3, Y3
	TRANSPOSE
	PUT_PLANES(Y0, Y1, Y2, Y3)
	ADDQ      $8, CX
	JNZ       loop
	VZEROUPPER
	RET

// func splitFloats4AVX2(a, b, c, d, frames *byte, stride, n int)
TEXT ·splitFloats4AVX2(SB), NOSPLIT, $0-56
	SPLIT4_ARGS

loop:
	GET_FRAMES
	TRANSPOSE
	PUT_PLANES(Y0, Y1, Y2, Y3)
	ADDQ $8, CX
	JNZ  loop
	VZEROUPPER
	RET

// func joinShorts4AVX2(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)
TEXT ·joinShorts4AVX2(SB), NOSPLIT, $0-88
	JOIN4_ARGS
	ENCODE_SHORTS
	COUNT4

loop:
	VMOVUPS      (R8)(CX*4), Y4
	VMOVUPS      (R9)(CX*4), Y5
	VMOVUPS      (R10)(CX*4), Y6
	VMOVUPS      (R11)(CX*4), Y7
	TO_SHORTS(Y4, Y0, Y12)
	TO_SHORTS(Y5, Y1, Y13)
	TO_SHORTS(Y6, Y2, Y14)
	TO_SHORTS(Y7, Y3, Y15)
	VPSLLD       $16, Y1, Y1
	VPSLLD       $16, Y3, Y3
	VPBLENDW     $0xaa, Y1, Y0, Y0
	VPBLENDW     $0xaa, Y3, Y2, Y2
	VPUNPCKLDQ   Y2, Y0, Y1 // frames 0, 1 and 4, 5
	VPUNPCKHDQ   Y2, Y0, Y3 // frames 2, 3 and 6, 7
	VEXTRACTI128 $1, Y1, X4
	VEXTRACTI128 $1, Y3, X5
	VMOVQ        X1, (DI)
	VMOVHPD      X1, (DI)(BX*1)
	VMOVQ        X3, (DI)(BX*2)
	VMOVHPD      X3, (DI)(R12*1)
	VMOVQ        X4, (DX)
	VMOVHPD      X4, (DX)(BX*1)
	VMOVQ        X5, (DX)(BX*2)
	VMOVHPD      X5, (DX)(R12*1)
	LEAQ         (DI)(BX*8), DI
	LEAQ         (DX)(BX*8), DX
	ADDQ         $8, CX
	JNZ          loop
	CLIPPED4
	VZEROUPPER
	RET

// func joinInts4AVX2(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)
TEXT ·joinInts4AVX2(SB), NOSPLIT, $0-88
	JOIN4_ARGS
	ENCODE_INTS
	COUNT4

loop:
	VMOVUPS (R8)(CX*4), Y4
	VMOVUPS (R9)(CX*4), Y6
	TO_INTS(Y4, Y5, Y0, Y12)
	TO_INTS(Y6, Y7, Y1, Y13)
	VMOVUPS (R10)(CX*4), Y4
	VMOVUPS (R11)(CX*4), Y6
	TO_INTS(Y4, Y5, Y2, Y14)
	TO_INTS(Y6, Y7, Y3, Y15)
	TRANSPOSE
	PUT_FRAMES
	ADDQ    $8, CX
	JNZ     loop
	CLIPPED4
	VZEROUPPER
	RET

// func joinFloats4AVX2(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)
TEXT ·joinFloats4AVX2(SB), NOSPLIT, $0-88
	JOIN4_ARGS

loop:
	VMOVUPS (R8)(CX*4), Y0
	VMOVUPS (R9)(CX*4), Y1
	VMOVUPS (R10)(CX*4), Y2
	VMOVUPS (R11)(CX*4), Y3
	TRANSPOSE
	PUT_FRAMES
	ADDQ    $8, CX
	JNZ     loop
	MOVQ    $0, clipped_0+56(FP)
	MOVQ    $0, clipped_1+64(FP)
	MOVQ    $0, clipped_2+72(FP)
	MOVQ    $0, clipped_3+80(FP)
	VZEROUPPER
	RET
