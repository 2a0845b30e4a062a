package conn

import (
	"bytes"
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

// script writes frames as a client does and returns all of it.
func script(write func(*http2.Framer)) []byte {
	var b bytes.Buffer
	b.WriteString(http2.ClientPreface)
	write(http2.NewFramer(&b, nil))
	return b.Bytes()
}

// fed gives the bytes in pieces of a size and returns why and after how many bytes the connection is cut.
func fed(b Budget, text []byte, piece int) (reason string, at int) {
	f := newFrames(b)
	for at < len(text) && reason == "" {
		n := min(piece, len(text)-at)
		reason = f.see(text[at : at+n])
		at += n
	}
	return reason, at
}

var small = Budget{Resets: 10, Control: 10}

func TestRel10_FloodsOfFramesAreCut(t *testing.T) {
	each := func(n int, f func(w *http2.Framer, i int)) []byte {
		return script(func(w *http2.Framer) {
			w.AllowIllegalWrites = true
			for i := range n {
				f(w, i)
			}
		})
	}
	headers := func(w *http2.Framer, stream uint32) {
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: []byte("x"), EndHeaders: true})
	}
	for name, x := range map[string]struct {
		text []byte
		want string
	}{
		"resets at once": {each(11, func(w *http2.Framer, i int) {
			headers(w, uint32(2*i+1))
			_ = w.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel)
		}), "reset right after"},
		"resets within": {each(10, func(w *http2.Framer, i int) {
			headers(w, uint32(2*i+1))
			_ = w.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel)
		}), ""},
		"resets of other streams": {each(50, func(w *http2.Framer, i int) { _ = w.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel) }), ""},
		"pings, acknowledged":     {each(99, func(w *http2.Framer, _ int) { _ = w.WritePing(true, [8]byte{}); _ = w.WriteSettingsAck() }), ""},
		"settings":                {each(11, func(w *http2.Framer, _ int) { _ = w.WriteSettings() }), "SETTINGS"},
		"priority":                {each(11, func(w *http2.Framer, _ int) { _ = w.WritePriority(1, http2.PriorityParam{}) }), "without use"},
		"unknown":                 {each(11, func(w *http2.Framer, _ int) { _ = w.WriteRawFrame(0x77, 0, 1, []byte("abc")) }), "without use"},
		"empty data":              {each(11, func(w *http2.Framer, _ int) { _ = w.WriteData(1, false, nil) }), "empty DATA"},
		"data and windows":        {each(99, func(w *http2.Framer, _ int) { _ = w.WriteData(1, false, []byte("abc")); _ = w.WriteWindowUpdate(0, 3) }), ""},
		"many calls at all":       {each(999, func(w *http2.Framer, i int) { headers(w, uint32(2*i+1)); _ = w.WriteData(uint32(2*i+1), true, nil) }), ""},
	} {
		for _, piece := range []int{1, 5, 9, 1 << 20} {
			reason, at := fed(small, x.text, piece)
			if (reason == "") != (x.want == "") || !strings.Contains(reason, x.want) {
				t.Errorf("%s in pieces of %d: cut for %q at %d of %d, want %q", name, piece, reason, at, len(x.text), x.want)
			}
		}
	}
}

func TestRel10_SlowResetsAreWelcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFrames(small)
		if reason := f.see([]byte(http2.ClientPreface)); reason != "" {
			t.Fatal(reason)
		}
		call := func(i uint32, lives time.Duration) string {
			id := []byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
			f.see(append([]byte{0, 0, 0, typeHeaders, 4}, id...))
			time.Sleep(lives)
			return f.see(append(append([]byte{0, 0, 4, typeReset, 0}, id...), 0, 0, 0, 8))
		}
		for i := range uint32(100) { // given up after a deadline
			if reason := call(2*i+1, shortLived); reason != "" {
				t.Fatalf("call %d: %s", i, reason)
			}
		}
		for i := range uint32(100) { // at once, but seldom: 5 a second come back
			time.Sleep(200 * time.Millisecond)
			if reason := call(2*i+1001, 0); reason != "" {
				t.Fatalf("call %d: %s", i, reason)
			}
		}
	})
}

// TestRel10_AProcessThatWasHeldUpIsntAttacked: the openings and, as their deadlines have passed, the resets of all calls that a connection may have
// are read in one moment.
func TestRel10_AProcessThatWasHeldUpIsntAttacked(t *testing.T) {
	const calls = 256
	f := newFrames(Budget{Resets: mostResets, Control: 1})
	if reason := f.see([]byte(http2.ClientPreface)); reason != "" {
		t.Fatal(reason)
	}
	for _, typ := range []byte{typeHeaders, typeReset} {
		for i := range uint32(calls) {
			id := 2*i + 1
			if reason := f.see([]byte{0, 0, 0, typ, 4, 0, 0, byte(id >> 8), byte(id)}); reason != "" {
				t.Fatalf("call %d: %s", i, reason)
			}
		}
	}
}

// FuzzFrames: whatever comes, in whatever pieces, it is followed without a panic and with the same outcome.
func FuzzFrames(f *testing.F) {
	f.Add(script(func(w *http2.Framer) { _ = w.WriteSettings(); _ = w.WritePing(false, [8]byte{}) }), 3)
	f.Add(append([]byte(http2.ClientPreface), 0xff, 0xff, 0xff, 3, 0, 0xff, 0xff, 0xff, 0xff), 1)
	f.Fuzz(func(t *testing.T, text []byte, piece int) {
		whole, _ := fed(Budget{Resets: 1e9, Control: 2}, text, len(text)+1)
		parts, _ := fed(Budget{Resets: 1e9, Control: 2}, text, max(1, piece))
		if (whole == "") != (parts == "") {
			t.Errorf("as a whole: %q, in parts: %q", whole, parts)
		}
	})
}

// TestTheTextOfAnAddressIsMadeOnce: each call asks for it.
func TestTheTextOfAnAddressIsMadeOnce(t *testing.T) {
	address := name(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5})
	if address.Network() != "tcp" || address.String() != "127.0.0.1:5" || name(nil) != nil {
		t.Errorf("got %s %s", address.Network(), address)
	}
	if n := testing.AllocsPerRun(100, func() { _ = address.String() }); n > 0 {
		t.Errorf("the text takes %v allocations", n)
	}
}
