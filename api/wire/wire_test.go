package wire_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestEveryFrequencySurvivesTheTripThroughMegahertz(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hz := rapid.Int64Range(0, heimdall.MaxFrequencyHz).Draw(t, "hz")
		if got := wire.Hz(wire.MHz(hz)); got != hz {
			t.Fatalf("%d Hz comes back as %d", hz, got)
		}
		text, err := json.Marshal(wire.MHz(hz))
		if err != nil {
			t.Fatal(err)
		}
		var mhz float64
		if err := json.Unmarshal(text, &mhz); err != nil || wire.Hz(mhz) != hz {
			t.Fatalf("%d Hz comes back as %d through %s", hz, wire.Hz(mhz), text)
		}
	})
}

func TestEveryDurationSurvivesTheTripThroughSeconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "ns"))
		if got := wire.Duration(d.Seconds()); got != d {
			t.Fatalf("%v comes back as %v", d, got)
		}
	})
}

func TestNumbersThatNothingCanHoldStayRefusable(t *testing.T) {
	for _, v := range []float64{math.Inf(1), math.NaN(), 1e300, math.Inf(-1), -1e300} {
		rate := v
		a := wire.AcquisitionRequest{FrequencyMHz: v, DurationSeconds: v, SampleRateKHz: &rate, JoinTimeoutSeconds: &rate, ChannelBandwidthHz: &rate, ChannelCenterHz: &rate, WebSDRs: []int64{1}}.Root()
		err := a.Validate(time.Now())
		for _, field := range []string{"frequency_mhz", "duration_seconds", "sample_rate_khz", "join_timeout_seconds", "channel_bandwidth_hz", "channel_center_hz"} {
			if err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("%s of %g is not refused: %v", field, v, err)
			}
		}
		w := wire.WebSDRInput{Name: "A", Kind: "sim", URL: "sim://a", TimeoutSeconds: &rate}.Root(nil)
		if err := w.Validate(); err == nil || !strings.Contains(err.Error(), "timeout_seconds") {
			t.Errorf("timeout_seconds of %g is not refused: %v", v, err)
		}
	}
	tiny := 1e-9
	a := wire.AcquisitionRequest{FrequencyMHz: 1, DurationSeconds: 1, SampleRateKHz: &tiny, WebSDRs: []int64{1}}.Root()
	if err := a.Validate(time.Now()); err == nil {
		t.Error("a sample rate that rounds to zero means the default")
	}
}

// filled draws a value of any of the root types: no field keeps its zero value by accident.
func filled[T any](t *rapid.T) (v T) {
	fill(t, reflect.ValueOf(&v).Elem(), "")
	return v
}

func fill(t *rapid.T, v reflect.Value, name string) {
	switch v.Interface().(type) {
	case time.Time:
		micros := rapid.Int64Range(1, 4e15).Draw(t, name)
		v.Set(reflect.ValueOf(time.UnixMicro(micros).UTC()))
		return
	case time.Duration:
		v.SetInt(rapid.Int64Range(0, int64(time.Hour)).Draw(t, name))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), v.Type().Field(i).Name)
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, name+" present") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), name)
		}
	case reflect.Slice:
		if n := rapid.IntRange(1, 3).Draw(t, name+" length"); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(t, v.Index(i), name)
			}
		}
	case reflect.String:
		v.SetString(rapid.StringMatching(`[a-z "',\n;]{0,12}`).Draw(t, name))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, name))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64Range(0, 3e11).Draw(t, name))
	case reflect.Float64:
		// Fifteen digits survive the trip through kHz.
		v.SetFloat(float64(rapid.Int64Range(0, 1e14).Draw(t, name)) / 1e6)
	default:
		t.Fatalf("cannot fill %s of kind %s", name, v.Kind())
	}
}

// through is v after a trip as JSON.
func through[T any](t *rapid.T, v T) (out T) {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *rapid.T, want, got any) {
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the trip changes it (-before +after):\n%s", diff)
	}
}

func TestNothingIsLostOnTheWire(t *testing.T) {
	t.Run("of an acquisition but its idempotency key", rapid.MakeCheck(func(t *rapid.T) {
		a := filled[heimdall.Acquisition](t)
		a.IdempotencyKey = ""
		same(t, a, through(t, wire.AcquisitionOf(a, nil, false)).Root())
	}))
	t.Run("of a request", rapid.MakeCheck(func(t *rapid.T) {
		a := filled[heimdall.Acquisition](t)
		asked := heimdall.Acquisition{
			Label: a.Label, FrequencyHz: a.FrequencyHz, Duration: a.Duration, SampleRateHz: a.SampleRateHz,
			ChannelCenterHz: a.ChannelCenterHz, ChannelBandwidthHz: a.ChannelBandwidthHz, StartAt: a.StartAt,
			JoinTimeout: a.JoinTimeout, WebSDRIDs: a.WebSDRIDs,
		}
		same(t, asked, through(t, wire.RequestOf(asked)).Root())
	}))
	t.Run("of a capture", rapid.MakeCheck(func(t *rapid.T) {
		c := filled[heimdall.Capture](t)
		same(t, c, through(t, wire.CaptureOf(c)).Root())
	}))
	t.Run("of a measurement", rapid.MakeCheck(func(t *rapid.T) {
		m := filled[heimdall.Measurement](t)
		same(t, m, through(t, wire.MeasurementOf(m)).Root())
	}))
	t.Run("of a WebSDR but its password", rapid.MakeCheck(func(t *rapid.T) {
		w := filled[heimdall.WebSDR](t)
		shown := through(t, wire.WebSDROf(w))
		if shown.HasPassword != (w.Password != "") {
			t.Fatalf("has_password is %t", shown.HasPassword)
		}
		same(t, w, through(t, shown.Input()).Root(&w))
		w.Password = ""
		again := through(t, shown.Input()).Root(nil)
		again.ID, again.CreatedAt, again.UpdatedAt = w.ID, w.CreatedAt, w.UpdatedAt
		same(t, w, again)
	}))
	t.Run("of a WebSDR in CSV", rapid.MakeCheck(func(t *rapid.T) {
		w := filled[heimdall.WebSDR](t)
		// An empty cell of a needed column is refused, on purpose.
		w.Name, w.Kind, w.URL = "n"+w.Name, "k"+w.Kind, "u"+w.URL
		shown := wire.WebSDROf(w)
		var text bytes.Buffer
		if err := csv.NewWriter(&text).WriteAll([][]string{wire.Columns[wire.WebSDR](), wire.Cells(shown)}); err != nil {
			t.Fatal(err)
		}
		rows, err := wire.ReadWebSDRs(&text)
		if err != nil {
			t.Fatal(err)
		}
		same(t, w, rows[0].Root(&w))
	}))
}

func TestTheStartOfARecordingKeepsItsNanoseconds(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.FixedZone("CET", 3600))
	w := wire.CaptureOf(heimdall.Capture{Recording: &heimdall.Recording{Start: start, GPSAgeMaxS: -1}})
	text, err := json.Marshal(w.Recording)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"start_utc":"2026-03-01T11:00:00.123456789Z"`, `"start_unix_ns":"1772362800123456789"`, `"gps_age_max_s":null`, `"gaps":[]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}

func TestANumberThatIsNotFiniteCannotMakeAPageUnreadable(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(-1)
	m := heimdall.Measurement{SampleRateHz: nan, TimeUncertaintyS: inf, Metrics: heimdall.Metrics{SNRdB: &nan, PowerDBFS: &inf, ClipFraction: nan, SegmentAverages: math.Inf(1)}}
	c := heimdall.Capture{Recording: &heimdall.Recording{SampleRateHz: nan, NominalRateHz: inf, PassbandLowHz: nan, SMeterDBM: &nan}}
	text, err := json.Marshal([]any{wire.MeasurementOf(m), wire.CaptureOf(c)})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"snr_db":null`, `"power_dbfs":null`, `"clip_fraction":0`, `"flags":[]`, `"s_meter_dbm":null`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	if !math.IsNaN(*m.SNRdB) {
		t.Error("the caller's own measurement was changed")
	}
}

func TestAcquisitionsThatRunNeverShowAsComplete(t *testing.T) {
	a := heimdall.Acquisition{State: heimdall.Running, Duration: time.Second, WebSDRIDs: []int64{1, 2}}
	captures := []heimdall.Capture{{State: heimdall.Success}, {State: heimdall.Running, Elapsed: 2 * time.Second}}
	if got := wire.AcquisitionOf(a, captures, false); got.Progress != 0.99 || got.CapturesEnded != 1 {
		t.Errorf("progress is %g, %d ended", got.Progress, got.CapturesEnded)
	}
	a.State = heimdall.Failed
	if got := wire.AcquisitionOf(a, nil, false); got.Progress != 1 || got.CapturesEnded != 2 {
		t.Errorf("at the end progress is %g, %d ended", got.Progress, got.CapturesEnded)
	}
}

func TestASpreadsheetsByteOrderMarkIsNotPartOfTheFirstColumn(t *testing.T) {
	rows, err := wire.ReadWebSDRs(strings.NewReader("\ufeffname,kind,url,latitude,longitude,is_active\r\nA,sim,sim://a,1.5,-2,FALSE\r\n"))
	if err != nil || len(rows) != 1 || rows[0].Name != "A" || *rows[0].IsActive || rows[0].Longitude != -2 {
		t.Errorf("read %+v, %v", rows, err)
	}
}

// FuzzReadWebSDRs: whatever a file holds, it is read or refused with a reason, and what was read can be
// written and read again.
func FuzzReadWebSDRs(f *testing.F) {
	f.Add("name,kind,url,latitude,longitude\nA,sim,sim://a,1,2\n")
	f.Add("name,kind,url,latitude,longitude,gain_db,updated_at\n\"A\n\",sim,sim://a,1e-7,2,,2026-03-01T12:00:00Z\n")
	f.Add("\ufeffname,kind\n\"")
	f.Add("name,kind,url,latitude,longitude,websdr_id\nA,b,c,0x1p4,Inf,99999999999999999999\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := wire.ReadWebSDRs(strings.NewReader(text))
		if err != nil {
			if err.Error() == "" {
				t.Error("refused without a reason")
			}
			return
		}
		records := [][]string{wire.Columns[wire.WebSDR]()}
		for _, row := range rows {
			records = append(records, wire.Cells(wire.WebSDROf(row.Root(nil))))
		}
		var out bytes.Buffer
		if err := csv.NewWriter(&out).WriteAll(records); err != nil {
			t.Fatal(err)
		}
		again, err := wire.ReadWebSDRs(&out)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out.String())
		}
		for i := range rows {
			if diff := cmp.Diff(rows[i].Root(nil), again[i].Root(nil)); diff != "" && !strings.Contains(text, "\r") && rows[i].Password == nil {
				t.Errorf("row %d differs after a round trip (-before +after):\n%s", i, diff)
			}
		}
	})
}
