package inject

// Left is what nodes left behind.
func Left() [][]byte { return left.blocks }
