// Instructions that the assembler doesn't know, for registers by number, and
// macros of the NEON kernels.

// SCVTF31 is scvtf vd.4s, vn.4s, #31: an integer times 2^-31.
#define SCVTF31(n, d) WORD $(0x4F21E400 + (n)*32 + (d))

// FMUL is fmul vd.4s, vn.4s, vm.4s.
#define FMUL(m, n, d) WORD $(0x6E20DC00 + (m)*65536 + (n)*32 + (d))

// FCVTNS is fcvtns vd.4s, vn.4s, which rounds half to even, saturates, and
// makes 0 of NaN.
#define FCVTNS(n, d) WORD $(0x4E21A800 + (n)*32 + (d))

// SQXTN and SQXTN2 are sqxtn vd.4h, vn.4s and sqxtn2 vd.8h, vn.4s.
#define SQXTN(n, d) WORD $(0x0E614800 + (n)*32 + (d))
#define SQXTN2(n, d) WORD $(0x4E614800 + (n)*32 + (d))

// FCMGE and FCMGT are fcmge/fcmgt vd.4s, vn.4s, vm.4s: n >= m and n > m.
#define FCMGE(m, n, d) WORD $(0x6E20E400 + (m)*65536 + (n)*32 + (d))
#define FCMGT(m, n, d) WORD $(0x6EA0E400 + (m)*65536 + (n)*32 + (d))

// CMGT is cmgt vd.4s, vn.4s, vm.4s: n > m.
#define CMGT(m, n, d) WORD $(0x4EA03400 + (m)*65536 + (n)*32 + (d))

// SQADD is sqadd vd.4s, vn.4s, vm.4s.
#define SQADD(m, n, d) WORD $(0x4EA00C00 + (m)*65536 + (n)*32 + (d))

// UMAXV and UMINV are umaxv/uminv sd, vn.4s.
#define UMAXV(n, d) WORD $(0x6EB0A800 + (n)*32 + (d))
#define UMINV(n, d) WORD $(0x6EB1A800 + (n)*32 + (d))

#define SPLAT(bits, v) \
	MOVW $bits, R20 \
	VDUP R20, v.S4

#define ZERO(v) VEOR v.B16, v.B16, v.B16

// ENCODE_SHORTS loads what ENCODE needs for 16 bits: the factor in V28, where
// clipping begins above in V29 and what is just not clipped below in V30.
#define ENCODE_SHORTS \
	SPLAT(0x47000000, V28) \
	SPLAT(0x46ffff00, V29) \
	SPLAT(0xc7000080, V30)

#define ENCODE_INTS \
	SPLAT(0x4f000000, V28) \
	SPLAT(0x4f000000, V29) \
	SPLAT(0xcf000000, V30)

// ENCODE makes integers of the floats in the register x, in place, and adds
// the clipped of them to count. V26 and V27 are changed.
#define ENCODE(x, count) \
	FMUL(28, x, x) \
	FCMGE(29, x, 26) \
	FCMGT(x, 30, 27) \
	VSUB V26.S4, count.S4, count.S4 \
	VSUB V27.S4, count.S4, count.S4 \
	FCVTNS(x, x)

// TOTAL puts the sum of the counts in V24 and V25 into R0.
#define TOTAL \
	VADD V24.S4, V25.S4, V25.S4 \
	VUADDLV V25.S4, V25 \
	FMOVD F25, R0

// HALVES makes floats of the 16-bit samples in the upper halves (V31 masks
// them) of the register x, in place, and in the lower halves, to l.
#define HALVES(x, v, l, w) \
	VSHL $16, v.S4, w.S4 \
	VAND V31.B16, v.B16, v.B16 \
	SCVTF31(l, l) \
	SCVTF31(x, x)
