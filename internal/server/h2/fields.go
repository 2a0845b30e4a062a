package h2

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Header fields are written as literals that aren't indexed (RFC 7541, section 6.2.2): what a call answers is different each time, and
// a block that depends on no state may be made before it is known when it is written.

const contentType = "application/grpc"

// answerFields begin every answer: ":status" 200 and "content-type", both by their index in the static table.
var answerFields = appendContentType([]byte{0x88})

func appendContentType(b []byte) []byte {
	b = append(b, 0x0f, 31-15) // a literal with the name of index 31
	return appendString(b, contentType)
}

// appendStatus begins an answer that isn't one of gRPC.
func appendStatus(b []byte, httpStatus int) []byte {
	b = append(b, 0x08) // a literal with the name of index 8
	return appendContentType(appendString(b, strconv.Itoa(httpStatus)))
}

func appendField(b []byte, name, value string) []byte {
	return appendString(appendString(append(b, 0), name), value)
}

// appendString appends the length of a string and its octets.
func appendString(b []byte, s string) []byte { return append(appendLength(b, len(s)), s...) }

// appendLength appends an integer with a prefix of 7 bits (RFC 7541, section 5.1).
func appendLength(b []byte, n int) []byte {
	const prefix = 1<<7 - 1
	if n < prefix {
		return append(b, byte(n))
	}
	b = append(b, prefix)
	for n -= prefix; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

const binarySuffix = "-bin"

// appendMetadata appends what handlers set. Names are lower case in metadata.
func appendMetadata(b []byte, md metadata.MD) []byte {
	for name, values := range md {
		if reserved(name) {
			continue
		}
		for _, v := range values {
			b = appendValue(b, name, v)
		}
	}
	return b
}

// appendValue appends a field whose value may be binary.
func appendValue(b []byte, name, value string) []byte {
	if !strings.HasSuffix(name, binarySuffix) {
		return appendField(b, name, value)
	}
	b = appendString(append(b, 0), name)
	b = appendLength(b, base64.RawStdEncoding.EncodedLen(len(value)))
	return base64.RawStdEncoding.AppendEncode(b, []byte(value))
}

// reserved names are the protocol's own.
func reserved(name string) bool {
	switch name {
	case "content-type", "user-agent", "grpc-message-type", "grpc-encoding", "grpc-message", "grpc-status", "grpc-timeout", "te":
		return true
	}
	return strings.HasPrefix(name, ":")
}

const detailsField = "grpc-status-details-bin"

// appendOutcome appends the status of a call, and its details, unless a trailer has them.
func appendOutcome(b []byte, s *status.Status, detailed bool) []byte {
	b = appendField(b, "grpc-status", codeText(s.Code()))
	if s.Message() != "" {
		b = appendField(b, "grpc-message", percentEncode(strings.ToValidUTF8(s.Message(), "\ufffd")))
	}
	if detailed || s.Code() == codes.OK || len(s.Proto().GetDetails()) == 0 {
		return b
	}
	if details, err := proto.Marshal(s.Proto()); err == nil { // else the text has to do
		b = appendValue(b, detailsField, string(details))
	}
	return b
}

func codeText(c codes.Code) string {
	const usual = "0123456789"
	if int(c) < len(usual) {
		return usual[c : c+1]
	}
	return strconv.Itoa(int(c))
}

// percentEncode writes a message as PROTOCOL-HTTP2 has it: of what isn't printable ASCII each byte in hexadecimal.
func percentEncode(s string) string {
	plain := func(c byte) bool { return c >= ' ' && c <= '~' && c != '%' }
	i := 0
	for i < len(s) && plain(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if plain(s[i]) {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}

// decodeBinary reads the value of a binary field that a client sent, which comes with or without padding.
func decodeBinary(value string) (string, error) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
	return string(b), err
}

// parseTimeout reads grpc-timeout: at most 8 digits, and a unit. What is longer than a duration can be is the longest.
func parseTimeout(s string) (time.Duration, error) {
	const mostDigits = 8
	if len(s) < 2 || len(s) > mostDigits+1 {
		return 0, fmt.Errorf("grpc-timeout is %q, expected one to eight digits and a unit", s)
	}
	unit := unitOf(s[len(s)-1])
	if unit == 0 {
		return 0, fmt.Errorf("grpc-timeout is %q, expected one of the units H, M, S, m, u and n", s)
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("grpc-timeout is %q, expected digits before the unit", s)
	}
	const longest = time.Duration(1<<63 - 1)
	if n > uint64(longest/unit) {
		return longest, nil
	}
	return time.Duration(n) * unit, nil
}

// unitOf is the unit that a letter stands for, 0 where it stands for none.
func unitOf(letter byte) time.Duration {
	switch letter {
	case 'H':
		return time.Hour
	case 'M':
		return time.Minute
	case 'S':
		return time.Second
	case 'm':
		return time.Millisecond
	case 'u':
		return time.Microsecond
	case 'n':
		return time.Nanosecond
	}
	return 0
}
