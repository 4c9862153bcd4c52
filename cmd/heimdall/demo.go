package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// demoCmd shows what the program does, on a simulated network and in a folder of its own. What it stores in a
// PostgreSQL database stays there, so the recordings stay, too: then the data folder is the one of every command.
type demoCmd struct {
	Once     bool          `help:"End after the acquisition instead of leaving the server running."`
	Listen   string        `default:"127.0.0.1:8001" help:"Address to answer on (${default}); another if it is taken."`
	Folder   string        `type:"path" placeholder:"DIR" help:"Keep the data here; without it in a temporary folder that goes in the end, or with DATABASE_URL in the data folder."`
	Duration time.Duration `short:"d" default:"10s" help:"How long to record (${default})."`
	JSON     bool          `help:"Print JSON."`
}

const (
	demoFrequencyHz = 145_500_000
	demoBandwidthHz = 8000.0 // fits the narrowest receiver's filter, so that all measure the same channel
)

func (c *demoCmd) Run(a *app) error {
	objects, err := a.config.blobPlace()
	if err != nil {
		return err
	}
	if c.Folder == "" && (a.config.databasePlace().shared() || objects.shared()) { // rows and recordings stay together
		c.Folder = a.config.DataDir
	}
	if c.Folder == "" {
		dir, err := os.MkdirTemp("", "heimdall-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		c.Folder = dir
	}
	a.config.DataDir = c.Folder
	network, err := simnet.Start(a.ctx, simnet.NorthWestItaly())
	if err != nil {
		return err
	}
	defer network.Close()
	a.access.loopback = listensLocally(c.Listen) // it says which addresses to look at
	// Its own receivers are asked how they are, and nobody else.
	probes := ProbeConfig{ProbeInterval: 5 * time.Second, loopbackOnly: true}
	n, err := a.openNode(WorkerConfig{Acquisitions: 4, Lease: 15 * time.Second, Grace: time.Second, ProbeConfig: probes}, StoreConfig{}, a.logger(slog.LevelWarn))
	if err != nil {
		return err
	}
	defer n.close()
	n.probes = true
	if err := checkUnused(a.ctx, n.store, network.WebSDRs()); err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	err = a.runWhile(n, l, func(ctx context.Context, cl *client.Client) error {
		return c.show(ctx, a, cl, network, serverURL(l))
	})
	return errors.Join(err, disable(a.ctx, n.store, network.WebSDRs()))
}

// disable takes the simulated receivers out of use: they end with the demo, but where its data stays they are still
// listed.
func disable(ctx context.Context, db database, simulated []heimdall.WebSDR) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // also after an interrupt
	defer cancel()
	list, err := db.WebSDRs(ctx, heimdall.WebSDRFilter{ActiveOnly: true})
	for _, w := range list {
		if err == nil && slices.ContainsFunc(simulated, func(s heimdall.WebSDR) bool { return s.Name == w.Name && s.URL == w.URL }) {
			w.Active = false
			_, err = db.UpdateWebSDR(ctx, w)
		}
	}
	return err
}

// checkUnused refuses a database in which the demo would do harm: it replaces WebSDRs by name, and its worker takes
// whatever acquisition waits for one.
func checkUnused(ctx context.Context, db database, simulated []heimdall.WebSDR) error {
	live, err := db.Acquisitions(ctx, heimdall.AcquisitionFilter{States: []heimdall.State{heimdall.Pending, heimdall.Running}, Limit: 1})
	if err != nil {
		return err
	}
	if len(live) > 0 {
		return invalid("database", fmt.Errorf("has acquisitions that have not ended: give the demo a database that nobody works with"))
	}
	list, err := db.WebSDRs(ctx, heimdall.WebSDRFilter{})
	if err != nil {
		return err
	}
	for _, w := range list {
		at, err := url.Parse(w.URL)
		simulation := err == nil && isLoopback(at.Hostname())
		if !simulation && slices.ContainsFunc(simulated, func(s heimdall.WebSDR) bool { return s.Name == w.Name }) {
			return invalid("database", fmt.Errorf("has a WebSDR called %s at %s, which the demo would replace: give it a database of its own", w.Name, w.URL))
		}
	}
	return nil
}

// show registers the receivers, acquires, and prints what came of it.
func (c *demoCmd) show(ctx context.Context, a *app, cl *client.Client, network *simnet.Network, at string) error {
	say := func(format string, args ...any) {
		if !c.JSON {
			fmt.Fprintf(a.stdout, format+"\n", args...)
		}
	}
	var rows []wire.WebSDRInput
	for _, w := range network.WebSDRs() {
		rows = append(rows, wire.WebSDROf(w).Input())
	}
	if _, err := cl.ImportWebSDRs(ctx, rows, false); err != nil {
		return err
	}
	if err := addEmitters(ctx, cl, network.World().Emitters); err != nil {
		return err
	}
	say("%d simulated receivers in north-west Italy speak their real protocols on this machine:", len(rows))
	for _, e := range network.World().Emitters {
		say("  on the air: %s, %.4f MHz, %s", e.Name, e.FrequencyHz/1e6, e.Modulation)
	}
	say("Recording %g MHz from all of them over the same %v:\n", demoFrequencyHz/1e6, c.Duration)
	ids, err := idsOf(ctx, cl, rows)
	if err != nil {
		return err
	}
	acq, _, err := cl.CreateAcquisition(ctx, wire.AcquisitionRequest{WebSDRs: ids,
		FrequencyMHz: demoFrequencyHz / 1e6, DurationSeconds: c.Duration.Seconds(), ChannelBandwidthHz: new(demoBandwidthHz), Label: "demo",
	}, "")
	if err != nil {
		return err
	}
	r, err := a.watch(ctx, cl, acq)
	if err != nil {
		return err
	}
	list, err := besideTruth(r, network)
	if err != nil {
		return err
	}
	health, err := healthOf(ctx, cl, ids)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(a.stdout, map[string]any{"acquisition": r.Acquisition, "measurements": r.Measurements, "compared": list, "health": health})
	} else {
		err = a.printCompared(r, list)
		say("\nThe receivers, as probes and captures found them:")
		err = errors.Join(err, a.printHealth(health))
	}
	if err != nil || c.Once {
		return errors.Join(err, stateOutcome(r.Acquisition.State))
	}
	say(`
The server goes on at %[1]s: open it in a browser (interrupt to stop). Try:
  %[1]s/docs
  heimdall --server %[1]s websdr status
  curl %[1]s/api/v1/measurements?format=csv
  curl -OJ '%[1]s/api/v1/recordings/%[2]s/%[3]d?format=npy'
  heimdall --server %[1]s acquire 145.5 -d 5s`, at, acq.TaskID, ids[0])
	<-ctx.Done()
	return nil
}

// idsOf are the ids that rows got, by name. Others' WebSDRs are none of the demo's business.
func idsOf(ctx context.Context, cl *client.Client, rows []wire.WebSDRInput) (ids []int64, err error) {
	list, err := cl.WebSDRs(ctx, false)
	for _, w := range list {
		if slices.ContainsFunc(rows, func(r wire.WebSDRInput) bool { return r.Name == w.Name }) {
			ids = append(ids, w.WebSDRID)
		}
	}
	return ids, err
}

// healthOf are the receivers of ids, with their health.
func healthOf(ctx context.Context, cl *client.Client, ids []int64) ([]wire.ListedWebSDR, error) {
	list, err := cl.WebSDRs(ctx, false)
	return slices.DeleteFunc(list, func(w wire.ListedWebSDR) bool { return !slices.Contains(ids, w.WebSDRID) }), err
}

// A compared is one receiver's measurement beside what the simulation knows.
type compared struct {
	WebSDRID            int64    `json:"websdr_id"`
	Name                string   `json:"name"`
	Kind                string   `json:"kind"`
	Emitter             string   `json:"emitter"`
	SNRdB               *float64 `json:"snr_db"`
	TrueSNRdB           float64  `json:"true_snr_db"`
	OffsetHz            *float64 `json:"frequency_offset_hz"`
	TrueOffsetHz        float64  `json:"true_frequency_offset_hz"`
	Method              string   `json:"frequency_method"`
	NoiseDBFSHz         *float64 `json:"noise_dbfs_hz"`
	TrueNoiseDBFSHz     float64  `json:"true_noise_dbfs_hz"`
	SignalDBM           *float64 `json:"signal_dbm"`
	TrueSignalDBM       float64  `json:"true_signal_dbm"`
	SampleRateHz        float64  `json:"sample_rate_hz"`
	StartSkewSeconds    float64  `json:"start_skew_seconds"`
	TimeQuality         string   `json:"time_quality"`
	Flags               []string `json:"flags"`
	snrSigma, offsetSig *float64
}

func besideTruth(r *report, network *simnet.Network) ([]compared, error) {
	byID := make(map[int64]*wire.Measurement, len(r.Measurements))
	for i := range r.Measurements {
		byID[r.Measurements[i].WebSDRID] = &r.Measurements[i]
	}
	kinds := map[string]string{}
	for _, w := range network.WebSDRs() {
		kinds[w.Name] = w.Kind
	}
	list := []compared{}
	for _, capture := range r.Acquisition.Captures {
		m := byID[capture.WebSDRID]
		if m == nil || capture.Recording == nil {
			continue
		}
		name := r.names[capture.WebSDRID]
		truth, err := network.World().Truth(name, demoFrequencyHz, 0, demoBandwidthHz)
		if err != nil {
			return nil, err
		}
		list = append(list, compared{
			WebSDRID: capture.WebSDRID, Name: name, Kind: kinds[name], Emitter: truth.Emitter,
			SNRdB: m.SNRdB, TrueSNRdB: truth.SNRdB, snrSigma: m.SNRSigmaDB,
			OffsetHz: m.FrequencyOffsetHz, TrueOffsetHz: truth.FrequencyOffsetHz, Method: text(m.FrequencyMethod), offsetSig: m.FrequencySigmaHz,
			NoiseDBFSHz: m.NoiseDBFSHz, TrueNoiseDBFSHz: truth.NoiseDBFSHz, SignalDBM: m.SignalDBM, TrueSignalDBM: truth.SignalDBM,
			Flags: m.Flags, SampleRateHz: m.SampleRateKHz * 1e3, StartSkewSeconds: capture.Recording.StartSkewSeconds, TimeQuality: string(capture.Recording.TimeQuality),
		})
	}
	return list, nil
}

func (a *app) printCompared(r *report, list []compared) error {
	fmt.Fprintf(a.stdout, "\nacquisition %s: %s\n", r.Acquisition.TaskID, r.Acquisition.State)
	t := newTable(a.stdout, "ID", "WEBSDR", "KIND", "SNR dB", "truth", "OFFSET Hz", "truth", "METHOD", "NOISE dBFS/Hz", "truth", "SIGNAL dBm", "truth", "RATE Hz", "START SKEW", "TIME", "FLAGS")
	for _, c := range list {
		t.row(strconv.FormatInt(c.WebSDRID, 10), c.Name, c.Kind,
			plusMinus(c.SNRdB, c.snrSigma, 2), fmt.Sprintf("%.2f", c.TrueSNRdB),
			plusMinus(c.OffsetHz, c.offsetSig, 2), fmt.Sprintf("%.2f", c.TrueOffsetHz), c.Method,
			number(c.NoiseDBFSHz, 2), fmt.Sprintf("%.2f", c.TrueNoiseDBFSHz),
			number(c.SignalDBM, 1), fmt.Sprintf("%.1f", c.TrueSignalDBM),
			fmt.Sprintf("%.2f", c.SampleRateHz), skew(c.StartSkewSeconds), c.TimeQuality, strings.Join(c.Flags, ", "))
	}
	if err := t.end(); err != nil {
		return err
	}
	for _, capture := range r.Acquisition.Captures {
		if capture.Reason != "" {
			fmt.Fprintf(a.stdout, "%s: %s\n", r.names[capture.WebSDRID], capture.Reason)
		}
	}
	return nil
}
