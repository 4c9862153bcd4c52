package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// statisticsCmd answers questions about many measurements.
type statisticsCmd struct {
	SNR       statisticsSNRCmd       `cmd:"" name:"snr" help:"Say how the SNR went, by WebSDR."`
	Drift     statisticsDriftCmd     `cmd:"" help:"Say how the frequencies of carriers went, by WebSDR and frequency."`
	WebSDRs   statisticsWebSDRsCmd   `cmd:"" name:"websdrs" help:"Say how captures fared, by WebSDR."`
	Coverage  statisticsCoverageCmd  `cmd:"" help:"Say how much of the time was recorded, by WebSDR."`
	Noise     statisticsNoiseCmd     `cmd:"" help:"Say how the noise went, by WebSDR."`
	Clocks    statisticsClocksCmd    `cmd:"" help:"Say what carriers tell of the clocks of WebSDRs."`
	Occupancy statisticsOccupancyCmd `cmd:"" help:"Say how often something was heard on each frequency measured."`
}

// A questionFlags is what all of them are about, and how they answer.
type questionFlags struct {
	Since           time.Duration `placeholder:"DURATION" help:"Of the last so long, for example 24h; 7 days unless you say."`
	From            time.Time     `placeholder:"RFC3339" help:"At or after this time."`
	To              time.Time     `placeholder:"RFC3339" help:"Before this time; the end of this hour unless you say."`
	WebSDR          []int64       `name:"websdr" short:"w" placeholder:"ID,..." help:"Only these WebSDRs."`
	FrequencyMinMHz float64       `name:"frequency-min-mhz" placeholder:"N" help:"At or above this frequency."`
	FrequencyMaxMHz float64       `name:"frequency-max-mhz" placeholder:"N" help:"At or below this frequency."`
	Label           string        `placeholder:"TEXT" help:"Only acquisitions of exactly this label."`
	tableFlags
}

func (q *questionFlags) filter() heimdall.AnalyticsFilter {
	f := heimdall.AnalyticsFilter{
		From: q.From, To: q.To, WebSDRIDs: q.WebSDR, Label: q.Label,
		FrequencyMinHz: int64(math.Round(q.FrequencyMinMHz * 1e6)), FrequencyMaxHz: int64(math.Round(q.FrequencyMaxMHz * 1e6)),
	}
	if q.Since > 0 {
		f.From = time.Now().Add(-q.Since)
	}
	return f
}

// A stepFlags is the width of the steps of those that go by steps.
type stepFlags struct {
	Bucket string `enum:"auto,1h,1d" default:"auto" help:"Width of the steps: 1h, 1d, or auto, which is 1h of up to 14 days."`
}

func (s stepFlags) bucket() heimdall.Bucket { return wire.Buckets[s.Bucket] }

// answer asks one question, and prints the answer the way that the flags say; show prints it as a table.
func answer[T any](a *app, q *questionFlags, name string, b heimdall.Bucket,
	ask func(context.Context, *client.Client) (T, error), show func(T, map[int64]string) error) error {
	if err := q.check(a); err != nil {
		return err
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		if format := q.format(); format != "" {
			body, err := cl.StatisticsAs(ctx, name, format, q.filter(), b)
			if err != nil {
				return err
			}
			return q.write(a.stdout, body)
		}
		said, err := ask(ctx, cl)
		if err != nil {
			return err
		}
		if q.JSON {
			return printJSON(a.stdout, said)
		}
		names, err := websdrNames(ctx, cl)
		if err != nil {
			return err
		}
		return show(said, names)
	})
}

type statisticsSNRCmd struct {
	questionFlags
	stepFlags
}

func (c *statisticsSNRCmd) Run(a *app) error {
	ask := func(ctx context.Context, cl *client.Client) (wire.SNRStatistics, error) {
		return cl.SNRStatistics(ctx, c.filter(), c.bucket())
	}
	return answer(a, &c.questionFlags, "snr", c.bucket(), ask, func(s wire.SNRStatistics, names map[int64]string) error {
		t := newTable(a.stdout, "WEBSDR", "MEASUREMENTS", "DETECTED %", "SNR dB", "MIN", "MAX", "OVER TIME")
		groups := map[int64][]wire.SNRPoint{}
		for _, p := range s.Points {
			groups[p.WebSDRID] = append(groups[p.WebSDRID], p)
		}
		for _, id := range slices.Sorted(maps.Keys(groups)) {
			line := newCurve(s.Basis, s.Bucket)
			var measurements, detected, count int64
			var sum float64
			var low, high *float64
			for _, p := range groups[id] {
				measurements, detected, count = measurements+p.Measurements, detected+p.Detected, count+p.SNRCount
				if p.SNRMeanDB == nil {
					continue
				}
				sum += *p.SNRMeanDB * float64(p.SNRCount)
				low, high = extreme(low, p.SNRMinDB, -1), extreme(high, p.SNRMaxDB, 1)
				line.add(p.Start, *p.SNRMeanDB, float64(p.SNRCount))
			}
			t.row(named(id, names), strconv.FormatInt(measurements, 10), percent(heimdall.Share(detected, measurements)),
				number(mean(sum, count), 1), number(low, 1), number(high, 1), line.draw())
		}
		return t.end()
	})
}

type statisticsDriftCmd struct {
	questionFlags
	stepFlags
}

func (c *statisticsDriftCmd) Run(a *app) error {
	ask := func(ctx context.Context, cl *client.Client) (wire.DriftStatistics, error) {
		return cl.DriftStatistics(ctx, c.filter(), c.bucket())
	}
	return answer(a, &c.questionFlags, "frequency-drift", c.bucket(), ask, func(s wire.DriftStatistics, names map[int64]string) error {
		t := newTable(a.stdout, "WEBSDR", "MHz", "CARRIERS", "OFFSET Hz", "STD", "MIN", "MAX", "DRIFT Hz/day", "OVER TIME")
		for _, series := range s.Series {
			line := newCurve(s.Basis, s.Bucket)
			for _, p := range series.Points {
				if p.OffsetMeanHz != nil {
					line.add(p.Start, *p.OffsetMeanHz, float64(p.OffsetCount))
				}
			}
			t.row(named(series.WebSDRID, names), fmt.Sprintf("%g", series.FrequencyMHz), strconv.FormatInt(series.OffsetCount, 10),
				number(series.OffsetMeanHz, 3), number(series.OffsetStdHz, 3), number(series.OffsetMinHz, 2), number(series.OffsetMaxHz, 2),
				plusMinus(series.SlopeHzPerDay, series.SlopeSigmaHzPerDay, 3), line.draw())
		}
		return t.end()
	})
}

type statisticsWebSDRsCmd struct{ questionFlags }

func (c *statisticsWebSDRsCmd) Run(a *app) error {
	ask := func(ctx context.Context, cl *client.Client) (wire.WebSDRStatistics, error) {
		return cl.WebSDRStatistics(ctx, c.filter())
	}
	return answer(a, &c.questionFlags, "websdrs", "", ask, func(s wire.WebSDRStatistics, names map[int64]string) error {
		t := newTable(a.stdout, "WEBSDR", "CAPTURES", "SUCCESS %", "FAILED", "MOSTLY", "DETECTED %", "SNR dB", "STD", "RECORDED", "LAST SUCCESS")
		for _, w := range s.WebSDRs {
			last := "-"
			if w.LastSuccessAt != nil {
				last = shortStamp(*w.LastSuccessAt)
			}
			t.row(named(w.WebSDRID, names), strconv.FormatInt(w.Captures, 10), percent(w.SuccessShare), strconv.FormatInt(w.Failed, 10), mostly(w.Failures),
				percent(w.DetectedShare), number(w.SNRMeanDB, 1), number(w.SNRStdDB, 1), recorded(w.RecordedS), last)
		}
		return t.end()
	})
}

type statisticsCoverageCmd struct{ questionFlags }

func (c *statisticsCoverageCmd) Run(a *app) error {
	ask := func(ctx context.Context, cl *client.Client) (wire.CoverageStatistics, error) {
		return cl.CoverageStatistics(ctx, c.filter())
	}
	return answer(a, &c.questionFlags, "coverage", "", ask, func(s wire.CoverageStatistics, names map[int64]string) error {
		t := newTable(a.stdout, "WEBSDR", "CAPTURES", "SUCCESS %", "RECORDED", "OF THE TIME %", "DAY BY DAY")
		groups := map[int64][]wire.CoverageDay{}
		for _, d := range s.Days {
			groups[d.WebSDRID] = append(groups[d.WebSDRID], d)
		}
		for _, id := range slices.Sorted(maps.Keys(groups)) {
			line := newCurve(s.Basis, "1d")
			line.low, line.high = new(0.0), new(1.0)
			var captures, successes, cancelled int64
			var seconds float64
			for _, d := range groups[id] {
				captures, successes, cancelled, seconds = captures+d.Captures, successes+d.Successes, cancelled+d.Cancelled, seconds+d.RecordedS
				if d.TimeShare != nil {
					line.add(d.Start, *d.TimeShare, 1)
				}
			}
			t.row(named(id, names), strconv.FormatInt(captures, 10), percent(heimdall.Share(successes, captures-cancelled)), recorded(seconds),
				percent(new(seconds/s.To.Sub(s.From).Seconds())), line.draw())
		}
		return t.end()
	})
}

type statisticsOccupancyCmd struct {
	questionFlags
	stepFlags
}

func (c *statisticsOccupancyCmd) Run(a *app) error {
	ask := func(ctx context.Context, cl *client.Client) (wire.OccupancyStatistics, error) {
		return cl.OccupancyStatistics(ctx, c.filter(), c.bucket())
	}
	return answer(a, &c.questionFlags, "spectrum-occupancy", c.bucket(), ask, func(s wire.OccupancyStatistics, _ map[int64]string) error {
		t := newTable(a.stdout, "MHz", "MEASUREMENTS", "DETECTED", "OCCUPIED %", "95 % FROM", "TO", "OVER TIME")
		for _, channel := range s.Channels {
			line := newCurve(s.Basis, s.Bucket)
			line.low, line.high = new(0.0), new(1.0)
			for _, p := range channel.Points {
				if p.OccupiedShare != nil {
					line.add(p.Start, *p.OccupiedShare, float64(p.Measurements))
				}
			}
			t.row(fmt.Sprintf("%g", channel.FrequencyMHz), strconv.FormatInt(channel.Measurements, 10), strconv.FormatInt(channel.Detected, 10),
				percent(channel.OccupiedShare), percent(channel.OccupiedLow), percent(channel.OccupiedHigh), line.draw())
		}
		return t.end()
	})
}

// named is a WebSDR as people know it.
func named(id int64, names map[int64]string) string {
	if name := names[id]; name != "" {
		return fmt.Sprintf("%d %s", id, name)
	}
	return strconv.FormatInt(id, 10)
}

func percent(share *float64) string {
	if share == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100**share)
}

// recorded shows seconds of IQ, in hours when they are many.
func recorded(seconds float64) string {
	if seconds >= 3600 {
		return fmt.Sprintf("%.1f h", seconds/3600)
	}
	return fmt.Sprintf("%.0f s", seconds)
}

// mostly is the class of most failures.
func mostly(failures map[string]int64) string {
	if len(failures) == 0 {
		return "-"
	}
	classes := slices.Sorted(maps.Keys(failures))
	return slices.MaxFunc(classes, func(a, b string) int { return cmp.Compare(failures[a], failures[b]) })
}

func mean(sum float64, count int64) *float64 {
	if count == 0 {
		return nil
	}
	return new(sum / float64(count))
}

// extreme is the greater of a and b, or with sign -1 the lesser; nil is neither.
func extreme(a, b *float64, sign float64) *float64 {
	if a == nil || b != nil && sign**b > sign**a {
		return b
	}
	return a
}
