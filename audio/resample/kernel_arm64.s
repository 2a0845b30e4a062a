#include "textflag.h"

// CLEAR4 clears four vectors.
#define CLEAR4(a, b, c, d) \
	VEOR a.B16, a.B16, a.B16 \
	VEOR b.B16, b.B16, b.B16 \
	VEOR c.B16, c.B16, c.B16 \
	VEOR d.B16, d.B16, d.B16

// UP and DOWN add one input (in V24) times a row of taps to four accumulators.
#define UP(a, b, c, d) \
	VFMLA V24.S4, V16.S4, a.S4 \
	VFMLA V24.S4, V17.S4, b.S4 \
	VFMLA V24.S4, V18.S4, c.S4 \
	VFMLA V24.S4, V19.S4, d.S4

#define DOWN(a, b, c, d) \
	VFMLA V25.S4, V20.S4, a.S4 \
	VFMLA V25.S4, V21.S4, b.S4 \
	VFMLA V25.S4, V22.S4, c.S4 \
	VFMLA V25.S4, V23.S4, d.S4

// PUT adds the two ends (V28 is all ones) and stores 16 outputs.
#define PUT(a, b, c, d, e, f, g, h) \
	VFMLA V28.S4, e.S4, a.S4 \
	VFMLA V28.S4, f.S4, b.S4 \
	VFMLA V28.S4, g.S4, c.S4 \
	VFMLA V28.S4, h.S4, d.S4 \
	VST1  [a.S4, b.S4, c.S4, d.S4], (R0) \
	ADD   R1, R0

// START points R7 and R9 at the first row's taps and input, R8 and R10 at the
// last row's.
#define START \
	MOVD R2, R7 \
	ADD  R3<<6, R2, R8 \
	MOVD R4, R9 \
	ADD  R3<<2, R4, R10

#define STEP \
	ADD $64, R7 \
	ADD $4, R9 \
	SUB $64, R8 \
	SUB $4, R10

// func tileNEON(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)
//
// The rows of a group are walked from both ends to the middle, two periods at
// a time.
TEXT ·tileNEON(SB), NOSPLIT, $0-56
	MOVD dst+0(FP), R0
	MOVD dstStep+8(FP), R1
	LSL  $2, R1
	MOVD taps+16(FP), R2
	MOVD rows+24(FP), R3
	SUB  $1, R3
	MOVD x+32(FP), R4
	MOVD xStep+40(FP), R5
	LSL  $2, R5
	MOVD periods+48(FP), R6
	FMOVS $1.0, F28
	VDUP V28.S[0], V28.S4

more:
	CMP $1, R6
	BLT done
	BEQ one
	START
	CLEAR4(V0, V1, V2, V3)
	CLEAR4(V4, V5, V6, V7)
	CLEAR4(V8, V9, V10, V11)
	CLEAR4(V12, V13, V14, V15)

loop2:
	VLD1  (R7), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1  (R8), [V20.S4, V21.S4, V22.S4, V23.S4]
	VLD1R (R9), [V24.S4]
	VLD1R (R10), [V25.S4]
	UP(V0, V1, V2, V3)
	DOWN(V4, V5, V6, V7)
	ADD   R5, R9, R11
	ADD   R5, R10, R12
	VLD1R (R11), [V24.S4]
	VLD1R (R12), [V25.S4]
	UP(V8, V9, V10, V11)
	DOWN(V12, V13, V14, V15)
	STEP
	CMP   R8, R7
	BLO   loop2
	PUT(V0, V1, V2, V3, V4, V5, V6, V7)
	PUT(V8, V9, V10, V11, V12, V13, V14, V15)
	ADD   R5<<1, R4
	SUB   $2, R6
	B     more

one:
	START
	CLEAR4(V0, V1, V2, V3)
	CLEAR4(V4, V5, V6, V7)

loop1:
	VLD1  (R7), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1  (R8), [V20.S4, V21.S4, V22.S4, V23.S4]
	VLD1R (R9), [V24.S4]
	VLD1R (R10), [V25.S4]
	UP(V0, V1, V2, V3)
	DOWN(V4, V5, V6, V7)
	STEP
	CMP   R8, R7
	BLO   loop1
	PUT(V0, V1, V2, V3, V4, V5, V6, V7)

done:
	RET

// FADDP_V0 is faddp v0.4s, v0.4s, v0.4s, which the assembler doesn't know.
#define FADDP_V0 WORD $0x6E20D400

// func cubicNEON(out *float32, points *point, count int, taps *float32, rows int, x *float32)
//
// Per point four dot products side by side, joined by Horner's rule while they
// still are vectors.
TEXT ·cubicNEON(SB), NOSPLIT, $0-48
	MOVD out+0(FP), R0
	MOVD points+8(FP), R7
	MOVD count+16(FP), R8
	MOVD taps+24(FP), R9
	MOVD rows+32(FP), R10
	MOVD x+40(FP), R11
	LSL  $2, R10

point:
	MOVW  (R7), R1
	MOVW  4(R7), R5
	ADD   $8, R7, R12
	VLD1R (R12), [V22.S4]
	ADD   $12, R7
	ADD   R1<<2, R9, R1
	ADD   R10, R1, R2
	ADD   R10, R2, R3
	ADD   R10, R3, R4
	ADD   R5<<2, R11, R5
	ADD   R10, R5, R6
	CLEAR4(V0, V1, V2, V3)

rows:
	VLD1.P 32(R5), [V4.S4, V5.S4]
	VLD1.P 32(R1), [V6.S4, V7.S4]
	VLD1.P 32(R2), [V16.S4, V17.S4]
	VLD1.P 32(R3), [V18.S4, V19.S4]
	VLD1.P 32(R4), [V20.S4, V21.S4]
	VFMLA  V4.S4, V6.S4, V0.S4
	VFMLA  V4.S4, V16.S4, V1.S4
	VFMLA  V4.S4, V18.S4, V2.S4
	VFMLA  V4.S4, V20.S4, V3.S4
	VFMLA  V5.S4, V7.S4, V0.S4
	VFMLA  V5.S4, V17.S4, V1.S4
	VFMLA  V5.S4, V19.S4, V2.S4
	VFMLA  V5.S4, V21.S4, V3.S4
	CMP    R6, R5
	BLO    rows
	VFMLA  V22.S4, V3.S4, V2.S4
	VFMLA  V22.S4, V2.S4, V1.S4
	VFMLA  V22.S4, V1.S4, V0.S4
	FADDP_V0
	FADDP_V0
	FMOVS.P F0, 4(R0)
	SUBS   $1, R8
	BNE    point
	RET
