package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// retry does what may fail for a passing reason again, until it succeeds, fails for another reason, or has failed for
// as long as Config.RetryFor; once more at least, for a request that stalls may have taken longer than that. The
// pauses double from a tenth of a second, and are spread by half so that those who failed together do not come back
// together.
func (s *Store) retry(ctx context.Context, do func() error) error {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	end := time.Now().Add(s.config.RetryFor)
	for delay, again := shortest, false; ; delay, again = min(2*delay, longest), true {
		err := do()
		if err == nil || ctx.Err() != nil || !passing(err) {
			return err
		}
		pause := delay/2 + rand.N(delay/2)
		if s.config.RetryFor < 0 || again && time.Now().Add(pause).After(end) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// passing tells whether the same request may succeed later.
func passing(err error) bool {
	switch code(err) {
	case "SlowDown", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict", // the server asks for it
		"BadDigest", "IncompleteBody", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch": // what we sent was right
		return true
	}
	switch status := status(err); {
	case noRoom(err), status == http.StatusNotImplemented:
		return false
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return true
	case status >= 300:
		return false
	}
	return broken(err)
}

// broken tells whether err is of the connection: there was no answer, or not the whole of it.
func broken(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) { // it speaks no TLS
		return false
	}
	if errors.Is(err, errStalled) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errShort) {
		return true
	}
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, garbled := errors.AsType[*smithy.DeserializationError](err)
	_, network := errors.AsType[net.Error](err)
	return unsent || garbled || network
}

// code is what the server calls its error, or "".
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// status is that of the answer, or 0 if there was none.
func status(err error) int {
	if e, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return e.HTTPStatusCode()
	}
	return 0
}
