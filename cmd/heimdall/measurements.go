package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// A measurementFilter is how commands choose measurements.
type measurementFilter struct {
	TaskID          string        `placeholder:"ID" help:"Only those of this acquisition."`
	WebSDR          []int64       `name:"websdr" short:"w" placeholder:"ID,..." help:"Only those of these WebSDRs."`
	Since           time.Duration `placeholder:"DURATION" help:"Only those of the last so long, for example 24h."`
	From            time.Time     `placeholder:"RFC3339" help:"Only those at or after this time."`
	To              time.Time     `placeholder:"RFC3339" help:"Only those before this time."`
	FrequencyMinMHz float64       `name:"frequency-min-mhz" placeholder:"N" help:"Only those at or above this frequency."`
	FrequencyMaxMHz float64       `name:"frequency-max-mhz" placeholder:"N" help:"Only those at or below this frequency."`
	SNRMinDB        *float64      `name:"snr-min-db" placeholder:"N" help:"Only those with at least this SNR."`
	SNRMaxDB        *float64      `name:"snr-max-db" placeholder:"N" help:"Only those with at most this SNR."`
	Detected        bool          `help:"Only those with a signal." xor:"detected"`
	Undetected      bool          `help:"Only those without a signal." xor:"detected"`
	Method          []string      `placeholder:"METHOD,..." enum:"carrier,centroid" help:"Only those whose frequency offset was found by one of these: carrier, centroid."`
	Flag            []string      `placeholder:"FLAG,..." help:"Only those that have all these flags."`
	FlagNot         []string      `placeholder:"FLAG,..." help:"Only those that have none of these flags."`
	Near            []float64     `placeholder:"LAT,LON,KM" help:"Only those of WebSDRs at most so many km from this point."`
	Text            string        `placeholder:"TEXT" help:"Only those with this in the label, or in the name or location of the WebSDR."`
	Schedule        []int64       `placeholder:"ID,..." help:"Only what these schedules asked for."`
}

func (c *measurementFilter) filter() (heimdall.MeasurementFilter, error) {
	f := heimdall.MeasurementFilter{
		TaskID: c.TaskID, WebSDRIDs: c.WebSDR, From: c.From, To: c.To,
		FrequencyMinHz: int64(math.Round(c.FrequencyMinMHz * 1e6)), FrequencyMaxHz: int64(math.Round(c.FrequencyMaxMHz * 1e6)),
		SNRMinDB: c.SNRMinDB, SNRMaxDB: c.SNRMaxDB, DetectedOnly: c.Detected, UndetectedOnly: c.Undetected,
		FrequencyMethods: c.Method, Flags: c.Flag, FlagsNot: c.FlagNot, Text: c.Text, ScheduleIDs: c.Schedule,
	}
	switch len(c.Near) {
	case 0:
	case 3:
		f.Near = &heimdall.Near{LatitudeDeg: c.Near[0], LongitudeDeg: c.Near[1], RadiusKm: c.Near[2]}
	default:
		var bad heimdall.InvalidError
		bad.Add("--near", "must be a latitude, a longitude and kilometres, such as 45.07,7.68,50")
		return f, bad.Err()
	}
	if c.TaskID != "" {
		f.TaskID = heimdall.TaskIDOf(c.TaskID) // imported acquisitions are found by their old names, too
	}
	if c.Since > 0 {
		f.From = time.Now().Add(-c.Since)
	}
	return f, nil
}

// measurementsCmd prints measurements.
type measurementsCmd struct {
	measurementFilter
	Limit *int `short:"n" placeholder:"N" help:"At most so many; 0 means all. Unless you say it is 50, or all with --out."`
	tableFlags
}

func (c *measurementsCmd) Run(a *app) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	switch {
	case c.Limit != nil:
		f.Limit = *c.Limit
	case c.Out == "":
		f.Limit = 50
	}
	if err := c.check(a); err != nil {
		return err
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		switch {
		case c.format() != "":
			body, err := cl.MeasurementsAs(ctx, c.format(), f)
			if err != nil {
				return err
			}
			return c.write(a.stdout, body)
		case c.JSON:
			list, err := measurements(ctx, cl, f)
			if err != nil {
				return err
			}
			return printJSON(a.stdout, list)
		}
		return printMeasurements(ctx, a, cl, f)
	})
}

// measurements collects every measurement chosen.
func measurements(ctx context.Context, cl *client.Client, f heimdall.MeasurementFilter) ([]wire.Measurement, error) {
	list := []wire.Measurement{}
	for m, err := range cl.EachMeasurement(ctx, f) {
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

func printMeasurements(ctx context.Context, a *app, cl *client.Client, f heimdall.MeasurementFilter) error {
	t := newTable(a.stdout, "TIME", "WEBSDR", "MHz", "SNR dB", "OFFSET Hz", "METHOD", "NOISE dBFS/Hz", "POWER dBm", "FLAGS")
	for m, err := range cl.EachMeasurement(ctx, f) {
		if err != nil {
			return err
		}
		t.row(stamp(m.TimestampUTC), strconv.FormatInt(m.WebSDRID, 10), fmt.Sprintf("%g", m.FrequencyMHz), snr(&m),
			plusMinus(m.FrequencyOffsetHz, m.FrequencySigmaHz, 2), text(m.FrequencyMethod), number(m.NoiseDBFSHz, 1), number(m.PowerDBM, 1),
			strings.Join(m.Flags, ", "))
	}
	return t.end()
}
