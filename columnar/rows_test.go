package columnar_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/columnar"
)

// aMeasurement has a value of its own in every field; every third row has null wherever that may be, and no flags.
func aMeasurement(n int) wire.Measurement {
	var m wire.Measurement
	value := n * 100
	fill(reflect.ValueOf(&m).Elem(), &value, n%3 == 2)
	m.TaskID = fmt.Sprintf("01890000-0000-7000-8000-%012d", n)
	m.TimestampUTC = time.Date(2026, 3, 1, 12, 0, 0, 1000*(n%1000), time.UTC).Add(-time.Duration(n) * time.Second)
	m.TimeQuality = heimdall.TimeGPS
	m.Flags = [][]string{{"gaps"}, {"clipped", "gaps"}, {}}[n%3]
	return m
}

func fill(v reflect.Value, n *int, null bool) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for _, f := range v.Fields() {
			fill(f, n, null)
		}
	case reflect.Pointer:
		if !null {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), n, null)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(*n%2 == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.1)
	}
}

// A table is what was read of one: its columns in order, and its rows by name. Whole numbers and times, as microseconds,
// are int64.
type table struct {
	names []string
	rows  []map[string]any
}

// A tableWriter is either format.
type tableWriter[T any] interface {
	Write(row T) error
	Close() error
}

func TestEveryTableSaysInBothFormatsWhatItsJSONSays(t *testing.T) {
	t.Run("measurements", saysWhatItsJSONSays[wire.Measurement])
	t.Run("snr", saysWhatItsJSONSays[wire.SNRPoint])
	t.Run("frequency-drift", saysWhatItsJSONSays[wire.DriftRow])
	t.Run("websdrs", saysWhatItsJSONSays[wire.WebSDRPerformance])
	t.Run("coverage", saysWhatItsJSONSays[wire.CoverageDay])
	t.Run("sessions", saysWhatItsJSONSays[wire.SessionStatistics])
	t.Run("spectrum-occupancy", saysWhatItsJSONSays[wire.OccupancyRow])
	t.Run("all WebSDRs", saysWhatItsJSONSays[wire.WebSDR])
}

func saysWhatItsJSONSays[T any](t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	rows := make([]T, 300)
	for i := range rows {
		vary(reflect.ValueOf(&rows[i]).Elem(), random)
	}
	t.Run("Parquet", func(t *testing.T) {
		var file bytes.Buffer
		w, err := columnar.NewParquet[T](&file)
		writeRows(t, w, err, rows)
		compareJSON(t, rows, readParquet(t, file.Bytes()))
	})
	t.Run("Arrow", func(t *testing.T) {
		var stream bytes.Buffer
		w, err := columnar.NewArrow[T](&stream)
		writeRows(t, w, err, rows)
		compareJSON(t, rows, readArrow(t, stream.Bytes()))
	})
}

func writeRows[T any](t testing.TB, w tableWriter[T], err error, rows []T) {
	t.Helper()
	for i := 0; i < len(rows) && err == nil; i++ {
		err = w.Write(rows[i])
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// vary gives every field a value of any kind that the API may send.
func vary(v reflect.Value, random *rand.Rand) {
	word := func() string {
		return []string{"", "a", "gaps", "Zürich 塔 \"x\",\n", "sessions/1/websdr_1"}[random.IntN(5)]
	}
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.UnixMicro(random.Int64N(4e15) - 1e15).UTC()
		return
	case *[]string:
		*x = []string{}
		for range random.IntN(4) {
			*x = append(*x, word())
		}
		return
	case *map[string]int64:
		*x = map[string]int64{}
		for range random.IntN(4) {
			(*x)[word()] = random.Int64N(100)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range v.Fields() {
			vary(f, random)
		}
	case reflect.Pointer:
		if random.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			vary(v.Elem(), random)
		}
	case reflect.String:
		v.SetString(word())
	case reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(random.Uint64() >> random.IntN(64)))
	case reflect.Float64:
		v.SetFloat(random.NormFloat64() * math.Pow10(random.IntN(600)-300))
	}
}

func compareJSON[T any](t *testing.T, rows []T, got table) {
	t.Helper()
	if diff := cmp.Diff(wire.Columns[T](), got.names); diff != "" {
		t.Errorf("columns (-JSON +table):\n%s", diff)
	}
	if len(got.rows) != len(rows) {
		t.Fatalf("%d rows were written and %d read", len(rows), len(got.rows))
	}
	for i, row := range rows {
		said := jsonOf(t, row)
		if len(said) != len(got.names) {
			t.Fatalf("%d keys, %d columns", len(said), len(got.names))
		}
		for name, want := range said {
			if !saysSame(want, got.rows[i][name]) {
				t.Errorf("row %d, %s: JSON says %v, the table %v", i, name, want, got.rows[i][name])
			}
		}
	}
}

func jsonOf(t *testing.T, row any) (m map[string]any) {
	t.Helper()
	b, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// saysSame compares a value of JSON with one of a table.
func saysSame(said, got any) bool {
	switch said := said.(type) {
	case json.Number:
		switch got := got.(type) {
		case int64:
			return said.String() == strconv.FormatInt(got, 10)
		case float64:
			n, err := said.Float64()
			return err == nil && n == got
		}
		return false
	case string:
		if micros, ok := got.(int64); ok {
			at, err := time.Parse(time.RFC3339Nano, said)
			return err == nil && at.Equal(time.UnixMicro(micros))
		}
	case []any:
		got, ok := got.([]any)
		return ok && slices.Equal(said, got)
	case map[string]any:
		counts := map[string]int64{}
		for name, n := range said {
			counts[name], _ = n.(json.Number).Int64()
		}
		return got == wire.Counts(counts)
	}
	return said == got
}

// TestMemoryDoesNotGrowWithTheRows compares what is live at the end of a long table with what is live early in it.
func TestMemoryDoesNotGrowWithTheRows(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 120,000 rows")
	}
	t.Run("Parquet", func(t *testing.T) {
		w, err := columnar.NewParquet[wire.Measurement](io.Discard)
		memoryDoesNotGrow(t, w, err)
	})
	t.Run("Arrow", func(t *testing.T) {
		w, err := columnar.NewArrow[wire.Measurement](io.Discard)
		memoryDoesNotGrow(t, w, err)
	})
}

func memoryDoesNotGrow(t *testing.T, p tableWriter[wire.Measurement], err error) {
	if err != nil {
		t.Fatal(err)
	}
	live := func() float64 {
		runtime.GC()
		runtime.GC() // pools give up what they hold at the second
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return float64(s.HeapAlloc) / (1 << 20)
	}
	row, early, most := aMeasurement(1), 0.0, 0.0
	for i := range 60_000 {
		row.SNRdB = new(math.Sin(float64(i))) // so that it does not all fold away
		row.WebSDRID = int64(i)
		if err := p.Write(row); err != nil {
			t.Fatal(err)
		}
		if i%20_000 == 19_000 {
			mb := live()
			if early == 0 {
				early = mb
			}
			most = max(most, mb)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if most > early+6 {
		t.Errorf("%.1f MB are live after 19,000 rows and %.1f MB later", early, most)
	}
}

// Units end names, which is how tables know them.
func TestEveryNumberHasAUnitAndEveryColumnAMeaning(t *testing.T) {
	t.Run("measurements", isExplained[wire.Measurement])
	t.Run("snr", isExplained[wire.SNRPoint])
	t.Run("frequency-drift", isExplained[wire.DriftRow])
	t.Run("websdrs", isExplained[wire.WebSDRPerformance])
	t.Run("coverage", isExplained[wire.CoverageDay])
	t.Run("sessions", isExplained[wire.SessionStatistics])
	t.Run("spectrum-occupancy", isExplained[wire.OccupancyRow])
	t.Run("all WebSDRs", isExplained[wire.WebSDR])
}

func isExplained[T any](t *testing.T) {
	columns, err := columnar.ColumnsOf[T]()
	if err != nil {
		t.Fatal(err)
	}
	var filled T
	n := 0
	fill(reflect.ValueOf(&filled).Elem(), &n, false)
	row := jsonOf(t, filled)
	for _, c := range columns {
		if c.Meaning == "" {
			t.Errorf("%s is not explained", c.Name)
		}
		if v, ok := row[c.Name].(json.Number); ok && strings.Contains(v.String(), ".") && c.Unit == "" {
			t.Errorf("%s has no unit", c.Name)
		}
	}
}

func TestARowThatIsNotFlatIsNoTable(t *testing.T) {
	if columns, err := columnar.ColumnsOf[wire.DriftStatistics](); err == nil {
		t.Errorf("it has the columns %v", columns)
	}
}
