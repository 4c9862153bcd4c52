package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Cluster is a private server with its files, reached through a Unix socket only.
type Cluster struct {
	folder string // data and socket; short, because a socket's path is at most 107 bytes
	bin    string
	sync   bool   // a commit is on the disk before it returns
	Port   string // also names the socket; "" is the usual one
	stop   func(os.Signal) error
}

const (
	memory  = "/dev/shm" // files that never reach a disk: half the work of a test is to copy and remove a database
	disk    = "/tmp"
	folders = "heimdall-pg-" // are named after the process that they belong to
	needed  = 2 << 30        // bytes free in memory: a container may have a few MiB of it
)

// place is where a cluster's folder goes.
func place(durable bool) string {
	if !durable && freeBytes(memory) >= needed {
		return memory
	}
	return disk
}

// Start makes a new cluster and starts it. durable has it sync to the disk as a server does.
func Start(durable bool) (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	removeStale()
	folder, err := os.MkdirTemp(place(durable), folders+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{folder: folder, bin: bin, sync: durable}
	if err := giveAway(folder); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = folder, asServer()
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), c.Remove())
	}
	hba := filepath.Join(c.data(), "pg_hba.conf") // everybody is let in but the user called stranger, who needs a password
	if err := os.WriteFile(hba, []byte("local all stranger scram-sha-256\nlocal all all trust\n"), 0o600); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	if err := c.Start(); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	return c, nil
}

// Private is a cluster of the test's own, to stop and start as it likes.
func Private(t testing.TB, durable bool) *Cluster {
	t.Helper()
	c, err := Start(durable)
	skipWithout(t, err)
	t.Cleanup(func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// programs is the folder of initdb and postgres: Debian keeps every version in a folder of its own.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if path, lookErr := exec.LookPath("initdb"); lookErr == nil {
		if path, lookErr = filepath.EvalSymlinks(path); lookErr == nil {
			found = append(found, path)
		}
	}
	if err != nil || len(found) == 0 || runtime.GOOS != "linux" {
		return "", errAbsent
	}
	return filepath.Dir(found[0]), nil
}

func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb)))) // 0 is older than any
	return n
}

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

// URL is how to reach a database of the cluster.
func (c *Cluster) URL(database string) string {
	query := url.Values{"host": {c.folder}, "user": {"postgres"}}
	if c.Port != "" {
		query.Set("port", c.Port)
	}
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}

// Start starts the server again after Stop, and returns when it takes connections.
func (c *Cluster) Start(settings ...string) error {
	args := []string{"-D", c.data(), "-k", c.folder, "-c", "listen_addresses=", "-c", "max_connections=200",
		"-c", "shared_buffers=64MB", "-c", "TimeZone=America/St_Johns", "-c", "fsync=" + strconv.FormatBool(c.sync)}
	if !c.sync {
		args = append(args, "-c", "full_page_writes=off")
	}
	if c.Port != "" {
		args = append(args, "-p", c.Port)
	}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	server := exec.Command(filepath.Join(c.bin, "postgres"), args...)
	server.Dir, server.SysProcAttr = c.folder, asServer()
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the kernel ends the server with the thread that started it
		started <- server.Start()
		ended <- server.Wait()
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	c.stop = func(s os.Signal) error {
		c.stop = nil
		if err := server.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		<-ended // whatever it says: it was killed
		return nil
	}
	return c.awaitReady(ended, &log)
}

// awaitReady asks until the server answers.
func (c *Cluster) awaitReady(ended chan error, log *bytes.Buffer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case err := <-ended:
			c.stop = nil
			return fmt.Errorf("postgres ended: %w\n%s", err, log)
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop stops the server at once, without a checkpoint, as a crash would: it recovers when it is started again.
func (c *Cluster) Stop() error {
	if c.stop == nil {
		return nil
	}
	return c.stop(syscall.SIGQUIT)
}

// Remove stops the server and removes its files.
func (c *Cluster) Remove() error {
	return errors.Join(c.Stop(), os.RemoveAll(c.folder))
}

// removeStale removes what test processes left behind that were killed.
func removeStale() {
	left, _ := filepath.Glob(filepath.Join(disk, folders+"*")) // the pattern is a constant
	inMemory, _ := filepath.Glob(filepath.Join(memory, folders+"*"))
	for _, folder := range append(left, inMemory...) {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folders), "-")
		pid, err := strconv.Atoi(owner)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			os.RemoveAll(folder) // as far as it can: it may be another user's
		}
	}
}
