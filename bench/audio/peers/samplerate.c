// libsamplerate, "best" quality (SRC_SINC_BEST_QUALITY). Its tables are compiled in.
#include "peer.h"

#include <samplerate.h>

static SRC_STATE *stream;
static double ratio;

static void check(int e) {
	if (e) fail("libsamplerate", src_strerror(e));
}

const char *peer_version(void) { return src_get_version(); }

void peer_open(const char *quality, int src, int dst) {
	(void)quality;
	int e;
	ratio = (double)dst / src;
	stream = src_new(SRC_SINC_BEST_QUALITY, 1, &e);
	check(e);
}

void peer_restart(void) { check(src_reset(stream)); }

static size_t process(const float *in, size_t n, float *out, size_t room, int end) {
	size_t made = 0;
	SRC_DATA d = {.data_in = in, .input_frames = (long)n, .src_ratio = ratio, .end_of_input = end};
	do {
		d.data_out = out + made;
		d.output_frames = (long)(room - made);
		check(src_process(stream, &d));
		d.data_in += d.input_frames_used;
		d.input_frames -= d.input_frames_used;
		made += (size_t)d.output_frames_gen;
	} while (d.input_frames > 0 || (end && d.output_frames_gen > 0));
	return made;
}

size_t peer_push(const float *in, size_t n, float *out, size_t room) { return process(in, n, out, room, 0); }

size_t peer_end(float *out, size_t room) {
	static const float nothing[1];
	return process(nothing, 0, out, room, 1);
}
