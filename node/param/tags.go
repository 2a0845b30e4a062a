package param

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	namePattern  = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	aliasPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$`)
)

// tags is what the tags of one field say.
type tags struct {
	name, doc                 string
	aliases                   []string
	fallback                  *string // the tag default
	required, secret, ignored bool
	rules
}

// rules are the tags that belong to a scalar: the parameter itself or the elements of a slice or map.
type rules struct {
	enum     []string
	min, max string // the tags' text, "" where there is none
	unit     string
}

// readTags reads the tags of a field. Every mistake is told to fail.
func readTags(tag reflect.StructTag, fail func(format string, args ...any)) tags {
	pairs, err := splitTag(string(tag))
	if err != nil {
		fail("%v", err)
	}
	var t tags
	for _, p := range pairs {
		if err := t.set(p.key, p.value); err != nil {
			fail("tag %s: %v", p.key, err)
		}
	}
	t.check(fail)
	return t
}

func (t *tags) set(key, value string) (err error) {
	switch key {
	case "param":
		t.name, err = value, match(namePattern, value, "a snake_case name")
	case "alias":
		t.aliases, err = list(value)
		for _, alias := range t.aliases {
			if err == nil {
				err = match(aliasPattern, alias, "a name")
			}
		}
	case "enum":
		t.enum, err = list(value)
	case "default":
		t.fallback = &value
	case "min":
		t.min, err = nonEmpty(value)
	case "max":
		t.max, err = nonEmpty(value)
	case "unit":
		t.unit, err = nonEmpty(value)
	case "doc":
		t.doc, err = nonEmpty(value)
	case "required":
		t.required, err = flag(value)
	case "secret":
		t.secret, err = flag(value)
	case "ignored":
		t.ignored, err = flag(value)
	default:
		return fmt.Errorf("there is no such tag; the tags are param, alias, doc, default, required, min, max, enum, unit, secret, ignored")
	}
	return err
}

// check finds tags that contradict each other.
func (t *tags) check(fail func(format string, args ...any)) {
	if t.doc == "" && !t.ignored {
		fail("tag doc is missing")
	}
	if t.required && t.fallback != nil {
		fail("a required parameter has no default")
	}
	if t.secret && t.fallback != nil && *t.fallback != "" {
		fail("a secret has no default")
	}
	if t.ignored && (t.required || t.secret || t.fallback != nil || !t.rules.none()) {
		fail("an ignored parameter has no other tags than param, alias and doc")
	}
}

func (r rules) none() bool { return r.enum == nil && r.min == "" && r.max == "" && r.unit == "" }

func match(p *regexp.Regexp, value, what string) error {
	if p.MatchString(value) {
		return nil
	}
	return fmt.Errorf("%q isn't %s", value, what)
}

func nonEmpty(value string) (string, error) {
	if strings.TrimSpace(value) == "" {
		return "", fmt.Errorf("it is empty")
	}
	return value, nil
}

func flag(value string) (bool, error) {
	if value != "true" {
		return false, fmt.Errorf(`%q isn't "true"; leave the tag out otherwise`, value)
	}
	return true, nil
}

// list splits a comma-separated list and refuses empty and repeated entries, in any case of letters.
func list(value string) ([]string, error) {
	entries := strings.Split(value, ",")
	for i, e := range entries {
		if e == "" || e != strings.TrimSpace(e) {
			return entries, fmt.Errorf("%q has an empty entry or a space", value)
		}
		if slices.ContainsFunc(entries[:i], func(other string) bool { return strings.EqualFold(e, other) }) {
			return entries, fmt.Errorf("%q is there twice", e)
		}
	}
	return entries, nil
}

type tagPair struct{ key, value string }

// splitTag splits a struct tag into its pairs. reflect.StructTag can look a key up but not list the keys, and a
// misspelled key would go unnoticed.
func splitTag(tag string) (pairs []tagPair, err error) {
	for rest := strings.TrimSpace(tag); rest != ""; rest = strings.TrimSpace(rest) {
		key, after, found := strings.Cut(rest, ":")
		quoted, quoteErr := strconv.QuotedPrefix(after)
		if !found || quoteErr != nil {
			return pairs, fmt.Errorf("the tags aren't pairs of key:\"value\" at %q", rest)
		}
		value, quoteErr := strconv.Unquote(quoted)
		if quoteErr != nil {
			return pairs, fmt.Errorf("tag %s: %w", key, quoteErr)
		}
		if slices.ContainsFunc(pairs, func(p tagPair) bool { return p.key == key }) {
			return pairs, fmt.Errorf("tag %s is there twice", key)
		}
		pairs = append(pairs, tagPair{key, value})
		rest = after[len(quoted):]
	}
	return pairs, nil
}
