// Macros of the AVX2 kernels. The loops count CX up from -n to 0, with the
// pointers at the ends of the slices.

#define SPLAT(bits, x, y) \
	MOVL $bits, AX \
	MOVQ AX, x \
	VPBROADCASTD x, y

// ENCODE_SHORTS loads what TO_SHORTS needs.
#define ENCODE_SHORTS \
	SPLAT(0x3f7ffeff, X8, Y8) \
	SPLAT(0xbf800080, X9, Y9) \
	SPLAT(0x07800000, X10, Y10) \
	VPXOR Y14, Y14, Y14 \
	VPXOR Y15, Y15, Y15

// TO_SHORTS makes t, integers in the range of 16 bits, of the floats v, and
// takes 1 from count for each that isn't clipped. It first clamps to the
// largest float that rounds down to 32767 and to the smallest that rounds up
// to -32768, where NaN stays as it is. Then it multiplies by 2^15 in the
// exponent: zeros, denormals and NaN all become numbers of no size, which
// round to 0.
#define TO_SHORTS(v, t, count) \
	VMINPS v, Y8, t \
	VMAXPS t, Y9, t \
	VPCMPEQD v, t, v \
	VPADDD v, count, count \
	VPADDD Y10, t, t \
	VCVTPS2DQ t, t

// ENCODE_INTS loads what TO_INTS needs.
#define ENCODE_INTS \
	SPLAT(0x3f800000, X8, Y8) \
	SPLAT(0xbf800000, X9, Y9) \
	SPLAT(0x0f800000, X10, Y10) \
	VPXOR Y14, Y14, Y14 \
	VPXOR Y15, Y15, Y15

// TO_INTS is TO_SHORTS for 32 bits. 2^31 is converted to -2^31, all of whose
// bits are wrong. u is changed.
#define TO_INTS(v, u, t, count) \
	VMINPS v, Y8, u \
	VMAXPS u, Y9, t \
	VPCMPEQD u, t, u \
	VPADDD u, count, count \
	VPCMPEQD t, Y8, v \
	VPSUBD v, count, count \
	VPADDD Y10, t, t \
	VCVTPS2DQ t, t \
	VPXOR v, t, t

// TOTAL puts into AX the sum of the lanes of count, whose lower half is low.
#define TOTAL(count, low) \
	VEXTRACTI128 $1, count, X11 \
	VPMOVSXDQ low, count \
	VPMOVSXDQ X11, Y11 \
	VPADDQ Y11, count, count \
	VEXTRACTI128 $1, count, X11 \
	VPADDQ X11, low, low \
	VPSRLDQ $8, low, X11 \
	VPADDQ X11, low, low \
	MOVQ low, AX

// SUM puts into AX the sum of the counts in Y14 and Y15.
#define SUM \
	VPADDD Y14, Y15, Y15 \
	TOTAL(Y15, X15)

// SPLIT makes a of the even and b of the odd lanes of two vectors, and JOIN is
// its inverse. t and u are changed.
#define SPLIT(t, u, a, b) \
	VSHUFPS $0x88, u, t, a \
	VSHUFPS $0xdd, u, t, b \
	VPERMPD $0xd8, a, a \
	VPERMPD $0xd8, b, b

#define JOIN(a, b, t, u) \
	VUNPCKLPS b, a, t \
	VUNPCKHPS b, a, u \
	VPERM2F128 $0x20, u, t, a \
	VPERM2F128 $0x31, u, t, b

// HALVES makes floats, after a factor of 2^-31 (Y8), of the 16-bit samples in
// the lower halves (to l) and in the upper halves (Y9 masks them) of x.
#define HALVES(x, l) \
	VPSLLD $16, x, l \
	VPAND Y9, x, x \
	VCVTDQ2PS l, l \
	VCVTDQ2PS x, x \
	VMULPS Y8, l, l \
	VMULPS Y8, x, x
