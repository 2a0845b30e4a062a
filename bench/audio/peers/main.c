// The frame of the peers' programs. bench.py says what the modes are for; ours/main.go and rubato/src/main.rs have the same:
//
//	PEER version
//	PEER convert QUALITY SRC DST CHUNK      raw float32 from stdin to stdout, CHUNK samples at a time (0: all at once)
//	PEER trace QUALITY SRC DST              one sample at a time; after each, the uint32 count of outputs so far
//	PEER time QUALITY SRC DST CHUNK MS      JSON: us per second of audio, repeated for at least MS milliseconds
#define _POSIX_C_SOURCE 200809L
#include "peer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { min_passes = 3, max_passes = 20000 };

_Noreturn void fail(const char *what, const char *why) {
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static void *grow(void *p, size_t bytes) {
	p = realloc(p, bytes);
	if (!p) fail("memory", "there isn't enough");
	return p;
}

// A conversion never makes more than this: the ratio, and what a library keeps back or adds at the end.
static size_t room_for(size_t n, int src, int dst) { return (size_t)((double)n * dst / src) + 65536; }

static float *read_all(size_t *n) {
	size_t room = 1 << 16, got;
	float *x = NULL;
	*n = 0;
	do {
		room *= 2;
		x = grow(x, room * sizeof *x);
		got = fread(x + *n, sizeof *x, room - *n, stdin);
		*n += got;
	} while (*n == room);
	return x;
}

static void write_all(const void *p, size_t size, size_t n) {
	if (fwrite(p, size, n, stdout) != n) fail("stdout", "not written");
}

static size_t push_all(const float *x, size_t n, size_t chunk, float *y, size_t room) {
	size_t made = 0;
	for (size_t at = 0; at < n; at += chunk)
		made += peer_push(x + at, n - at < chunk ? n - at : chunk, y + made, room - made);
	return made;
}

static void convert(int src, int dst, size_t chunk) {
	size_t n;
	float *x = read_all(&n);
	size_t room = room_for(n, src, dst);
	float *y = grow(NULL, room * sizeof *y);
	size_t made = push_all(x, n, chunk ? chunk : n, y, room);
	made += peer_end(y + made, room - made);
	write_all(y, sizeof *y, made);
}

static void trace(int src, int dst) {
	size_t n, made = 0;
	float *x = read_all(&n);
	size_t room = room_for(n, src, dst);
	float *y = grow(NULL, room * sizeof *y);
	uint32_t *counts = grow(NULL, n * sizeof *counts);
	for (size_t i = 0; i < n; i++) {
		made += peer_push(x + i, 1, y + made, room - made);
		counts[i] = (uint32_t)made;
	}
	write_all(counts, sizeof *counts, n);
}

static double now_us(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

// A pass is a second of noise: all at once as a stream of its own with its end, or as part of one long stream.
static double pass(const float *x, size_t n, size_t chunk, float *y, size_t room) {
	double start = now_us();
	if (!chunk) peer_restart();
	size_t made = push_all(x, n, chunk ? chunk : n, y, room);
	if (!chunk) peer_end(y + made, room - made);
	return now_us() - start;
}

static void measure(int src, int dst, size_t chunk, double ms) {
	size_t n = (size_t)src, room = room_for(n, src, dst);
	float *x = grow(NULL, n * sizeof *x), *y = grow(NULL, room * sizeof *y);
	uint32_t seed = 1;
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		x[i] = (float)((double)seed / 4294967296.0 - 0.5);
	}
	static double took[max_passes];
	int passes = 0;
	pass(x, n, chunk, y, room); // tables and caches
	for (double end = now_us() + ms * 1000; passes < max_passes && (passes < min_passes || now_us() < end);)
		took[passes++] = pass(x, n, chunk, y, room);
	qsort(took, (size_t)passes, sizeof *took, ascending);
	printf("{\"median_us\":%.3f,\"min_us\":%.3f,\"passes\":%d}\n", took[passes / 2], took[0], passes);
}

int main(int argc, char **argv) {
	const char *mode = argc > 1 ? argv[1] : "";
	if (!strcmp(mode, "version")) return puts(peer_version()) < 0;
	int arguments = !strcmp(mode, "convert") ? 6 : !strcmp(mode, "trace") ? 5 : !strcmp(mode, "time") ? 7 : 0;
	if (!arguments || argc != arguments) fail("usage", "version | convert Q SRC DST CHUNK | trace Q SRC DST | time Q SRC DST CHUNK MS");
	int src = atoi(argv[3]), dst = atoi(argv[4]);
	if (src < 1 || dst < 1) fail("usage", "SRC and DST are sample rates in Hz");
	peer_open(argv[2], src, dst);
	if (arguments == 5) trace(src, dst);
	else if (arguments == 6) convert(src, dst, (size_t)atol(argv[5]));
	else measure(src, dst, (size_t)atol(argv[5]), atof(argv[6]));
	return 0;
}
