package heimdall_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/simnet"
)

func aBeacon() heimdall.Emitter {
	return heimdall.Emitter{Name: "IK1HGE/B", FrequencyHz: 144_445_000, LatitudeDeg: 44.43, LongitudeDeg: 8.89}
}

func TestWhatIsWrongWithAnEmitterIsSaidByField(t *testing.T) {
	plain := aBeacon()
	if err := plain.Validate(); err != nil {
		t.Errorf("one whose name, frequency and place are known is refused: %v", err)
	}
	for _, c := range []struct {
		field  string
		change func(*heimdall.Emitter)
	}{
		{"name", func(e *heimdall.Emitter) { e.Name = " " }},
		{"name", func(e *heimdall.Emitter) { e.Name = strings.Repeat("x", 101) }},
		{"frequency_mhz", func(e *heimdall.Emitter) { e.FrequencyHz = 0 }},
		{"frequency_mhz", func(e *heimdall.Emitter) { e.FrequencyHz = heimdall.MaxFrequencyHz + 1 }},
		{"bandwidth_hz", func(e *heimdall.Emitter) { e.BandwidthHz = new(0.0) }},
		{"bandwidth_hz", func(e *heimdall.Emitter) { e.BandwidthHz = new(math.NaN()) }},
		{"latitude", func(e *heimdall.Emitter) { e.LatitudeDeg = 90.1 }},
		{"longitude", func(e *heimdall.Emitter) { e.LongitudeDeg = math.Inf(-1) }},
		{"altitude_m", func(e *heimdall.Emitter) { e.AltitudeM = new(-501.0) }},
		{"eirp_dbm", func(e *heimdall.Emitter) { e.EIRPdBm = new(151.0) }},
		{"notes", func(e *heimdall.Emitter) { e.Notes = strings.Repeat("x", 10_001) }},
	} {
		e := aBeacon()
		c.change(&e)
		wrong, ok := errors.AsType[*heimdall.InvalidError](e.Validate())
		if !ok || len(wrong.Fields) != 1 || wrong.Fields[0].Field != c.field {
			t.Errorf("%+v: %v, want a complaint about %s", e, e.Validate(), c.field)
		}
	}
}

func TestTheFreeSpaceDelayIsThatOfTheSimulatedNetwork(t *testing.T) {
	world := simnet.NorthWestItaly().World
	for _, from := range world.Emitters {
		e := heimdall.Emitter{LatitudeDeg: from.LatitudeDeg, LongitudeDeg: from.LongitudeDeg, AltitudeM: &from.AltitudeM}
		for _, to := range world.Receivers {
			w := heimdall.WebSDR{LatitudeDeg: to.LatitudeDeg, LongitudeDeg: to.LongitudeDeg, AltitudeM: &to.AltitudeM}
			want := from.DistanceM(to.Position) / simnet.SpeedOfLight
			if got := e.FreeSpaceDelay(&w); math.Abs(got.Seconds()-want) > 1e-9 {
				t.Errorf("from %s to %s it is %v, want %g s", from.Name, to.Name, got, want)
			}
			// The sphere is within 0.6 percent of the ellipsoid; hills make the straight line longer, by metres.
			if km := e.GroundDistanceKm(&w); math.Abs(km*1000/simnet.SpeedOfLight-want) > 0.006*want+1e-6 {
				t.Errorf("from %s to %s it is %g km along the ground, and %g s straight", from.Name, to.Name, km, want)
			}
		}
	}
}

func TestDistancesAndDelaysAreThoseOfClosedForms(t *testing.T) {
	quarter := math.Pi / 2 * 6371.0088
	pole, equator := heimdall.WebSDR{LatitudeDeg: 90}, heimdall.Emitter{LongitudeDeg: 33}
	if got := equator.GroundDistanceKm(&pole); math.Abs(got-quarter) > 1e-6 {
		t.Errorf("from the equator to the pole it is %g km, want %g", got, quarter)
	}
	const a, b = 6378137.0, 6356752.3142 // semi-axes of WGS84
	if got, want := equator.FreeSpaceDelay(&pole), time.Duration(math.Round(math.Hypot(a, b)/299_792_458*1e9)); got != want {
		t.Errorf("through the Earth light takes %v, want %v", got, want)
	}
	above := heimdall.Emitter{LatitudeDeg: 45, LongitudeDeg: 7, AltitudeM: new(35_786_000.0)}
	below := heimdall.WebSDR{LatitudeDeg: 45, LongitudeDeg: 7}
	if got := above.GroundDistanceKm(&below); got != 0 {
		t.Errorf("straight above it is %g km along the ground", got)
	}
	if got, want := above.FreeSpaceDelay(&below), time.Duration(math.Round(35_786_000.0/299_792_458*1e9)); got != want {
		t.Errorf("from straight above light takes %v, want %v", got, want)
	}
}

func TestACircleChoosesTheEmittersInIt(t *testing.T) {
	near, far := aBeacon(), aBeacon()
	far.LatitudeDeg++ // 111 km
	list := []heimdall.Emitter{near, far}
	circle := &heimdall.Near{LatitudeDeg: 44.43, LongitudeDeg: 8.89, RadiusKm: 100}
	for _, c := range []struct {
		circle     *heimdall.Near
		list, want []heimdall.Emitter
	}{
		{nil, list, list}, {circle, list, list[:1]}, {circle, nil, []heimdall.Emitter{}},
	} {
		if diff := cmp.Diff(c.want, c.circle.ChooseEmitters(c.list)); diff != "" {
			t.Errorf("in %+v (-want +got):\n%s", c.circle, diff)
		}
	}
}

func TestTheBandOfARecordingIsWhatItsRateAndItsFilterHold(t *testing.T) {
	for _, c := range []struct {
		what      string
		recording heimdall.Recording
		low, high float64
	}{
		{"without a known filter", heimdall.Recording{FrequencyHz: 7_000_000, SampleRateHz: 12_000}, 6_994_000, 7_006_000},
		{"with a narrower filter", heimdall.Recording{FrequencyHz: 7_000_000, SampleRateHz: 12_000, PassbandLowHz: -5000, PassbandHighHz: 4000}, 6_995_000, 7_004_000},
		{"with a filter wider than the rate", heimdall.Recording{FrequencyHz: 7_000_000, SampleRateHz: 12_000, PassbandLowHz: -9000, PassbandHighHz: 0}, 6_994_000, 7_000_000},
	} {
		if low, high := c.recording.BandHz(); low != c.low || high != c.high {
			t.Errorf("%s it is %g to %g, want %g to %g", c.what, low, high, c.low, c.high)
		}
	}
}
