//go:build !amd64 && !arm64

package silero

// kernels lists the sets that this processor can run, the fastest last.
func kernels() []*kernel { return []*kernel{&portable} }
