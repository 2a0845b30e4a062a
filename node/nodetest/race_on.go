//go:build race

package nodetest

// raceEnabled tells that the race detector makes pools forget, so that allocations can't be counted.
const raceEnabled = true

// invarianceFrames is the length of the audio that is cut in all ways.
const invarianceFrames = 2503
