package storetest

import (
	"cmp"
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

var occupancies = []promise{
	{"how often something was heard is what the rows say, for any range, bucket and filter", occupancyFromRows},
}

func occupancyFromRows(t *testing.T, s Store) {
	ids := play(t, s, scenes)
	rows := allEnded(t, s)
	for name, f := range questions(ids) {
		for _, bucket := range []heimdall.Bucket{heimdall.Hourly, heimdall.Daily} {
			got, err := s.Occupancy(t.Context(), f, bucket)
			ok(t, err)
			same(t, name+", by "+string(bucket), got.Channels, naiveOccupancy(chosen(rows, f), bucket))
			if got.Bucket != bucket || !got.From.Equal(f.From) {
				t.Errorf("%s: the basis is %+v", name, got.Basis)
			}
		}
	}
	_, err := s.Occupancy(t.Context(), heimdall.AnalyticsFilter{From: season, To: season}, heimdall.Hourly)
	wantInvalid(t, err, "to")
}

func naiveOccupancy(list []ended, b heimdall.Bucket) []heimdall.OccupancyChannel {
	out := []heimdall.OccupancyChannel{}
	places, groups := grouped(list, func(e ended) place { return place{e.moment.Truncate(b.Width()), 0, e.frequencyHz} },
		func(a, b place) int {
			return cmp.Or(cmp.Compare(a.frequencyHz, b.frequencyHz), a.start.Compare(b.start))
		})
	for _, p := range places {
		won := inState(groups[p], heimdall.Success)
		if won == 0 {
			continue
		}
		if n := len(out); n == 0 || out[n-1].FrequencyHz != p.frequencyHz {
			out = append(out, heimdall.OccupancyChannel{FrequencyHz: p.frequencyHz})
		}
		c := &out[len(out)-1]
		c.Occupied = heimdall.NewOccupied(c.Measurements+won, c.Detected+detected(groups[p]))
		c.Points = append(c.Points, heimdall.OccupancyPoint{Start: p.start, Occupied: heimdall.NewOccupied(won, detected(groups[p]))})
	}
	return out
}
