package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
)

// A visit is what is known of a request while it is served: by its handler and, at its end, by the audit log. One
// goroutine uses it at a time.
type visit struct {
	requirement
	caller  access.Caller
	secure  bool   // the caller's end of the connection is encrypted
	pattern string // of the mux; "" where none matched

	traced func(route string, status int, made string) // nil: see Config.Trace
}

type visitKey struct{}

// visitOf is never nil.
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

// admit stands between the mux's choice and its handler: who is it, is it too often, may they.
func (s *service) admit(w http.ResponseWriter, r *http.Request, pattern string) bool {
	v := visitOf(r.Context())
	v.pattern, v.requirement = pattern, s.requirementOf(r, pattern)
	if v.scope == "" && v.action != "get-session" && v.action != "logout" {
		v.caller.Address = s.Access.Address(r)
		return true
	}
	var err error
	if v.caller, err = s.Access.Caller(r); err == nil {
		var quota access.Quota
		quota, err = s.Access.Take(v.caller, r)
		quota.Header(w.Header())
	}
	if err == nil && v.scope != "" {
		err = s.Access.Authorize(r, v.caller, v.scope)
	}
	if err != nil {
		s.write(w, s.problem(r.Context(), refused(err)))
		return false
	}
	return true
}

// refused is a refusal of package access as an answer; any other error stays as it is.
func refused(err error) error {
	refusal, ok := errors.AsType[*access.Refusal](err)
	if !ok {
		return err
	}
	p := newProblem(context.Background(), refusal.Status, refusal.Detail)
	p.header = http.Header{}
	switch refusal.Status {
	case http.StatusUnauthorized:
		p.header.Set("WWW-Authenticate", `Bearer realm="heimdall"`) // RFC 6750
	case http.StatusTooManyRequests:
		p.header.Set("Retry-After", strconv.Itoa(int((refusal.RetryAfter+time.Second-1)/time.Second)))
	}
	return p
}

// auditPatience is how long the audit log may take when everything else is done.
const auditPatience = 5 * time.Second

// account tells the metrics of every request, and the audit log of those that would change something and whose sender
// is known: strangers and those who ask too often are only logged, or they could fill the disk.
func (s *service) account(seen *witness, r *http.Request, v *visit, began time.Time) {
	status := seen.statusOrOK()
	_, route := splitPattern(v.pattern)
	if v.traced != nil {
		v.traced(route, status, seen.Header().Get("Location"))
	}
	if s.Observe != nil {
		s.Observe(r.Method, route, status, time.Since(began))
	}
	if isLook(r.Method) || v.caller.Scope == "" || status == http.StatusTooManyRequests {
		return
	}
	entry := heimdall.AuditEntry{
		TokenID: v.caller.TokenID, Actor: v.caller.Name, Action: v.action, Object: r.URL.Path, Status: status,
	}
	if v.caller.Address.IsValid() {
		entry.Address = v.caller.Address.String()
	}
	if made := seen.Header().Get("Location"); made != "" && status < 300 {
		entry.Object = made
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), auditPatience)
	defer cancel()
	if err := s.Store.AddAudit(ctx, entry); err != nil {
		s.Log.ErrorContext(ctx, "write audit log", "request_id", requestID(ctx), "action", entry.Action, "actor", entry.Actor,
			"object", entry.Object, "status", entry.Status, "err", err)
	}
}

func isLook(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// A witness remembers the status of an answer.
type witness struct {
	http.ResponseWriter
	status int
}

func (w *witness) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *witness) Write(p []byte) (int, error) {
	w.statusOrOK()
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets the kernel copy a file where the writer below can have it do so.
func (w *witness) ReadFrom(r io.Reader) (int64, error) {
	w.statusOrOK()
	return io.Copy(w.ResponseWriter, r)
}

// Unwrap is for http.ResponseController.
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *witness) statusOrOK() int {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.status
}
