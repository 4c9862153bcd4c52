package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

var buildOnce struct {
	sync.Once
	path string
	err  error
}

// binary builds heimdall once for all tests.
func binary(t testing.TB) string {
	t.Helper()
	buildOnce.Do(func() {
		dir, err := os.MkdirTemp("", "heimdall-e2e-")
		if err != nil {
			buildOnce.err = err
			return
		}
		buildOnce.path = filepath.Join(dir, "heimdall")
		args := []string{"build", "-o", buildOnce.path}
		if raceEnabled {
			args = append(args, "-race")
		}
		out, err := exec.Command("go", append(args, "../cmd/heimdall")...).CombinedOutput()
		if err != nil {
			buildOnce.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if buildOnce.err != nil {
		t.Fatal("build heimdall:", buildOnce.err)
	}
	return buildOnce.path
}

func TestMain(m *testing.M) {
	flag.Parse()
	sideBySide()
	code := s3test.Main(func() int { return pgtest.Main(m, postgres.Migrate) })
	if buildOnce.path != "" {
		os.RemoveAll(filepath.Dir(buildOnce.path))
	}
	if err := printTallies(); err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		code = 1
	}
	os.Exit(code)
}

// sideBySide has twice as many stories go on as there are processors, unless it was said how many: they wait more than
// they compute.
func sideBySide() {
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		flag.Set("test.parallel", fmt.Sprint(2*runtime.GOMAXPROCS(0))) //nolint:errcheck // it is a number
	}
}

// A result is what a command printed and how it ended.
type result struct {
	stdout, stderr string
	code           int
}

// command runs heimdall with the arguments to its end on a data folder.
func command(t testing.TB, dataDir string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), append([]string{"--data-dir", dataDir}, args...)...)
	cmd.Env = environ(t)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode()}
}

// mustJSON runs a command that must succeed, with --json, and decodes what it prints.
func mustJSON(t testing.TB, v any, dataDir string, args ...string) {
	t.Helper()
	r := command(t, dataDir, append(args, "--json")...)
	if r.code != 0 {
		t.Fatalf("heimdall %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	if err := json.Unmarshal([]byte(r.stdout), v); err != nil {
		t.Fatalf("heimdall %s: %v in\n%s", strings.Join(args, " "), err, r.stdout)
	}
}

// A process is a command that runs until it is killed.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// background starts a command and waits until it has printed a line that contains text, on stderr.
func background(t testing.TB, text string, args ...string) *process {
	t.Helper()
	cmd := program(t, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	ready := make(chan struct{})
	var log bytes.Buffer // of the goroutine until it closes done
	started := make(chan error)
	go func() {
		defer close(p.done)
		runtime.LockOSThread() // the kernel ends the process with the thread that started it
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		close(started)
		found := false
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			log.WriteString(lines.Text() + "\n")
			if !found && strings.Contains(lines.Text(), text) {
				found = true
				close(ready)
			}
		}
		cmd.Wait() //nolint:errcheck // it is killed
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.kill(); t.Failed() {
			t.Logf("heimdall %s logged:\n%s", strings.Join(args, " "), log.String())
		}
	})
	select {
	case <-ready:
	case <-p.done:
		t.Fatalf("heimdall %s ended at once:\n%s", strings.Join(args, " "), log.String())
	case <-time.After(60 * time.Second):
		t.Fatalf("heimdall %s never said %q", strings.Join(args, " "), text)
	}
	return p
}

// kill is kill -9.
func (p *process) kill() {
	p.cmd.Process.Kill() //nolint:errcheck // it may be gone already
	<-p.done
}

// shared is the folder of real recordings; tests that need it are skipped loudly without it.
func shared(t testing.TB, elements ...string) string {
	t.Helper()
	root := os.Getenv("HEIMDALL_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, elements...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: %s is absent; set HEIMDALL_SHARED to the folder of real recordings", path)
	}
	return path
}
