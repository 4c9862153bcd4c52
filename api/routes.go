package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Limits on request bodies.
const (
	maxBody   = 1 << 20  // bytes of JSON
	maxImport = 32 << 20 // bytes of an import
)

// routes is every operation of the API, on one page.
func (s *service) routes() {
	route(s, "GET /healthz", "health", "Service", "Say that the process lives", s.health)
	route(s, "GET /readyz", "ready", "Service", "Say whether the database and the object store answer", s.readyz, 503)
	route(s, "GET /api/v1", "index", "Service", "List what there is", s.index)
	route(s, "GET /api/v1/system", "system", "Service", "Say what the server is made of and how it is set", s.system, 503)

	route(s, "POST /api/v1/acquisitions", "create-acquisition", "Acquisitions", "Ask for an acquisition", s.createAcquisition, 409, 507, 503)
	route(s, "GET /api/v1/acquisitions", "list-acquisitions", "Acquisitions", "List acquisitions, newest first", s.listAcquisitions, 503)
	route(s, "GET /api/v1/acquisitions/{task_id}", "get-acquisition", "Acquisitions", "Show an acquisition with its captures", s.getAcquisition, 404, 503)
	route(s, "POST /api/v1/acquisitions/{task_id}/cancel", "cancel-acquisition", "Acquisitions", "Ask for an acquisition to end", s.cancelAcquisition, 404, 409, 503)
	route(s, "DELETE /api/v1/acquisitions/{task_id}", "delete-acquisition", "Acquisitions", "Delete an acquisition that has ended, rows and recordings", s.deleteAcquisition, 404, 409, 503)
	route(s, "POST /api/v1/acquisitions/{task_id}/hold", "hold-acquisition", "Acquisitions", "Keep an acquisition from being deleted", s.holdAcquisition, 404, 409, 507, 503)
	route(s, "DELETE /api/v1/acquisitions/{task_id}/hold", "release-acquisition", "Acquisitions", "Let an acquisition be deleted again", s.releaseAcquisition, 404, 503)
	route(s, "GET /api/v1/acquisitions/{task_id}/events", "watch-acquisition", "Acquisitions", "Follow an acquisition until it ends", s.watchAcquisition, 404, 503)
	route(s, "GET /api/v1/acquisitions/{task_id}/archive", "get-archive", "Acquisitions", "Download all recordings of an acquisition as one file", s.getArchive, 404, 409, 503)

	route(s, "GET /api/v1/retention", "get-retention", "Retention", "Say what this server deletes by itself, and how it stands", s.getRetention, 409, 503)
	route(s, "GET /api/v1/retention/plan", "plan-retention", "Retention", "Say what would be deleted now", s.planRetention, 409, 503)
	route(s, "POST /api/v1/retention/run", "run-retention", "Retention", "Delete now what the rules say", s.runRetention, 409, 507, 503)
	route(s, "GET /api/v1/deletions", "list-deletions", "Retention", "List what was deleted, newest first", s.listDeletions, 503)

	route(s, "GET /api/v1/captures", "list-captures", "Captures", "List captures, also those that failed", s.listCaptures, 503)
	route(s, "GET /api/v1/captures/{task_id}/{websdr_id}", "get-capture", "Captures", "Show a capture", s.getCapture, 404, 503)
	route(s, "GET /api/v1/recordings/{task_id}/{websdr_id}", "get-recording", "Captures", "Download the IQ of a capture", s.getRecording, 404, 503)
	route(s, "GET /api/v1/recordings/{task_id}/{websdr_id}/url", "get-recording-url", "Captures", "Get an address of the IQ in the object store itself", s.getRecordingURL, 404, 501, 503)

	route(s, "POST /api/v1/recordings/{task_id}/{websdr_id}/recompute", "recompute-recording", "Measurements", "Derive the metrics of a recording again", s.recomputeRecording, 404, 409, 507, 503)
	route(s, "GET /api/v1/measurements", "list-measurements", "Measurements", "List measurements, newest first, as JSON or CSV", s.listMeasurements, 503)
	route(s, "GET /api/v1/metrics", "list-metrics", "Measurements", "Say what every number of a measurement means", s.listMetrics)

	route(s, "POST /api/v1/login", "login", "Access", "Begin a session of the dashboard with a token", s.login, 401, 429, 503)
	route(s, "POST /api/v1/logout", "logout", "Access", "End the session", s.logout)
	route(s, "GET /api/v1/session", "get-session", "Access", "Say who the caller is taken for", s.getSession, 401, 429, 503)
	route(s, "POST /api/v1/tokens", "create-token", "Access", "Make a token", s.createToken, 409, 507, 503)
	route(s, "GET /api/v1/tokens", "list-tokens", "Access", "List tokens, without their values", s.listTokens, 503)
	route(s, "DELETE /api/v1/tokens/{token_id}", "revoke-token", "Access", "Make a token useless, at once and for ever", s.revokeToken, 404, 503)
	route(s, "GET /api/v1/audit", "list-audit", "Access", "List who changed what, newest first", s.listAudit, 503)

	route(s, "GET /api/v1/websdrs", "list-websdrs", "WebSDRs", "List WebSDRs", s.listWebSDRs, 503)
	route(s, "POST /api/v1/websdrs", "create-websdr", "WebSDRs", "Add a WebSDR", s.createWebSDR, 409, 507, 503)
	route(s, "POST /api/v1/websdrs/import", "import-websdrs", "WebSDRs", "Add or replace many WebSDRs, by name", s.importWebSDRs, 409, 507, 503)
	route(s, "GET /api/v1/websdrs/export", "export-websdrs", "WebSDRs", "Export all WebSDRs, without passwords", s.exportWebSDRs, 503)
	route(s, "GET /api/v1/websdrs/{websdr_id}", "get-websdr", "WebSDRs", "Show a WebSDR", s.getWebSDR, 404, 503)
	route(s, "PUT /api/v1/websdrs/{websdr_id}", "replace-websdr", "WebSDRs", "Replace a WebSDR", s.replaceWebSDR, 404, 409, 412, 507, 503)
	route(s, "PATCH /api/v1/websdrs/{websdr_id}", "patch-websdr", "WebSDRs", "Change some fields of a WebSDR", s.patchWebSDR, 404, 409, 412, 507, 503)
	route(s, "DELETE /api/v1/websdrs/{websdr_id}", "delete-websdr", "WebSDRs", "Remove a WebSDR that has no captures", s.deleteWebSDR, 404, 409, 412, 503)
}

// operations says what the table of routes has no room for, by operation id. huma writes into what it gets, so
// every API has its own.
func operations() map[string]huma.Operation {
	return map[string]huma.Operation{
		"create-acquisition": {DefaultStatus: http.StatusAccepted,
			Description: "Everything is checked before anything is stored. A worker takes it from there: follow Location or its events. " +
				"With an Idempotency-Key, a repeat of the same request answers 200 with the same acquisition, and another request under the same key is refused. `websdrs: null` means those of that moment."},
		"cancel-acquisition": {DefaultStatus: http.StatusAccepted,
			Description: "Captures that have ended stay as they are. One that waits for a worker ends at once, one that runs within seconds."},
		"delete-acquisition": {
			Description: "It is noted in the journal of deletions first, then its objects go, then its rows; what a crash leaves in between, the next run of retention finishes. Rollups stay. " +
				"One that is held, or has not ended, is refused."},
		"hold-acquisition": {
			Description: "Nothing deletes what is held, no rule and nobody's hand, until it is released. The same hold again changes nothing; somebody else's is not replaced."},
		"plan-retention": {
			Description: "Exact numbers, by rule: every object that would go is looked at, so that the answer may take a while. Nothing is changed."},
		"run-retention": {
			Description: "The rules are the server's settings. It may be called beside the server's own runs."},
		"watch-acquisition": {Responses: streamed(http.StatusOK, "text/event-stream"),
			Description: "Server-sent events: an `acquisition` event holds the whole acquisition, as it is now and then at each change; an `end` event follows the last. " +
				"A reader that was cut off opens the stream again and has missed nothing that matters."},
		"list-measurements": {Responses: streamed(http.StatusOK, "text/csv"),
			Description: "As CSV (format=csv, or Accept: text/csv) the rows are streamed, all of them unless there is a limit; the first line holds the JSON names."},
		"list-metrics": {Description: "Unit, meaning and mathematics of each, as this server computes them. It is no time series: those are measurements."},
		"get-recording": {Responses: streamed(http.StatusOK, "application/octet-stream", "application/json", "application/x-tar", "audio/wav"),
			Description: "sigmf-data is the recording exactly as received, and its ETag is the SHA-256; the other formats are made on the way. Ranges are served. " +
				"A part is chosen by sample (from_sample, samples) or by time (from_time, to_time), not by both. Time is that of the recording's clock, its gaps counted: " +
				"the part has the samples whose time lies in [from_time, to_time)."},
		"get-archive": {Responses: streamed(http.StatusOK, "application/x-tar"),
			Description: "A tar of every recording as a single download gives it. With sigmf it is a SigMF archive, with the collection of the acquisition when one is stored; otherwise the files lie in one folder. " +
				"from_time and to_time cut the same time from every recording. An archive is whole or refused (409) before its first byte, unless allow_missing. " +
				"It has an ETag, and ranges are served: a download that broke off goes on with Range and If-Range."},
		"get-recording-url": {Description: "For programs that read large recordings in place: the object goes from the object store to the caller, not through this server. " +
			"Where recordings are kept in a folder the answer is 501."},
		"recompute-recording": {
			Description: "The recording is read, checked against its SHA-256, and measured by the definitions of this server with the inputs of the day it was made. " +
				"Where the metrics differ the measurement is changed, in one transaction; a recording that is missing or damaged leaves it as it is. " +
				"The SigMF metadata object keeps the numbers of its day. A server works on few at once, so that an answer may take a while."},
		"create-websdr": {DefaultStatus: http.StatusCreated},
		"export-websdrs": {Responses: streamed(http.StatusOK, "application/json", "text/csv"),
			Description: "The answer is a valid body for the import. A column or key has the name of the field."},
		"import-websdrs": {MaxBodyBytes: maxImport, BodyReadTimeout: time.Minute,
			Description: "A JSON list, or CSV whose first line names the columns: name, kind, url, latitude and longitude are needed, the other fields of a WebSDR may be there, in any order. " +
				"A name that is known is replaced, password excepted when the row has none. All rows are stored or none."},
		"replace-websdr": {Description: "Fields left out get their defaults, except the password, which stays."},
		"patch-websdr": {MaxBodyBytes: maxBody, BodyReadTimeout: 5 * time.Second,
			Description: "A JSON merge patch (RFC 7396): only the fields named change, and null resets one to its default."},
		"delete-websdr": {Description: "What was recorded with it must stay explicable, so a WebSDR that has captures cannot go: set is_active to false instead."},
		"ready":         {Description: "The answer is at most a second old."},
		"create-token": {DefaultStatus: http.StatusCreated,
			Description: "The answer is the only place where the value of the token ever stands: what is kept is its hash."},
		"login":      {Description: "The cookie holds the token, is hidden from scripts, and is sent to this server only. A session changes things only from the server's own pages. Programs send the token itself, in Authorization: Bearer."},
		"list-audit": {Description: "Every call that would change something, also one that was refused to a known caller. Entries hold neither bodies nor parameters, and are kept for a year."},
	}
}

func streamed(status int, mediaTypes ...string) map[string]*huma.Response {
	content := map[string]*huma.MediaType{}
	for _, m := range mediaTypes {
		content[m] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		if m == "application/json" {
			content[m].Schema.Type = huma.TypeObject
		}
	}
	return map[string]*huma.Response{statusKey(status): {Description: http.StatusText(status), Content: content}}
}

// route registers one line of the table. Whatever error the handler returns is turned into a problem.
func route[I, O any](s *service, pattern, id, tag, summary string, handle func(context.Context, *I) (*O, error), errors ...int) {
	op := operations()[id]
	op.Method, op.Path = splitPattern(pattern)
	op.OperationID, op.Summary, op.Tags = id, summary, []string{tag}
	op.Errors = append(errors, http.StatusBadRequest, http.StatusUnprocessableEntity)
	if hasBody(reflect.TypeFor[I]()) {
		op.Errors = append(op.Errors, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	s.require(pattern, &op)
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

func hasBody(input reflect.Type) bool {
	_, decoded := input.FieldByName("Body")
	_, raw := input.FieldByName("RawBody")
	return decoded || raw
}
