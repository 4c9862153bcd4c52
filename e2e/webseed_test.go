package e2e_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// writeHistory writes a file of measurements for import: of WebSDRs 1, 2, 3 and 5, three an hour over the six days
// until three hours before now, but for half a day in which nobody measured.
func writeHistory(t testing.TB, path string, now time.Time) {
	t.Helper()
	var b strings.Builder
	b.WriteString("task_id,websdr_id,timestamp_utc,frequency_mhz,sample_rate_khz,samples_count,detected,snr_db,snr_sigma_db,frequency_offset_hz,frequency_sigma_hz,frequency_method,noise_dbfs_hz\n")
	receivers := []struct {
		id                        int
		snr, offset, drift, noise float64 // as the simulated receivers have them, and hertz a day
	}{{1, 38, -46.7, 0.05, -116}, {2, 33, -310, 1.5, -96.5}, {3, 43, 109, -0.4, -100}, {5, 26, 598, 0.8, -118.5}}
	end := now.UTC().Truncate(time.Hour).Add(-3 * time.Hour)
	for minutes := 6 * 24 * 60; minutes > 0; minutes -= 20 {
		if hour := minutes / 60; hour >= 60 && hour < 72 {
			continue
		}
		at := end.Add(-time.Duration(minutes) * time.Minute)
		day := math.Sin(2 * math.Pi * (float64(at.Hour()) + float64(at.Minute())/60) / 24)
		for _, r := range receivers {
			wobble := math.Sin(float64(7*minutes + 3*r.id))
			fmt.Fprintf(&b, "01890000-0000-7000-8000-000000000001,%d,%s,145.5,48,48000,true,%.3f,0.3,%.4f,0.05,carrier,%.3f\n", r.id, at.Format(time.RFC3339),
				r.snr+3*day+wobble, r.offset-r.drift*float64(minutes)/1440+0.3*wobble, r.noise-1.5*day+0.3*wobble)
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// seedSchedules adds three schedules. What it returns waits until the first has run by the clock.
func (d *dashboard) seedSchedules(t testing.TB) (ran func()) {
	t.Helper()
	soon := time.Now().UTC().Truncate(time.Second).Add(12 * time.Second)
	beacon := d.schedule(t, wire.ScheduleInput{
		Name: "beacon", FrequencyMHz: 145.5, DurationSeconds: 1, WebSDRs: []int64{1, 2}, ChannelBandwidthHz: new(8000.0), StartAt: &soon,
		Recurrence: wire.Recurrence{EverySeconds: new(3600.0)},
	})
	d.schedule(t, wire.ScheduleInput{
		Name: "grey line", FrequencyMHz: 145.5, DurationSeconds: 10, JitterSeconds: 20,
		Recurrence: wire.Recurrence{Sun: new(heimdall.Sunset), OffsetSeconds: -1800, WebSDRID: new(int64(1))},
	})
	mornings := d.schedule(t, wire.ScheduleInput{
		Name: "weekday mornings", FrequencyMHz: 145.5, DurationSeconds: 30, WebSDRs: []int64{3, 5, 7}, Zone: "Europe/Rome",
		Recurrence: wire.Recurrence{EverySeconds: new(1200.0)}, Windows: []wire.Window{{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "06:00", To: "08:00"}},
	})
	if _, err := d.client.PauseSchedule(t.Context(), mornings.ScheduleID); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // it ends when it ends
			page, err := d.client.ScheduleRuns(t.Context(), heimdall.ScheduleRunFilter{ScheduleID: beacon.ScheduleID, Limit: 10}, "")
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Runs) > 0 && page.Runs[0].TaskID != nil {
				if a, err := d.client.Acquisition(t.Context(), *page.Runs[0].TaskID); err == nil && a.State.Ended() {
					return
				}
			}
			if time.Now().After(deadline) {
				t.Fatalf("the schedule has not run: %+v", page.Runs)
			}
		}
	}
}

func (d *dashboard) schedule(t testing.TB, in wire.ScheduleInput) wire.Schedule {
	t.Helper()
	s, err := d.client.CreateSchedule(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
