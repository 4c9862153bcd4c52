package heimdall

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinel errors that callers branch on. Wrap them with what was asked for.
var (
	// ErrNotFound: the thing named does not exist.
	ErrNotFound = errors.New("not found")
	// ErrExists: the name or key is taken.
	ErrExists = errors.New("already exists")
	// ErrConflict: the thing exists but is not in a state that allows this.
	ErrConflict = errors.New("not allowed in its present state")
	// ErrLost: the lease under which a worker held an acquisition is no longer its own.
	ErrLost = errors.New("lease lost to another worker")
	// ErrNoWork: nothing waits to be claimed.
	ErrNoWork = errors.New("nothing to do")
	// ErrFull: nothing was stored, because the disk is full. It may be tried again once there is room.
	ErrFull = errors.New("no room left on the disk")
)

// A FieldError names one field of a request, what is wrong with it and what to do.
type FieldError struct {
	Field   string // the JSON name, such as "frequency_mhz"
	Message string // "must be a positive number of megahertz, for example 145.5"
}

// An InvalidError collects everything wrong with one request. Nothing was stored.
type InvalidError struct {
	Fields []FieldError
}

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Field + " " + f.Message
	}
	return strings.Join(parts, "; ")
}

// Add notes one more wrong field.
func (e *InvalidError) Add(field, format string, args ...any) {
	e.Fields = append(e.Fields, FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

// Err returns e, or nil when nothing was added.
func (e *InvalidError) Err() error {
	if len(e.Fields) == 0 {
		return nil
	}
	return e
}
