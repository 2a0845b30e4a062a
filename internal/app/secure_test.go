package app_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/app"
)

// greet calls GetVersion over given credentials.
func (s *service) greet(c credentials.TransportCredentials) error {
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(c))
	if err != nil {
		return err
	}
	defer conn.Close()
	return greetOn(conn)
}

func greetOn(conn *grpc.ClientConn) error {
	return conn.Invoke(context.Background(), "/remotemedia.v1.PipelineExecutionService/GetVersion", &pb.VersionRequest{}, &pb.VersionResponse{})
}

func clientTLS(roots *x509.CertPool, change func(*tls.Config)) credentials.TransportCredentials {
	c := &tls.Config{RootCAs: roots}
	if change != nil {
		change(c)
	}
	return credentials.NewTLS(c)
}

func TestRS1_TLSAndMutualTLS(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	_, certPath, keyPath := a.leaf(2)
	known, _, _ := a.leaf(3)
	stranger, _, _ := other.leaf(4)
	with := func(pair tls.Certificate) func(*tls.Config) {
		// The pair is presented whatever the server says that it accepts.
		return func(c *tls.Config) {
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
	}
	old := func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11; c.MinVersion = tls.VersionTLS10 }
	for _, x := range []struct {
		name   string
		mutual bool
		client credentials.TransportCredentials
		code   codes.Code
	}{
		{"TLS", false, clientTLS(a.pool, nil), codes.OK},
		{"plain text to TLS", false, insecure.NewCredentials(), codes.Unavailable},
		{"an authority that the client doesn't know", false, clientTLS(other.pool, nil), codes.Unavailable},
		{"TLS 1.1", false, clientTLS(a.pool, old), codes.Unavailable},
		{"mutual TLS", true, clientTLS(a.pool, with(known)), codes.OK},
		{"mutual TLS without a certificate", true, clientTLS(a.pool, nil), codes.Unavailable},
		{"mutual TLS with a stranger's certificate", true, clientTLS(a.pool, with(stranger)), codes.Unavailable},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := start(t, func(o *app.Options) {
				o.Config.Server.TLS.CertPath, o.Config.Server.TLS.KeyPath = certPath, keyPath
				if x.mutual {
					o.Config.Server.TLS.ClientCAPath = a.path
				}
			})
			if err := s.greet(x.client); status.Code(err) != x.code {
				t.Errorf("got %v, want %v", err, x.code)
			}
			s.stop()
			if err := <-s.ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCertificatesThatCantBeReadStopTheStart(t *testing.T) {
	c := defaults()
	c.Server.TLS.CertPath, c.Server.TLS.KeyPath = "nowhere.pem", "nowhere.key"
	o := app.Options{Config: c, Catalog: catalog(t, gates{}), Listen: []string{"127.0.0.1:0"}}
	for name, f := range map[string]func() error{
		"serve": func() error { return app.Serve(t.Context(), o) }, "check": func() error { return app.Check(o) },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), "nowhere.pem") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNodeTypesThatPipelinesMayUse(t *testing.T) {
	s := start(t, func(o *app.Options) { o.Config.Runtime.NodeTypes = []string{"Gate"} })
	if got, err := s.execute("Pass"); err != nil || got.GetError().GetCode() != "unknown_node_type" {
		t.Errorf("got %v, %v", got, err)
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	c := defaults()
	c.Runtime.NodeTypes = []string{"Gata"}
	if err := app.Check(app.Options{Config: c, Catalog: catalog(t, gates{})}); err == nil || !strings.Contains(err.Error(), "Gate") {
		t.Errorf("a type that doesn't exist: %v", err)
	}
}
