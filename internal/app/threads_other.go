//go:build !linux

package app

// letThreadsRun isn't known for this system.
func letThreadsRun() func() { return nil }
