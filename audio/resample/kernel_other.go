//go:build !amd64

package resample

// kernels lists the sets that this processor can run.
func kernels() []*kernel { return []*kernel{&portable} }
