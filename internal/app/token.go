package app

import (
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/auth"
)

// NewToken makes a token and the hash by which the configuration knows it. The token itself is stored nowhere.
func NewToken() (token, hash string) {
	token, digest := auth.NewToken()
	return token, digest.Text()
}

// HashToken returns the hash by which the configuration knows a token. The error doesn't hold the token.
func HashToken(token string) (string, error) {
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fault.New(fault.CodeBadParam, "the token is empty or has characters other than visible ASCII: it couldn't be sent in a header")
	}
	return auth.DigestOf(token).Text(), nil
}
