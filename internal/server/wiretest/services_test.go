package wiretest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"

	"github.com/remotemedia/remotemedia-go/internal/server"
)

// The health of the service, asked once and watched.
func TestHealth(t *testing.T) {
	const up, down = grpc_health_v1.HealthCheckResponse_SERVING, grpc_health_v1.HealthCheckResponse_NOT_SERVING
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		ask1 := func(service string) []byte { return c.encoded(&grpc_health_v1.HealthCheckRequest{Service: service}) }
		check := func() grpc_health_v1.HealthCheckResponse_ServingStatus {
			return decoded(c, c.answered(c.call(checkPath, ask1(""))), new(grpc_health_v1.HealthCheckResponse)).GetStatus()
		}
		watch := c.call(watchPath, ask1("remotemedia.v1.PipelineExecutionService"))
		told := func() (out []grpc_health_v1.HealthCheckResponse_ServingStatus) {
			c.settle()
			for _, raw := range c.messages(ask(c, func(b *inbox) []byte { return b.stream(watch).data })) {
				m := new(grpc_health_v1.HealthCheckResponse)
				if err := proto.Unmarshal(raw, m); err != nil {
					t.Fatal(err)
				}
				out = append(out, m.GetStatus())
			}
			return out
		}
		if got := told(); check() != up || !slices.Equal(got, []grpc_health_v1.HealthCheckResponse_ServingStatus{up}) {
			t.Errorf("at first: %v, told %v", check(), got)
		}
		r.server.NotReady()
		if got := told(); check() != down || !slices.Equal(got, []grpc_health_v1.HealthCheckResponse_ServingStatus{up, down}) {
			t.Errorf("then: %v, told %v", check(), got)
		}
		r.server.Ready()
		if got := told(); check() != up || len(got) != 3 {
			t.Errorf("again: %v, told %v", check(), got)
		}
		if got := c.fate(watch); got != "open" {
			t.Errorf("the watch is %s", got)
		}
		if got := c.statusOf(c.call(checkPath, ask1("other"))); got != "5" {
			t.Errorf("another service: %s", got)
		}
	})
}

// Reflection lists the services on a stream of both its versions.
func TestReflection(t *testing.T) {
	for _, path := range []string{reflectPath, reflectAlpha} {
		inBubble(t, func(t *testing.T, r *rig) {
			c := r.greet(t)
			stream := c.open(path)
			list := message(c.encoded(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}))
			for range 2 {
				c.send(stream, list, false)
			}
			c.settle()
			c.send(stream, nil, true)
			a := c.answered(stream)
			all := c.messages(a.data)
			if len(all) != 2 || a.shape != "HDH$" || a.field("grpc-status") != "0" {
				t.Fatalf("%s: %v", path, a)
			}
			got := new(reflectionpb.ServerReflectionResponse)
			if err := proto.Unmarshal(all[0], got); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, s := range got.GetListServicesResponse().GetService() {
				names = append(names, s.GetName())
			}
			if !slices.Contains(names, "remotemedia.v1.StreamingPipelineService") || !slices.Contains(names, "grpc.health.v1.Health") {
				t.Errorf("%s: it lists %q", path, names)
			}
		})
	}
}

// certificate is for the loopback and signed by itself.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Over TLS the peer has to ask for HTTP/2.
func TestTLSNeedsHTTP2(t *testing.T) {
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t)}, MinVersion: tls.VersionTLS12}
	overSockets(t, func(t *testing.T, r *rig) {
		for _, x := range []struct {
			name      string
			protocols []string
			fine      bool
		}{
			{"h2", []string{"h2"}, true},
			{"h2 and another", []string{"http/1.1", "h2"}, true},
			{"another", []string{"http/1.1"}, false},
			{"none", nil, false},
		} {
			t.Run(x.name, func(t *testing.T) {
				raw, err := r.dial()
				if err != nil {
					t.Fatal(err)
				}
				// The certificate is of this test; that it is trusted isn't what is tested.
				c := over(t, tls.Client(raw, &tls.Config{InsecureSkipVerify: true, NextProtos: x.protocols}))
				c.greet()
				if !x.fine {
					c.await("end of the connection", func(b *inbox) bool { return b.ended != nil })
					if n := ask(c, func(b *inbox) int { return b.frames }); n > 0 {
						t.Errorf("%d frames came", n)
					}
					return
				}
				c.works()
				c.echoed(c.answered(c.call(executePath, c.echo(300_000))), 300_000)
			})
		}
	}, func(o *server.Options) { o.TLS = config })
}
