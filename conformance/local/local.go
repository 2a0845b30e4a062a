// Package local starts the real service within a test's own process, for tests of clients and examples.
package local

import (
	"context"
	"log/slog"
	"testing"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/config"
)

// Serve serves for the length of a test, as by default where no configuration is given, on a free port of loopback.
func Serve(t testing.TB, configured *config.Config) (address string) {
	t.Helper()
	address, stop, err := Start(configured)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return address
}

// Start serves until stop is called, which waits for the end and returns its error.
func Start(configured *config.Config) (address string, stop func() error, err error) {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- app.Serve(ctx, app.Options{
			Config: configured, Listen: []string{"127.0.0.1:0"}, Catalog: catalog, Log: slog.New(slog.DiscardHandler),
			Ready: func(address, _ string) { ready <- address },
		})
	}()
	select {
	case address := <-ready:
		return address, func() error { cancel(); return <-done }, nil
	case err := <-done:
		cancel()
		return "", nil, err
	}
}
