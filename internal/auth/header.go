package auth

import (
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// howTo ends every message about a header: what to send.
const howTo = `send the metadata header "authorization: Bearer <token>"`

// mostTokenBytes bounds a presented token before it is hashed.
const mostTokenBytes = 4096

// bearer returns the token of an authorization header. Exactly one value is allowed, of the form Bearer, one space, and
// visible ASCII characters; the scheme's case doesn't matter. Nothing is trimmed or guessed: two readers that disagree
// about a header are how checks are got round.
func bearer(header []string) (string, *fault.Error) {
	if len(header) == 0 || len(header) == 1 && header[0] == "" {
		return "", refuse(fault.CodeTokenMissing, "this call needs a token and carries none; %s", howTo)
	}
	if len(header) > 1 {
		return "", refuse(fault.CodeTokenMalformed, "the authorization header is given %d times, expected once; %s", len(header), howTo)
	}
	scheme, token, ok := strings.Cut(header[0], " ")
	switch {
	case !ok || !strings.EqualFold(scheme, "bearer") || !isASCII(scheme):
		return "", refuse(fault.CodeTokenMalformed, "the authorization header isn't Bearer, one space and a token; %s", howTo)
	case token == "":
		return "", refuse(fault.CodeTokenMalformed, "the authorization header has no token behind Bearer; %s", howTo)
	case len(token) > mostTokenBytes:
		return "", refuse(fault.CodeTokenMalformed, "the token is longer than %d bytes; %s", mostTokenBytes, howTo)
	case strings.ContainsFunc(token, invisible):
		return "", refuse(fault.CodeTokenMalformed, "the token has spaces or characters that aren't visible ASCII; %s", howTo)
	}
	return token, nil
}

func invisible(r rune) bool { return r <= ' ' || r > '~' }

// isASCII keeps EqualFold from folding letters of other alphabets to ours.
func isASCII(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' }) }

// refuse makes an authentication error that tells how to set the header.
func refuse(code fault.Code, format string, args ...any) *fault.Error {
	return fault.New(code, format, args...).WithOp("auth").With("header", "authorization").With("scheme", "Bearer").With("hint", howTo)
}
