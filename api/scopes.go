package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
)

// What an operation needs follows from its method: to look is read, to change is operate. Here stands what is
// otherwise, so that an operation that nobody thought about is neither open to all nor closed to its users.

// publicOperations need no token: whoever asks for them has none yet, or is a load balancer.
var publicOperations = []string{"health", "ready", "login", "logout", "get-session"}

// adminOperations change what the server talks to, or cannot be taken back.
var adminOperations = []string{
	"create-websdr", "import-websdrs", "replace-websdr", "patch-websdr", "delete-websdr",
	"create-emitter", "import-emitters", "replace-emitter", "patch-emitter", "delete-emitter",
	"delete-acquisition", "run-retention",
}

// adminAreas are admin's whatever the method: reading them tells secrets, or who did what.
var adminAreas = []string{"/api/v1/tokens", "/api/v1/audit", "/api/v1/webhooks"}

// A requirement is what a request must meet.
type requirement struct {
	action string         // id of the operation, for the audit log; method and path where there is none
	scope  heimdall.Scope // "" means none
}

// scopeOf is the scope that an operation needs, if any. Outside /api/ there are pages that show nothing of the data.
func scopeOf(id, method, path string) heimdall.Scope {
	looks := method == http.MethodGet || method == http.MethodHead
	inArea := func(area string) bool { return path == area || strings.HasPrefix(path, area+"/") }
	switch {
	case slices.Contains(publicOperations, id), looks && path != "/metrics" && !inArea("/api"):
		return ""
	case slices.Contains(adminOperations, id), slices.ContainsFunc(adminAreas, inArea):
		return heimdall.ScopeAdmin
	case looks:
		return heimdall.ScopeRead
	}
	return heimdall.ScopeOperate
}

// requirementOf is that of a request that the mux has matched to pattern.
func (s *service) requirementOf(r *http.Request, pattern string) requirement {
	if known, ok := s.required[pattern]; ok {
		return known
	}
	return requirement{action: r.Method + " " + r.URL.Path, scope: scopeOf("", r.Method, r.URL.Path)}
}

// require notes what an operation needs, for the gate and in the document.
func (s *service) require(pattern string, op *huma.Operation) {
	scope := scopeOf(op.OperationID, op.Method, op.Path)
	s.required[pattern] = requirement{action: op.OperationID, scope: scope}
	op.Security = []map[string][]string{}
	if scope == "" {
		return
	}
	for _, scheme := range slices.Sorted(maps.Keys(securitySchemes())) {
		op.Security = append(op.Security, map[string][]string{scheme: {string(scope)}})
	}
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests)
}

// securitySchemes are the ways in which a caller can be known.
func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", BearerFormat: "heimdall_…",
			Description: "A token, as heimdall token create makes them. Its scope is read, operate or admin, and each includes those before it. A server that listens on loopback only needs none."},
		"session": {Type: "apiKey", In: "cookie", Name: "heimdall_session",
			Description: "What POST /api/v1/login sets, for the server's own pages."},
	}
}
