// Package telemetry counts what the program does, in the form that Prometheus collects.
//
// What happens is seen at the seams: [Telemetry.Store], [Telemetry.Drivers] and [Telemetry.Blobs] stand between
// acquiring and a database, radios and objects, and count what passes, so that none of them knows of metrics. What simply
// is (queue.go) is asked of the database when somebody collects. Names are heimdall_ and base units, seconds, bytes and
// ratios; dB is the exception that everybody in the trade makes.
//
// It leaves out traces and logs. Labels are of bounded sets: a WebSDR's id, a kind, a class of failure, a route; never
// an acquisition, whose metrics would be as many as the rows.
//
// The surprising part: counters are those of one process, and begin at 0 with it. A fleet's total is the sum over its
// workers, which Prometheus makes; what must be exact and last for months is in the database.
package telemetry

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/retention"
)

// A Telemetry is the metrics of one process. It is safe for concurrent use.
type Telemetry struct {
	registry *prometheus.Registry

	requests     *prometheus.HistogramVec
	acquisitions *prometheus.CounterVec
	captures     *prometheus.HistogramVec
	samples      *prometheus.CounterVec
	gapSamples   *prometheus.CounterVec
	snr          *prometheus.GaugeVec
	uncertainty  *prometheus.GaugeVec
	attempts     *prometheus.CounterVec
	up           *prometheus.GaugeVec
	puts         *prometheus.HistogramVec
	deleted      *prometheus.CounterVec
	deliveries   *prometheus.CounterVec
	runs         *prometheus.CounterVec
	lateness     *prometheus.HistogramVec
}

// New returns metrics of which nothing has been counted yet.
func New(version string) *Telemetry {
	r := prometheus.NewRegistry()
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		r.MustRegister(v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		r.MustRegister(v)
		return v
	}
	// Native histograms for who can read them: a tenth of precision at any scale. Classic ones for everybody else.
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets,
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour}, labels)
		r.MustRegister(v)
		return v
	}
	t := &Telemetry{
		registry:     r,
		requests:     histogram("heimdall_http_request_duration_seconds", "How long requests took to answer, event streams and downloads included.", prometheus.DefBuckets, "method", "route", "status"),
		acquisitions: counter("heimdall_acquisitions_total", "Acquisitions that this process has brought to their end.", "outcome"),
		captures:     histogram("heimdall_capture_duration_seconds", "From the first attempt at a receiver to the end of its capture.", prometheus.ExponentialBuckets(1, 2, 13), "outcome"),
		samples:      counter("heimdall_capture_samples_total", "Samples of captures that succeeded.", "websdr_id"),
		gapSamples:   counter("heimdall_capture_gap_samples_total", "Samples that the streams of such captures lost.", "websdr_id"),
		snr:          gauge("heimdall_receiver_snr_db", "SNR of the last measurement in dB, where a signal was detected.", "websdr_id"),
		uncertainty:  gauge("heimdall_time_uncertainty_seconds", "One sigma of the start of the last recording.", "websdr_id"),
		attempts:     counter("heimdall_job_attempts_total", "Attempts to open a receiver: open, or the class of the failure.", "kind", "outcome"),
		up:           gauge("heimdall_receiver_up", "1 when the receiver gave samples at the last attempt, 0 when it did not.", "websdr_id"),
		puts:         histogram("heimdall_store_put_seconds", "How long objects took to store.", prometheus.ExponentialBuckets(0.001, 4, 10), "outcome"),
		deleted:      counter("heimdall_retention_deleted_bytes_total", "Bytes of objects that retention has deleted.", "rule"),
		deliveries:   counter("heimdall_webhook_deliveries_total", "Attempts to deliver events to webhooks: delivered; failed, to be tried again; or dead, given up.", "outcome"),
		runs:         counter("heimdall_schedule_runs_total", "Runs of schedules that this process has seen to: fired, or why they were skipped.", "outcome"),
		lateness:     histogram("heimdall_schedule_lateness_seconds", "How much later than planned runs of schedules were handed to the queue; 0 in time.", prometheus.ExponentialBuckets(0.001, 4, 10)),
	}
	t.begin()
	build := gauge("heimdall_build_info", "Always 1.", "version", "go_version")
	build.WithLabelValues(version, runtime.Version()).Set(1)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return t
}

// begin makes the series whose labels are known beforehand, so that the first of something is a step from 0 to 1, which
// rates see, and not a series out of nothing, which they do not.
func (t *Telemetry) begin() {
	for _, state := range []heimdall.State{heimdall.Success, heimdall.Partial, heimdall.Failed, heimdall.Cancelled} {
		t.acquisitions.WithLabelValues(string(state))
		if state != heimdall.Partial {
			t.captures.WithLabelValues(string(state))
		}
	}
	for _, outcome := range []string{"success", "failed"} {
		t.puts.WithLabelValues(outcome)
	}
	for _, outcome := range deliveryOutcomes {
		t.deliveries.WithLabelValues(outcome)
	}
	t.runs.WithLabelValues("fired")
	t.lateness.WithLabelValues()
	for _, rule := range []retention.Rule{retention.ByPlan, retention.ByAge, retention.ByQuiet, retention.ByQuota, retention.ByFree, retention.ByHand} {
		t.deleted.WithLabelValues(string(rule))
	}
}

// Handler answers with all metrics, in the text format, OpenMetrics or protobuf as the collector likes.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry, EnableOpenMetrics: true})
}

// Request counts an answer; see api.Config.Observe.
func (t *Telemetry) Request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	t.requests.WithLabelValues(knownMethod(method), route, strconv.Itoa(status)).Observe(took.Seconds())
}

// knownMethod keeps callers from inventing labels.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Deleted counts what a run of retention deleted; see retention.Config.Done.
func (t *Telemetry) Deleted(o retention.Outcome) {
	for _, tally := range o.Rules {
		t.deleted.WithLabelValues(string(tally.Rule)).Add(float64(tally.Bytes))
	}
}

func label(websdrID int64) string { return strconv.FormatInt(websdrID, 10) }
