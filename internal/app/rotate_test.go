package app_test

import (
	"crypto/tls"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/testfile"
)

// replace puts the content of one file in place of another's, whole.
func replace(t *testing.T, path, with string) {
	t.Helper()
	text, err := os.ReadFile(with)
	if err == nil {
		err = os.WriteFile(path+".next", text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	testfile.Rename(t, path+".next", path)
}

// presenting is a client's TLS that shows a certificate whatever authorities the server names.
func presenting(of *authority, pair tls.Certificate) func(*tls.Config) {
	return func(c *tls.Config) {
		c.RootCAs = of.pool
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
}

// comesToTell waits until the metrics have a line.
func (s *service) comesToTell(line string) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		_, text := s.get("/metrics")
		if strings.Contains("\n"+text+"\n", "\n"+line+"\n") {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("the metrics never told %s", line)
		}
	}
}

// exchange sends a chunk on an open stream and takes its answer.
func exchange(t *testing.T, stream grpc.ClientStream, sequence uint64) {
	t.Helper()
	err := stream.SendMsg(&pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: &pb.AudioChunk{
		NodeId: "a", Sequence: sequence, Buffer: &pb.AudioBuffer{
			Samples: make([]byte, 320), SampleRate: 16_000, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_I16, NumSamples: 160,
		},
	}}})
	got := new(pb.StreamResponse)
	if err == nil {
		err = stream.RecvMsg(got)
	}
	if err != nil || got.GetResult().GetSequence() != sequence {
		t.Fatalf("chunk %d: %v, %v", sequence, got, err)
	}
}

// TestRS1_RotatedCertificatesDropNoStream: leaf, key and the authority of the clients change while a stream is open. The stream goes on,
// new connections see the new ones only, and the metric tells the new expiry.
func TestRS1_RotatedCertificatesDropNoStream(t *testing.T) {
	before, after := newAuthority(t), newAuthority(t)
	ends := []time.Time{time.Now().Add(time.Hour).Truncate(time.Second), time.Now().Add(48 * time.Hour).Truncate(time.Second)}
	_, certPath, keyPath := before.leafUntil(2, ends[0])
	_, newCert, newKey := after.leafUntil(3, ends[1])
	oldClient, _, _ := before.leaf(4)
	newClient, _, _ := after.leaf(5)
	s := start(t, func(o *app.Options) {
		o.Config.Server.TLS.CertPath, o.Config.Server.TLS.KeyPath, o.Config.Server.TLS.ClientCAPath = certPath, keyPath, before.path
	})
	expires := func(at time.Time) string {
		return "remotemedia_tls_certificate_expiry_seconds " + strconv.FormatFloat(float64(at.Unix()), 'g', -1, 64)
	}
	s.comesToTell(expires(ends[0]))
	stream := s.openStreamWith(clientTLS(nil, presenting(before, oldClient)))
	exchange(t, stream, 0)

	replace(t, certPath, newCert) // for a moment certificate and key don't belong together: nothing changes by that
	replace(t, keyPath, newKey)
	s.comesToTell(expires(ends[1]))
	exchange(t, stream, 1)
	if err := s.greet(clientTLS(nil, presenting(after, oldClient))); err != nil {
		t.Errorf("the new certificate, the old authority of clients: %v", err)
	}
	if err := s.greet(clientTLS(nil, presenting(before, oldClient))); status.Code(err) != codes.Unavailable {
		t.Errorf("who trusts the old certificate only got %v", err)
	}

	replace(t, before.path, after.path)
	for end := time.Now().Add(30 * time.Second); ; {
		err := s.greet(clientTLS(nil, presenting(after, newClient)))
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("a client of the new authority got %v", err)
		}
	}
	if err := s.greet(clientTLS(nil, presenting(after, oldClient))); status.Code(err) != codes.Unavailable {
		t.Errorf("a client of the old authority got %v", err)
	}
	exchange(t, stream, 2)
	s.stop()
	last := new(pb.StreamResponse)
	if err := stream.RecvMsg(last); err != nil || last.GetClosed() == nil {
		t.Errorf("the stream ended with %v, %v", last, err)
	}
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}
