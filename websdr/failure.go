package websdr

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Failure says why a receiver gave no (more) samples, as a class that decides what may be done about it.
type Failure struct {
	Class  heimdall.FailureClass
	Op     string        // what was being done: "connect to http://kiwi.example:8073"
	Detail string        // what the receiver said, or what to do about it
	After  time.Duration // the receiver asked not to be tried again sooner; 0 when it said nothing
	Err    error         // the cause; may be nil
}

func (f *Failure) Error() string {
	s := f.Op + ": " + string(f.Class)
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

func (f *Failure) Unwrap() error { return f.Err }

// Fail makes a *Failure whose detail is formatted.
func Fail(class heimdall.FailureClass, op string, err error, format string, args ...any) *Failure {
	return &Failure{Class: class, Op: op, Detail: fmt.Sprintf(format, args...), Err: err}
}

// AsFailure returns the *Failure in err's chain. Any other error is a transport failure, and a nil one nil;
// cancellation stays visible to errors.Is.
func AsFailure(err error) *Failure {
	if err == nil {
		return nil
	}
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	detail := ""
	if errors.Is(err, context.DeadlineExceeded) {
		detail = "timed out"
	}
	return &Failure{Class: heimdall.FailTransport, Op: "stream", Detail: detail, Err: err}
}
