package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/heimdall-sdr/heimdall/loadtest"
)

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

// startTimeout is how long a process may take until it serves. Hundreds of receivers open a port each.
const startTimeout = time.Minute

// stopTimeout is how long one may take to end when it is told to.
const stopTimeout = 10 * time.Second

// run starts a child and waits until it says that it serves.
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
