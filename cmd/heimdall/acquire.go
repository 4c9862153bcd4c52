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

// acquireCmd asks for one acquisition and waits for its end.
type acquireCmd struct {
	FrequencyMHz float64       `arg:"" name:"frequency-mhz" help:"Radio frequency in MHz, for example 145.5."`
	Duration     time.Duration `short:"d" default:"10s" help:"Length of the common window (${default})."`
	WebSDR       []int64       `name:"websdr" short:"w" placeholder:"ID,..." help:"WebSDRs to record from; without it all active ones that can tune the frequency."`
	StartTime    *time.Time    `placeholder:"RFC3339" help:"Start of the common window; without it as soon as all are ready."`
	Label        string        `placeholder:"TEXT" help:"What you call it."`

	SampleRateKHz      *float64       `name:"sample-rate-khz" placeholder:"N" help:"Sample rate to ask of every receiver; without it each receiver's own."`
	ChannelCenterHz    *float64       `placeholder:"N" help:"Centre of the measured channel, relative to the frequency."`
	ChannelBandwidthHz *float64       `placeholder:"N" help:"Bandwidth of the measured channel; without it 0.8 of the sample rate, at most 12500."`
	JoinTimeout        *time.Duration `placeholder:"DURATION" help:"How long the receivers that are ready wait for the slowest; without it 20s."`
	Priority           int            `placeholder:"N" help:"From -9 to 9: the higher is begun first (0)."`
	Deadline           *time.Time     `placeholder:"RFC3339" help:"Not begun by then, it fails and nobody is contacted; without it waits for ever."`
	IdempotencyKey     string         `placeholder:"TEXT" help:"A repeat with the same key is the same acquisition."`

	Detach bool `help:"Do not wait: print the task id. Needs a running server."`
	JSON   bool `help:"Print JSON."`
}

func (c *acquireCmd) Run(a *app) error {
	if math.IsNaN(c.FrequencyMHz) || math.IsInf(c.FrequencyMHz, 0) {
		var bad heimdall.InvalidError
		bad.Add("frequency_mhz", "must be a number of megahertz, for example 145.5")
		return &bad
	}
	connect := func(f func(context.Context, *client.Client) error) error { return a.connect(true, f) }
	if c.Detach {
		connect = a.connectRunning
	}
	return connect(func(ctx context.Context, cl *client.Client) error {
		acq, _, err := cl.CreateAcquisition(ctx, c.request(), c.IdempotencyKey)
		if err != nil {
			return err
		}
		if c.Detach {
			if c.JSON {
				return printJSON(a.stdout, acq)
			}
			fmt.Fprintln(a.stdout, acq.TaskID)
			return nil
		}
		report, err := a.watch(ctx, cl, acq)
		if err != nil {
			return err
		}
		if c.JSON {
			err = printJSON(a.stdout, report)
		} else {
			err = report.print(a)
		}
		if err != nil {
			return err
		}
		return stateOutcome(report.Acquisition.State)
	})
}

func (c *acquireCmd) request() wire.AcquisitionRequest {
	r := wire.AcquisitionRequest{
		FrequencyMHz: c.FrequencyMHz, DurationSeconds: c.Duration.Seconds(), StartTime: c.StartTime, WebSDRs: c.WebSDR,
		SampleRateKHz: c.SampleRateKHz, ChannelCenterHz: c.ChannelCenterHz, ChannelBandwidthHz: c.ChannelBandwidthHz, Label: c.Label,
		Priority: c.Priority, Deadline: c.Deadline,
	}
	if c.JoinTimeout != nil {
		r.JoinTimeoutSeconds = new(c.JoinTimeout.Seconds())
	}
	return r
}

// A report is an acquisition with what it gave.
type report struct {
	Acquisition  wire.Acquisition   `json:"acquisition"`
	Measurements []wire.Measurement `json:"measurements"`

	names map[int64]string
}

// watch shows the acquisition's progress until it ends. An interrupt cancels it.
func (a *app) watch(ctx context.Context, cl *client.Client, acq wire.Acquisition) (*report, error) {
	names, err := websdrNames(ctx, cl)
	if err != nil {
		return nil, err
	}
	show := a.newDisplay(acq, names)
	for event, err := range cl.Watch(ctx, acq.TaskID) {
		if err != nil {
			show.end()
			if ctx.Err() != nil {
				a.cancel(cl, acq.TaskID)
			}
			return nil, err
		}
		acq = event
		show.update(acq)
	}
	show.end()
	return newReport(ctx, cl, acq, names)
}

// newReport gets what the acquisition gave.
func newReport(ctx context.Context, cl *client.Client, acq wire.Acquisition, names map[int64]string) (*report, error) {
	list, err := measurements(ctx, cl, heimdall.MeasurementFilter{TaskID: acq.TaskID})
	if err != nil {
		return nil, err
	}
	return &report{Acquisition: acq, Measurements: list, names: names}, nil
}

// cancel is what an interrupt does to the acquisition that was waited for.
func (a *app) cancel(cl *client.Client, taskID string) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(a.ctx), 3*time.Second)
	defer stop()
	if _, err := cl.CancelAcquisition(ctx, taskID); err != nil {
		fmt.Fprintln(a.stderr, "heimdall:", err)
		return
	}
	fmt.Fprintln(a.stderr, "heimdall: acquisition", taskID, "cancelled")
	for acq, err := range cl.Watch(ctx, taskID) {
		if err != nil || acq.State.Ended() {
			return
		}
	}
}

func websdrNames(ctx context.Context, cl *client.Client) (map[int64]string, error) {
	list, err := cl.WebSDRs(ctx, false)
	if err != nil {
		return nil, err
	}
	names := make(map[int64]string, len(list))
	for _, w := range list {
		names[w.WebSDRID] = w.Name
	}
	return names, nil
}

// print shows the report as tables: what was measured, then what failed.
func (r *report) print(a *app) error {
	acq := r.Acquisition
	fmt.Fprintf(a.stdout, "acquisition %s: %s, %g MHz for %g s", acq.TaskID, acq.State, acq.FrequencyMHz, acq.DurationSeconds)
	if acq.WindowStart != nil {
		fmt.Fprintf(a.stdout, " from %s", stamp(*acq.WindowStart))
	}
	fmt.Fprintln(a.stdout)
	byID := make(map[int64]*wire.Measurement, len(r.Measurements))
	for i := range r.Measurements {
		byID[r.Measurements[i].WebSDRID] = &r.Measurements[i]
	}
	t := newTable(a.stdout, "ID", "WEBSDR", "STATE", "SNR dB", "OFFSET Hz", "METHOD", "NOISE dBFS/Hz", "POWER dBm", "SAMPLES", "START SKEW", "TIME", "NOTE")
	for _, c := range acq.Captures {
		m := byID[c.WebSDRID]
		cells := []string{strconv.FormatInt(c.WebSDRID, 10), r.names[c.WebSDRID], string(c.State)}
		if m == nil || c.Recording == nil {
			cells = append(cells, "-", "-", "-", "-", "-", "-", "-", "-", c.Reason)
		} else {
			cells = append(cells, snr(m), plusMinus(m.FrequencyOffsetHz, m.FrequencySigmaHz, 2), text(m.FrequencyMethod), number(m.NoiseDBFSHz, 1),
				number(m.PowerDBM, 1), strconv.FormatInt(m.SamplesCount, 10), skew(c.Recording.StartSkewSeconds),
				string(c.Recording.TimeQuality), note(c, m))
		}
		t.row(cells...)
	}
	return t.end()
}

// note is what a reader must know besides the numbers.
func note(c wire.Capture, m *wire.Measurement) string {
	parts := append([]string(nil), m.Flags...)
	if c.Reason != "" {
		parts = append(parts, c.Reason)
	}
	return strings.Join(parts, ", ")
}
