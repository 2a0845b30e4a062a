// Package pki makes the certificates that tests of encrypted connections need: an authority, what it signed for the server
// and a client on this machine, and an authority that nobody has reason to trust. They hold for a day.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Files are the paths of PEM files.
type Files struct {
	CA                    string
	ServerCert, ServerKey string // for localhost, 127.0.0.1, ::1 and the name audio.test
	ClientCert, ClientKey string
	StrangeCA             string // has signed nothing of these
}

// Write makes the files in a folder.
func Write(dir string) (Files, error) {
	ca, err := newAuthority("authority")
	if err != nil {
		return Files{}, err
	}
	strange, err := newAuthority("strange authority")
	if err != nil {
		return Files{}, err
	}
	w := writer{dir: dir}
	f := Files{CA: w.certificate("ca.pem", ca.der), StrangeCA: w.certificate("strange.pem", strange.der)}
	f.ServerCert, f.ServerKey = w.signed(ca, "server", &x509.Certificate{
		DNSNames: []string{"localhost", "audio.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	f.ClientCert, f.ClientKey = w.signed(ca, "client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return f, w.err
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	der  []byte
}

func newAuthority(name string) (a authority, err error) {
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return a, err
	}
	template := withTimes(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	if a.der, err = x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key); err != nil {
		return a, err
	}
	a.cert, err = x509.ParseCertificate(a.der)
	return a, err
}

func withTimes(c *x509.Certificate) *x509.Certificate {
	now := time.Now()
	c.NotBefore, c.NotAfter = now.Add(-time.Hour), now.Add(24*time.Hour)
	return c
}

// writer keeps its first error.
type writer struct {
	dir string
	err error
}

func (w *writer) signed(a authority, name string, template *x509.Certificate) (cert, key string) {
	template.Subject, template.SerialNumber = pkix.Name{CommonName: name}, big.NewInt(time.Now().UnixNano())
	template.KeyUsage = x509.KeyUsageDigitalSignature
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.note(err)
	if w.err != nil {
		return "", ""
	}
	der, err := x509.CreateCertificate(rand.Reader, withTimes(template), a.cert, &private.PublicKey, a.key)
	w.note(err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	w.note(err)
	return w.certificate(name+".pem", der), w.block(name+".key", "PRIVATE KEY", secret)
}

func (w *writer) certificate(name string, der []byte) string {
	return w.block(name, "CERTIFICATE", der)
}

func (w *writer) block(name, kind string, der []byte) string {
	path := filepath.Join(w.dir, name)
	w.note(os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

func (w *writer) note(err error) {
	if w.err == nil {
		w.err = err
	}
}
