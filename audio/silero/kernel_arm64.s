#include "textflag.h"

// The kernels hold the sums of a tile in sixteen registers. Every row of a tile is read once and serves all positions.
//
// R0 dst, R1 tiles, R2 x, R3 tiles left, R4 inputs, R5 inputs left, R6 xStep in bytes, R7 dstStep in bytes, R8 to R11 x of
// this row at each position, R12 a row of dst. V0 to V15 sums, V16 to V23 weights, V24 to V27 x, V30 ones, V31 floor.

#define ARGUMENTS \
	MOVD  dst_base+0(FP), R0     \
	MOVD  tiles_base+24(FP), R1  \
	MOVD  x_base+48(FP), R2      \
	MOVD  count+72(FP), R3       \
	MOVD  inputs+80(FP), R4      \
	MOVD  dstStep+88(FP), R7     \
	MOVD  xStep+96(FP), R6       \
	LSL   $2, R6, R6             \
	LSL   $2, R7, R7             \
	FMOVS floor+104(FP), F31     \
	VDUP  V31.S[0], V31.S4       \
	FMOVS $1.0, F30              \
	VDUP  V30.S[0], V30.S4

#define CLEAR(a, b, c, d) \
	VEOR a.B16, a.B16, a.B16 \
	VEOR b.B16, b.B16, b.B16 \
	VEOR c.B16, c.B16, c.B16 \
	VEOR d.B16, d.B16, d.B16

#define CLEARALL \
	CLEAR(V0, V1, V2, V3)    \
	CLEAR(V4, V5, V6, V7)    \
	CLEAR(V8, V9, V10, V11)  \
	CLEAR(V12, V13, V14, V15)

// ACCUMULATE adds the products of four vectors of weights with x to four sums.
#define ACCUMULATE(w0, w1, w2, w3, x, a, b, c, d) \
	VFMLA w0.S4, x.S4, a.S4 \
	VFMLA w1.S4, x.S4, b.S4 \
	VFMLA w2.S4, x.S4, c.S4 \
	VFMLA w3.S4, x.S4, d.S4

// BOUND is FMAX Vn.4S, Vn.4S, V31.4S, which the assembler doesn't know. A NaN stays one.
#define BOUND(n) WORD $(0x4e20f400 | 31<<16 | n<<5 | n)

#define BOUNDALL \
	BOUND(0); BOUND(1); BOUND(2); BOUND(3)     \
	BOUND(4); BOUND(5); BOUND(6); BOUND(7)     \
	BOUND(8); BOUND(9); BOUND(10); BOUND(11)   \
	BOUND(12); BOUND(13); BOUND(14); BOUND(15)

#define WEIGHTS VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]

#define MOREWEIGHTS VLD1.P 64(R1), [V20.S4, V21.S4, V22.S4, V23.S4]

// func singleNEON(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
TEXT ·singleNEON(SB), NOSPLIT, $0-108
	ARGUMENTS

tile:
	CLEARALL
	MOVD R2, R8
	MOVD R4, R5

row:
	VLD1R.P 4(R8), [V24.S4]
	WEIGHTS
	MOREWEIGHTS
	ACCUMULATE(V16, V17, V18, V19, V24, V0, V1, V2, V3)
	ACCUMULATE(V20, V21, V22, V23, V24, V4, V5, V6, V7)
	WEIGHTS
	MOREWEIGHTS
	ACCUMULATE(V16, V17, V18, V19, V24, V8, V9, V10, V11)
	ACCUMULATE(V20, V21, V22, V23, V24, V12, V13, V14, V15)
	SUBS    $1, R5, R5
	BNE     row

	WEIGHTS
	MOREWEIGHTS
	ACCUMULATE(V16, V17, V18, V19, V30, V0, V1, V2, V3)
	ACCUMULATE(V20, V21, V22, V23, V30, V4, V5, V6, V7)
	WEIGHTS
	MOREWEIGHTS
	ACCUMULATE(V16, V17, V18, V19, V30, V8, V9, V10, V11)
	ACCUMULATE(V20, V21, V22, V23, V30, V12, V13, V14, V15)
	BOUNDALL
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	VST1.P [V8.S4, V9.S4, V10.S4, V11.S4], 64(R0)
	VST1.P [V12.S4, V13.S4, V14.S4, V15.S4], 64(R0)
	SUBS   $1, R3, R3
	BNE    tile
	RET

// func pairNEON(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
TEXT ·pairNEON(SB), NOSPLIT, $0-108
	ARGUMENTS

tile:
	CLEARALL
	MOVD R2, R8
	ADD  R6, R8, R9
	MOVD R4, R5

row:
	WEIGHTS
	MOREWEIGHTS
	VLD1R.P 4(R8), [V24.S4]
	VLD1R.P 4(R9), [V25.S4]
	ACCUMULATE(V16, V17, V18, V19, V24, V0, V1, V2, V3)
	ACCUMULATE(V20, V21, V22, V23, V24, V4, V5, V6, V7)
	ACCUMULATE(V16, V17, V18, V19, V25, V8, V9, V10, V11)
	ACCUMULATE(V20, V21, V22, V23, V25, V12, V13, V14, V15)
	SUBS    $1, R5, R5
	BNE     row

	WEIGHTS
	MOREWEIGHTS
	ACCUMULATE(V16, V17, V18, V19, V30, V0, V1, V2, V3)
	ACCUMULATE(V20, V21, V22, V23, V30, V4, V5, V6, V7)
	ACCUMULATE(V16, V17, V18, V19, V30, V8, V9, V10, V11)
	ACCUMULATE(V20, V21, V22, V23, V30, V12, V13, V14, V15)
	BOUNDALL
	ADD    R7, R0, R12
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	VST1.P [V8.S4, V9.S4, V10.S4, V11.S4], 64(R12)
	VST1   [V12.S4, V13.S4, V14.S4, V15.S4], (R12)
	SUBS   $1, R3, R3
	BNE    tile
	RET

// func quadNEON(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
TEXT ·quadNEON(SB), NOSPLIT, $0-108
	ARGUMENTS

tile:
	CLEARALL
	MOVD R2, R8
	ADD  R6, R8, R9
	ADD  R6, R9, R10
	ADD  R6, R10, R11
	MOVD R4, R5

row:
	WEIGHTS
	VLD1R.P 4(R8), [V24.S4]
	VLD1R.P 4(R9), [V25.S4]
	VLD1R.P 4(R10), [V26.S4]
	VLD1R.P 4(R11), [V27.S4]
	ACCUMULATE(V16, V17, V18, V19, V24, V0, V1, V2, V3)
	ACCUMULATE(V16, V17, V18, V19, V25, V4, V5, V6, V7)
	ACCUMULATE(V16, V17, V18, V19, V26, V8, V9, V10, V11)
	ACCUMULATE(V16, V17, V18, V19, V27, V12, V13, V14, V15)
	SUBS    $1, R5, R5
	BNE     row

	WEIGHTS
	ACCUMULATE(V16, V17, V18, V19, V30, V0, V1, V2, V3)
	ACCUMULATE(V16, V17, V18, V19, V30, V4, V5, V6, V7)
	ACCUMULATE(V16, V17, V18, V19, V30, V8, V9, V10, V11)
	ACCUMULATE(V16, V17, V18, V19, V30, V12, V13, V14, V15)
	BOUNDALL
	ADD    R7, R0, R12
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	VST1   [V4.S4, V5.S4, V6.S4, V7.S4], (R12)
	ADD    R7, R12, R12
	VST1   [V8.S4, V9.S4, V10.S4, V11.S4], (R12)
	ADD    R7, R12, R12
	VST1   [V12.S4, V13.S4, V14.S4, V15.S4], (R12)
	SUBS   $1, R3, R3
	BNE    tile
	RET
