#include "textflag.h"
#include "kernel_arm64.h"

#define SPLIT_ARGS \
	MOVD left+0(FP), R0 \
	MOVD right+8(FP), R1 \
	MOVD src+16(FP), R2 \
	MOVD n+24(FP), R3

#define JOIN_ARGS \
	MOVD dst+0(FP), R2 \
	MOVD left+8(FP), R0 \
	MOVD right+16(FP), R1 \
	MOVD n+24(FP), R3 \
	ZERO(V24) \
	ZERO(V25)

// func splitShortsNEON(left, right, src *byte, n int)
TEXT ·splitShortsNEON(SB), NOSPLIT, $0-32
	SPLIT_ARGS
	SPLAT(0xffff0000, V31)

loop:
	VLD1.P 32(R2), [V0.S4, V1.S4]
	HALVES(0, V0, 2, V2)
	HALVES(1, V1, 3, V3)
	VST1.P [V2.S4, V3.S4], 32(R0)
	VST1.P [V0.S4, V1.S4], 32(R1)
	SUBS   $8, R3
	BNE    loop
	RET

// func splitIntsNEON(left, right, src *byte, n int)
TEXT ·splitIntsNEON(SB), NOSPLIT, $0-32
	SPLIT_ARGS

loop:
	VLD2.P 32(R2), [V0.S4, V1.S4]
	VLD2.P 32(R2), [V2.S4, V3.S4]
	SCVTF31(0, 0)
	SCVTF31(1, 1)
	SCVTF31(2, 2)
	SCVTF31(3, 3)
	VST1.P [V0.S4], 16(R0)
	VST1.P [V1.S4], 16(R1)
	VST1.P [V2.S4], 16(R0)
	VST1.P [V3.S4], 16(R1)
	SUBS   $8, R3
	BNE    loop
	RET

// func splitFloatsNEON(left, right, src *byte, n int)
TEXT ·splitFloatsNEON(SB), NOSPLIT, $0-32
	SPLIT_ARGS

loop:
	VLD2.P 32(R2), [V0.S4, V1.S4]
	VLD2.P 32(R2), [V2.S4, V3.S4]
	VST1.P [V0.S4], 16(R0)
	VST1.P [V1.S4], 16(R1)
	VST1.P [V2.S4], 16(R0)
	VST1.P [V3.S4], 16(R1)
	SUBS   $8, R3
	BNE    loop
	RET

// func joinShortsNEON(dst, left, right *byte, n int) (clipped int)
TEXT ·joinShortsNEON(SB), NOSPLIT, $0-40
	JOIN_ARGS
	ENCODE_SHORTS

loop:
	VLD1.P 32(R0), [V0.S4, V1.S4]
	VLD1.P 32(R1), [V2.S4, V3.S4]
	ENCODE(0, V24)
	ENCODE(1, V25)
	ENCODE(2, V24)
	ENCODE(3, V25)
	SQXTN(0, 4)
	SQXTN2(1, 4)
	SQXTN(2, 5)
	SQXTN2(3, 5)
	VST2.P [V4.H8, V5.H8], 32(R2)
	SUBS   $8, R3
	BNE    loop
	TOTAL
	MOVD   R0, clipped+32(FP)
	RET

// func joinIntsNEON(dst, left, right *byte, n int) (clipped int)
TEXT ·joinIntsNEON(SB), NOSPLIT, $0-40
	JOIN_ARGS
	ENCODE_INTS

loop:
	VLD1.P 16(R0), [V0.S4]
	VLD1.P 16(R1), [V1.S4]
	VLD1.P 16(R0), [V2.S4]
	VLD1.P 16(R1), [V3.S4]
	ENCODE(0, V24)
	ENCODE(1, V25)
	ENCODE(2, V24)
	ENCODE(3, V25)
	VST2.P [V0.S4, V1.S4], 32(R2)
	VST2.P [V2.S4, V3.S4], 32(R2)
	SUBS   $8, R3
	BNE    loop
	TOTAL
	MOVD   R0, clipped+32(FP)
	RET

// func joinFloatsNEON(dst, left, right *byte, n int) (clipped int)
TEXT ·joinFloatsNEON(SB), NOSPLIT, $0-40
	JOIN_ARGS

loop:
	VLD1.P 16(R0), [V0.S4]
	VLD1.P 16(R1), [V1.S4]
	VLD1.P 16(R0), [V2.S4]
	VLD1.P 16(R1), [V3.S4]
	VST2.P [V0.S4, V1.S4], 32(R2)
	VST2.P [V2.S4, V3.S4], 32(R2)
	SUBS   $8, R3
	BNE    loop
	MOVD   ZR, clipped+32(FP)
	RET
