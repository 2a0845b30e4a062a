#include "textflag.h"
#include "kernel_arm64.h"

#define FLAT \
	MOVD dst+0(FP), R0 \
	MOVD src+8(FP), R1 \
	MOVD n+16(FP), R2

// WIDEN puts 16 samples of 16 bits into the upper halves of V4 to V7, with the
// zeros of V31 below.
#define WIDEN \
	VLD1.P 32(R1), [V0.H8, V1.H8] \
	VZIP1 V0.H8, V31.H8, V4.H8 \
	VZIP2 V0.H8, V31.H8, V5.H8 \
	VZIP1 V1.H8, V31.H8, V6.H8 \
	VZIP2 V1.H8, V31.H8, V7.H8

// func shortsToFloatsNEON(dst, src *byte, n int) (clipped int)
TEXT ·shortsToFloatsNEON(SB), NOSPLIT, $0-32
	FLAT
	ZERO(V31)

loop:
	WIDEN
	SCVTF31(4, 4)
	SCVTF31(5, 5)
	SCVTF31(6, 6)
	SCVTF31(7, 7)
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	SUBS   $16, R2
	BNE    loop
	MOVD   ZR, clipped+24(FP)
	RET

// func shortsToIntsNEON(dst, src *byte, n int) (clipped int)
TEXT ·shortsToIntsNEON(SB), NOSPLIT, $0-32
	FLAT
	ZERO(V31)

loop:
	WIDEN
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	SUBS   $16, R2
	BNE    loop
	MOVD   ZR, clipped+24(FP)
	RET

// func intsToFloatsNEON(dst, src *byte, n int) (clipped int)
TEXT ·intsToFloatsNEON(SB), NOSPLIT, $0-32
	FLAT

loop:
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	SCVTF31(4, 4)
	SCVTF31(5, 5)
	SCVTF31(6, 6)
	SCVTF31(7, 7)
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	SUBS   $16, R2
	BNE    loop
	MOVD   ZR, clipped+24(FP)
	RET

// ROUND adds to the register x what makes cutting its lower bits off rounding
// half to even, less than a half (V29) and the lowest bit that stays (V30 is
// 1). It adds the clipped, those greater than V28, to count.
#define ROUND(x, v, bits, count) \
	CMGT(28, x, 26) \
	VUSHR bits, v.S4, V27.S4 \
	VSUB V26.S4, count.S4, count.S4 \
	VAND V30.B16, V27.B16, V27.B16 \
	SQADD(29, x, x) \
	SQADD(27, x, x)

// func intsToShortsNEON(dst, src *byte, n int) (clipped int)
TEXT ·intsToShortsNEON(SB), NOSPLIT, $0-32
	FLAT
	SPLAT(0x7fff7fff, V28)
	SPLAT(0x00007fff, V29)
	SPLAT(1, V30)
	ZERO(V24)
	ZERO(V25)

loop:
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	ROUND(4, V4, $16, V24)
	ROUND(5, V5, $16, V25)
	ROUND(6, V6, $16, V24)
	ROUND(7, V7, $16, V25)
	VUZP2  V5.H8, V4.H8, V0.H8
	VUZP2  V7.H8, V6.H8, V1.H8
	VST1.P [V0.H8, V1.H8], 32(R0)
	SUBS   $16, R2
	BNE    loop
	TOTAL
	MOVD   R0, clipped+24(FP)
	RET

// func floatsToShortsNEON(dst, src *byte, n int) (clipped int)
TEXT ·floatsToShortsNEON(SB), NOSPLIT, $0-32
	FLAT
	ENCODE_SHORTS
	ZERO(V24)
	ZERO(V25)

loop:
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	ENCODE(4, V24)
	ENCODE(5, V25)
	ENCODE(6, V24)
	ENCODE(7, V25)
	SQXTN(4, 0)
	SQXTN2(5, 0)
	SQXTN(6, 1)
	SQXTN2(7, 1)
	VST1.P [V0.H8, V1.H8], 32(R0)
	SUBS   $16, R2
	BNE    loop
	TOTAL
	MOVD   R0, clipped+24(FP)
	RET

// func floatsToIntsNEON(dst, src *byte, n int) (clipped int)
TEXT ·floatsToIntsNEON(SB), NOSPLIT, $0-32
	FLAT
	ENCODE_INTS
	ZERO(V24)
	ZERO(V25)

loop:
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	ENCODE(4, V24)
	ENCODE(5, V25)
	ENCODE(6, V24)
	ENCODE(7, V25)
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	SUBS   $16, R2
	BNE    loop
	TOTAL
	MOVD   R0, clipped+24(FP)
	RET

// func widen24NEON(dst, src *byte, n int) (clipped int)
TEXT ·widen24NEON(SB), NOSPLIT, $0-32
	FLAT
	ZERO(V0)

loop:
	VLD3.P 48(R1), [V1.B16, V2.B16, V3.B16]
	VST4.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R0)
	SUBS   $16, R2
	BNE    loop
	MOVD   ZR, clipped+24(FP)
	RET

// The upper three bytes of four samples.
DATA narrow<>+0(SB)/8, $0x0a09070605030201
DATA narrow<>+8(SB)/8, $0xffffffff0f0e0d0b
GLOBL narrow<>(SB), RODATA|NOPTR, $16

// NARROW stores four samples of three bytes, and four bytes too many, which
// the next ones cover. The largest (V23) doesn't count.
#define NARROW(x, v, count) \
	VCMEQ V23.S4, v.S4, V22.S4 \
	VADD V22.S4, count.S4, count.S4 \
	ROUND(x, v, $8, count) \
	VTBL V21.B16, [v.B16], v.B16 \
	VST1 [v.B16], (R0) \
	ADD $12, R0

// func narrow24NEON(dst, src *byte, n int) (clipped int)
TEXT ·narrow24NEON(SB), NOSPLIT, $0-32
	FLAT
	MOVD $narrow<>(SB), R3
	VLD1 (R3), [V21.B16]
	SPLAT(0x7fffffff, V23)
	SPLAT(0x7fffff7f, V28)
	SPLAT(0x0000007f, V29)
	SPLAT(1, V30)
	ZERO(V24)
	ZERO(V25)

loop:
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	NARROW(4, V4, V24)
	NARROW(5, V5, V25)
	NARROW(6, V6, V24)
	NARROW(7, V7, V25)
	SUBS   $16, R2
	BNE    loop
	TOTAL
	MOVD   R0, clipped+24(FP)
	RET

// func cleanNEON(x *float32, n int) bool
//
// Twice the bits, without the sign, are in the order of the magnitudes; one
// less takes zero to the top and keeps the order of the rest. Of the first the
// largest tells infinity and NaN, of the second the smallest those too small.
TEXT ·cleanNEON(SB), NOSPLIT, $0-17
	MOVD x+0(FP), R1
	MOVD n+8(FP), R2
	SPLAT(0xffffffff, V30) // -1
	ZERO(V0)               // the largest
	ZERO(V1)
	VMOV V30.B16, V2.B16   // the smallest
	VMOV V30.B16, V3.B16

#define LOOK(v, largest, smallest) \
	VADD v.S4, v.S4, v.S4 \
	VUMAX v.S4, largest.S4, largest.S4 \
	VADD V30.S4, v.S4, v.S4 \
	VUMIN v.S4, smallest.S4, smallest.S4

loop:
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	LOOK(V4, V0, V2)
	LOOK(V5, V1, V3)
	LOOK(V6, V0, V2)
	LOOK(V7, V1, V3)
	SUBS   $16, R2
	BNE    loop
	VUMAX  V0.S4, V1.S4, V0.S4
	VUMIN  V2.S4, V3.S4, V2.S4
	UMAXV(0, 0)
	UMINV(2, 2)
	VMOV   V0.S[0], R3
	VMOV   V2.S[0], R4
	MOVD   $0xff000000, R5 // twice infinity
	MOVD   $0x1b4484bf, R6 // twice tinyBits, less 1
	CMP    R5, R3
	CSET   LO, R3
	CMP    R6, R4
	CSET   HS, R4
	AND    R3, R4, R3
	MOVB   R3, ret+16(FP)
	RET
