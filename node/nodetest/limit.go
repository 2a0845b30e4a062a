package nodetest

import (
	"errors"

	"github.com/remotemedia/remotemedia-go/mem"
)

// isLimit reports whether err is a refusal of memory.
func isLimit(err error) bool {
	var limit *mem.LimitError
	return errors.As(err, &limit)
}
