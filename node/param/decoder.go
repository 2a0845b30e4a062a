package param

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
)

const (
	// maxDepth is the deepest nesting of a document, the object of the parameters included.
	maxDepth = 64
	// maxItems bounds a slice or map, so that a short text such as [{},{},...] can't ask for much more memory than its own.
	maxItems = 65536
	// maxListed bounds how many faults (and as many warnings) are listed.
	maxListed = 100
	// maxShown is how many bytes of a value or name a message shows.
	maxShown = 48
)

// decoder reads the tokens of one text. The text has passed checkSyntax, so that reading it can't fail; if it does
// nonetheless, err is set and everything returns soon.
type decoder struct {
	*jsontext.Decoder
	report *report
	err    error
}

func newDecoder(text []byte, r *report) *decoder {
	// A bytes.Buffer is read in place. Names are compared by the object's codec, which knows all spellings.
	return &decoder{Decoder: jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true)), report: r}
}

// value reads one whole value; it is valid until the next call.
func (d *decoder) value() jsontext.Value {
	v, err := d.ReadValue()
	if err != nil {
		d.err = errors.Join(d.err, err)
		return jsontext.Value("null")
	}
	return v
}

// open enters an object or array and reports whether the next value is one.
func (d *decoder) open(kind jsontext.Kind) bool {
	if d.PeekKind() != kind {
		return false
	}
	_, err := d.ReadToken()
	d.err = errors.Join(d.err, err)
	return err == nil
}

// more reports whether the object or array that was opened has another element; otherwise it leaves it.
func (d *decoder) more() bool {
	switch d.PeekKind() {
	case jsontext.KindEndObject, jsontext.KindEndArray, jsontext.KindInvalid:
		_, err := d.ReadToken()
		d.err = errors.Join(d.err, err)
		return false
	}
	return d.err == nil
}

// name reads the name of a member.
func (d *decoder) name() string {
	token, err := d.ReadToken()
	if err != nil {
		d.err = errors.Join(d.err, err)
		return ""
	}
	return token.String()
}

// report collects problems.
type report struct {
	problems []fault.Problem
	count    [2]int // by severity, those that aren't listed included
	checking bool   // the defaults are being checked: rules across fields don't apply
}

// full reports whether another problem of the severity would only be counted.
func (r *report) full(s fault.Severity) bool { return r.count[s] >= maxListed }

func (r *report) add(p fault.Problem) {
	if !r.full(p.Severity) {
		r.problems = append(r.problems, p)
	}
	r.count[p.Severity]++
}

// fail adds an error about the parameter at a place. The message follows fmt.Sprintf.
func (r *report) fail(at *place, code fault.Code, hint, format string, args ...any) {
	if r.full(fault.SeverityError) {
		r.count[fault.SeverityError]++
		return
	}
	r.add(fault.Problem{Code: code, Path: at.path(), Message: fmt.Sprintf(format, args...), Hint: hint})
}

// bad adds the usual error: what was given, what is wrong with it and what was expected.
func (r *report) bad(at *place, given jsontext.Value, wrong, expected string) {
	r.fail(at, fault.CodeBadParam, "", "parameter %s: %s %s: expected %s", at, at.show(given), wrong, expected)
}

// wrongType adds the error for a value of another type than expected.
func (r *report) wrongType(at *place, given jsontext.Value, expected string) {
	wrong := "is " + kindName(given.Kind())
	if given.Kind() == jsontext.KindNull {
		wrong = "isn't allowed here"
	}
	r.bad(at, given, wrong, expected)
}

// list returns the problems, with a last one for those that had no place.
func (r *report) list() []fault.Problem {
	for s, code := range []fault.Code{fault.SeverityError: fault.CodeBadParam, fault.SeverityWarning: fault.CodeIgnored} {
		if more := r.count[s] - maxListed; more > 0 {
			message := fmt.Sprintf("the parameters have %d more %ss, which aren't listed", more, fault.Severity(s))
			r.problems = append(r.problems, fault.Problem{Severity: fault.Severity(s), Code: code, Message: message})
		}
	}
	return r.problems
}

// place is where a value is, as a list from the inside out. Its text is only made when there is something to report.
type place struct {
	parent  *place
	name    string // of a member, as it was spelled
	index   int    // of an element, where name is ""
	element bool
	// verbatim is a path below parent that is taken as it is, instead of name and index.
	verbatim string

	secret  bool // the value and all below it are secret
	conceal bool // the value is secret or holds a secret below
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// path returns for instance .points[2].x, and "" for the object of the parameters itself.
func (p *place) path() string {
	switch {
	case p.parent == nil:
		return ""
	case p.verbatim != "":
		return p.parent.path() + p.verbatim
	case p.element:
		return p.parent.path() + "[" + strconv.Itoa(p.index) + "]"
	case len(p.name) <= maxShown && identifier.MatchString(p.name):
		return p.parent.path() + "." + p.name
	}
	return p.parent.path() + "[" + quote(p.name) + "]"
}

// String returns the parameter's name in quotes, for messages.
func (p *place) String() string {
	path := strings.TrimPrefix(p.path(), ".")
	if strings.HasPrefix(path, `["`) {
		return path[1 : len(path)-1]
	}
	return `"` + path + `"`
}

func (p *place) member(name string) *place {
	return &place{parent: p, name: name, secret: p.secret, conceal: p.conceal}
}

func (p *place) at(i int) *place {
	return &place{parent: p, element: true, index: i, secret: p.secret, conceal: p.conceal}
}

// show returns a value for a message: short, and nothing of a secret.
func (p *place) show(v jsontext.Value) string {
	switch kind := v.Kind(); {
	case kind == jsontext.KindNull:
		return "null"
	case p.conceal, kind == jsontext.KindBeginObject, kind == jsontext.KindBeginArray:
		return "the value"
	}
	return shorten(string(v))
}

func kindName(k jsontext.Kind) string {
	switch k {
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "an array"
	}
	return "null"
}

// shorten bounds what a message shows of a text.
func shorten(s string) string { return fault.Shorten(s, maxShown) }

func quote(s string) string { return strconv.Quote(shorten(s)) }

// checkSyntax reports whether the text is one JSON value that isn't too deep, and the problem otherwise.
func checkSyntax(text []byte) *fault.Problem {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
	for first := true; first || d.StackDepth() > 0; first = false {
		if _, err := d.ReadToken(); err != nil {
			return syntaxProblem(text, err)
		}
		if d.StackDepth() > maxDepth {
			message := fmt.Sprintf("the parameters nest deeper than %d levels", maxDepth)
			return position(text, d.InputOffset(), fault.Problem{Code: fault.CodeTooDeep, Message: message})
		}
	}
	rest := bytes.TrimLeft(text[d.InputOffset():], whitespace)
	if len(rest) == 0 {
		return nil
	}
	message := "the parameters aren't one JSON object: there is text after the value"
	return position(text, int64(len(text)-len(rest)), fault.Problem{Code: fault.CodeParamsSyntax, Message: message})
}

func syntaxProblem(text []byte, err error) *fault.Problem {
	offset := int64(len(text))
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		offset, err = syntax.ByteOffset, syntax.Err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	message := fmt.Sprintf("the parameters aren't valid JSON: %v", err)
	return position(text, offset, fault.Problem{Code: fault.CodeParamsSyntax, Message: message})
}

// position fills in where in the text of the parameters a problem is.
func position(text []byte, offset int64, p fault.Problem) *fault.Problem {
	before := text[:min(max(offset, 0), int64(len(text)))]
	p.Offset = len(before)
	p.Line = bytes.Count(before, []byte{'\n'}) + 1
	p.Column = utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return &p
}

// repeatedName returns the place, as a JSON pointer, of a member that a value has twice at any level.
func repeatedName(v jsontext.Value) (pointer string, found bool) {
	d := jsontext.NewDecoder(bytes.NewBuffer(v))
	for {
		_, err := d.ReadToken()
		var syntax *jsontext.SyntacticError
		if errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName) {
			return string(syntax.JSONPointer), true
		}
		if err != nil {
			return "", false
		}
	}
}
