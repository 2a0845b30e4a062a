package engine_test

import "runtime"

// runtimeYield lets other goroutines run, for loops that wait for a counter.
func runtimeYield() { runtime.Gosched() }
