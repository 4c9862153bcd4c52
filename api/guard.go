package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

type requestIDKey struct{}

// requestID names the request in the log and in the answer.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// guard stands before every route: it names the request, sets the headers that protect its answer, refuses what other
// sites' pages send and who may not, answers in our shape where no route matches, turns a panic into a 500, and at the
// end tells the audit log.
func (s *service) guard(mux *http.ServeMux) http.Handler {
	foreign := http.NewCrossOriginProtection()
	for _, origin := range s.Origins {
		if err := foreign.AddTrustedOrigin(origin); err != nil {
			s.Log.Error("an origin that may use the API is malformed, and may not", "origin", origin, "err", err)
		}
	}
	foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusForbidden, "a page of another site may not change anything here")
	}))
	inner := foreign.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern == "" {
			s.noRoute(w, r, h)
			return
		}
		if s.admit(w, r, pattern) {
			mux.ServeHTTP(w, r)
		}
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, id := time.Now(), uuid.NewString()
		v := &visit{secure: s.Access.Secure(r)}
		if s.Trace != nil {
			var answering context.Context
			answering, v.traced = s.Trace(r)
			r = r.WithContext(answering)
		}
		r = r.WithContext(context.WithValue(context.WithValue(r.Context(), requestIDKey{}, id), visitKey{}, v))
		seen := &witness{ResponseWriter: w}
		w = seen
		w.Header().Set("X-Request-Id", id)
		s.protect(w.Header(), r)
		defer func() { s.account(seen, r, v, began) }()
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				s.Log.ErrorContext(r.Context(), "panic in a request", "request_id", id, "path", r.URL.Path, "err", fmt.Sprint(v), "stack", string(debug.Stack()))
				s.refuse(w, r, http.StatusInternalServerError, "something is wrong in the server: whoever runs it finds the reason in its log under this request id")
			}
		}()
		if !s.shareWith(w, r) {
			inner.ServeHTTP(w, r)
		}
	})
}

// noRoute asks the mux's own handler what is wrong and says it as a problem.
func (s *service) noRoute(w http.ResponseWriter, r *http.Request, h http.Handler) {
	answer := &statusOnly{header: http.Header{}}
	h.ServeHTTP(answer, r)
	detail := r.URL.Path + " is not an address of this API: see /docs"
	if allow := answer.header.Get("Allow"); answer.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", allow)
		detail = r.URL.Path + " does not know " + r.Method + ": use " + allow
	} else {
		answer.status = http.StatusNotFound
	}
	s.refuse(w, r, answer.status, detail)
}

// statusOnly is a ResponseWriter that remembers the status.
type statusOnly struct {
	header http.Header
	status int
}

func (w *statusOnly) Header() http.Header         { return w.header }
func (w *statusOnly) Write(p []byte) (int, error) { return len(p), nil }
func (w *statusOnly) WriteHeader(status int)      { w.status = status }

// refuse answers with a problem outside huma.
func (s *service) refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	s.write(w, newProblem(r.Context(), status, detail))
}

func (s *service) write(w http.ResponseWriter, p *problem) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p.Problem) // an error means that the caller has gone
}

// checkQuery refuses parameters that the operation does not have, that are empty, or that are given twice.
func (s *service) checkQuery(ctx huma.Context, next func(huma.Context)) {
	address := ctx.URL()
	query, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		_ = huma.WriteErr(s.huma, ctx, http.StatusBadRequest, "the query cannot be read: "+err.Error())
		return
	}
	var known []string
	lists := map[string]bool{}
	for _, p := range ctx.Operation().Parameters {
		if p.In == "query" {
			known = append(known, p.Name)
			lists[p.Name] = p.Schema != nil && p.Schema.Type == huma.TypeArray
		}
	}
	var wrong []error
	add := func(name, format string, args ...any) {
		wrong = append(wrong, &huma.ErrorDetail{Location: "query." + name, Message: fmt.Sprintf(format, args...)})
	}
	for _, name := range sortedKeys(query) {
		values := query[name]
		switch {
		case !slices.Contains(known, name) && len(known) == 0:
			add(name, "is not known: this operation has no parameters")
		case !slices.Contains(known, name):
			add(name, "is not known: use %s", strings.Join(known, ", "))
		case slices.Contains(values, ""):
			add(name, "must not be empty: leave it out")
		case len(values) > 1 && !lists[name]:
			add(name, "must be given once")
		}
	}
	if len(wrong) > 0 {
		_ = huma.WriteErr(s.huma, ctx, http.StatusUnprocessableEntity, "", wrong...)
		return
	}
	next(ctx)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// streamPatience is how long a caller may take to accept the next piece of a long answer.
const streamPatience = 30 * time.Second

// A patientWriter gives every piece of a long answer its own time limit, in place of the server's limit on
// the whole.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func newPatientWriter(w http.ResponseWriter) patientWriter {
	return patientWriter{w, http.NewResponseController(w)}
}

func (w patientWriter) Write(p []byte) (int, error) {
	// A writer that knows no deadlines, as in tests, has none to outlive.
	_ = w.control.SetWriteDeadline(time.Now().Add(streamPatience))
	return w.ResponseWriter.Write(p)
}

func (w patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
