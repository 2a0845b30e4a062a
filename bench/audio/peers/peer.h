// What a peer's adapter gives to main.c. Samples are float32, mono. Each library is a program of its own, so that one that
// isn't installed leaves the others alone; none of them is ever linked into the service.
#ifndef PEER_H
#define PEER_H

#include <stddef.h>

// peer_version names the library and its version.
const char *peer_version(void);

// peer_open makes the only stream of the process, from src to dst Hz.
void peer_open(const char *quality, int src, int dst);

// peer_restart makes it a new stream, keeping the tables where the library can.
void peer_restart(void);

// peer_push converts n samples; peer_end brings out the rest. Both return the number of samples written to out, which has
// room for that many.
size_t peer_push(const float *in, size_t n, float *out, size_t room);
size_t peer_end(float *out, size_t room);

// fail ends the program with a message.
_Noreturn void fail(const char *what, const char *why);

#endif
