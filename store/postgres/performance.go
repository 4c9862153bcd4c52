package postgres

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	tallyFields = `websdr_id, label, state, failure_class, sum(captures::float8)::bigint, sum(attempts::float8)::bigint, sum(bytes)::bigint, max(last_at),
       sum(detected::float8)::bigint, sum(recorded_s), sum(centroid_count::float8)::bigint, ` + snrSums + ", " + offsetSums
	tallyGroup = `GROUP BY websdr_id, label, state, failure_class`
)

// A groupTally is the tally of one WebSDR and label.
type groupTally struct {
	websdrID int64
	label    string
	heimdall.Tally
}

func tallies(ctx context.Context, tx pgx.Tx, f heimdall.AnalyticsFilter, b heimdall.Basis) (list []groupTally, err error) {
	err = each(ctx, tx, f, b, question{heimdall.Daily, tallyFields, "", tallyGroup}, func(r row) error {
		var g groupTally
		dest := []any{&g.websdrID, &g.label, &g.State, &g.FailureClass, &g.Captures, &g.Attempts, &g.Bytes, micros{&g.Last},
			&g.Detected, &g.RecordedS, &g.Centroids}
		err := r.Scan(append(append(dest, sums(&g.SNR)...), sums(&g.Offset)...)...)
		list = append(list, g)
		return err
	})
	return list, err
}

// by collects tallies under a key of theirs, in order of it.
func by[K cmp.Ordered](list []groupTally, key func(groupTally) K) (keys []K, groups map[K][]heimdall.Tally) {
	groups = make(map[K][]heimdall.Tally)
	for _, g := range list {
		groups[key(g)] = append(groups[key(g)], g.Tally)
	}
	return slices.Sorted(maps.Keys(groups)), groups
}

// PerformanceReport returns how captures fared, by WebSDR and by label.
func (s *Store) PerformanceReport(ctx context.Context, f heimdall.AnalyticsFilter) (p heimdall.PerformanceReport, err error) {
	err = s.ask(ctx, "ask for performance report", f, heimdall.Daily, func(tx pgx.Tx, b heimdall.Basis) error {
		p = heimdall.PerformanceReport{Basis: b, WebSDRs: []heimdall.WebSDRPerformance{}, Labels: []heimdall.LabelPerformance{}}
		list, err := tallies(ctx, tx, f, b)
		ids, byID := by(list, func(g groupTally) int64 { return g.websdrID })
		for _, id := range ids {
			p.WebSDRs = append(p.WebSDRs, heimdall.WebSDRPerformance{WebSDRID: id, Performance: heimdall.NewPerformance(byID[id])})
		}
		labels, byLabel := by(list, func(g groupTally) string { return g.label })
		for _, label := range labels {
			p.Labels = append(p.Labels, heimdall.LabelPerformance{Label: label, Performance: heimdall.NewPerformance(byLabel[label])})
		}
		return err
	})
	return p, err
}

// Coverage returns how much of each day there are data of each WebSDR.
func (s *Store) Coverage(ctx context.Context, f heimdall.AnalyticsFilter) (c heimdall.Coverage, err error) {
	q := question{heimdall.Daily, step(heimdall.Daily) + `, websdr_id, sum(captures::float8)::bigint,
       COALESCE(sum(captures::float8) FILTER (WHERE state = 'success'), 0)::bigint,
       COALESCE(sum(captures::float8) FILTER (WHERE state = 'cancelled'), 0)::bigint, sum(recorded_s)`, "", "GROUP BY 1, 2 ORDER BY 1, 2"}
	err = s.ask(ctx, "ask for coverage", f, heimdall.Daily, func(tx pgx.Tx, b heimdall.Basis) error {
		c = heimdall.Coverage{Basis: b, Days: []heimdall.CoverageDay{}}
		return each(ctx, tx, f, b, q, func(r row) error {
			var d heimdall.CoverageDay
			err := r.Scan(micros{&d.Start}, &d.WebSDRID, &d.Captures, &d.Successes, &d.Cancelled, &d.RecordedS)
			c.Days = append(c.Days, heimdall.NewCoverageDay(b, d.Start, d.WebSDRID, d.Captures, d.Successes, d.Cancelled, d.RecordedS))
			return err
		})
	})
	return c, err
}
