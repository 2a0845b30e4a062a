package tlsreload

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/filewatch"
	"github.com/remotemedia/remotemedia-go/internal/testfile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

// sign makes a certificate for localhost that is valid until then, with its key, in PEM.
func (a *authority) sign(t *testing.T, name string, until time.Time) (cert, key []byte) {
	t.Helper()
	private := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

func (a *authority) client(t *testing.T, name string) tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(a.sign(t, name, time.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// fixture is a provider over files of a temporary directory, and a server that shakes hands and answers one byte.
type fixture struct {
	t        *testing.T
	dir      string
	ca       *authority
	provider *Provider
	reloads  chan error
	address  string
	log      *bytes.Buffer
}

func newFixture(t *testing.T, change func(*Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir(), ca: newAuthority(t, "ca"), reloads: make(chan error, 1000), log: &bytes.Buffer{}}
	f.leaf("one", time.Now().Add(time.Hour))
	o := Options{
		CertPath: f.path("tls.crt"), KeyPath: f.path("tls.key"), Reloaded: func(err error) { f.reloads <- err },
		Logger: slog.New(slog.NewTextHandler(f.log, nil)), Watch: filewatch.Options{Quiet: 20 * time.Millisecond, Poll: time.Hour},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if f.provider, err = New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.provider.Close)
	f.serve()
	return f
}

func (f *fixture) path(name string) string { return filepath.Join(f.dir, name) }

// replace writes a file beside the old one and renames it over.
func (f *fixture) replace(name string, text []byte) {
	f.t.Helper()
	if err := os.WriteFile(f.path(".new"), text, 0o600); err != nil {
		f.t.Fatal(err)
	}
	testfile.Rename(f.t, f.path(".new"), f.path(name))
}

func (f *fixture) leaf(name string, until time.Time) {
	f.t.Helper()
	cert, key := f.ca.sign(f.t, name, until)
	f.replace("tls.key", key)
	f.replace("tls.crt", cert)
}

func (f *fixture) serve() {
	f.t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", f.provider.ServerConfig())
	if err != nil {
		f.t.Fatal(err)
	}
	f.address = listener.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			answer(conn)
		}
	}()
	f.t.Cleanup(func() { _ = listener.Close(); <-done })
}

func answer(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write([]byte("x")); err == nil {
		_, _ = conn.Read(make([]byte, 1)) // until the client closes
	}
	_ = conn.Close()
}

// dial shakes hands and returns the state of the connection once the server has accepted the client.
func (f *fixture) dial(change func(*tls.Config)) (tls.ConnectionState, error) {
	f.t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(f.ca.cert)
	config := &tls.Config{RootCAs: pool, ServerName: "localhost", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	if change != nil {
		change(config)
	}
	conn, err := tls.Dial("tcp", f.address, config)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to be sent
	if _, err = io.ReadFull(conn, make([]byte, 1)); err != nil {
		return tls.ConnectionState{}, err
	}
	return conn.ConnectionState(), nil
}

func (f *fixture) serverName() string {
	f.t.Helper()
	state, err := f.dial(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return state.PeerCertificates[0].Subject.CommonName
}

// awaitReload waits until a reading has the outcome that is wanted; readings of half a rotation may come before.
func (f *fixture) awaitReload(good bool) error {
	f.t.Helper()
	for {
		select {
		case err := <-f.reloads:
			if (err == nil) == good {
				return err
			}
		case <-time.After(20 * time.Second):
			f.t.Fatal("the files weren't read again")
		}
	}
}

func TestRS1_ReloadWithoutRestart(t *testing.T) {
	f := newFixture(t, nil)
	if got := f.serverName(); got != "one" {
		t.Fatalf("the server is %q", got)
	}
	until := time.Now().Add(5 * time.Hour)
	f.leaf("two", until)
	f.awaitReload(true)
	if got := f.serverName(); got != "two" {
		t.Errorf("the server is %q after the reload", got)
	}
	if got := f.provider.Expiry(); got.Leaf.Unix() != until.Unix() || !got.ClientCA.IsZero() {
		t.Errorf("expiry %+v, want %v", got, until)
	}
	f.leaf("three", until)
	f.provider.Reload()
	f.awaitReload(true)
	if got := f.serverName(); got != "three" {
		t.Errorf("the server is %q after Reload", got)
	}
}

func TestInvalidFilesKeepTheOldCertificate(t *testing.T) {
	f := newFixture(t, nil)
	otherCert, _ := f.ca.sign(t, "other", time.Now().Add(time.Hour))
	for _, tc := range []struct {
		name, says string
		damage     func()
	}{
		{"rubbish", "can't be used", func() { f.replace("tls.crt", []byte("rubbish")) }},
		{"another key's certificate", "can't be used", func() { f.replace("tls.crt", otherCert) }},
		{"expired", "expired at", func() { f.leaf("expired", time.Now().Add(-time.Minute)) }},
		{"absent", "can't be opened", func() {
			if err := os.Remove(f.path("tls.crt")); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		tc.damage()
		for {
			if err := f.awaitReload(false); strings.Contains(err.Error(), tc.says) {
				break // the readings of halves of "expired" say something else
			}
		}
		if got := f.serverName(); got != "one" {
			t.Errorf("%s: the server is %q", tc.name, got)
		}
	}
	f.leaf("two", time.Now().Add(time.Hour))
	f.awaitReload(true)
	if got := f.serverName(); got != "two" {
		t.Errorf("the server is %q after the repair", got)
	}
}

func TestRS1_MutualTLSWithRotatedAuthority(t *testing.T) {
	old, next := newAuthority(t, "old"), newAuthority(t, "next")
	f := newFixture(t, func(o *Options) {
		o.ClientCAPath = filepath.Join(filepath.Dir(o.CertPath), "ca.crt")
		if err := os.WriteFile(o.ClientCAPath, old.pem, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	oldClient, nextClient := old.client(t, "a"), next.client(t, "b")
	cache := tls.NewLRUClientSessionCache(8)
	as := func(certs ...tls.Certificate) error {
		_, err := f.dial(func(c *tls.Config) { c.Certificates, c.ClientSessionCache = certs, cache })
		return err
	}
	allowed := func(stage string, err error, want bool) {
		t.Helper()
		if (err == nil) != want {
			t.Errorf("%s: %v", stage, err)
		}
	}
	allowed("old", as(oldClient), true)
	allowed("old again, resumed", as(oldClient), true)
	cache = tls.NewLRUClientSessionCache(8)
	allowed("next too early", as(nextClient), false)
	allowed("without certificate", as(), false)

	f.replace("ca.crt", append(append([]byte(nil), old.pem...), next.pem...))
	f.awaitReload(true)
	cache = tls.NewLRUClientSessionCache(8)
	allowed("next beside old", as(nextClient), true)
	cache = tls.NewLRUClientSessionCache(8)
	allowed("old beside next", as(oldClient), true)

	f.replace("ca.crt", next.pem)
	f.awaitReload(true)
	allowed("old after its end, with a session of before", as(oldClient), false)
	cache = tls.NewLRUClientSessionCache(8)
	allowed("next alone", as(nextClient), true)
	if got := f.provider.Expiry().ClientCA; got.Unix() != next.cert.NotAfter.Unix() {
		t.Errorf("the authorities expire at %v, want %v", got, next.cert.NotAfter)
	}

	f.replace("ca.crt", []byte("no certificate"))
	f.awaitReload(false)
	f.replace("ca.crt", append(append([]byte(nil), next.pem...), []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")...))
	f.awaitReload(false)
	allowed("next after an invalid file", as(nextClient), true)
}

func TestRow28_Versions(t *testing.T) {
	dialAs := func(f *fixture, version uint16) (uint16, error) {
		state, err := f.dial(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, version })
		return state.Version, err
	}
	f := newFixture(t, nil)
	for version, want := range map[uint16]uint16{tls.VersionTLS13: tls.VersionTLS13, tls.VersionTLS12: tls.VersionTLS12, tls.VersionTLS11: 0} {
		got, err := dialAs(f, version)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("a client of version %x gets %x, %v; want %x", version, got, err, want)
		}
	}
	strict := newFixture(t, func(o *Options) { o.MinVersion = tls.VersionTLS13 })
	if _, err := dialAs(strict, tls.VersionTLS12); err == nil {
		t.Error("TLS 1.2 is accepted although 1.3 is the least")
	}
	state, err := strict.dial(nil)
	if err != nil || state.NegotiatedProtocol != "h2" {
		t.Errorf("protocol %q, %v", state.NegotiatedProtocol, err)
	}
	conn, err := net.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing is left to be sent
	if _, err := conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	reply, _ := io.ReadAll(conn) // an alert, or a reset
	if bytes.Contains(reply, []byte("x")) {
		t.Error("plain text was served")
	}
}

func TestInvalidFilesAtTheStart(t *testing.T) {
	f := newFixture(t, nil)
	for name, o := range map[string]Options{
		"no certificate": {CertPath: f.path("absent"), KeyPath: f.path("tls.key")},
		"no key":         {CertPath: f.path("tls.crt"), KeyPath: f.path("absent")},
		"no authorities": {CertPath: f.path("tls.crt"), KeyPath: f.path("tls.key"), ClientCAPath: f.path("tls.key")},
	} {
		p, err := New(o)
		var e *fault.Error
		if err == nil || !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
		if p != nil {
			p.Close()
		}
	}
}
