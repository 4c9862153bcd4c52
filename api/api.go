// Package api is Heimdall's HTTP interface: JSON over HTTP, described by OpenAPI 3.1, for the CLI, the web UI,
// and everybody's own scripts.
//
// A handler decodes, asks the database or the object store once or twice, and encodes; what a request may say
// is package heimdall's decision, what a failure means to the caller is decided in one table (problem.go), and
// all addresses are in one table (routes.go). The API never speaks to a radio: asking for an acquisition stores
// a row, and a worker does the rest.
//
// Who may do what is package access's decision, by the scope that each operation needs (scopes.go): every request
// passes guard.go and gate.go first, and what would change something leaves an entry in the audit log. Browsers of
// other sites are kept from changing anything.
//
// The surprising part: a parameter that is unknown, empty or given twice is refused. A misspelt filter that
// silently returned every row would be a lie.
package api

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/oidc"
	"github.com/heimdall-sdr/heimdall/recompute"
	"github.com/heimdall-sdr/heimdall/retention"
)

// A Store is what the API asks of a database: of each noun, and whether it answers at all.
type Store interface {
	WebSDRStore
	AcquisitionStore
	CaptureStore
	MeasurementStore
	AnalyticsStore
	RetentionStore
	ScheduleStore
	HealthStore
	FleetStore
	EventStore
	WebhookStore
	TokenStore
	EmitterStore

	// Ping reports whether the database answers.
	Ping(ctx context.Context) error
	// Describe returns what the database is and how much it holds.
	Describe(ctx context.Context) (heimdall.Database, error)
}

// A WebSDRStore keeps WebSDRs.
type WebSDRStore interface {
	// WebSDRs returns the rows chosen, in order of id.
	WebSDRs(ctx context.Context, f heimdall.WebSDRFilter) ([]heimdall.WebSDR, error)
	// WebSDR returns one, or heimdall.ErrNotFound.
	WebSDR(ctx context.Context, id int64) (heimdall.WebSDR, error)
	// CreateWebSDR stores w and returns it with its id and times; heimdall.ErrExists when the name is taken.
	CreateWebSDR(ctx context.Context, w heimdall.WebSDR) (heimdall.WebSDR, error)
	// UpdateWebSDR replaces the row and returns it with its new UpdatedAt; heimdall.ErrConflict when
	// w.UpdatedAt is not the row's, because somebody else changed it.
	UpdateWebSDR(ctx context.Context, w heimdall.WebSDR) (heimdall.WebSDR, error)
	// DeleteWebSDR removes the row; heimdall.ErrConflict when captures refer to it.
	DeleteWebSDR(ctx context.Context, id int64) error
	// ImportWebSDRs creates or, by name, replaces all of list or none.
	ImportWebSDRs(ctx context.Context, list []heimdall.WebSDR) (created, updated int, err error)
}

// An AcquisitionStore keeps acquisitions.
type AcquisitionStore interface {
	// CreateAcquisition stores a with one pending capture per WebSDR. When its IdempotencyKey is known, it
	// changes nothing and returns the acquisition of that key with created false, or heimdall.ErrConflict when
	// that was another request. Only then does it check a, and stores nothing that a.Validate or
	// a.CheckWebSDRs refuse.
	CreateAcquisition(ctx context.Context, a heimdall.Acquisition) (stored heimdall.Acquisition, created bool, err error)
	// Acquisition returns one with its captures in order of websdr_id, or heimdall.ErrNotFound.
	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	// Acquisitions returns a page, newest first.
	Acquisitions(ctx context.Context, f heimdall.AcquisitionFilter) ([]heimdall.Acquisition, error)
	// CancelAcquisition asks for the end; heimdall.ErrConflict when it has ended.
	CancelAcquisition(ctx context.Context, taskID string) (heimdall.Acquisition, error)
}

// A CaptureStore keeps captures.
type CaptureStore interface {
	// Captures returns a page, newest acquisition first, then by websdr_id.
	Captures(ctx context.Context, f heimdall.CaptureFilter) ([]heimdall.Capture, error)
	// Capture returns one, or heimdall.ErrNotFound.
	Capture(ctx context.Context, taskID string, websdrID int64) (heimdall.Capture, error)
}

// A MeasurementStore keeps measurements.
type MeasurementStore interface {
	// Measurements returns a page, newest first.
	Measurements(ctx context.Context, f heimdall.MeasurementFilter) ([]heimdall.Measurement, error)
	// EachMeasurement yields the rows chosen without holding them, newest first. An error ends it.
	EachMeasurement(ctx context.Context, f heimdall.MeasurementFilter) iter.Seq2[heimdall.Measurement, error]
	// ReplaceMetrics replaces the metrics of a row that are of version oldVersion; heimdall.ErrConflict when
	// they are of another one by now, heimdall.ErrNotFound when there is no such row.
	ReplaceMetrics(ctx context.Context, key heimdall.MeasurementKey, oldVersion string, m heimdall.Metrics) error
}

// Blobs is what the API asks of an object store; see blob.Store.
type Blobs interface {
	Open(ctx context.Context, key string) (blob.Object, error)
	Stat(ctx context.Context, key string) (blob.Info, error)
	Put(ctx context.Context, key string, r io.Reader, want blob.Sum) error
	Delete(ctx context.Context, key string) error
}

// Config says what the API is made of. Store and Blobs are needed; the rest has defaults.
type Config struct {
	Store     Store
	Blobs     Blobs
	Now       func() time.Time  // nil means time.Now
	NewTaskID func() string     // a UUIDv7; nil means one made at random
	Log       *slog.Logger      // nil means silence
	Version   string            // "" means heimdall.Version
	Settings  Settings          // of the server; to be told, nothing here depends on them
	Retention *retention.Keeper // deletes; nil means that this server does not
	Prober    Prober            // asks WebSDRs how they are; nil means that this server does not

	QueueLimit int          // pending acquisitions from which on no more are accepted; 0 means none
	Room       func() error // says why nothing new should be accepted, such as a full disk; nil means that there always is room

	WebhookPrivate bool // webhooks may lead into private networks

	Access  *access.Policy // who may do what; nil means that everybody may do everything
	Origins []string       // other sites whose pages may use the API, such as https://grafana.example; none by default
	OIDC    *oidc.Provider // lets people log in, too; nil means that only tokens do
	Metrics http.Handler   // of GET /metrics; nil means that there is none
	// Receivers says, as a *heimdall.InvalidError, why the server must not go where a WebSDR is; local when its sender can
	// read the server's files anyway. nil means that it may go anywhere.
	Receivers func(w heimdall.WebSDR, local bool) error
	// Observe is told of every request that has been answered. route is the pattern of its path, "" where none matched.
	Observe func(method, route string, status int, took time.Duration)

	// Trace is told of every request when it begins, and returns the context that it is answered in and what is to be told
	// of the answer: as in Observe, and the address of what it made, if anything. nil means that nobody wants to know.
	Trace func(r *http.Request) (answering context.Context, end func(route string, status int, made string))

	EventPoll      time.Duration // how often an event stream looks for changes; 0 means 250 ms
	EventHeartbeat time.Duration // how often a silent event stream shows that it lives; 0 means 15 s
}

// service is the API at work. Nothing in it changes after New but ready, pyramids and feed, which guard
// themselves.
type service struct {
	Config
	huma       huma.API
	ready      readiness
	recomputer *recompute.Recomputer
	pyramids   pyramids
	began      time.Time
	feed       feed
	required   map[string]requirement // by pattern of the mux
}

// New returns the handler of the whole API: /api/v1, /healthz, /readyz, /docs and /openapi.json.
//
// Event streams and downloads last as long as their request's context: give http.Server a BaseContext that
// ends when the program is asked to stop. They renew its WriteTimeout as they go.
func New(c Config) http.Handler {
	s := &service{Config: c.withDefaults(), required: map[string]requirement{}}
	s.began = s.Now().UTC()
	s.feed.s = s
	mux := http.NewServeMux()
	s.huma = newHuma(mux, s.Version)
	// Measuring keeps a processor busy: more at once would only slow down acquisitions.
	s.recomputer = recompute.New(s.Store, s.Blobs, runtime.GOMAXPROCS(0))
	s.huma.UseMiddleware(s.checkQuery)
	s.routes()
	s.describe(mux)
	s.oidcRoutes(mux)
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics)
	}
	return s.guard(mux)
}
