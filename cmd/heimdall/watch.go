package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// watchCmd shows what happens while it happens.
type watchCmd struct {
	TaskID string `arg:"" optional:"" help:"The acquisition to watch until it has ended; without it all of them, until you interrupt."`
	JSON   bool   `help:"Print a line of JSON for each event, or of one acquisition for each change."`
}

func (c *watchCmd) Run(a *app) error {
	return a.connectRunning(func(ctx context.Context, cl *client.Client) error {
		if c.TaskID != "" {
			return a.watchOne(ctx, cl, c.TaskID, c.JSON)
		}
		return a.watchAll(ctx, cl, c.JSON)
	})
}

// watchOne shows one acquisition receiver by receiver. Its outcome is the exit code.
func (a *app) watchOne(ctx context.Context, cl *client.Client, taskID string, asJSON bool) error {
	names, err := websdrNames(ctx, cl)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(a.stdout)
	var show display
	var last heimdall.State
	for acq, err := range cl.Watch(ctx, taskID) {
		if err != nil {
			if show != nil {
				show.end()
			}
			return err
		}
		switch last = acq.State; {
		case asJSON:
			err = lines.Encode(acq)
		case show == nil:
			show = a.displayOn(a.stdout, acq, names)
			fallthrough
		default:
			show.update(acq)
		}
		if err != nil {
			return err
		}
	}
	if show != nil {
		show.end()
		fmt.Fprintf(a.stdout, "acquisition %s: %s\n", taskID, last)
	}
	return stateOutcome(last)
}

// watchAll shows everything, from now on.
func (a *app) watchAll(ctx context.Context, cl *client.Client, asJSON bool) error {
	names, err := websdrNames(ctx, cl)
	if err != nil {
		return err
	}
	terminal := isTerminal(a.stdout) && !asJSON
	lines, screen := json.NewEncoder(a.stdout), &screen{w: a.stdout}
	for news, err := range cl.Listen(ctx, client.ListenOptions{Progress: terminal}) {
		switch {
		case err != nil && ctx.Err() != nil:
			return nil // an interrupt is how it ends
		case err != nil:
			return err
		case news.Reset:
			fmt.Fprintln(a.stderr, "heimdall: the server keeps no events from so long ago: some were missed")
		case news.Progress != nil:
			screen.draw(news.Progress.Acquisitions)
		case asJSON:
			err = lines.Encode(news.Event)
		default:
			screen.print(eventLine(news.Event, names))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eventLine is an event in words.
func eventLine(e *wire.Event, names map[int64]string) string {
	parts := []string{stamp(e.At), string(e.Kind), e.TaskID}
	if e.WebSDRID != nil {
		parts = append(parts, fmt.Sprintf("%d %s:", *e.WebSDRID, names[*e.WebSDRID]))
	}
	if e.State != "" {
		parts = append(parts, string(e.State))
	}
	if e.SNRdB != nil {
		parts = append(parts, fmt.Sprintf("SNR %.1f dB", *e.SNRdB))
	}
	if e.Kind == heimdall.CaptureEnded {
		parts = append(parts, fmt.Sprintf("%.1f s, %d kB", e.ElapsedSeconds, e.BytesReceived/1000))
		if e.Attempts > 1 {
			parts = append(parts, fmt.Sprintf("%d attempts", e.Attempts))
		}
	}
	if e.Label != "" {
		parts = append(parts, fmt.Sprintf("%q", e.Label))
	}
	if e.Reason != "" {
		parts = append(parts, "("+oneLine(e.Reason)+")")
	}
	return strings.Join(parts, " ")
}

// oneLine is what a receiver sent, fit for a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

const barWidth = 30

// liveLine is how far an acquisition is.
func liveLine(q wire.Acquisition) string {
	done := int(q.Progress * barWidth)
	line := fmt.Sprintf("%s %-9s [%s%s] %3.0f %% %d/%d at %g MHz", q.TaskID, q.State, strings.Repeat("=", done), strings.Repeat(" ", barWidth-done),
		q.Progress*100, q.CapturesEnded, q.CapturesTotal, q.FrequencyMHz)
	if q.StartTime != nil && q.State == heimdall.Pending {
		line += " from " + q.StartTime.UTC().Format(time.RFC3339)
	}
	if q.Label != "" {
		line += fmt.Sprintf(" %q", q.Label)
	}
	return line
}
