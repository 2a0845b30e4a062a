//go:build !linux

package load

import "errors"

func readProcess(int) (processState, error) { return processState{}, errors.ErrUnsupported }

func ownProcess() processState { return processState{} }

func loadAverage() float64 { return 0 }

func processorName() string { return "" }
