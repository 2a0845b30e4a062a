//go:build !race

package nodetest

// raceEnabled tells that the race detector makes pools forget, so that allocations can't be counted.
const raceEnabled = false
