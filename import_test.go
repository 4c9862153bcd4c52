package heimdall_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/heimdall-sdr/heimdall"
)

func TestTheTaskIDOfANameIsItselfOrItsUUID(t *testing.T) {
	space := uuid.MustParse("3f0cb5a2-8a3e-4e7d-9d0b-5f6f0f6d2c11")
	for source, want := range map[string]string{
		"019AB000-0000-7000-8000-00000000000F":   "019ab000-0000-7000-8000-00000000000f",
		"019ab000-0000-7000-8000-00000000000f":   "019ab000-0000-7000-8000-00000000000f",
		"task 1":                                 uuid.NewSHA1(space, []byte("task 1")).String(),
		"":                                       uuid.NewSHA1(space, nil).String(),
		"019ab000-0000-7000-8000-00000000000g":   uuid.NewSHA1(space, []byte("019ab000-0000-7000-8000-00000000000g")).String(),
		"{019ab000-0000-7000-8000-00000000000f}": uuid.NewSHA1(space, []byte("{019ab000-0000-7000-8000-00000000000f}")).String(),
	} {
		if got := heimdall.TaskIDOf(source); got != want || heimdall.TaskIDOf(got) != got {
			t.Errorf("the task id of %q is %s, want %s", source, got, want)
		}
	}
}

func anImport(now time.Time) heimdall.ImportedMeasurement {
	return heimdall.ImportedMeasurement{Measurement: heimdall.Measurement{
		TaskID: heimdall.TaskIDOf("task 1"), WebSDRID: 1, Timestamp: now, FrequencyHz: 1, TimeQuality: heimdall.TimeNone,
	}, SourceTaskID: "task 1"}
}

func TestEveryNumberOfAnImportMustBeFinite(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	good := anImport(now)
	if err := good.Validate(now); err != nil {
		t.Fatalf("a row of what is needed alone is refused: %v", err)
	}
	n := 0
	for f, v := range reflect.ValueOf(&heimdall.Metrics{}).Elem().Fields() {
		if kind := v.Type().String(); kind != "float64" && kind != "*float64" {
			continue
		}
		n++
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300} {
			m := anImport(now)
			if at := reflect.ValueOf(&m.Metrics).Elem().FieldByName(f.Name); at.Kind() == reflect.Pointer {
				at.Set(reflect.ValueOf(&bad))
			} else {
				at.SetFloat(bad)
			}
			wantField(t, m.Validate(now), f.Tag.Get("json"))
		}
	}
	if n < 30 {
		t.Errorf("only %d numbers were looked at", n)
	}
}

func TestWhatIsOutOfRangeInAnImportIsNamed(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for field, spoil := range map[string]func(*heimdall.ImportedMeasurement){
		"task_id":            func(m *heimdall.ImportedMeasurement) { m.TaskID = "task 1" },
		"websdr_id":          func(m *heimdall.ImportedMeasurement) { m.WebSDRID = 1 << 31 },
		"timestamp_utc":      func(m *heimdall.ImportedMeasurement) { m.Timestamp = now.AddDate(0, 0, 2) },
		"frequency_mhz":      func(m *heimdall.ImportedMeasurement) { m.FrequencyHz = heimdall.MaxFrequencyHz + 1 },
		"sample_rate_khz":    func(m *heimdall.ImportedMeasurement) { m.SampleRateHz = math.NaN() },
		"samples_count":      func(m *heimdall.ImportedMeasurement) { m.SamplesCount = -1 },
		"time_quality":       func(m *heimdall.ImportedMeasurement) { m.TimeQuality = "guessed" },
		"time_uncertainty_s": func(m *heimdall.ImportedMeasurement) { m.TimeUncertaintyS = -1 },
		"L":                  func(m *heimdall.ImportedMeasurement) { m.SegmentLength = -1 },
		"s3_path":            func(m *heimdall.ImportedMeasurement) { m.S3Path = "a\x00b" },
		"noise_source":       func(m *heimdall.ImportedMeasurement) { m.NoiseSource = "\xff" },
		"flags":              func(m *heimdall.ImportedMeasurement) { m.Flags = []string{strings.Repeat("f", 1001)} },
		"frequency_method":   func(m *heimdall.ImportedMeasurement) { m.FrequencyMethod = new("\xff") },
		"cal_source":         func(m *heimdall.ImportedMeasurement) { m.CalibrationSource = new("\xff") },
		"algorithm_version":  func(m *heimdall.ImportedMeasurement) { m.AlgorithmVersion = "\xff" },
	} {
		m := anImport(now)
		spoil(&m)
		wantField(t, m.Validate(now), field)
	}
	m := anImport(time.Unix(0, 0))
	wantField(t, m.Validate(now), "timestamp_utc")
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	var bad *heimdall.InvalidError
	if !errors.As(err, &bad) || len(bad.Fields) != 1 || bad.Fields[0].Field != field {
		t.Errorf("got error %v, want one of %s alone", err, field)
	}
}
