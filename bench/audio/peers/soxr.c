// soxr with float32 in and out, one thread, quality HQ or VHQ. Its tables belong to the stream: a restart designs them again.
#include "peer.h"

#include <soxr.h>
#include <string.h>

static soxr_t stream;
static double io_ratio;

static void check(soxr_error_t e) {
	if (e) fail("soxr", e);
}

const char *peer_version(void) { return soxr_version(); }

void peer_open(const char *quality, int src, int dst) {
	soxr_error_t e;
	soxr_quality_spec_t q = soxr_quality_spec(strcmp(quality, "vhq") ? SOXR_HQ : SOXR_VHQ, 0);
	io_ratio = (double)src / dst;
	stream = soxr_create(src, dst, 1, &e, NULL, &q, NULL);
	check(e);
}

void peer_restart(void) {
	check(soxr_clear(stream));
	check(soxr_set_io_ratio(stream, io_ratio, 0));
}

size_t peer_push(const float *in, size_t n, float *out, size_t room) {
	size_t taken = 0, made = 0;
	while (taken < n) {
		size_t t, m;
		check(soxr_process(stream, in + taken, n - taken, &t, out + made, room - made, &m));
		taken += t;
		made += m;
	}
	return made;
}

size_t peer_end(float *out, size_t room) {
	size_t made = 0, m;
	do {
		check(soxr_process(stream, NULL, 0, NULL, out + made, room - made, &m));
		made += m;
	} while (m);
	return made;
}
