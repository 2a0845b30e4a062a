#include "textflag.h"
#include "kernel_arm64.h"

// The kernels for four of several channels take four frames at a time, R4
// bytes apart.

#define PLANES(a, b, c, d) \
	MOVD a, R0 \
	MOVD b, R1 \
	MOVD c, R2 \
	MOVD d, R3 \
	MOVD stride+40(FP), R4 \
	MOVD n+48(FP), R5

#define SPLIT4_ARGS \
	PLANES(a+0(FP), b+8(FP), c+16(FP), d+24(FP)) \
	MOVD frames+32(FP), R6

#define JOIN4_ARGS \
	PLANES(a+8(FP), b+16(FP), c+24(FP), d+32(FP)) \
	MOVD frames+0(FP), R6 \
	ZERO(V22) \
	ZERO(V23) \
	ZERO(V24) \
	ZERO(V25)

#define GET_FRAMES \
	VLD1.P (R6)(R4), [V0.S4] \
	VLD1.P (R6)(R4), [V1.S4] \
	VLD1.P (R6)(R4), [V2.S4] \
	VLD1.P (R6)(R4), [V3.S4]

// PUT_FRAMES stores them in order, as each covers the fourth sample of the one
// before if that is one too many.
#define PUT_FRAMES \
	VST1.P [V0.S4], (R6)(R4) \
	VST1.P [V1.S4], (R6)(R4) \
	VST1.P [V2.S4], (R6)(R4) \
	VST1.P [V3.S4], (R6)(R4)

#define GET_PLANES \
	VLD1.P 16(R0), [V0.S4] \
	VLD1.P 16(R1), [V1.S4] \
	VLD1.P 16(R2), [V2.S4] \
	VLD1.P 16(R3), [V3.S4]

// PUT_PLANES stores d before c, which is in the same place if there are three.
#define PUT_PLANES(a, b, c, d) \
	VST1.P [d.S4], 16(R3) \
	VST1.P [a.S4], 16(R0) \
	VST1.P [b.S4], 16(R1) \
	VST1.P [c.S4], 16(R2)

// TRANSPOSE transposes the 4x4 matrix in V0 to V3.
#define TRANSPOSE \
	VTRN1 V1.S4, V0.S4, V4.S4 \
	VTRN2 V1.S4, V0.S4, V5.S4 \
	VTRN1 V3.S4, V2.S4, V6.S4 \
	VTRN2 V3.S4, V2.S4, V7.S4 \
	VTRN1 V6.D2, V4.D2, V0.D2 \
	VTRN1 V7.D2, V5.D2, V1.D2 \
	VTRN2 V6.D2, V4.D2, V2.D2 \
	VTRN2 V7.D2, V5.D2, V3.D2

#define ENCODE4 \
	ENCODE(0, V22) \
	ENCODE(1, V23) \
	ENCODE(2, V24) \
	ENCODE(3, V25)

// CLIPPED4 returns each channel's count.
#define CLIPPED4 \
	VUADDLV V22.S4, V22 \
	VUADDLV V23.S4, V23 \
	VUADDLV V24.S4, V24 \
	VUADDLV V25.S4, V25 \
	FMOVD F22, clipped_0+56(FP) \
	FMOVD F23, clipped_1+64(FP) \
	FMOVD F24, clipped_2+72(FP) \
	FMOVD F25, clipped_3+80(FP)

// func splitShorts4NEON(a, b, c, d, frames *byte, stride, n int)
TEXT ·splitShorts4NEON(SB), NOSPLIT, $0-56
	SPLIT4_ARGS
	SPLAT(0xffff0000, V31)

loop:
	VLD1.P (R6)(R4), [V0.D1]
	VLD1.P (R6)(R4), [V1.D1]
	VLD1.P (R6)(R4), [V2.D1]
	VLD1.P (R6)(R4), [V3.D1]
	VZIP1  V1.S4, V0.S4, V4.S4
	VZIP1  V3.S4, V2.S4, V5.S4
	VZIP1  V5.D2, V4.D2, V0.D2 // a and b
	VZIP2  V5.D2, V4.D2, V1.D2 // c and d
	HALVES(0, V0, 2, V2)
	HALVES(1, V1, 3, V3)
	PUT_PLANES(V2, V0, V3, V1)
	SUBS   $4, R5
	BNE    loop
	RET

// func splitInts4NEON(a, b, c, d, frames *byte, stride, n int)
TEXT ·splitInts4NEON(SB), NOSPLIT, $0-56
	SPLIT4_ARGS

loop:
	GET_FRAMES
	SCVTF31(0, 0)
	SCVTF31(1, 1)
	SCVTF31(2, 2)
	SCVTF31(3, 3)
	TRANSPOSE
	PUT_PLANES(V0, V1, V2, V3)
	SUBS $4, R5
	BNE  loop
	RET

// func splitFloats4NEON(a, b, c, d, frames *byte, stride, n int)
TEXT ·splitFloats4NEON(SB), NOSPLIT, $0-56
	SPLIT4_ARGS

loop:
	GET_FRAMES
	TRANSPOSE
	PUT_PLANES(V0, V1, V2, V3)
	SUBS $4, R5
	BNE  loop
	RET

// func joinShorts4NEON(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)
TEXT ·joinShorts4NEON(SB), NOSPLIT, $0-88
	JOIN4_ARGS
	ENCODE_SHORTS

loop:
	GET_PLANES
	ENCODE4
	SQXTN(0, 0)
	SQXTN(1, 1)
	SQXTN(2, 2)
	SQXTN(3, 3)
	VZIP1  V1.H8, V0.H8, V0.H8
	VZIP1  V3.H8, V2.H8, V2.H8
	VZIP1  V2.S4, V0.S4, V4.S4 // frames 0 and 1
	VZIP2  V2.S4, V0.S4, V5.S4 // frames 2 and 3
	VST1.P V4.D[0], (R6)(R4)
	VST1.P V4.D[1], (R6)(R4)
	VST1.P V5.D[0], (R6)(R4)
	VST1.P V5.D[1], (R6)(R4)
	SUBS   $4, R5
	BNE    loop
	CLIPPED4
	RET

// func joinInts4NEON(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)
TEXT ·joinInts4NEON(SB), NOSPLIT, $0-88
	JOIN4_ARGS
	ENCODE_INTS

loop:
	GET_PLANES
	ENCODE4
	TRANSPOSE
	PUT_FRAMES
	SUBS $4, R5
	BNE  loop
	CLIPPED4
	RET

// func joinFloats4NEON(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)
TEXT ·joinFloats4NEON(SB), NOSPLIT, $0-88
	JOIN4_ARGS

loop:
	GET_PLANES
	TRANSPOSE
	PUT_FRAMES
	SUBS $4, R5
	BNE  loop
	CLIPPED4
	RET
