package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

type listener = net.Listener

// listen opens every address; on failure it leaves none open.
func listen(ctx context.Context, addresses []string, keepalive net.KeepAliveConfig) ([]listener, error) {
	var out []listener
	for _, address := range addresses {
		opened, err := listenOne(ctx, address, keepalive)
		if err != nil {
			closeAll(out)
			return nil, err
		}
		out = append(out, opened...)
	}
	return out, nil
}

// listenOne opens one address, or both loopback addresses for the host localhost. These get the same port, and the one of a
// family that the machine doesn't have is left out.
func listenOne(ctx context.Context, address string, keepalive net.KeepAliveConfig) ([]listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: expected host:port: %w", address, err)
	}
	if host != "localhost" {
		l, err := open(ctx, address, keepalive)
		if err != nil {
			return nil, err
		}
		return []listener{l}, nil
	}
	var out []listener
	var failures []error
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := open(ctx, net.JoinHostPort(host, port), keepalive)
		switch {
		case err == nil:
			out = append(out, l)
			_, port, _ = net.SplitHostPort(l.Addr().String()) // of a TCP address: can't fail
		case !familyMissing(err):
			closeAll(out)
			return nil, err
		default:
			failures = append(failures, err)
		}
	}
	if len(out) == 0 {
		return nil, errors.Join(failures...)
	}
	return out, nil
}

func open(ctx context.Context, address string, keepalive net.KeepAliveConfig) (listener, error) {
	config := net.ListenConfig{KeepAliveConfig: keepalive}
	if !keepalive.Enable {
		config.KeepAlive = -1 // without this the system's default is in force
	}
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("can't listen on %s: %w", address, err)
	}
	return l, nil
}

// familyMissing reports whether the machine has no such address, as opposed to one that is taken.
func familyMissing(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

func closeAll(listeners []listener) {
	for _, l := range listeners {
		l.Close()
	}
}

func addresses(listeners []listener) []string {
	out := make([]string, len(listeners))
	for i, l := range listeners {
		out[i] = l.Addr().String()
	}
	return out
}
