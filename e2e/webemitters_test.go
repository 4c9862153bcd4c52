package e2e_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// seedEmitters has the transmitters of the simulated network known, and one far away.
func (d *dashboard) seedEmitters(t testing.TB) {
	t.Helper()
	list := []wire.EmitterInput{{Name: "DCF77", FrequencyMHz: 0.0775, BandwidthHz: new(1000.0), Latitude: 50.0155, Longitude: 9.0108, EIRPdBm: new(74.8)}}
	for _, e := range simnet.NorthWestItaly().Emitters {
		list = append(list, wire.EmitterInput{Name: e.Name, FrequencyMHz: e.FrequencyHz / 1e6, Latitude: e.LatitudeDeg, Longitude: e.LongitudeDeg, AltitudeM: &e.AltitudeM, EIRPdBm: &e.PowerDBM})
	}
	for _, in := range list {
		if _, err := d.client.CreateEmitter(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
}

func emitterIsEdited(t *testing.T, p *tab, d *dashboard) {
	p.open(t, "/map")
	p.press(t, "Add an emitter")
	p.shows(t, "h1", "Add an emitter")
	p.fill(t, "Name", "made in the browser")
	p.fill(t, "Frequency (MHz)", "433,92")
	p.fill(t, "Latitude (°)", "95")
	p.press(t, "Add")
	p.until(t, "what is missing is said at its field", `document.querySelector('[name="longitude"]').getAttribute("aria-invalid") === "true"`)
	p.fill(t, "Longitude (°)", "8.25")
	p.press(t, "Add")
	p.until(t, "what the server refuses is said at its field", `document.querySelector('[name="latitude"]').getAttribute("aria-invalid") === "true" &&
		document.querySelector('[name="longitude"]').getAttribute("aria-invalid") === null && document.activeElement.name === "latitude"`)
	p.shows(t, ".wrong", "degrees from -90 to 90")
	p.isOpenToAll(t)
	p.fill(t, "Latitude (°)", "45.3")
	p.press(t, "Add")
	p.shows(t, "h1", "Map")
	e := d.emitterNamed(t, "made in the browser")
	if e.FrequencyMHz != 433.92 || e.Latitude != 45.3 || e.Longitude != 8.25 || e.BandwidthHz != nil || e.AltitudeM != nil {
		t.Errorf("stored is %+v", e)
	}
	pin := fmt.Sprintf(`.world [data-emitter="%d"]`, e.EmitterID)
	p.until(t, "it is on the map, by its name", fmt.Sprintf(`document.querySelector(%s)?.getAttribute("aria-label") === "Emitter made in the browser, 433.92 MHz"`, quoted(pin)))
	p.press(t, "Show the emitters")
	p.until(t, "the map shows receivers alone", `document.querySelector(".world [data-emitter]") === null && document.querySelector(".world [data-websdr]") !== null`)
	p.press(t, "Show the emitters")
	p.until(t, "the map shows all again", fmt.Sprintf(`document.querySelector(%s)`, quoted(pin)))
	evaluate[bool](t, p, fmt.Sprintf(`document.querySelector(%s).focus() ?? true`, quoted(pin)))
	if err := chromedp.Do(p.ctx, chromedp.KeyEvent(kb.Enter)); err != nil {
		t.Fatal(err)
	}
	p.shows(t, "h1", "New acquisition")
	p.until(t, "its frequency is in the form", `document.querySelector('[name="frequency_mhz"]')?.value === "433.92"`)

	p.open(t, fmt.Sprintf("/emitters/%d/edit", e.EmitterID))
	if _, err := d.client.PatchEmitter(t.Context(), e.EmitterID, map[string]any{"notes": "theirs"}, ""); err != nil {
		t.Fatal(err)
	}
	p.fill(t, "EIRP (dBm)", "12.5")
	p.press(t, "Store")
	p.shows(t, ".problem", "Somebody else has changed it")
	p.press(t, "Load it again")
	p.until(t, "their notes are in the form", `document.querySelector("textarea")?.value === "theirs"`)
	p.fill(t, "EIRP (dBm)", "12.5")
	p.press(t, "Store")
	p.shows(t, "h1", "Map")
	e.Notes, e.EIRPdBm = "theirs", new(12.5)
	if got := d.emitterNamed(t, e.Name); got.Notes != e.Notes || got.EIRPdBm == nil || *got.EIRPdBm != 12.5 || got.FrequencyMHz != e.FrequencyMHz || got.Latitude != e.Latitude {
		t.Errorf("stored is %+v", got)
	}

	p.open(t, fmt.Sprintf("/emitters/%d/edit", e.EmitterID))
	p.press(t, "Remove")
	p.shows(t, "dialog[open]", "Nothing that was recorded or measured changes")
	p.press(t, "Remove it")
	p.shows(t, "h1", "Map")
	p.until(t, "it is gone from the map", fmt.Sprintf(`document.querySelector(".world [data-emitter]") !== null && document.querySelector(%s) === null`, quoted(pin)))
	if list, err := d.client.Emitters(t.Context(), heimdall.EmitterFilter{}); err != nil || len(list) != 3 {
		t.Errorf("%d emitters are left, %v", len(list), err)
	}
	p.complaints(true)
}

func (d *dashboard) emitterNamed(t testing.TB, name string) wire.Emitter {
	t.Helper()
	list, err := d.client.Emitters(t.Context(), heimdall.EmitterFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("there is no emitter called %s", name)
	return wire.Emitter{}
}

func emittersAreTrue(t *testing.T, p *tab, d *dashboard, db rows) {
	p.open(t, "/map")
	list, err := d.client.Emitters(t.Context(), heimdall.EmitterFilter{})
	if err != nil || len(list) != 3 {
		t.Fatalf("%d emitters, %v", len(list), err)
	}
	for _, e := range list {
		row := fmt.Sprintf(`tr[data-emitter="%d"]`, e.EmitterID)
		same(t, e.Name+" frequency", p.cell(t, row, "frequency_mhz"), &e.FrequencyMHz)
		counted(t, e.Name+" frequency, of the database", fmt.Sprintf("%.0f", e.FrequencyMHz*1e6), db.count(t, "SELECT frequency_hz FROM emitters WHERE emitter_id = ?", e.EmitterID))
		same(t, e.Name+" bandwidth", p.cell(t, row, "bandwidth_hz"), e.BandwidthHz)
		same(t, e.Name+" latitude", degrees(p.cell(t, row, "latitude")), &e.Latitude)
		same(t, e.Name+" longitude", degrees(p.cell(t, row, "longitude")), &e.Longitude)
		same(t, e.Name+" EIRP", p.cell(t, row, "eirp_dbm"), e.EIRPdBm)
	}

	p.open(t, "/acquisitions/"+d.whole)
	p.shows(t, "main", "Known emitters in the band")
	inBand, err := d.client.AcquisitionEmitters(t.Context(), d.whole)
	if err != nil || len(inBand) != 2 {
		t.Fatalf("%d emitters are in the band, %v", len(inBand), err)
	}
	world := simnet.NorthWestItaly().World
	for i, e := range inBand {
		first := fmt.Sprintf(`tr[data-emitter="%d"]`, e.Emitter.EmitterID)
		same(t, e.Emitter.Name+" offset", p.cell(t, first, "offset_hz"), &e.OffsetHz)
		for _, path := range e.Captures {
			row := fmt.Sprintf(`%s[data-websdr="%d"]`, first, path.WebSDRID)
			what := fmt.Sprintf("from %s to WebSDR %d", e.Emitter.Name, path.WebSDRID)
			same(t, what, p.cell(t, row, "distance_km"), &path.DistanceKm)
			same(t, what, p.cell(t, row, "delay_us"), &path.DelayUS)
			same(t, what, p.cell(t, row, "delay_after_nearest_us"), &path.DelayAfterNearestUS)
			if shown := p.cell(t, row, "in_band"); shown != "yes" || path.InBand == nil || !*path.InBand {
				t.Errorf("%s: the page shows %q", what, shown)
			}
			to := world.Receivers[path.WebSDRID-1]
			if want := world.Emitters[i].DistanceM(to.Position) / simnet.SpeedOfLight * 1e6; math.Abs(path.DelayUS-want) > 0.001 {
				t.Errorf("%s it takes %g us, the simulation has %g", what, path.DelayUS, want)
			}
		}
	}
}

// degrees is a number without its sign of degrees.
func degrees(shown string) string {
	if n := len(shown) - len("°"); n > 0 {
		return shown[:n]
	}
	return shown
}
