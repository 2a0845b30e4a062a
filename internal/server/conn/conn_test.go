package conn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/http2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T, l *Limit) net.Listener {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inner.Close() })
	return l.Listener(inner)
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestT037_OneTooManyIsToldSoAndTheRestStay(t *testing.T) {
	refused := make(chan net.Addr, 1)
	l := &Limit{Refused: func(a net.Addr) { refused <- a }}
	l.Max.Store(2)
	listener := listen(t, l)
	accepted := make(chan net.Conn, 3)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial(t, listener)
	dial(t, listener)
	first, second := <-accepted, <-accepted
	third := dial(t, listener)
	if _, err := io.WriteString(third, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(io.Discard, third)
	if f, err := framer.ReadFrame(); err != nil || f.Header().Type != http2.FrameSettings {
		t.Fatalf("first came %v, %v", f, err)
	}
	f, err := framer.ReadFrame()
	away, ok := f.(*http2.GoAwayFrame)
	if err != nil || !ok || away.ErrCode != http2.ErrCodeEnhanceYourCalm || !strings.Contains(string(away.DebugData()), "limit is 2") {
		t.Fatalf("then came %v, %v", f, err)
	}
	if _, err := framer.ReadFrame(); err != io.EOF {
		t.Errorf("then %v, want the end", err)
	}
	third.Close()
	if a := <-refused; a.String() != third.LocalAddr().String() {
		t.Errorf("told of %v", a)
	}
	first.Close()
	first.Close() // counts once
	if l.Open() != 1 {
		t.Errorf("%d are open, want 1", l.Open())
	}
	dial(t, listener)
	last := <-accepted
	l.Max.Store(0)
	dial(t, listener)
	beyond := <-accepted
	for _, c := range []net.Conn{second, last, beyond} {
		c.Close()
	}
	listener.Close()
	<-ended
	if l.Open() != 0 {
		t.Errorf("%d are open at the end", l.Open())
	}
}

// selfSigned is the configuration of a server, and the client's that trusts it.
func selfSigned(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	protocols := []string{"h2"}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: protocols},
		&tls.Config{RootCAs: roots, ServerName: "127.0.0.1", NextProtos: protocols}
}

func TestT037_OneTooManyOverTLSIsToldSo(t *testing.T) {
	server, client := selfSigned(t)
	l := &Limit{TLS: server}
	l.Max.Store(1)
	listener := listen(t, l)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	first := dial(t, listener)
	second := tls.Client(dial(t, listener), client)
	if _, err := io.WriteString(second, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(io.Discard, second)
	if f, err := framer.ReadFrame(); err != nil || f.Header().Type != http2.FrameSettings {
		t.Fatalf("first came %v, %v", f, err)
	}
	f, err := framer.ReadFrame()
	if away, ok := f.(*http2.GoAwayFrame); err != nil || !ok || !strings.Contains(string(away.DebugData()), "limit is 1") {
		t.Fatalf("then came %v, %v", f, err)
	}
	if _, err := framer.ReadFrame(); err != io.EOF {
		t.Errorf("then %v, want the end", err)
	}
	second.Close()
	silent := dial(t, listener) // it never begins the handshake, and is let go all the same
	if n, err := silent.Read(make([]byte, 1)); err == nil || n > 0 {
		t.Errorf("read %d bytes, %v", n, err)
	}
	first.Close()
	listener.Close()
	<-ended
}

// TestGoodbyesAreBounded in number, and over TLS in how many are begun in a time, too.
func TestGoodbyesAreBounded(t *testing.T) {
	begun := func(l *Limit, tries int) (n int) {
		for range tries {
			if l.begin() {
				n++
			}
		}
		return n
	}
	synctest.Test(t, func(t *testing.T) {
		plain, secured := new(Limit), &Limit{TLS: new(tls.Config)}
		if n := begun(plain, 1000); n != mostGoodbyes {
			t.Errorf("plain: %d at once, want %d", n, mostGoodbyes)
		}
		plain.end()
		if n := begun(plain, 1000); n != 1 {
			t.Errorf("plain: %d more once one has ended", n)
		}
		if n := begun(secured, 1000); n != mostHandshakes {
			t.Errorf("TLS: %d at once, want %d", n, mostHandshakes)
		}
		for range mostHandshakes {
			secured.end()
		}
		time.Sleep(10 * time.Second) // of the bubble's clock
		if n := begun(secured, 10); n == 0 {
			t.Error("TLS: none more with time")
		}
	})
}

// TestTheTextOfAnAddressIsMadeOnce: each call asks for it.
func TestTheTextOfAnAddressIsMadeOnce(t *testing.T) {
	address := Named(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5})
	if address.Network() != "tcp" || address.String() != "127.0.0.1:5" || Named(nil) != nil {
		t.Errorf("got %s %s", address.Network(), address)
	}
	if n := testing.AllocsPerRun(100, func() { _ = address.String() }); n > 0 {
		t.Errorf("the text takes %v allocations", n)
	}
}
