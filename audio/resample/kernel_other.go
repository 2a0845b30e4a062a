//go:build !amd64 && !arm64

package resample

// kernels lists the sets that this processor can run.
func kernels() []*kernel { return []*kernel{&portable} }
