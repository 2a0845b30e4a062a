// Package auth decides who may call: bearer tokens stored as SHA-256, with scopes, expiry, rate and concurrency, replaced
// without a restart; which methods need no token; and one audit line for each decision. It knows nothing about gRPC: the
// server hands it the values of the authorization header and the name of the method that it resolved.
//
// No presented token, and no stored one, is ever part of an error, a log line or a value with exported fields.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Digest is the SHA-256 of a token. Tokens have at least 128 random bits, so a plain hash needs neither salt nor
// stretching: there is no list of likely tokens to try.
type Digest [sha256.Size]byte

const digestPrefix = "sha256:"

// DigestOf returns the digest of a token in clear.
func DigestOf(token string) Digest { return sha256.Sum256([]byte(token)) }

// ParseDigest reads sha256: and 64 hexadecimal digits.
func ParseDigest(text string) (Digest, error) {
	digits, ok := strings.CutPrefix(text, digestPrefix)
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != sha256.Size {
		return Digest{}, fault.New(fault.CodeBadParam, "a token's hash is %s and 64 hexadecimal digits; make one with 'remotemedia token hash'", digestPrefix)
	}
	return Digest(raw), nil
}

// Text returns sha256: and the digest in hexadecimal, as the configuration has it. It isn't called String, so that no
// log writes it by chance: a token that isn't random could be guessed from it.
func (d Digest) Text() string { return digestPrefix + hex.EncodeToString(d[:]) }

// String returns *** in place of the digest.
func (Digest) String() string { return "***" }

// GoString returns *** in place of the digest, for %#v.
func (Digest) GoString() string { return "***" }

// tokenPrefix lets scanners of source code find tokens that were committed by mistake.
const tokenPrefix = "rmt_"

// tokenBytes is the number of random bytes of a token: 256 bits.
const tokenBytes = 32

// NewToken makes a token of 256 random bits and its digest. The token is shown to its owner once; the service keeps the
// digest.
func NewToken() (token string, digest Digest) {
	var raw [tokenBytes]byte
	_, _ = rand.Read(raw[:]) // it never fails: the program ends where there is no randomness
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(raw[:])
	return token, DigestOf(token)
}
