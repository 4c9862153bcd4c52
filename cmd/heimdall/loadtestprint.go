package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/heimdall-sdr/heimdall/loadtest"
)

// printLoad prints the report for people.
func (a *app) printLoad(r *loadReport) error {
	fmt.Fprintf(a.stdout, "%d acquisitions of %d receivers for %v: accepted after %.1f s, all over after %.1f s\n", r.Acquisitions, r.Receivers,
		time.Duration(r.DurationSeconds*1e9), r.SubmitSeconds, r.TotalSeconds)
	fmt.Fprintf(a.stdout, "%d of %d captures gave a recording: %.1f a second, %s, %d samples missing, %d acquisitions taken over\n\n", r.Successful, r.Captures,
		r.CapturesPerSecond(), showBytes(r.Bytes), r.MissingSamples, r.Taken)
	if err := a.printLatencies(r.Result); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	t := newTable(a.stdout, "PROCESS", "CPU s", "CPU s / ACQUISITION", "PEAK MEMORY", "THREADS", "DESCRIPTORS")
	for _, u := range r.Processes {
		t.row(u.Name, fmt.Sprintf("%.2f", u.CPUSeconds), fmt.Sprintf("%.4f", u.CPUSeconds/float64(r.Acquisitions)), showBytes(u.PeakBytes),
			fmt.Sprint(u.Threads), fmt.Sprint(u.Descriptors))
	}
	if err := t.end(); err != nil {
		return err
	}
	if r.Rescue != nil {
		fmt.Fprintf(a.stdout, "\nkilled while %d ran: %d were taken over, the last after %.1f s\n", r.Rescue.Running, r.Rescue.Taken, r.Rescue.SlowestSeconds)
	}
	return a.printAmiss(r)
}

func (a *app) printLatencies(r *loadtest.Result) error {
	t := newTable(a.stdout, "LATENCY", "COUNT", "p50 s", "p95 s", "p99 s", "MAX s")
	for _, row := range []struct {
		name string
		loadtest.Latency
	}{
		{"request to acceptance", r.Accept},
		{"last sample to complete on disk, per capture", r.Sealed},
		{"last sample to success, per acquisition", r.Success},
		{"acceptance to end", r.EndToEnd},
	} {
		t.row(row.name, fmt.Sprint(row.Count), fmt.Sprintf("%.4f", row.P50S), fmt.Sprintf("%.4f", row.P95S), fmt.Sprintf("%.4f", row.P99S), fmt.Sprintf("%.4f", row.MaxS))
	}
	return t.end()
}

// printAmiss prints what was lost and what was not reached.
func (a *app) printAmiss(r *loadReport) error {
	fmt.Fprintln(a.stdout)
	if len(r.Lost) > 0 {
		t := newTable(a.stdout, "LOST", "STATE", "CLASS", "EXAMPLE")
		for _, l := range r.Lost {
			t.row(fmt.Sprint(l.Captures), string(l.State), string(l.Class), l.Example)
		}
		if err := t.end(); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout)
	}
	if r.Check != nil {
		if err := a.printCheck(*r.Check, &checkCmd{}); err != nil {
			return err
		}
	}
	if len(r.Missed) == 0 {
		fmt.Fprintln(a.stdout, "lost: nothing; twice: nothing")
	}
	for _, m := range r.Missed {
		fmt.Fprintln(a.stdout, "MISSED:", m)
	}
	return nil
}

// A loadProgress is two bars on w if somebody looks at it.
type loadProgress struct {
	progress        *mpb.Progress // nil when nobody looks
	accepted, ended *mpb.Bar
	over            sync.Once
}

func newLoadProgress(w io.Writer, acquisitions int) *loadProgress {
	p := &loadProgress{}
	if !isTerminal(w) {
		return p
	}
	p.progress = mpb.New(mpb.WithOutput(w), mpb.WithWidth(40))
	bar := func(name string) *mpb.Bar {
		return p.progress.AddBar(int64(acquisitions), mpb.PrependDecorators(decor.Name(name)), mpb.AppendDecorators(decor.CountersNoUnit(" %d of %d")))
	}
	p.accepted, p.ended = bar("accepted "), bar("ended    ")
	return p
}

func (p *loadProgress) show(accepted, ended int) {
	if p.progress != nil {
		p.accepted.SetCurrent(int64(accepted))
		p.ended.SetCurrent(int64(ended))
	}
}

// end leaves the bars as they are. It may be called more than once.
func (p *loadProgress) end() {
	if p.progress == nil {
		return
	}
	p.over.Do(func() {
		p.accepted.Abort(false)
		p.ended.Abort(false)
		p.progress.Wait()
	})
}
