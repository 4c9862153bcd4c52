package wire_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestNothingIsLostOfASchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := filled[heimdall.Schedule](t)
		r := s.Recurrence
		s.Recurrence = rapid.SampledFrom([]heimdall.Recurrence{
			{Every: r.Every + 1}, {Cron: "x" + r.Cron}, {RRule: "x" + r.RRule},
			{Sun: "x" + r.Sun, Offset: r.Offset - time.Hour, LatitudeDeg: r.LatitudeDeg, LongitudeDeg: r.LongitudeDeg, WebSDRID: r.WebSDRID},
		}).Draw(t, "recurrence")
		shown := through(t, wire.ScheduleOf(s))
		same(t, s, through(t, shown.Input()).Root(&s))
		again := through(t, shown.Input()).Root(nil)
		again.ID, again.RunsCount, again.NextDueAt, again.NextStartAt, again.CreatedAt, again.UpdatedAt = s.ID, s.RunsCount, s.NextDueAt, s.NextStartAt, s.CreatedAt, s.UpdatedAt
		same(t, s, again)
	})
}

func TestAZeroOfAScheduleStaysRefusable(t *testing.T) {
	for _, in := range []wire.ScheduleInput{
		{Recurrence: wire.Recurrence{EverySeconds: new(0.0)}}, {Recurrence: wire.Recurrence{EverySeconds: new(1.0)}, MaxRuns: new(int64(0))},
		{Recurrence: wire.Recurrence{EverySeconds: new(1.0)}, SampleRateKHz: new(0.0)}, {Recurrence: wire.Recurrence{Sun: new(heimdall.Sunrise)}},
	} {
		in.Name, in.FrequencyMHz, in.DurationSeconds = "x", 7, 1
		s := in.Root(nil)
		if s.Validate() == nil {
			t.Errorf("%+v is taken for %+v", in, s)
		}
	}
}
