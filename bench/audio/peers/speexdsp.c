// The resampler of speexdsp, quality 0 to 10. It has no end of stream: the zeros that its header asks to skip at the start are
// skipped, and as many samples of silence as its input latency bring out the end.
#include "peer.h"

#include <speex/speex_resampler.h>
#include <stdlib.h>

static SpeexResamplerState *stream;

static void check(int e) {
	if (e) fail("speexdsp", speex_resampler_strerror(e));
}

// The library can't tell its version; the build does.
const char *peer_version(void) { return "speexdsp " PEER_VERSION; }

void peer_open(const char *quality, int src, int dst) {
	int e;
	stream = speex_resampler_init(1, (spx_uint32_t)src, (spx_uint32_t)dst, atoi(quality), &e);
	check(e);
	check(speex_resampler_skip_zeros(stream));
}

void peer_restart(void) {
	check(speex_resampler_reset_mem(stream));
	check(speex_resampler_skip_zeros(stream));
}

size_t peer_push(const float *in, size_t n, float *out, size_t room) {
	size_t taken = 0, made = 0;
	while (taken < n) {
		spx_uint32_t t = (spx_uint32_t)(n - taken), m = (spx_uint32_t)(room - made);
		check(speex_resampler_process_float(stream, 0, in + taken, &t, out + made, &m));
		taken += t;
		made += m;
	}
	return made;
}

size_t peer_end(float *out, size_t room) {
	static const float silence[1];
	size_t made = 0;
	for (int left = speex_resampler_get_input_latency(stream); left > 0; left--)
		made += peer_push(silence, 1, out + made, room - made);
	return made;
}
