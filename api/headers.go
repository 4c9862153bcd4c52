package api

import (
	"net/http"
	"slices"
	"strings"
)

const (
	// What answers of the API may do in a browser: nothing.
	answerPolicy = "default-src 'none'; frame-ancestors 'none'"
	// What pages may: what this server itself gives them. A handler that needs more sets its own.
	pagePolicy = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	oneYear    = "max-age=31536000"
)

// protect sets the headers that keep an answer from being used for what it is not (OWASP's secure headers).
func (s *service) protect(h http.Header, r *http.Request) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", pagePolicy)
	if strings.HasPrefix(r.URL.Path, "/api/") {
		h.Set("Content-Security-Policy", answerPolicy)
	}
	if s.Access.Secure(r) {
		h.Set("Strict-Transport-Security", oneYear) // RFC 6797
	}
}

// shareWith lets pages of the origins that the operator named read answers, and answers their browsers' question
// whether they may ask at all. Cookies are never for them. It reports whether that was the whole request.
func (s *service) shareWith(w http.ResponseWriter, r *http.Request) (done bool) {
	if len(s.Origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(s.Origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Expose-Headers", "Content-Disposition, Content-Range, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
	h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Last-Event-ID, Range")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
