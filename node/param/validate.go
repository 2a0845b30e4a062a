package param

import (
	"errors"
	"fmt"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// validate calls the struct's own Validate, and reports each fault at its parameter.
func (o *object) validate(r *report) {
	// compile has checked that the pointer is a Validator.
	if err := o.v.Addr().Interface().(Validator).Validate(); err != nil {
		o.reportEach(r, err)
	}
}

// reportEach takes joined errors apart.
func (o *object) reportEach(r *report, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			o.reportEach(r, e)
		}
		return
	}
	var of *Error
	if errors.As(err, &of) {
		at := o.place(of.Field)
		r.fail(at, fault.CodeBadParam, "", "parameter %s: %s", at, of.Message)
		return
	}
	o.reportWhole(r, err)
}

func (o *object) reportWhole(r *report, err error) {
	subject := ""
	if o.at.parent != nil {
		subject = fmt.Sprintf("parameter %s: ", o.at)
	}
	r.fail(o.at, fault.CodeBadParam, "", "%s%v", subject, err)
}

// place finds where the parameter is that an Error names: as the user spelled it, where it was given. What follows the
// first name, as in points[2].x, is taken as it is.
func (o *object) place(path string) *place {
	name, rest := path, ""
	if end := strings.IndexAny(path, ".["); end > 0 {
		name, rest = path[:end], path[end:]
	}
	at := o.at.member(name)
	if i, ok := o.codec.bySpelled[name]; ok && o.given[i] != nil {
		at = o.given[i]
	}
	if rest == "" {
		return at
	}
	return &place{parent: at, verbatim: rest}
}
