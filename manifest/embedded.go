package manifest

import (
	"bytes"
	"unicode/utf8"
)

// marksWithin leads from offsets in the decoded text of a string of s.json to offsets in s.text. Raw is the string's JSON,
// which begins at offset at of s.json.
func (s *Source) marksWithin(raw []byte, decoded string, at int) []mark {
	if s.marks == nil {
		if marks := quotedMarks(raw, decoded, at); marks != nil {
			return marks
		}
	} else if marks := s.embedded[at]; marks != nil {
		return marks
	}
	return []mark{{0, int32(s.offset(at)), 0}}
}

// quotedMarks maps the decoded text of a quoted string, whose literal raw begins at src in the text, quotes included. It is
// nil when it can't: the string is folded over lines, or has escapes that aren't JSON's.
func quotedMarks(raw []byte, decoded string, src int) []mark {
	if len(raw) < 2 || bytes.IndexByte(raw, '\n') >= 0 {
		return nil
	}
	var marks []mark
	body, at := raw[1:len(raw)-1], 0
	from := 0 // in body, where the piece that is being read begins
	for i := 0; i < len(body); {
		taken, given := escapeSize(body[i:], raw[0])
		if taken == 0 {
			i++
			continue
		}
		if taken < 0 {
			return nil
		}
		marks = append(marks, mark{int32(at), int32(src + 1 + from), int32(i - from)})
		at += i - from
		marks = append(marks, mark{int32(at), int32(src + 1 + i), 0})
		at += given
		i += taken
		from = i
	}
	if at+len(body)-from != len(decoded) {
		return nil
	}
	return append(marks, mark{int32(at), int32(src + 1 + from), int32(len(body) - from)})
}

// escapeSize gives how many bytes an escape at the start of a string's text takes, and how many its decoded character has:
// 0 where there is no escape, -1 for one that isn't understood here.
func escapeSize(body []byte, quote byte) (taken, given int) {
	switch {
	case quote == '\'' && body[0] == '\'':
		return 2, 1
	case quote == '\'' || body[0] != '\\':
		return 0, 0
	case len(body) < 2:
		return -1, 0
	case bytes.IndexByte([]byte(`"\/bfnrt`), body[1]) >= 0:
		return 2, 1
	case body[1] == 'u':
		return unicodeEscapeSize(body)
	}
	return -1, 0
}

func unicodeEscapeSize(body []byte) (taken, given int) {
	const one, pair = 6, 12
	if len(body) >= pair && body[6] == '\\' {
		if r, _ := utf8.DecodeRuneInString(quoted(append(append([]byte{'"'}, body[:pair]...), '"'))); r > 0xffff {
			return pair, utf8.RuneLen(r)
		}
	}
	if len(body) < one {
		return -1, 0
	}
	return one, len(quoted(append(append([]byte{'"'}, body[:one]...), '"')))
}

// literalMarks maps the content of a YAML literal block, whose lines stand in text from offset src on, each behind its
// indentation. It is nil when the lines don't agree, as in a folded block.
func literalMarks(text []byte, decoded string, src int) []mark {
	var marks []mark
	for at := 0; at < len(decoded); {
		line, _, _ := bytes.Cut([]byte(decoded[at:]), []byte{'\n'})
		rest := text[min(src, len(text)):]
		given, _, _ := bytes.Cut(rest, []byte{'\n'})
		trimmed := bytes.TrimRight(given, "\r")
		if !bytes.HasSuffix(trimmed, line) {
			return nil
		}
		marks = append(marks, mark{int32(at), int32(src + len(trimmed) - len(line)), int32(len(line))})
		at += len(line) + 1
		src += len(given) + 1
	}
	return marks
}
