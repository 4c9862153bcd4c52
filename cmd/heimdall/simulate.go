package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// simulateCmd serves simulated receivers until it is interrupted.
type simulateCmd struct {
	Scenario string   `placeholder:"FILE" help:"Serve a scenario: a JSON file, or north-west-italy, which is built in."`
	Kiwi     []string `placeholder:"ADDR=FILE" sep:"none" help:"Serve a Kiwi WAV as a KiwiSDR, for example 127.0.0.1:8073=dcf77.wav."`
	RTLTCP   []string `name:"rtl-tcp" placeholder:"ADDR=FILE" sep:"none" help:"Serve a recording as an rtl_tcp."`
	HTTPIQ   []string `name:"http-iq" placeholder:"ADDR=FILE" sep:"none" help:"Serve a recording as GET /iq."`
	Fault    []string `placeholder:"ADDR=KIND" sep:"none" help:"Let that receiver go wrong: busy, down, bad_password, ip_limit, html, empty, no_stamps, masked ... (a scenario file can say more)."`

	Format       string  `placeholder:"DATATYPE" help:"Of raw recordings: ci16_le, cu8, ..."`
	SampleRateHz float64 `placeholder:"N" help:"Of recordings that do not say."`
	Speed        float64 `default:"1" help:"Seconds of the simulation in one of ours (${default})."`
	Hold         bool    `help:"Keep connections open after a recording's end, as a silent receiver would."`
	WebSDRs      string  `name:"websdrs" placeholder:"FILE" help:"Write the receivers to this file, for heimdall websdr import."`
	JSON         bool    `help:"Print JSON: the receivers."`
}

func (c *simulateCmd) Run(a *app) error {
	servers, err := c.start(a.ctx)
	defer func() {
		for _, s := range servers {
			if err := s.Close(); err != nil {
				fmt.Fprintln(a.stderr, "heimdall: close receiver:", err)
			}
		}
	}()
	if err != nil {
		return err
	}
	var rows []wire.WebSDRInput
	for _, s := range servers {
		rows = append(rows, wire.WebSDROf(s.WebSDR()).Input())
	}
	if c.WebSDRs != "" {
		if err := writeWebSDRs(c.WebSDRs, rows); err != nil {
			return err
		}
	}
	if c.JSON {
		err = printJSON(a.stdout, rows)
	} else {
		t := newTable(a.stdout, "NAME", "KIND", "URL", "LATITUDE", "LONGITUDE")
		for _, w := range rows {
			t.row(w.Name, w.Kind, w.URL, fmt.Sprintf("%.4f", w.Latitude), fmt.Sprintf("%.4f", w.Longitude))
		}
		err = t.end()
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(a.stderr, "serving; interrupt to stop")
	<-a.ctx.Done()
	return nil
}

func writeWebSDRs(path string, rows []wire.WebSDRInput) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = printJSON(f, rows)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// start opens every server asked for. Those it returns are open, also when it fails.
func (c *simulateCmd) start(ctx context.Context) (servers []*simnet.Server, err error) {
	faults, err := c.faults()
	if err != nil {
		return nil, err
	}
	if c.Scenario != "" {
		s, err := loadScenario(c.Scenario)
		if err != nil {
			return nil, err
		}
		if c.Speed != 1 {
			s.Speed = c.Speed
		}
		network, err := simnet.Start(ctx, s)
		if err != nil {
			return nil, err
		}
		servers = network.Servers()
	}
	for _, group := range []struct {
		kind  string
		pairs []string
	}{{"kiwisdr", c.Kiwi}, {"rtl_tcp", c.RTLTCP}, {"http_iq", c.HTTPIQ}} {
		for _, pair := range group.pairs {
			address, file, ok := strings.Cut(pair, "=")
			if !ok {
				return servers, invalid(group.kind, fmt.Errorf("must be ADDR=FILE, such as 127.0.0.1:8073=capture.wav, not %q", pair))
			}
			s, err := c.serve(ctx, group.kind, address, file, faults[address])
			if err != nil {
				return servers, err
			}
			servers = append(servers, s)
		}
	}
	if len(servers) == 0 {
		return nil, invalid("simulate", errors.New("must be told what to serve: --scenario, --kiwi, --rtl-tcp or --http-iq"))
	}
	return servers, nil
}

func (c *simulateCmd) serve(ctx context.Context, kind, address, file string, faults []simnet.Fault) (*simnet.Server, error) {
	raw := iqfile.Options{SampleRateHz: c.SampleRateHz}
	if c.Format != "" {
		var err error
		if raw.Format, err = iq.ParseFormat(c.Format); err != nil {
			return nil, invalid("format", err)
		}
	}
	r := simnet.Receiver{Name: kind + " " + address, Kind: kind, Listen: address, Recording: file, Faults: faults}
	return simnet.ServeRecording(ctx, r, raw, simnet.Options{Speed: c.Speed, Hold: c.Hold})
}

// faults are those of --fault, by address.
func (c *simulateCmd) faults() (map[string][]simnet.Fault, error) {
	byAddress := map[string][]simnet.Fault{}
	for _, pair := range c.Fault {
		address, kind, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, invalid("fault", fmt.Errorf("must be ADDR=KIND, such as 127.0.0.1:8073=busy, not %q", pair))
		}
		byAddress[address] = append(byAddress[address], simnet.Fault{Kind: simnet.FaultKind(kind)})
	}
	return byAddress, nil
}

func loadScenario(name string) (*simnet.Scenario, error) {
	if name == "north-west-italy" {
		return simnet.NorthWestItaly(), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := simnet.LoadScenario(f)
	if bad, ok := errors.AsType[*heimdall.InvalidError](err); ok {
		return nil, fmt.Errorf("scenario %s: %w", name, bad)
	}
	return s, err
}
