package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

type listMeasurementsInput struct {
	Accept     string  `header:"Accept" hidden:"true"`
	Format     string  `query:"format" enum:"json,csv,ndjson,parquet,arrow" doc:"json (a page), or all rows as csv, ndjson, parquet or arrow; absent, the Accept header decides"`
	TaskID     string  `query:"task_id" maxLength:"64" doc:"Only this acquisition"`
	WebSDRIDs  []int64 `query:"websdr_id,explode" nullable:"false" minimum:"1" doc:"Only these WebSDRs; may be given more than once"`
	VersionNot string  `query:"algorithm_version_not" maxLength:"64" doc:"Only rows whose metrics are of another version than this" example:"1"`
	Whereabouts
	Quality
	Period
	Page
}

func (s *service) listMeasurements(ctx context.Context, in *listMeasurementsInput) (*huma.StreamResponse, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	if format := formatOf(in.Format, in.Accept); format != nil {
		f.Limit = in.Limit
		return s.streamMeasurements(ctx, f, format)
	}
	f.Limit = in.limit()
	list, err := s.Store.Measurements(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.MeasurementPage{Measurements: []wire.Measurement{}}
	for _, m := range list {
		body.Measurements = append(body.Measurements, wire.MeasurementOf(m))
	}
	if len(list) == f.Limit {
		body.NextCursor = cursorOfMeasurement(list[len(list)-1])
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/json")
		_ = jsonFormat.Marshal(hc.BodyWriter(), body) // an error means that the caller has gone
	}}, nil
}

func (in *listMeasurementsInput) filter() (heimdall.MeasurementFilter, error) {
	f := heimdall.MeasurementFilter{
		TaskID: in.TaskID, WebSDRIDs: in.WebSDRIDs, From: in.From, To: in.To,
		AlgorithmVersionNot: in.VersionNot, Text: in.Text, ScheduleIDs: in.ScheduleIDs,
	}
	var bad heimdall.InvalidError
	f.FrequencyMinHz, f.FrequencyMaxHz = frequencyLimits(&bad, in.FrequencyMinMHz, in.FrequencyMaxMHz)
	f.Near = in.near(&bad)
	in.Quality.apply(&f, &bad)
	var err error
	f.After, err = measurementAfter(in.Cursor)
	return f, allOf(err, in.Period.check(), inQuery(&bad))
}

// frequencyLimits are both ends of a range of frequencies.
func frequencyLimits(bad *heimdall.InvalidError, low, high optional[float64]) (minHz, maxHz int64) {
	minHz = frequencyLimit(bad, "frequency_min_mhz", low)
	maxHz = frequencyLimit(bad, "frequency_max_mhz", high)
	if minHz > maxHz && maxHz != 0 {
		bad.Add("frequency_max_mhz", "must not be below frequency_min_mhz")
	}
	return minHz, maxHz
}

// frequencyLimit is a limit in hertz. 0 means none to the store, so an explicit one must be above.
func frequencyLimit(bad *heimdall.InvalidError, field string, mhz optional[float64]) int64 {
	if !mhz.IsSet {
		return 0
	}
	hz := wire.Hz(mhz.Value)
	if hz <= 0 || hz > heimdall.MaxFrequencyHz {
		bad.Add(field, "must be above 0 and at most %d MHz", heimdall.MaxFrequencyHz/1_000_000)
	}
	return hz
}
