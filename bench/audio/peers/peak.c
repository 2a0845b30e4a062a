// The physical limit, measured beside the rest: fused multiply-adds on registers alone, as many as the best known plan of two
// stages needs for one second of 44.1 kHz to 16 kHz (76 us at 63.7 G/s).
//
//	peak avx2|avx512 MS      JSON as the other programs' time mode
#define _POSIX_C_SOURCE 200809L
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { registers = 12, max_passes = 20000 };
static const double operations = 76e-6 * 63.7e9;

static double now_us(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

// Twelve independent sums hide the latency; the empty asm keeps each of them in a register of its own.
#define RUN(name, isa, vector, set, fma, lanes)                                              \
	__attribute__((target(isa))) static void name(void) {                                \
		vector s[registers], a = set(0.5f), b = set(0.25f);                          \
		for (int i = 0; i < registers; i++) s[i] = set((float)i);                    \
		for (long n = (long)(operations / (lanes * registers)); n > 0; n--) {        \
			_Pragma("GCC unroll 12") for (int i = 0; i < registers; i++)         \
				s[i] = fma(a, s[i], b);                                      \
		}                                                                            \
		for (int i = 0; i < registers; i++) __asm__ volatile("" ::"v"(s[i]));        \
	}

RUN(run_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, 8)
RUN(run_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, 16)

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv) {
	int wide = argc == 3 && !strcmp(argv[1], "avx512");
	if (argc != 3 || (!wide && strcmp(argv[1], "avx2"))) return fputs("usage: peak avx2|avx512 MS\n", stderr), 2;
	if (wide ? !__builtin_cpu_supports("avx512f") : !__builtin_cpu_supports("fma")) return fputs("peak: the processor can't\n", stderr), 1;
	static double took[max_passes];
	int passes = 0;
	for (double end = now_us() + atof(argv[2]) * 1000; passes < max_passes && now_us() < end;) {
		double start = now_us();
		wide ? run_avx512() : run_avx2();
		took[passes++] = now_us() - start;
	}
	qsort(took, (size_t)passes, sizeof *took, ascending);
	printf("{\"median_us\":%.3f,\"min_us\":%.3f,\"passes\":%d}\n", took[passes / 2], took[0], passes);
	return 0;
}
