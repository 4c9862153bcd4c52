package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

func TestPagesComeFromAnIndexThatIsInTheirOrder(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "heimdall.db"))
	snr := 3.0
	after := &heimdall.MeasurementKey{Timestamp: time.Unix(1_700_000_000, 0)}
	for _, q := range []struct {
		index  string
		filter heimdall.MeasurementFilter
	}{
		{"measurements_by_time", heimdall.MeasurementFilter{}},
		{"measurements_by_time", heimdall.MeasurementFilter{After: after}},
		{"measurements_by_time", heimdall.MeasurementFilter{From: time.Unix(1, 0), To: time.Unix(2, 0), SNRMinDB: &snr, DetectedOnly: true}},
		{"measurements_by_time", heimdall.MeasurementFilter{WebSDRIDs: []int64{1, 2}, After: after}},
		{"measurements_by_time", heimdall.MeasurementFilter{FrequencyMinHz: 1, FrequencyMaxHz: 2, After: after}},
		{"measurements_by_time", heimdall.MeasurementFilter{AlgorithmVersionNot: "1", From: time.Unix(1, 0), After: after}},
		{"measurements_by_websdr", heimdall.MeasurementFilter{WebSDRIDs: []int64{1}}},
		{"measurements_by_websdr", heimdall.MeasurementFilter{WebSDRIDs: []int64{1}, After: after}},
		{"measurements_by_websdr", heimdall.MeasurementFilter{WebSDRIDs: []int64{1}, FrequencyMinHz: 1, FrequencyMaxHz: 2, From: time.Unix(1, 0)}},
		{"measurements_by_frequency", heimdall.MeasurementFilter{FrequencyMinHz: 7, FrequencyMaxHz: 7}},
		{"measurements_by_frequency", heimdall.MeasurementFilter{FrequencyMinHz: 7, FrequencyMaxHz: 7, After: after, From: time.Unix(1, 0)}},
	} {
		plan := sqlite.MeasurementsPlan(t, s, q.filter)
		if !strings.Contains(plan, q.index+" ") && !strings.HasSuffix(plan, q.index) || strings.Contains(plan, "ORDER BY") {
			t.Errorf("%+v does not come in order from %s: %s", q.filter, q.index, plan)
		}
	}
	if plan := sqlite.MeasurementsPlan(t, s, heimdall.MeasurementFilter{TaskID: "one"}); !strings.Contains(plan, "task_id=?") {
		t.Errorf("one acquisition's measurements are not looked up: %s", plan)
	}
	if plan := sqlite.ClaimPlan(t, s); !strings.Contains(plan, "acquisitions_pending") || strings.Contains(plan, "ORDER BY") {
		t.Errorf("the queue is not read from its index: %s", plan)
	}
}

func TestWhatRetentionAsksIsFoundByIndex(t *testing.T) {
	t.Parallel()
	plans := sqlite.RetentionPlans(t, open(t, filepath.Join(t.TempDir(), "heimdall.db")))
	for what, index := range map[string]string{
		"recorded": "COVERING INDEX captures_by_bytes", "expired": "INDEX acquisitions_by_end", "deletions": "INDEX deletions_by_time",
	} {
		if !strings.Contains(plans[what], index) || strings.Contains(plans[what], "ORDER BY") || strings.Contains(plans[what], "SCAN a") || strings.Contains(plans[what], "SCAN m") {
			t.Errorf("%s does not come from %s: %s", what, index, plans[what])
		}
	}
}
