package h2

import (
	"encoding/binary"

	"golang.org/x/net/http2"
)

// frameHeader is the length of the header of a frame.
const frameHeader = 9

// maxFrame is the longest payload of a frame that is received, and sent until the peer allows more.
const maxFrame = 16 << 10

// maxWindow is the largest window of flow control.
const maxWindow = 1<<31 - 1

// header is that of a frame.
type header struct {
	length int
	typ    http2.FrameType
	flags  http2.Flags
	stream uint32
}

func parseHeader(p []byte) header {
	return header{
		length: int(p[0])<<16 | int(p[1])<<8 | int(p[2]), typ: http2.FrameType(p[3]), flags: http2.Flags(p[4]),
		stream: binary.BigEndian.Uint32(p[5:]) & (1<<31 - 1),
	}
}

func (h header) has(f http2.Flags) bool { return h.flags&f != 0 }

// Flags, which mean different things in different frames.
const (
	flagAck        = http2.FlagSettingsAck
	flagEndStream  = http2.FlagDataEndStream
	flagEndHeaders = http2.FlagHeadersEndHeaders
	flagPadded     = http2.FlagDataPadded
	flagPriority   = http2.FlagHeadersPriority
)

func appendHeader(b []byte, length int, typ http2.FrameType, flags http2.Flags, stream uint32) []byte {
	b = append(b, byte(length>>16), byte(length>>8), byte(length), byte(typ), byte(flags))
	return binary.BigEndian.AppendUint32(b, stream)
}

func appendSettings(b []byte, settings ...http2.Setting) []byte {
	const each = 6
	b = appendHeader(b, each*len(settings), http2.FrameSettings, 0, 0)
	for _, s := range settings {
		b = binary.BigEndian.AppendUint16(b, uint16(s.ID))
		b = binary.BigEndian.AppendUint32(b, s.Val)
	}
	return b
}

func appendWindow(b []byte, stream uint32, increment int) []byte {
	b = appendHeader(b, 4, http2.FrameWindowUpdate, 0, stream)
	return binary.BigEndian.AppendUint32(b, uint32(increment))
}

func appendReset(b []byte, stream uint32, code http2.ErrCode) []byte {
	b = appendHeader(b, 4, http2.FrameRSTStream, 0, stream)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

func appendPing(b []byte, flags http2.Flags, data [8]byte) []byte {
	return append(appendHeader(b, len(data), http2.FramePing, flags, 0), data[:]...)
}

func appendGoAway(b []byte, last uint32, code http2.ErrCode, text string) []byte {
	b = appendHeader(b, 8+len(text), http2.FrameGoAway, 0, 0)
	b = binary.BigEndian.AppendUint32(b, last)
	b = binary.BigEndian.AppendUint32(b, uint32(code))
	return append(b, text...)
}

// appendHeaders appends a header block as HEADERS and as many CONTINUATION frames as it needs.
func appendHeaders(b, block []byte, stream uint32, flags http2.Flags, most int) []byte {
	typ := http2.FrameHeaders
	for {
		part := block[:min(len(block), most)]
		block = block[len(part):]
		if len(block) == 0 {
			flags |= flagEndHeaders
		}
		b = append(appendHeader(b, len(part), typ, flags, stream), part...)
		if len(block) == 0 {
			return b
		}
		typ, flags = http2.FrameContinuation, 0
	}
}

// unpad returns the content of a padded payload.
func (h header) unpad(p []byte) ([]byte, error) {
	if !h.has(flagPadded) {
		return p, nil
	}
	if len(p) == 0 || int(p[0]) >= len(p) {
		return nil, http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return p[1 : len(p)-int(p[0])], nil
}
