package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

type websdrStatusCmd struct {
	ID    int64     `arg:"" optional:"" help:"The websdr_id; without it all are listed."`
	Since time.Time `placeholder:"TIME" help:"Show the history from this time on (RFC 3339)."`
	Limit int       `default:"20" help:"Most lines of the history (${default})."`
	JSON  bool      `help:"Print JSON."`
}

func (c *websdrStatusCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		if c.ID == 0 {
			list, err := cl.WebSDRs(ctx, false)
			if err != nil {
				return err
			}
			if c.JSON {
				return printJSON(a.stdout, list)
			}
			return a.printHealth(list)
		}
		s, err := cl.WebSDRStatus(ctx, c.ID, c.Since, time.Time{}, c.Limit, "")
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, s)
		}
		return a.printStatus(s)
	})
}

// printHealth lists how WebSDRs are.
func (a *app) printHealth(list []wire.ListedWebSDR) error {
	t := newTable(a.stdout, "ID", "WEBSDR", "KIND", "STATE", "BREAKER", "UPTIME 24h %", "LATENCY ms", "USERS", "LAST SUCCESS", "REASON")
	for _, w := range list {
		h := w.Health
		state := string(h.State)
		if !w.IsActive {
			state = "inactive"
		}
		t.row(strconv.FormatInt(w.WebSDRID, 10), w.Name, w.Kind, state, string(h.Breaker), number(h.Uptime24hPercent, 1), number(h.LatencyMS, 1),
			users(h.Users, h.UsersMax), ago(h.LastOKAt), h.Reason)
	}
	return t.end()
}

func users(now, most *int) string {
	text := func(n *int) string {
		if n == nil {
			return "?"
		}
		return strconv.Itoa(*n)
	}
	if now == nil && most == nil {
		return "-"
	}
	return text(now) + "/" + text(most)
}

// ago shows how long ago a time was.
func ago(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return max(0, time.Since(*t)).Round(time.Second).String() + " ago"
}

// printStatus shows one WebSDR with its history.
func (a *app) printStatus(s wire.WebSDRStatus) error {
	h := s.Health
	fmt.Fprintf(a.stdout, "WebSDR %d, %s: %s, breaker %s\n", s.WebSDRID, s.Name, h.State, h.Breaker)
	if h.Reason != "" {
		fmt.Fprintf(a.stdout, "  %s\n", h.Reason)
	}
	t := newTable(a.stdout, "OVER", "UPTIME %", "KNOWN %", "ATTEMPTS", "SUCCEEDED %")
	for _, u := range s.Uptimes {
		t.row(fmt.Sprintf("%g d", u.Hours/24), number(u.UptimePercent, 2), fmt.Sprintf("%.1f", u.KnownPercent), strconv.FormatInt(u.Attempts, 10), number(u.AvailablePercent, 1))
	}
	if err := t.end(); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(s.Details)) {
		fmt.Fprintf(a.stdout, "  %s: %s\n", key, s.Details[key])
	}
	t = newTable(a.stdout, "AT", "SOURCE", "STATE", "LATENCY ms", "USERS", "FIXES/min", "CLASS", "REASON")
	for _, o := range s.Observations {
		t.row(o.At.Format(time.RFC3339), string(o.Source), string(o.State), number(o.LatencyMS, 1), users(o.Users, o.UsersMax),
			count(o.GPSFixesPerMin), string(o.FailureClass), o.Reason)
	}
	return t.end()
}

func count(n *int) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(*n)
}

type websdrProbeCmd struct {
	ID   int64 `arg:"" optional:"" help:"The websdr_id."`
	All  bool  `help:"All active ones, one after the other."`
	JSON bool  `help:"Print JSON."`
}

// Run ends with the exit code of failure when one of them is not up.
func (c *websdrProbeCmd) Run(a *app) error {
	if (c.ID == 0) != c.All {
		return &outcome{code: exitUsage, text: "name one WebSDR by its id, or all with --all"}
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		ids := []int64{c.ID}
		if c.All {
			list, err := cl.WebSDRs(ctx, true)
			if err != nil {
				return err
			}
			ids = ids[:0]
			for _, w := range list {
				ids = append(ids, w.WebSDRID)
			}
		}
		results, err := probeEach(ctx, cl, ids)
		if err != nil && !c.All {
			return err
		}
		if c.JSON {
			err = errors.Join(printJSON(a.stdout, results), err)
		} else {
			err = errors.Join(a.printProbes(results), err)
		}
		if err != nil {
			return err
		}
		return probeOutcome(results)
	})
}

// probeEach goes on where one cannot be asked.
func probeEach(ctx context.Context, cl *client.Client, ids []int64) (results []wire.ProbeResult, err error) {
	results = []wire.ProbeResult{}
	for _, id := range ids {
		r, e := cl.ProbeWebSDR(ctx, id)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		results = append(results, r)
	}
	return results, err
}

func (a *app) printProbes(results []wire.ProbeResult) error {
	t := newTable(a.stdout, "ID", "STATE", "BREAKER", "LATENCY ms", "USERS", "FIXES/min", "VERSION", "SAYS")
	for _, r := range results {
		o, says := r.Observation, r.Observation.Reason
		if says == "" {
			says = strings.Join(slices.DeleteFunc([]string{r.Details["name"], r.Details["location_name"], r.Details["antenna"]},
				func(s string) bool { return s == "" }), ", ")
		}
		t.row(strconv.FormatInt(r.WebSDRID, 10), string(o.State), string(r.Health.Breaker), number(o.LatencyMS, 1), users(o.Users, o.UsersMax),
			count(o.GPSFixesPerMin), o.Version, says)
	}
	return t.end()
}

func probeOutcome(results []wire.ProbeResult) error {
	for _, r := range results {
		if r.Observation.State != heimdall.Up {
			return &outcome{code: exitFailed}
		}
	}
	return nil
}

type websdrCloseCmd struct {
	ID   int64 `arg:"" help:"The websdr_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *websdrCloseCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		h, err := cl.CloseBreaker(ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, h)
		}
		fmt.Fprintf(a.stdout, "WebSDR %d: breaker %s, acquisitions contact it again\n", c.ID, h.Breaker)
		return nil
	})
}
