package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/loadtest"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// processes are the programs that a load test starts: this one, over and over.
type processes struct {
	a      *app
	dir    string
	env    []string
	listen string // where the server answers
	list   []*child
}

// A namedUsage is what one process used while the load lasted.
type namedUsage struct {
	Name     string `json:"name"`
	Measured bool   `json:"measured"` // false: it is only there to be recorded from
	loadtest.Usage
}

func newProcesses(a *app, dir string) *processes {
	p := &processes{a: a, dir: dir}
	objects := a.config.ObjectsDir
	if objects == "" && a.config.S3.Endpoint == "" { // shared by server and workers
		objects = filepath.Join(dir, "objects")
	}
	p.env = slices.DeleteFunc(os.Environ(), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return name == "HEIMDALL_SERVER" || name == "HEIMDALL_OBJECTS_DIR"
	})
	for name, value := range map[string]string{"HEIMDALL_OBJECTS_DIR": objects, "DATABASE_URL": a.config.DatabaseURL, "S3_ENDPOINT": a.config.S3.Endpoint, "S3_BUCKET": a.config.S3.Bucket,
		"S3_ACCESS_KEY": a.config.S3.AccessKey, "S3_SECRET_KEY": a.config.S3.SecretKey, "S3_CA_FILE": a.config.S3.CAFile} {
		if value != "" { // by the environment, in which others cannot read a password
			p.env = append(p.env, name+"="+value)
		}
	}
	return p
}

// startNetwork serves the receivers and returns their rows.
func (p *processes) startNetwork(c *loadtestCmd) ([]wire.WebSDRInput, error) {
	sets := c.Networks
	if sets == 0 {
		sets = min(c.Concurrent, c.Acquisitions)
	}
	scenario, rows := filepath.Join(p.dir, "scenario.json"), filepath.Join(p.dir, "websdrs.json")
	text, err := json.Marshal(loadScenarioOf(sets * c.Receivers))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(scenario, text, 0o644); err != nil {
		return nil, err
	}
	if err := p.start(&child{name: "simulated receivers", ready: "serving", args: []string{"simulate", "--scenario", scenario, "--websdrs", rows}}); err != nil {
		return nil, err
	}
	text, err = os.ReadFile(rows)
	if err != nil {
		return nil, err
	}
	var list []wire.WebSDRInput
	return list, json.Unmarshal(text, &list)
}

// loadScenarioOf is so many receivers around one carrier.
func loadScenarioOf(receivers int) *simnet.Scenario {
	s := &simnet.Scenario{World: simnet.World{Seed: 1, Emitters: []simnet.Emitter{{
		Name: "beacon", Position: simnet.Position{LatitudeDeg: 45, LongitudeDeg: 7}, FrequencyHz: loadFrequencyHz + 1000, PowerDBM: 10, Modulation: simnet.Carrier,
	}}}}
	for i := range receivers {
		s.Receivers = append(s.Receivers, simnet.Receiver{
			Name: fmt.Sprintf("load %05d", i), Kind: "kiwisdr", LoopS: 1, NoiseDBMHz: -140, ClockPPM: float64(i%41 - 20), StampJitterS: 1e-7,
			Position: simnet.Position{LatitudeDeg: 44 + float64(i%100)/100, LongitudeDeg: 8 + float64(i/100%100)/100},
		})
	}
	return s
}

// startServer starts the server and returns its address, which it keeps when it is killed.
func (p *processes) startServer(c *loadtestCmd) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	p.listen = l.Addr().String()
	if err := l.Close(); err != nil {
		return "", err
	}
	concurrent := c.Concurrent
	if c.Workers > 0 {
		concurrent = 0
	}
	err = p.start(&child{name: "server", ready: "serving", measured: true, args: []string{
		"--data-dir", p.dataDir("server"), "serve", "--listen", p.listen, "--retention-days", "0", "--acquisitions", strconv.Itoa(concurrent)}})
	return "http://" + p.listen, err
}

func (p *processes) dataDir(name string) string { return filepath.Join(p.dir, name) }

// startWorkers starts those beside the server, who share the work.
func (p *processes) startWorkers(c *loadtestCmd) error {
	for i := range c.Workers {
		name := fmt.Sprint("worker ", i+1)
		share := (c.Concurrent + c.Workers - 1) / c.Workers
		err := p.start(&child{name: name, ready: "working", measured: true, args: []string{
			"--data-dir", p.dataDir(fmt.Sprint("worker-", i+1)), "worker", "--retention-days", "0", "--acquisitions", strconv.Itoa(share)}})
		if err != nil {
			return err
		}
	}
	return nil
}

// start adds a child.
func (p *processes) start(c *child) error {
	if err := p.run(c); err != nil {
		return err
	}
	p.list = append(p.list, c)
	return nil
}

// stop ends all, last started first.
func (p *processes) stop() {
	for i := len(p.list) - 1; i >= 0; i-- {
		c := p.list[i]
		killer := time.AfterFunc(stopTimeout, func() { c.cmd.Process.Kill() })
		if err := c.end(syscall.SIGTERM); err != nil {
			fmt.Fprintln(p.a.stderr, "heimdall:", err)
		}
		killer.Stop()
	}
	p.list = nil
}

// mark is when the load begins: what was used before is not counted.
func (p *processes) mark() (err error) {
	for _, c := range p.list {
		if c.before, err = loadtest.UsageOf(c.cmd.Process.Pid); err != nil {
			return err
		}
	}
	return nil
}

// usage is what each used since.
func (p *processes) usage() (list []namedUsage, err error) {
	for _, c := range p.list {
		u, err := loadtest.UsageOf(c.cmd.Process.Pid)
		if err != nil {
			return nil, err
		}
		list = append(list, namedUsage{c.name, c.measured, c.past.Plus(u.Since(c.before))})
	}
	return list, nil
}

// killOne kills the last of those who do acquisitions, without a warning, and starts it again.
func (p *processes) killOne() error {
	c := p.list[len(p.list)-1]
	u, err := loadtest.UsageOf(c.cmd.Process.Pid)
	if err != nil {
		return err
	}
	c.past, c.before = u.Since(c.before), loadtest.Usage{}
	if err := c.end(syscall.SIGKILL); err != nil {
		return err
	}
	return p.run(c)
}

// check compares rows with objects, and looks into the spools.
func (p *processes) check() (*checkResult, error) {
	all := &checkResult{}
	for i, c := range p.list {
		if !c.measured {
			continue
		}
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		dir := c.args[1] // after --data-dir
		cmd := exec.CommandContext(p.a.ctx, self, "--data-dir", dir, "check", "--json")
		var stderr bytes.Buffer
		cmd.Env, cmd.Stderr = p.env, &stderr
		out, err := cmd.Output()
		var r checkResult
		if e := json.Unmarshal(out, &r); e != nil {
			return nil, fmt.Errorf("check: %w: %s", errors.Join(err, e), stderr.String())
		}
		if i == 1 { // the server; the workers share all but the spool
			*all = r
		} else {
			all.Problems = append(all.Problems, r.Problems...)
		}
	}
	return all, nil
}

// lastWords are what the programs complained of.
func (p *processes) lastWords() string {
	var b strings.Builder
	for _, c := range p.list {
		if s := c.stderr.complaints(); s != "" {
			fmt.Fprintf(&b, "\n%s said:\n%s", c.name, s)
		}
	}
	return b.String()
}
