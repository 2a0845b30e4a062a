//go:build !linux

package process

import "os/exec"

func startChild(c *exec.Cmd) error { return c.Start() }
