package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
)

// DataFromProto turns the JSON text of a data input, of any kind, into one item. Otherwise it tells where the text stops
// being JSON, as a problem of the node that it is for, at a path such as data_inputs["in"].
func DataFromProto(text, nodeID, path string) (node.Item, *fault.Problem) {
	trimmed := strings.Trim(text, " \t\r\n")
	at, why := checkJSON([]byte(text))
	if why == "" {
		return node.DataItem([]byte(trimmed)), nil
	}
	line, column := placeOf(text, at)
	return node.Item{}, &fault.Problem{
		Code: fault.CodeDataSyntax, NodeID: nodeID, Path: path, Line: line, Column: column, Offset: at,
		Message: fmt.Sprintf("the data for node %q isn't valid JSON: %s", shorten(nodeID), why),
		Hint:    "send one JSON value; text goes in double quotes",
	}
}

// checkJSON returns where and why a text isn't one JSON value, or an empty reason.
func checkJSON(text []byte) (offset int, why string) {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	if err := d.SkipValue(); err != nil {
		if errors.Is(err, io.EOF) && len(bytes.TrimSpace(text)) == 0 {
			return 0, "it is empty"
		}
		return explainSyntax(text, err)
	}
	end := int(d.InputOffset())
	if rest := bytes.TrimLeft(text[end:], " \t\r\n"); len(rest) > 0 {
		return len(text) - len(rest), "something follows the value"
	}
	return 0, ""
}

func explainSyntax(text []byte, err error) (offset int, why string) {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) && syntax.Err != nil {
		return min(int(syntax.ByteOffset), len(text)), syntax.Err.Error()
	}
	return len(text), "it ends too early"
}

// placeOf gives line and column, in characters, of a byte offset, both from 1.
func placeOf(text string, offset int) (line, column int) {
	before := text[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// shorten keeps hostile names out of messages.
func shorten(s string) string { return fault.Shorten(s, 80) }
