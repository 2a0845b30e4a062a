#include "textflag.h"

// The tile kernels walk the rows of a group from both ends to the middle.
//
// Registers:
//	DI dst      R8  bytes between periods of dst
//	SI taps     CX  bytes of taps from the first row to the last
//	DX x        R9  bytes between periods of x       R10 periods left
//	R11, AX     taps and x of the row going up
//	R12, BX     taps and x of the row going down

#define LOAD_ARGS \
	MOVQ dst+0(FP), DI \
	MOVQ dstStep+8(FP), R8 \
	SHLQ $2, R8 \
	MOVQ taps+16(FP), SI \
	MOVQ rows+24(FP), CX \
	DECQ CX \
	MOVQ x+32(FP), DX \
	MOVQ xStep+40(FP), R9 \
	SHLQ $2, R9 \
	MOVQ periods+48(FP), R10

// START points the row registers at the first and the last row.
#define START \
	MOVQ SI, R11 \
	MOVQ CX, R12 \
	SHLQ $6, R12 \
	ADDQ SI, R12 \
	MOVQ DX, AX \
	LEAQ (DX)(CX*4), BX

#define STEP \
	ADDQ $64, R11 \
	ADDQ $4, AX \
	SUBQ $64, R12 \
	SUBQ $4, BX

// Y_TAPS loads one row of 16 taps.
#define Y_TAPS(taps) \
	VMOVUPS (taps), Y12 \
	VMOVUPS 32(taps), Y13

// Y_MAC adds one period's input times the row to two accumulators.
#define Y_MAC(x, lo, hi, tmp) \
	VBROADCASTSS x, tmp \
	VFMADD231PS Y12, tmp, lo \
	VFMADD231PS Y13, tmp, hi

// Y_PUT adds the two ends of one period and stores 16 outputs.
#define Y_PUT(ulo, uhi, dlo, dhi) \
	VADDPS ulo, dlo, ulo \
	VADDPS uhi, dhi, uhi \
	VMOVUPS ulo, (DI) \
	VMOVUPS uhi, 32(DI) \
	ADDQ R8, DI

// func tileAVX2(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)
TEXT ·tileAVX2(SB), NOSPLIT, $0-56
	LOAD_ARGS
	JMP  more

three:
	START
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11

loop3:
	Y_TAPS(R11)
	Y_MAC((AX), Y0, Y1, Y14)
	Y_MAC((AX)(R9*1), Y2, Y3, Y15)
	Y_MAC((AX)(R9*2), Y4, Y5, Y14)
	Y_TAPS(R12)
	Y_MAC((BX), Y6, Y7, Y15)
	Y_MAC((BX)(R9*1), Y8, Y9, Y14)
	Y_MAC((BX)(R9*2), Y10, Y11, Y15)
	STEP
	CMPQ R11, R12
	JB   loop3
	Y_PUT(Y0, Y1, Y6, Y7)
	Y_PUT(Y2, Y3, Y8, Y9)
	Y_PUT(Y4, Y5, Y10, Y11)
	LEAQ (R9)(R9*2), AX
	ADDQ AX, DX
	SUBQ $3, R10

more:
	CMPQ R10, $4
	JEQ  two // twice: one alone would wait for its own sums
	CMPQ R10, $3
	JGE  three
	CMPQ R10, $1
	JLT  done
	JEQ  one

two:
	START
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9

loop2:
	Y_TAPS(R11)
	Y_MAC((AX), Y0, Y1, Y14)
	Y_MAC((AX)(R9*1), Y2, Y3, Y15)
	Y_TAPS(R12)
	Y_MAC((BX), Y6, Y7, Y14)
	Y_MAC((BX)(R9*1), Y8, Y9, Y15)
	STEP
	CMPQ R11, R12
	JB   loop2
	Y_PUT(Y0, Y1, Y6, Y7)
	Y_PUT(Y2, Y3, Y8, Y9)
	LEAQ (DX)(R9*2), DX
	SUBQ $2, R10
	JMP  more

one:
	START
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7

loop1:
	Y_TAPS(R11)
	Y_MAC((AX), Y0, Y1, Y14)
	Y_TAPS(R12)
	Y_MAC((BX), Y6, Y7, Y15)
	STEP
	CMPQ R11, R12
	JB   loop1
	Y_PUT(Y0, Y1, Y6, Y7)

done:
	VZEROUPPER
	RET

// Z_PUT adds the two ends of one period and stores 16 outputs.
#define Z_PUT(up, down) \
	VADDPS up, down, up \
	VMOVUPS up, (DI) \
	ADDQ R8, DI

#define Z_CLEAR4(a, b, c, d) \
	VPXORD a, a, a \
	VPXORD b, b, b \
	VPXORD c, c, c \
	VPXORD d, d, d

// func tileAVX512(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)
//
// Beside the registers above, R13, R14 and R15 hold 7, 3 and 5 times R9.
TEXT ·tileAVX512(SB), NOSPLIT, $0-56
	LOAD_ARGS
	LEAQ (R9)(R9*2), R14
	LEAQ (R9)(R9*4), R15
	LEAQ (R14)(R9*4), R13
	JMP  more

eight:
	START
	Z_CLEAR4(Z0, Z1, Z2, Z3)
	Z_CLEAR4(Z4, Z5, Z6, Z7)
	Z_CLEAR4(Z8, Z9, Z10, Z11)
	Z_CLEAR4(Z12, Z13, Z14, Z15)

loop8:
	VMOVUPS (R11), Z16
	VFMADD231PS.BCST (AX), Z16, Z0
	VFMADD231PS.BCST (AX)(R9*1), Z16, Z1
	VFMADD231PS.BCST (AX)(R9*2), Z16, Z2
	VFMADD231PS.BCST (AX)(R14*1), Z16, Z3
	VFMADD231PS.BCST (AX)(R9*4), Z16, Z4
	VFMADD231PS.BCST (AX)(R15*1), Z16, Z5
	VFMADD231PS.BCST (AX)(R14*2), Z16, Z6
	VFMADD231PS.BCST (AX)(R13*1), Z16, Z7
	VMOVUPS (R12), Z17
	VFMADD231PS.BCST (BX), Z17, Z8
	VFMADD231PS.BCST (BX)(R9*1), Z17, Z9
	VFMADD231PS.BCST (BX)(R9*2), Z17, Z10
	VFMADD231PS.BCST (BX)(R14*1), Z17, Z11
	VFMADD231PS.BCST (BX)(R9*4), Z17, Z12
	VFMADD231PS.BCST (BX)(R15*1), Z17, Z13
	VFMADD231PS.BCST (BX)(R14*2), Z17, Z14
	VFMADD231PS.BCST (BX)(R13*1), Z17, Z15
	STEP
	CMPQ R11, R12
	JB   loop8
	Z_PUT(Z0, Z8)
	Z_PUT(Z1, Z9)
	Z_PUT(Z2, Z10)
	Z_PUT(Z3, Z11)
	Z_PUT(Z4, Z12)
	Z_PUT(Z5, Z13)
	Z_PUT(Z6, Z14)
	Z_PUT(Z7, Z15)
	LEAQ (DX)(R9*8), DX
	SUBQ $8, R10

more:
	CMPQ R10, $8
	JGE  eight
	CMPQ R10, $4
	JGE  four
	CMPQ R10, $3
	JEQ  three
	CMPQ R10, $1
	JLT  done
	JEQ  one

	// two periods
	START
	Z_CLEAR4(Z0, Z1, Z8, Z9)

loop2:
	VMOVUPS (R11), Z16
	VFMADD231PS.BCST (AX), Z16, Z0
	VFMADD231PS.BCST (AX)(R9*1), Z16, Z1
	VMOVUPS (R12), Z17
	VFMADD231PS.BCST (BX), Z17, Z8
	VFMADD231PS.BCST (BX)(R9*1), Z17, Z9
	STEP
	CMPQ R11, R12
	JB   loop2
	Z_PUT(Z0, Z8)
	Z_PUT(Z1, Z9)
	JMP  done

four:
	START
	Z_CLEAR4(Z0, Z1, Z2, Z3)
	Z_CLEAR4(Z8, Z9, Z10, Z11)

loop4:
	VMOVUPS (R11), Z16
	VFMADD231PS.BCST (AX), Z16, Z0
	VFMADD231PS.BCST (AX)(R9*1), Z16, Z1
	VFMADD231PS.BCST (AX)(R9*2), Z16, Z2
	VFMADD231PS.BCST (AX)(R14*1), Z16, Z3
	VMOVUPS (R12), Z17
	VFMADD231PS.BCST (BX), Z17, Z8
	VFMADD231PS.BCST (BX)(R9*1), Z17, Z9
	VFMADD231PS.BCST (BX)(R9*2), Z17, Z10
	VFMADD231PS.BCST (BX)(R14*1), Z17, Z11
	STEP
	CMPQ R11, R12
	JB   loop4
	Z_PUT(Z0, Z8)
	Z_PUT(Z1, Z9)
	Z_PUT(Z2, Z10)
	Z_PUT(Z3, Z11)
	LEAQ (DX)(R9*4), DX
	SUBQ $4, R10
	JMP  more

three:
	START
	Z_CLEAR4(Z0, Z1, Z2, Z8)
	Z_CLEAR4(Z8, Z9, Z10, Z11)

loop3:
	VMOVUPS (R11), Z16
	VFMADD231PS.BCST (AX), Z16, Z0
	VFMADD231PS.BCST (AX)(R9*1), Z16, Z1
	VFMADD231PS.BCST (AX)(R9*2), Z16, Z2
	VMOVUPS (R12), Z17
	VFMADD231PS.BCST (BX), Z17, Z8
	VFMADD231PS.BCST (BX)(R9*1), Z17, Z9
	VFMADD231PS.BCST (BX)(R9*2), Z17, Z10
	STEP
	CMPQ R11, R12
	JB   loop3
	Z_PUT(Z0, Z8)
	Z_PUT(Z1, Z9)
	Z_PUT(Z2, Z10)
	JMP  done

one:
	START
	Z_CLEAR4(Z0, Z1, Z8, Z9)

loop1:
	VMOVUPS (R11), Z16
	VFMADD231PS.BCST (AX), Z16, Z0
	VMOVUPS (R12), Z17
	VFMADD231PS.BCST (BX), Z17, Z8
	STEP
	CMPQ R11, R12
	JB   loop1
	Z_PUT(Z0, Z8)

done:
	VZEROUPPER
	RET

// func cubicAVX2(out *float32, points *point, count int, taps *float32, rows int, x *float32)
//
// Per point four dot products side by side, joined by Horner's rule while they
// still are vectors.
TEXT ·cubicAVX2(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DI
	MOVQ points+8(FP), BX
	MOVQ count+16(FP), R10
	MOVQ taps+24(FP), SI
	MOVQ rows+32(FP), R8
	MOVQ x+40(FP), DX
	SHLQ $2, R8
	LEAQ (R8)(R8*2), R9

point:
	MOVLQSX (BX), R11
	MOVLQSX 4(BX), R12
	VBROADCASTSS 8(BX), Y5
	LEAQ (SI)(R11*4), R11
	LEAQ (DX)(R12*4), R12
	LEAQ (R12)(R8*1), AX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3

rows:
	VMOVUPS (R12), Y4
	VFMADD231PS (R11), Y4, Y0
	VFMADD231PS (R11)(R8*1), Y4, Y1
	VFMADD231PS (R11)(R8*2), Y4, Y2
	VFMADD231PS (R11)(R9*1), Y4, Y3
	ADDQ $32, R11
	ADDQ $32, R12
	CMPQ R12, AX
	JB   rows
	VFMADD231PS Y5, Y3, Y2
	VFMADD231PS Y5, Y2, Y1
	VFMADD231PS Y5, Y1, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VADDPS X1, X0, X0
	VMOVSHDUP X0, X1
	VADDSS X1, X0, X0
	VMOVSS X0, (DI)
	ADDQ $4, DI
	ADDQ $12, BX
	DECQ R10
	JNZ  point
	VZEROUPPER
	RET
