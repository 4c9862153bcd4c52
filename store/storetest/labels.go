package storetest

import (
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

func filterLabels(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	for _, label := range []string{"ISS pass", "iss again", "50% off_", "Überflug", ""} {
		a := aRequest(ids...)
		a.Label = label
		create(t, s, a)
	}
	for _, c := range []struct {
		part string
		want int
	}{{"", 5}, {"iss", 2}, {"ISS", 2}, {"s a", 1}, {"%", 1}, {"_", 1}, {"iss%", 0}, {"Überflug", 1}, {"überflug", 0}, {"FLUG", 1}, {"nothing", 0}} {
		list, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Label: c.part, Limit: 10})
		ok(t, err)
		if len(list) != c.want {
			t.Errorf("%d labels have %q in them, want %d", len(list), c.part, c.want)
		}
	}
}
