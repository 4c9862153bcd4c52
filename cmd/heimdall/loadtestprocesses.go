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
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// A child is one of them. It may die and be started again.
type child struct {
	name     string
	args     []string
	ready    string // what it says on stderr when it serves
	measured bool   // it is what the load test is about

	cmd    *exec.Cmd
	ended  chan struct{} // closed when cmd has
	stderr *tail
	before loadtest.Usage // when the load began; zero for one that was started since
	past   loadtest.Usage // of earlier lives
}

// A namedUsage is what one process used while the load lasted.
type namedUsage struct {
	Name     string `json:"name"`
	Measured bool   `json:"measured"` // false: it is only there to be recorded from
	loadtest.Usage
}

// startTimeout is how long a process may take until it serves. Hundreds of receivers open a port each.
const startTimeout = time.Minute

// stopTimeout is how long one may take to end when it is told to.
const stopTimeout = 10 * time.Second

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

// start starts a child and waits until it says that it serves.
func (p *processes) start(c *child) error {
	if err := p.run(c); err != nil {
		return err
	}
	p.list = append(p.list, c)
	return nil
}

func (p *processes) run(c *child) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	c.stderr = &tail{word: c.ready, found: make(chan struct{})}
	c.cmd = exec.Command(self, c.args...)
	c.cmd.Env, c.cmd.Stderr = p.env, c.stderr
	c.cmd.SysProcAttr = ofParent()
	c.ended = make(chan struct{})
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the kernel ends the process with the thread that started it
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.cmd.Wait() //nolint:errcheck // it is told to end, or somebody notices that it is not there
			close(c.ended)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	t := time.NewTimer(startTimeout)
	defer t.Stop()
	select {
	case <-c.stderr.found:
		return nil
	case <-c.ended:
		return fmt.Errorf("%s ended at once: %s", c.name, c.stderr.last())
	case <-t.C:
		err = fmt.Errorf("%s does not serve after %v: %s", c.name, startTimeout, c.stderr.last())
	case <-p.a.ctx.Done():
		err = p.a.ctx.Err()
	}
	return errors.Join(err, c.end(syscall.SIGKILL))
}

// end stops a child and waits for it.
func (c *child) end(s syscall.Signal) error {
	if err := c.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", c.name, err)
	}
	<-c.ended
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

// A tail keeps the end of what a program says, and sees when it says a word.
type tail struct {
	word  string
	found chan struct{} // closed when the word was said

	mu   sync.Mutex
	said bool   // guarded by mu
	text []byte // guarded by mu
}

// tailSize is enough for the last complaints.
const tailSize = 16 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if !t.said && bytes.Contains(t.text, []byte(t.word)) {
		t.said = true
		close(t.found)
	}
	if len(t.text) > 2*tailSize {
		t.text = append(t.text[:0], t.text[len(t.text)-tailSize:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// last is how it said farewell, or else the last line.
func (t *tail) last() string {
	text := strings.TrimSpace(t.String())
	if i := strings.LastIndex(text, "\nheimdall: "); i >= 0 {
		return strings.TrimPrefix(text[i+1:], "heimdall: ")
	}
	return strings.TrimPrefix(text[strings.LastIndexByte(text, '\n')+1:], "heimdall: ")
}

// complaints are the lines that are no mere information.
func (t *tail) complaints() string {
	var b strings.Builder
	for line := range strings.Lines(t.String()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") || strings.HasPrefix(line, "heimdall:") || strings.HasPrefix(line, "panic:") {
			b.WriteString(line)
		}
	}
	return b.String()
}
