package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestAChangeOfAScheduleIsHeardByOtherPrograms(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	here, there := open(t, url), open(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := here.CreateSchedule(ctx, heimdall.Schedule{Name: "one", FrequencyHz: 1e8, Duration: time.Second, Misfire: heimdall.MisfireSkip,
		Recurrence: heimdall.Recurrence{Every: time.Minute}, Grace: time.Minute, Overlap: heimdall.OverlapAllow})
	if err != nil {
		t.Fatal(err)
	}
	if err := there.WaitSchedules(ctx, time.Hour); err != nil {
		t.Errorf("the other program did not hear of it: %v", err)
	}
}
