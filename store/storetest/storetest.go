// Package storetest is the promise of a database as a test: Run is the contract that every folder of store must
// keep, sentence by sentence, and after each of them the database checks its whole state.
//
// Store is the sum of what the program asks of a database. The interfaces themselves stand with their consumers
// (acquire.Store, and those of package api); they meet only here. There is no fake: SQLite in a temporary folder
// is fast enough to be the fake of everything else.
//
// The surprising part: no test waits for a clock. A lease of no time has run out at once, and a start an hour
// ahead is due for a worker that looks two hours ahead.
package storetest

import (
	"context"
	"iter"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store"
)

// A Store is everything that is asked of a database.
type Store interface {
	acquire.Store

	WebSDR(ctx context.Context, id int64) (heimdall.WebSDR, error)
	CreateWebSDR(ctx context.Context, w heimdall.WebSDR) (heimdall.WebSDR, error)
	UpdateWebSDR(ctx context.Context, w heimdall.WebSDR) (heimdall.WebSDR, error)
	DeleteWebSDR(ctx context.Context, id int64) error
	ImportWebSDRs(ctx context.Context, list []heimdall.WebSDR) (created, updated int, err error)

	CreateAcquisition(ctx context.Context, a heimdall.Acquisition) (_ heimdall.Acquisition, created bool, err error)
	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	Acquisitions(ctx context.Context, f heimdall.AcquisitionFilter) ([]heimdall.Acquisition, error)
	CancelAcquisition(ctx context.Context, taskID string) (heimdall.Acquisition, error)

	Capture(ctx context.Context, taskID string, websdrID int64) (heimdall.Capture, error)
	Captures(ctx context.Context, f heimdall.CaptureFilter) ([]heimdall.Capture, error)
	RecordingKeys(ctx context.Context) iter.Seq2[heimdall.Capture, error]

	Measurements(ctx context.Context, f heimdall.MeasurementFilter) ([]heimdall.Measurement, error)
	EachMeasurement(ctx context.Context, f heimdall.MeasurementFilter) iter.Seq2[heimdall.Measurement, error]
	ReplaceMetrics(ctx context.Context, key heimdall.MeasurementKey, oldVersion string, m heimdall.Metrics) error

	AnalyticsStore
	RetentionStore
	ImportStore
	RestoreStore
	CollectionStore
	ScheduleStore
	HealthStore
	FleetStore
	EventStore
	WebhookStore
	AccessStore
	BacklogStore
	EmitterStore

	Ping(ctx context.Context) error
	Check(ctx context.Context) ([]store.Problem, error)
	Close() error
}

// An AnalyticsStore answers questions about many measurements; what the numbers mean stands at their types. An
// answer is made from one state of the database. A filter that Validate refuses is an *heimdall.InvalidError.
type AnalyticsStore interface {
	SNRTrend(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (heimdall.Trend, error)
	CarrierOffsets(ctx context.Context, f heimdall.AnalyticsFilter) (heimdall.Offsets, error)
	FrequencyDrift(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (heimdall.Drift, error)
	PerformanceReport(ctx context.Context, f heimdall.AnalyticsFilter) (heimdall.PerformanceReport, error)
	Coverage(ctx context.Context, f heimdall.AnalyticsFilter) (heimdall.Coverage, error)
	SessionStatistics(ctx context.Context, f heimdall.AnalyticsFilter) (heimdall.SessionStatistics, error)
	Occupancy(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (heimdall.Occupancy, error)
	NoiseTrend(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (heimdall.NoiseTrend, error)
	// LatestPerWebSDR returns the newest measurement of each WebSDR of ids, nil meaning any, in order of
	// websdr_id. One that has none is left out.
	LatestPerWebSDR(ctx context.Context, ids []int64) ([]heimdall.Measurement, error)
}

// A RetentionStore deletes acquisitions: see retention.Store.
type RetentionStore interface {
	ExpiredAcquisitions(ctx context.Context, f heimdall.ExpiredFilter) ([]heimdall.Deletion, error)
	PlanDeletion(ctx context.Context, plans []heimdall.Deletion) error
	PlannedDeletions(ctx context.Context, afterTaskID string, limit int) ([]heimdall.Deletion, error)
	FinishDeletion(ctx context.Context, taskIDs []string) ([]heimdall.Deletion, error)
	Deletion(ctx context.Context, taskID string) (heimdall.Deletion, error)
	Deletions(ctx context.Context, f heimdall.DeletionFilter) ([]heimdall.Deletion, error)
	Recorded(ctx context.Context) (heimdall.Recorded, error)
	PlanExcess(ctx context.Context, plans []heimdall.Deletion, maxBytes int64) ([]heimdall.Deletion, error)
	HoldAcquisition(ctx context.Context, taskID string, h heimdall.Hold) error
	ReleaseAcquisition(ctx context.Context, taskID string) error
	Reclaim(ctx context.Context) error
}

// A promise is a sentence of the contract and what proves it, on a store that is its own.
type promise struct {
	sentence string
	proof    func(t *testing.T, s Store)
}

// Run tests a database. open gives a fresh, migrated, empty store, and closes it at the end of t.
func Run(t *testing.T, open func(t *testing.T) Store) {
	nouns := []struct {
		name     string
		promises []promise
	}{
		{"Measurements", measurements}, // first, because the longest of all is among them
		{"Filters", filters},
		{"Replacements", replacements},
		{"Analytics", analytics},
		{"Occupancy", occupancies},
		{"Noise", noises},
		{"Retention", retentions},
		{"Quotas", quotas},
		{"Holds", holds},
		{"Imports", imports},
		{"Restores", restores},
		{"Collections", collections},
		{"Schedules", schedules},
		{"Access", accesses},
		{"WebSDRs", websdrs},
		{"Acquisitions", acquisitions},
		{"Queue", queue},
		{"Turns", turns},
		{"Hosts", hosts},
		{"Contact", contact},
		{"Standing", standings},
		{"Workers", workers},
		{"Captures", captures},
		{"Health", healths},
		{"Histories", histories},
		{"Probes", probings},
		{"Events", events},
		{"Webhooks", webhooks},
		{"Backlog", backlogs},
		{"Emitters", emitters},
		{"Always", always},
	}
	for _, noun := range nouns {
		t.Run(noun.name, func(t *testing.T) {
			t.Parallel()
			for _, p := range noun.promises {
				t.Run(p.sentence, func(t *testing.T) {
					t.Parallel()
					s := open(t)
					p.proof(t, s)
					Check(t, s)
				})
			}
		})
	}
	t.Run("Always/a closed store is an error and never an empty answer", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		closedIsAnError(t, s)
	})
}

// Check fails t for every broken promise in the whole state of s.
func Check(t *testing.T, s Store) {
	t.Helper()
	problems, err := s.Check(context.Background())
	if err != nil {
		t.Fatalf("check the whole state: %v", err)
	}
	for _, p := range problems {
		t.Errorf("afterwards the state is broken: %v", p)
	}
}
