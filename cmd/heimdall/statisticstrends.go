package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

type statisticsNoiseCmd struct {
	questionFlags
	stepFlags
}

func (c *statisticsNoiseCmd) Run(a *app) error {
	ask := func(ctx context.Context, cl *client.Client) (wire.NoiseStatistics, error) {
		return cl.NoiseStatistics(ctx, c.filter(), c.bucket())
	}
	return answer(a, &c.questionFlags, "noise", c.bucket(), ask, func(s wire.NoiseStatistics, names map[int64]string) error {
		t := newTable(a.stdout, "WEBSDR", "MEASUREMENTS", "NOISE dBFS/Hz", "MIN", "MAX", "OVER TIME")
		groups := map[int64][]wire.NoisePoint{}
		for _, p := range s.Points {
			groups[p.WebSDRID] = append(groups[p.WebSDRID], p)
		}
		for _, id := range slices.Sorted(maps.Keys(groups)) {
			line := newCurve(s.Basis, s.Bucket)
			var measurements, count int64
			var sum float64
			var low, high *float64
			for _, p := range groups[id] {
				measurements, count = measurements+p.Measurements, count+p.NoiseCount
				if p.NoiseMeanDBFSHz == nil {
					continue
				}
				sum += *p.NoiseMeanDBFSHz * float64(p.NoiseCount)
				low, high = extreme(low, p.NoiseMinDBFSHz, -1), extreme(high, p.NoiseMaxDBFSHz, 1)
				line.add(p.Start, *p.NoiseMeanDBFSHz, float64(p.NoiseCount))
			}
			t.row(named(id, names), strconv.FormatInt(measurements, 10), number(mean(sum, count), 1), number(low, 1), number(high, 1), line.draw())
		}
		return t.end()
	})
}

type statisticsClocksCmd struct {
	questionFlags
	stepFlags
}

func (c *statisticsClocksCmd) Run(a *app) error {
	ask := func(ctx context.Context, cl *client.Client) (wire.ClockStatistics, error) {
		return cl.ClockStatistics(ctx, c.filter(), c.bucket())
	}
	return answer(a, &c.questionFlags, "clocks", c.bucket(), ask, func(s wire.ClockStatistics, names map[int64]string) error {
		t := newTable(a.stdout, "WEBSDR", "MHz", "CARRIERS", "OFFSET ppm", "SCATTER", "OTHERS", "THEIR MEDIAN", "OWN SHARE ppm", "DRIFT ppm/day")
		for _, k := range s.Clocks {
			t.row(named(k.WebSDRID, names), fmt.Sprintf("%g", k.FrequencyMHz), strconv.FormatInt(k.OffsetCount, 10),
				plusMinus(k.OffsetMeanPPM, k.OffsetSigmaPPM, 4), number(k.OffsetStdPPM, 4), strconv.FormatInt(k.Others, 10),
				number(k.OthersMedianPPM, 4), plusMinus(k.OwnPPM, k.OwnSigmaPPM, 4), plusMinus(k.SlopePPMPerDay, k.SlopeSigmaPPMPerDay, 4))
		}
		return t.end()
	})
}
