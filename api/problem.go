package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob"
)

// statuses is the table of what an error means to the caller. The first that matches counts; what matches
// none is our fault.
var statuses = []struct {
	is     error
	status int
}{
	{heimdall.ErrNotFound, http.StatusNotFound},
	{blob.ErrNotFound, http.StatusNotFound},
	{heimdall.ErrExists, http.StatusConflict},
	{heimdall.ErrConflict, http.StatusConflict},
	{heimdall.ErrTooSoon, http.StatusTooManyRequests},
	{errPrecondition, http.StatusPreconditionFailed},
	{errMediaType, http.StatusUnsupportedMediaType},
	{heimdall.ErrFull, http.StatusInsufficientStorage},
	{blob.ErrFull, http.StatusInsufficientStorage},
	{context.Canceled, statusClientGone},
	{context.DeadlineExceeded, http.StatusServiceUnavailable},
}

// statusClientGone is what logs show for a caller that hung up; nobody reads the answer.
const statusClientGone = 499

var (
	errPrecondition = errors.New("it was changed since: get it again and repeat with its new ETag")
	errMediaType    = errors.New("the body has a media type that this operation does not read")
)

// A problem is a wire.Problem on its way to huma.
type problem struct {
	wire.Problem
	header http.Header
}

func (p *problem) Error() string             { return p.Detail }
func (p *problem) GetStatus() int            { return p.Status }
func (p *problem) GetHeaders() http.Header   { return p.header }
func (p *problem) ContentType(string) string { return "application/problem+json" }

func newProblem(ctx context.Context, status int, detail string) *problem {
	return &problem{Problem: wire.Problem{
		Type: "about:blank", Title: statusText(status), Status: status, Detail: detail, RequestID: requestID(ctx),
	}}
}

func statusText(status int) string {
	if status == statusClientGone {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// problem turns an error into the answer. It is where errors of this package end, so it is where those that
// are our fault are logged.
func (s *service) problem(ctx context.Context, err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		p.RequestID = requestID(ctx)
		return p
	}
	if e, ok := errors.AsType[*huma.ErrorModel](err); ok {
		return ofHuma(ctx, e)
	}
	if bad, ok := errors.AsType[*heimdall.InvalidError](err); ok {
		p := newProblem(ctx, http.StatusUnprocessableEntity, err.Error())
		p.Errors = fieldErrors(err, bad)
		return p
	}
	for _, row := range statuses {
		if errors.Is(err, row.is) && row.status < 500 {
			p := newProblem(ctx, row.status, err.Error())
			if row.status == http.StatusTooManyRequests {
				p.header = http.Header{"Retry-After": {"10"}}
			}
			return p
		}
	}
	if ctx.Err() != nil {
		return newProblem(ctx, statusClientGone, err.Error()) // whatever the driver calls it
	}
	return s.fault(ctx, err)
}

// fault is the answer for what is not the caller's doing. It says whether trying again helps, and keeps the
// error's text, which may name paths and addresses, for the log.
func (s *service) fault(ctx context.Context, err error) *problem {
	status := http.StatusInternalServerError
	for _, row := range statuses {
		if errors.Is(err, row.is) {
			status = row.status
			break
		}
	}
	if status == http.StatusInternalServerError && !s.databaseAnswers(ctx) {
		status = http.StatusServiceUnavailable
	}
	s.Log.ErrorContext(ctx, "request failed", "request_id", requestID(ctx), "status", status, "err", err)
	p := newProblem(ctx, status, "something is wrong in the server: whoever runs it finds the reason in its log under this request id")
	switch status {
	case http.StatusServiceUnavailable:
		p.Detail = "the server's database or object store does not answer: try again, and see /readyz"
		p.header = http.Header{"Retry-After": {"5"}}
	case http.StatusInsufficientStorage:
		p.Detail = "the server has no room left: nothing was stored"
	}
	return p
}

// databaseAnswers tells a database that is down from a defect, whatever the driver calls either.
func (s *service) databaseAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return s.Store.Ping(ctx) == nil
}

// A queryError is an InvalidError about the query instead of the body.
type queryError struct{ *heimdall.InvalidError }

func (e queryError) Unwrap() error { return e.InvalidError }

// inQuery is bad.Err, about the query.
func inQuery(bad *heimdall.InvalidError) error {
	if bad.Err() == nil {
		return nil
	}
	return queryError{bad}
}

// allOf is everything that errs find wrong with the query, or the first that is wrong otherwise.
func allOf(errs ...error) error {
	var bad heimdall.InvalidError
	for _, err := range errs {
		if q, ok := errors.AsType[queryError](err); ok {
			bad.Fields = append(bad.Fields, q.Fields...)
		} else if err != nil {
			return err
		}
	}
	return inQuery(&bad)
}

// ofList is what a store says about a list: what is wrong with the filter is wrong with the query, and the row
// that a page begins after came in the cursor.
func ofList(err error) error {
	wrong, ok := errors.AsType[*heimdall.InvalidError](err)
	if !ok {
		return err
	}
	var bad heimdall.InvalidError
	for _, f := range wrong.Fields {
		if f.Field == "after" {
			f.Field = "cursor"
		}
		bad.Fields = append(bad.Fields, f)
	}
	return inQuery(&bad)
}

func fieldErrors(err error, bad *heimdall.InvalidError) []wire.FieldError {
	where := "body"
	if _, ok := errors.AsType[queryError](err); ok {
		where = "query"
	}
	var list []wire.FieldError
	for _, f := range bad.Fields {
		location := where + "." + f.Field
		if strings.HasPrefix(f.Field, "[") {
			location = where + f.Field
		}
		list = append(list, wire.FieldError{Location: location, Message: f.Message})
	}
	return list
}

// plainProblem gives huma's own errors our shape.
func plainProblem(ctx huma.Context, _ string, v any) (any, error) {
	switch e := v.(type) {
	case *problem:
		return e.Problem, nil
	case *huma.ErrorModel:
		return ofHuma(ctx.Context(), e).Problem, nil
	}
	return v, nil
}

// ofHuma drops the values that huma would echo: a password in a request body must not come back in the
// complaint about the field beside it.
func ofHuma(ctx context.Context, e *huma.ErrorModel) *problem {
	p := newProblem(ctx, e.Status, e.Detail)
	var parts []string
	for _, d := range e.Errors {
		if d == nil {
			continue
		}
		message := d.Message
		if e.Status == http.StatusUnsupportedMediaType {
			message += ": send it with Content-Type: application/json" // curl -d says otherwise
		}
		p.Errors = append(p.Errors, wire.FieldError{Location: d.Location, Message: message})
		parts = append(parts, strings.TrimSpace(d.Location+" "+message))
	}
	if len(parts) > 0 {
		p.Detail = strings.Join(parts, "; ")
	}
	return p
}
