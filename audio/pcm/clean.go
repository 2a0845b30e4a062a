package pcm

// IsClean reports, without writing, whether [Sanitize] would leave x as it is. On a machine whose byte order isn't the
// wire's it may say false for clean audio, which costs a copy and nothing else.
func IsClean(x []float32) bool {
	s := getScratch()
	defer s.release()
	for len(x) > 0 {
		block := x[:min(blockLen, len(x))]
		if s.suspicious(block) {
			return false
		}
		x = x[len(block):]
	}
	return true
}
