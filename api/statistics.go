package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// An AnalyticsStore answers questions about many measurements; what the numbers mean stands at their types.
type AnalyticsStore interface {
	SNRTrend(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (heimdall.Trend, error)
	CarrierOffsets(ctx context.Context, f heimdall.AnalyticsFilter) (heimdall.Offsets, error)
	FrequencyDrift(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (heimdall.Drift, error)
	PerformanceReport(ctx context.Context, f heimdall.AnalyticsFilter) (heimdall.PerformanceReport, error)
	Coverage(ctx context.Context, f heimdall.AnalyticsFilter) (heimdall.Coverage, error)
	SessionStatistics(ctx context.Context, f heimdall.AnalyticsFilter) (heimdall.SessionStatistics, error)
	Occupancy(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (heimdall.Occupancy, error)
	NoiseTrend(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (heimdall.NoiseTrend, error)
	// LatestPerWebSDR returns the newest measurement of each WebSDR of ids, nil meaning any, in order of websdr_id.
	LatestPerWebSDR(ctx context.Context, ids []int64) ([]heimdall.Measurement, error)
}

// A Table is how the caller wants an answer, and whether it still has the last one.
type Table struct {
	Accept      string `header:"Accept" hidden:"true"`
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the answer at hand: 304 when it is still the same"`
	Format      string `query:"format" enum:"json,csv,ndjson,parquet,arrow" doc:"json, or its rows as csv, ndjson, parquet or arrow; absent, the Accept header decides"`
}

// A Question is what statistics are about. Who does not say when asks for the last days until the end of this hour, so
// that the answer is made of whole hours and stays the same while nothing happens.
type Question struct {
	WebSDRIDs       []int64           `query:"websdr_id,explode" nullable:"false" minimum:"1" doc:"Only these WebSDRs; may be given more than once"`
	FrequencyMinMHz optional[float64] `query:"frequency_min_mhz" doc:"At or above this frequency, in MHz" example:"144"`
	FrequencyMaxMHz optional[float64] `query:"frequency_max_mhz" doc:"At or below this frequency, in MHz" example:"146"`
	Label           string            `query:"label" maxLength:"200" doc:"Only acquisitions of exactly this label"`
	From            time.Time         `query:"from" doc:"At or after this time (RFC 3339); absent means 7 days before to" example:"2026-03-01T00:00:00Z"`
	To              time.Time         `query:"to" doc:"Before this time (RFC 3339); absent means the end of this hour" example:"2026-03-02T00:00:00Z"`
}

// defaultSpan is how far back a question goes when it does not say.
const defaultSpan = 7 * 24 * time.Hour

func (q Question) filter(now time.Time) (heimdall.AnalyticsFilter, error) {
	f := heimdall.AnalyticsFilter{WebSDRIDs: q.WebSDRIDs, Label: q.Label, From: q.From.UTC(), To: q.To.UTC()}
	if q.To.IsZero() {
		f.To = now.UTC().Truncate(time.Hour).Add(time.Hour)
	}
	if q.From.IsZero() {
		f.From = f.To.Add(-defaultSpan)
	}
	var bad heimdall.InvalidError
	f.FrequencyMinHz, f.FrequencyMaxHz = frequencyLimits(&bad, q.FrequencyMinMHz, q.FrequencyMaxMHz)
	return f, inQuery(&bad)
}

type questionInput struct {
	Table
	Question
}

type stepsInput struct {
	Table
	Question
	Bucket string `query:"bucket" enum:"auto,1h,1d" doc:"Width of the steps: 1h, 1d, or auto (the default): 1h of up to 14 days, 1d of more"`
}

// hoursUpTo is the longest range that automatic steps divide into hours.
const hoursUpTo = 14 * 24 * time.Hour

func (in *stepsInput) bucket(f heimdall.AnalyticsFilter) heimdall.Bucket {
	if b, ok := wire.Buckets[in.Bucket]; ok {
		return b
	}
	if f.To.Sub(f.From) > hoursUpTo {
		return heimdall.Daily
	}
	return heimdall.Hourly
}

func (s *service) snrStatistics(ctx context.Context, in *stepsInput) (*huma.StreamResponse, error) {
	f, err := in.filter(s.Now())
	if err != nil {
		return nil, err
	}
	trend, err := s.Store.SNRTrend(ctx, f, in.bucket(f))
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.SNRStatisticsOf(trend)
	return answerTable(in.Table, "snr", body, body.Points)
}

func (s *service) driftStatistics(ctx context.Context, in *stepsInput) (*huma.StreamResponse, error) {
	f, err := in.filter(s.Now())
	if err != nil {
		return nil, err
	}
	drift, err := s.Store.FrequencyDrift(ctx, f, in.bucket(f))
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.DriftStatisticsOf(drift)
	return answerTable(in.Table, "frequency-drift", body, body.Rows())
}

func (s *service) websdrStatistics(ctx context.Context, in *questionInput) (*huma.StreamResponse, error) {
	f, err := in.filter(s.Now())
	if err != nil {
		return nil, err
	}
	report, err := s.Store.PerformanceReport(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.WebSDRStatisticsOf(report)
	return answerTable(in.Table, "websdrs", body, body.WebSDRs)
}

func (s *service) coverageStatistics(ctx context.Context, in *questionInput) (*huma.StreamResponse, error) {
	f, err := in.filter(s.Now())
	if err != nil {
		return nil, err
	}
	coverage, err := s.Store.Coverage(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.CoverageStatisticsOf(coverage)
	return answerTable(in.Table, "coverage", body, body.Days)
}

func (s *service) sessionStatistics(ctx context.Context, in *questionInput) (*huma.StreamResponse, error) {
	f, err := in.filter(s.Now())
	if err != nil {
		return nil, err
	}
	sessions, err := s.Store.SessionStatistics(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.SessionStatisticsOf(sessions)
	return answerTable(in.Table, "sessions", body, []wire.SessionStatistics{body})
}

func (s *service) occupancyStatistics(ctx context.Context, in *stepsInput) (*huma.StreamResponse, error) {
	f, err := in.filter(s.Now())
	if err != nil {
		return nil, err
	}
	occupancy, err := s.Store.Occupancy(ctx, f, in.bucket(f))
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.OccupancyStatisticsOf(occupancy)
	return answerTable(in.Table, "spectrum-occupancy", body, body.Rows())
}

type latestInput struct {
	Table
	WebSDRIDs []int64 `query:"websdr_id,explode" nullable:"false" minimum:"1" doc:"Only these WebSDRs; may be given more than once"`
}

func (s *service) latestStatistics(ctx context.Context, in *latestInput) (*huma.StreamResponse, error) {
	list, err := s.Store.LatestPerWebSDR(ctx, in.WebSDRIDs)
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.LatestStatistics{Measurements: []wire.Measurement{}}
	for _, m := range list {
		body.Measurements = append(body.Measurements, wire.MeasurementOf(m))
	}
	return answerTable(in.Table, "latest", body, body.Measurements)
}

// answerTable is body as JSON, or rows in another format, unless the caller has it already. It is for answers that fit in
// memory. name is that of the file.
func answerTable[T any](in Table, name string, body any, rows []T) (*huma.StreamResponse, error) {
	var out bytes.Buffer
	var err error
	contentType, disposition := "application/json", ""
	if format := formatOf(in.Format, in.Accept); format != nil {
		contentType, disposition = format.contentType(), format.disposition(name)
		err = writeRows(&out, format, rows)
	} else {
		err = jsonFormat.Marshal(&out, body)
	}
	if err != nil {
		return nil, fmt.Errorf("encode statistics: %w", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		sendUnlessKnown(hc, in.IfNoneMatch, contentType, disposition, out.Bytes())
	}}, nil
}

// sendUnlessKnown sends an answer whose ETag is made from its bytes, or 304 when the caller named it. Whoever stores it
// must ask again before using it, and no cache that is shared may keep it.
func sendUnlessKnown(hc huma.Context, ifNoneMatch, contentType, disposition string, body []byte) {
	sum := sha256.Sum256(append([]byte(contentType), body...))
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	hc.SetHeader("ETag", etag)
	hc.SetHeader("Cache-Control", "private, no-cache")
	hc.SetHeader("Vary", "Accept")
	if isKnown(ifNoneMatch, etag) {
		hc.SetStatus(http.StatusNotModified)
		return
	}
	hc.SetHeader("Content-Type", contentType)
	if disposition != "" {
		hc.SetHeader("Content-Disposition", disposition)
	}
	_, _ = hc.BodyWriter().Write(body) // an error means that the caller has gone
}

// isKnown reports whether an If-None-Match header names etag (RFC 9110, section 13.1.2: weakly compared).
func isKnown(ifNoneMatch, etag string) bool {
	for tag := range strings.SplitSeq(ifNoneMatch, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// describeAnswers says what operations answer with as JSON: huma cannot see into what is streamed.
func (s *service) describeAnswers() {
	for path, body := range map[string]any{
		"/api/v1/statistics/snr": wire.SNRStatistics{}, "/api/v1/statistics/frequency-drift": wire.DriftStatistics{},
		"/api/v1/statistics/websdrs": wire.WebSDRStatistics{}, "/api/v1/statistics/coverage": wire.CoverageStatistics{},
		"/api/v1/statistics/sessions": wire.SessionStatistics{}, "/api/v1/statistics/latest": wire.LatestStatistics{},
		"/api/v1/statistics/spectrum-occupancy":                wire.OccupancyStatistics{},
		"/api/v1/statistics/noise":                             wire.NoiseStatistics{},
		"/api/v1/statistics/clocks":                            wire.ClockStatistics{},
		"/api/v1/recordings/{task_id}/{websdr_id}/spectrogram": wire.Spectrogram{},
		"/api/v1/recordings/{task_id}/{websdr_id}/psd":         wire.PSD{},
	} {
		content := s.huma.OpenAPI().Paths[path].Get.Responses["200"].Content
		content["application/json"] = &huma.MediaType{Schema: s.schemaOf(body)}
	}
}
