#include "textflag.h"

// The kernels hold the sums of a tile in eight registers (four for one position with AVX-512, where the weights come from
// the second-level cache and bound the speed), so that the latency of the fused multiply-adds is hidden. Every row of a tile
// is read once and serves all positions.
//
// DI dst, SI tiles, DX x, CX tiles left, R8 inputs, R9 inputs left, R10 x of this row, R11 and R13 dstStep, R12 and R14
// xStep in bytes, once and three times.

#define ARGUMENTS \
	MOVQ dst_base+0(FP), DI    \
	MOVQ tiles_base+24(FP), SI \
	MOVQ x_base+48(FP), DX     \
	MOVQ count+72(FP), CX      \
	MOVQ inputs+80(FP), R8     \
	MOVQ dstStep+88(FP), R11   \
	MOVQ xStep+96(FP), R12     \
	SHLQ $2, R11               \
	SHLQ $2, R12               \
	LEAQ (R11)(R11*2), R13     \
	LEAQ (R12)(R12*2), R14

#define CLEAR(a, b, c, d) \
	VXORPS a, a, a \
	VXORPS b, b, b \
	VXORPS c, c, c \
	VXORPS d, d, d

#define CLEAR512(a, b, c, d) \
	VPXORD a, a, a \
	VPXORD b, b, b \
	VPXORD c, c, c \
	VPXORD d, d, d

// FINISH adds the bias, bounds the sum below and stores it. A NaN stays one.
#define FINISH(bias, sum, floor, to) \
	VADDPS  bias, sum, sum  \
	VMAXPS  sum, floor, sum \
	VMOVUPS sum, to

// func singleAVX2(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
TEXT ·singleAVX2(SB), NOSPLIT, $0-108
	ARGUMENTS
	VBROADCASTSS floor+104(FP), Y15

tile:
	CLEAR(Y0, Y1, Y2, Y3)
	CLEAR(Y4, Y5, Y6, Y7)
	MOVQ DX, R10
	MOVQ R8, R9

row:
	VBROADCASTSS (R10), Y8
	VFMADD231PS  (SI), Y8, Y0
	VFMADD231PS  32(SI), Y8, Y1
	VFMADD231PS  64(SI), Y8, Y2
	VFMADD231PS  96(SI), Y8, Y3
	VFMADD231PS  128(SI), Y8, Y4
	VFMADD231PS  160(SI), Y8, Y5
	VFMADD231PS  192(SI), Y8, Y6
	VFMADD231PS  224(SI), Y8, Y7
	ADDQ         $256, SI
	ADDQ         $4, R10
	DECQ         R9
	JNZ          row

	FINISH((SI), Y0, Y15, (DI))
	FINISH(32(SI), Y1, Y15, 32(DI))
	FINISH(64(SI), Y2, Y15, 64(DI))
	FINISH(96(SI), Y3, Y15, 96(DI))
	FINISH(128(SI), Y4, Y15, 128(DI))
	FINISH(160(SI), Y5, Y15, 160(DI))
	FINISH(192(SI), Y6, Y15, 192(DI))
	FINISH(224(SI), Y7, Y15, 224(DI))
	ADDQ $256, SI
	ADDQ $256, DI
	DECQ CX
	JNZ  tile
	VZEROUPPER
	RET

// func pairAVX2(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
TEXT ·pairAVX2(SB), NOSPLIT, $0-108
	ARGUMENTS
	VBROADCASTSS floor+104(FP), Y15

tile:
	CLEAR(Y0, Y1, Y2, Y3)
	CLEAR(Y4, Y5, Y6, Y7)
	MOVQ DX, R10
	MOVQ R8, R9

row:
	VMOVUPS      (SI), Y8
	VMOVUPS      32(SI), Y9
	VMOVUPS      64(SI), Y10
	VMOVUPS      96(SI), Y11
	VBROADCASTSS (R10), Y12
	VBROADCASTSS (R10)(R12*1), Y13
	VFMADD231PS  Y8, Y12, Y0
	VFMADD231PS  Y9, Y12, Y1
	VFMADD231PS  Y10, Y12, Y2
	VFMADD231PS  Y11, Y12, Y3
	VFMADD231PS  Y8, Y13, Y4
	VFMADD231PS  Y9, Y13, Y5
	VFMADD231PS  Y10, Y13, Y6
	VFMADD231PS  Y11, Y13, Y7
	ADDQ         $128, SI
	ADDQ         $4, R10
	DECQ         R9
	JNZ          row

	LEAQ (DI)(R11*1), BX
	FINISH((SI), Y0, Y15, (DI))
	FINISH(32(SI), Y1, Y15, 32(DI))
	FINISH(64(SI), Y2, Y15, 64(DI))
	FINISH(96(SI), Y3, Y15, 96(DI))
	FINISH((SI), Y4, Y15, (BX))
	FINISH(32(SI), Y5, Y15, 32(BX))
	FINISH(64(SI), Y6, Y15, 64(BX))
	FINISH(96(SI), Y7, Y15, 96(BX))
	ADDQ $128, SI
	ADDQ $128, DI
	DECQ CX
	JNZ  tile
	VZEROUPPER
	RET

// func quadAVX2(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
TEXT ·quadAVX2(SB), NOSPLIT, $0-108
	ARGUMENTS
	VBROADCASTSS floor+104(FP), Y15

tile:
	CLEAR(Y0, Y1, Y2, Y3)
	CLEAR(Y4, Y5, Y6, Y7)
	MOVQ DX, R10
	MOVQ R8, R9

row:
	VMOVUPS      (SI), Y8
	VMOVUPS      32(SI), Y9
	VBROADCASTSS (R10), Y10
	VBROADCASTSS (R10)(R12*1), Y11
	VBROADCASTSS (R10)(R12*2), Y12
	VBROADCASTSS (R10)(R14*1), Y13
	VFMADD231PS  Y8, Y10, Y0
	VFMADD231PS  Y9, Y10, Y1
	VFMADD231PS  Y8, Y11, Y2
	VFMADD231PS  Y9, Y11, Y3
	VFMADD231PS  Y8, Y12, Y4
	VFMADD231PS  Y9, Y12, Y5
	VFMADD231PS  Y8, Y13, Y6
	VFMADD231PS  Y9, Y13, Y7
	ADDQ         $64, SI
	ADDQ         $4, R10
	DECQ         R9
	JNZ          row

	FINISH((SI), Y0, Y15, (DI))
	FINISH(32(SI), Y1, Y15, 32(DI))
	FINISH((SI), Y2, Y15, (DI)(R11*1))
	FINISH(32(SI), Y3, Y15, 32(DI)(R11*1))
	FINISH((SI), Y4, Y15, (DI)(R11*2))
	FINISH(32(SI), Y5, Y15, 32(DI)(R11*2))
	FINISH((SI), Y6, Y15, (DI)(R13*1))
	FINISH(32(SI), Y7, Y15, 32(DI)(R13*1))
	ADDQ $64, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  tile
	VZEROUPPER
	RET

// func singleAVX512(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
TEXT ·singleAVX512(SB), NOSPLIT, $0-108
	ARGUMENTS
	VBROADCASTSS floor+104(FP), Z15

tile:
	CLEAR512(Z0, Z1, Z2, Z3)
	MOVQ DX, R10
	MOVQ R8, R9

row:
	VBROADCASTSS (R10), Z8
	VFMADD231PS  (SI), Z8, Z0
	VFMADD231PS  64(SI), Z8, Z1
	VFMADD231PS  128(SI), Z8, Z2
	VFMADD231PS  192(SI), Z8, Z3
	ADDQ         $256, SI
	ADDQ         $4, R10
	DECQ         R9
	JNZ          row

	FINISH((SI), Z0, Z15, (DI))
	FINISH(64(SI), Z1, Z15, 64(DI))
	FINISH(128(SI), Z2, Z15, 128(DI))
	FINISH(192(SI), Z3, Z15, 192(DI))
	ADDQ $256, SI
	ADDQ $256, DI
	DECQ CX
	JNZ  tile
	VZEROUPPER
	RET

// func pairAVX512(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
TEXT ·pairAVX512(SB), NOSPLIT, $0-108
	ARGUMENTS
	VBROADCASTSS floor+104(FP), Z15

tile:
	CLEAR512(Z0, Z1, Z2, Z3)
	CLEAR512(Z4, Z5, Z6, Z7)
	MOVQ DX, R10
	MOVQ R8, R9

row:
	VMOVUPS      (SI), Z8
	VMOVUPS      64(SI), Z9
	VMOVUPS      128(SI), Z10
	VMOVUPS      192(SI), Z11
	VBROADCASTSS (R10), Z12
	VBROADCASTSS (R10)(R12*1), Z13
	VFMADD231PS  Z8, Z12, Z0
	VFMADD231PS  Z9, Z12, Z1
	VFMADD231PS  Z10, Z12, Z2
	VFMADD231PS  Z11, Z12, Z3
	VFMADD231PS  Z8, Z13, Z4
	VFMADD231PS  Z9, Z13, Z5
	VFMADD231PS  Z10, Z13, Z6
	VFMADD231PS  Z11, Z13, Z7
	ADDQ         $256, SI
	ADDQ         $4, R10
	DECQ         R9
	JNZ          row

	LEAQ (DI)(R11*1), BX
	FINISH((SI), Z0, Z15, (DI))
	FINISH(64(SI), Z1, Z15, 64(DI))
	FINISH(128(SI), Z2, Z15, 128(DI))
	FINISH(192(SI), Z3, Z15, 192(DI))
	FINISH((SI), Z4, Z15, (BX))
	FINISH(64(SI), Z5, Z15, 64(BX))
	FINISH(128(SI), Z6, Z15, 128(BX))
	FINISH(192(SI), Z7, Z15, 192(BX))
	ADDQ $256, SI
	ADDQ $256, DI
	DECQ CX
	JNZ  tile
	VZEROUPPER
	RET

// func quadAVX512(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
TEXT ·quadAVX512(SB), NOSPLIT, $0-108
	ARGUMENTS
	VBROADCASTSS floor+104(FP), Z15

tile:
	CLEAR512(Z0, Z1, Z2, Z3)
	CLEAR512(Z4, Z5, Z6, Z7)
	MOVQ DX, R10
	MOVQ R8, R9

row:
	VMOVUPS      (SI), Z8
	VMOVUPS      64(SI), Z9
	VBROADCASTSS (R10), Z10
	VBROADCASTSS (R10)(R12*1), Z11
	VBROADCASTSS (R10)(R12*2), Z12
	VBROADCASTSS (R10)(R14*1), Z13
	VFMADD231PS  Z8, Z10, Z0
	VFMADD231PS  Z9, Z10, Z1
	VFMADD231PS  Z8, Z11, Z2
	VFMADD231PS  Z9, Z11, Z3
	VFMADD231PS  Z8, Z12, Z4
	VFMADD231PS  Z9, Z12, Z5
	VFMADD231PS  Z8, Z13, Z6
	VFMADD231PS  Z9, Z13, Z7
	ADDQ         $128, SI
	ADDQ         $4, R10
	DECQ         R9
	JNZ          row

	FINISH((SI), Z0, Z15, (DI))
	FINISH(64(SI), Z1, Z15, 64(DI))
	FINISH((SI), Z2, Z15, (DI)(R11*1))
	FINISH(64(SI), Z3, Z15, 64(DI)(R11*1))
	FINISH((SI), Z4, Z15, (DI)(R11*2))
	FINISH(64(SI), Z5, Z15, 64(DI)(R11*2))
	FINISH((SI), Z6, Z15, (DI)(R13*1))
	FINISH(64(SI), Z7, Z15, 64(DI)(R13*1))
	ADDQ $128, SI
	ADDQ $128, DI
	DECQ CX
	JNZ  tile
	VZEROUPPER
	RET
