//go:build !linux

package load

func preciseAlarms() alarms { return nil }
