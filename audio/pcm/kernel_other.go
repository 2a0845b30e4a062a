//go:build !amd64 && !arm64

package pcm

// kernels lists the sets that this processor can run.
func kernels() []*kernel { return []*kernel{&portable} }
