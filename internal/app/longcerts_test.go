package app_test

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/remotemedia/remotemedia-go/internal/app"
)

// serialOf makes a connection of TLS and returns the number of the certificate that the service shows in it.
func (s *service) serialOf(a *authority) (int64, error) {
	conn, err := tls.Dial("tcp", s.address, &tls.Config{RootCAs: a.pool, NextProtos: []string{"h2"}})
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
}

// TestRel21_ReplacedCertificatesFailNoCall: under load the certificate is replaced again and again, one time in five by what is none. No call fails, no
// handshake does, a new certificate is shown as soon as it is read, and what isn't one changes nothing. A stream that was open before all that goes on.
func TestRel21_ReplacedCertificatesFailNoCall(t *testing.T) {
	const unreadable = "the certificates can't be reloaded; the old ones stay in use"
	a := newAuthority(t)
	_, certPath, keyPath := a.leaf(2)
	s := start(t, func(o *app.Options) {
		o.Config.Server.TLS.CertPath, o.Config.Server.TLS.KeyPath = certPath, keyPath
		o.Log = slog.New(grave{o.Log.Handler()})
	})
	stream := s.openStreamWith(clientTLS(a.pool, nil))
	exchange(t, stream, 0)
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(clientTLS(a.pool, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var stopping atomic.Bool
	var load sync.WaitGroup
	for _, one := range []func() error{
		func() error { return greetOn(conn) },
		func() error { return s.greet(clientTLS(a.pool, nil)) }, // a handshake for each
	} {
		load.Go(func() {
			for !stopping.Load() {
				if err := one(); err != nil {
					t.Errorf("a call failed: %v", err)
					return
				}
			}
		})
	}
	shown := func() int64 {
		serial, err := s.serialOf(a)
		if err != nil {
			t.Fatalf("a handshake failed: %v", err)
		}
		return serial
	}
	current := int64(2)
	for i := range times(10, 1000) {
		if i%5 == 4 {
			before := len(s.log.with(unreadable))
			replace(t, certPath, broken(t, i))
			s.log.awaitTimes(unreadable, before+1)
		} else {
			next := int64(i + 3)
			_, newCert, newKey := a.leaf(next)
			replace(t, certPath, newCert) // for a moment the two don't belong together, which changes nothing either
			replace(t, keyPath, newKey)
			for limit := time.Now().Add(30 * time.Second); shown() != next; {
				if time.Now().After(limit) {
					t.Fatalf("certificate %d isn't shown although it is in place", next)
				}
			}
			current = next
		}
		if got := shown(); got != current {
			t.Fatalf("replacement %d: certificate %d is shown, want %d", i, got, current)
		}
	}
	stopping.Store(true)
	load.Wait()
	exchange(t, stream, 1)
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// broken writes a file that holds no certificate.
func broken(t *testing.T, i int) string {
	t.Helper()
	path := t.TempDir() + "/broken.pem"
	if err := os.WriteFile(path, fmt.Appendf(nil, "no certificate, for the time %d\n", i), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
