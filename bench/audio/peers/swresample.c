// libswresample as it comes, planar float32. Opening the context again makes a new stream and keeps the filter bank.
#include "peer.h"

#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
#include <stdint.h>
#include <stdio.h>

static SwrContext *stream;

static int check(int e) {
	if (e < 0) fail("libswresample", av_err2str(e));
	return e;
}

const char *peer_version(void) {
	static char text[64];
	unsigned v = swresample_version();
	snprintf(text, sizeof text, "libswresample %u.%u.%u", AV_VERSION_MAJOR(v), AV_VERSION_MINOR(v), AV_VERSION_MICRO(v));
	return text;
}

void peer_open(const char *quality, int src, int dst) {
	(void)quality;
	AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
	check(swr_alloc_set_opts2(&stream, &mono, AV_SAMPLE_FMT_FLTP, dst, &mono, AV_SAMPLE_FMT_FLTP, src, 0, NULL));
	check(swr_init(stream));
}

void peer_restart(void) { check(swr_init(stream)); }

size_t peer_push(const float *in, size_t n, float *out, size_t room) {
	const uint8_t *from[] = {(const uint8_t *)in};
	uint8_t *to[] = {(uint8_t *)out};
	return (size_t)check(swr_convert(stream, to, (int)room, from, (int)n));
}

size_t peer_end(float *out, size_t room) {
	uint8_t *to[] = {(uint8_t *)out};
	size_t made = 0;
	for (int m; (m = check(swr_convert(stream, to, (int)(room - made), NULL, 0))) > 0; made += (size_t)m)
		to[0] += (size_t)m * sizeof *out;
	return made;
}
