package disk_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
)

// childEnv names the folder in which this test binary, started again as a child, puts objects until it is killed.
const childEnv = "HEIMDALL_TEST_PUT_UNTIL_KILLED"

func TestMain(m *testing.M) {
	for env, child := range map[string]func(dir string) error{childEnv: putUntilKilled, fullEnv: putUntilFull} {
		if dir := os.Getenv(env); dir != "" {
			if err := child(dir); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// putUntilKilled puts objects named by their own hash, and deletes every third as soon as the next is there.
func putUntilKilled(dir string) error {
	s, err := disk.Open(dir)
	if err != nil {
		return err
	}
	var old string
	for i := 0; ; i++ {
		b := make([]byte, 1+rand.IntN(300_000))
		rand.NewChaCha8([32]byte{byte(i), byte(i >> 8), byte(os.Getpid()), byte(os.Getpid() >> 8)}).Read(b)
		sum := blob.SumOf(b)
		key := fmt.Sprintf("run/%d/%s", rand.IntN(5), sum.SHA256)
		if err := s.Put(context.Background(), key, bytes.NewReader(b), sum); err != nil {
			return err
		}
		fmt.Println(key)
		if i%3 == 1 {
			if err := s.Delete(context.Background(), old); err != nil {
				return err
			}
		}
		old = key
	}
}

func TestAKilledProcessLeavesOnlyWholeObjects(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for round := range 20 {
		acknowledged := killAtRandom(t, exe, dir)
		s, err := disk.Open(dir)
		if err != nil {
			t.Fatalf("round %d: open after the kill: %v", round, err)
		}
		seen := checkWhole(t, s)
		for i, k := range acknowledged {
			if deleted := i%3 == 0 && i < len(acknowledged)-1; !deleted && !seen[k] {
				t.Errorf("round %d: %s was put and is not there", round, k)
			}
		}
		if left := files(t, filepath.Join(dir, ".staging")); len(left) != 1 {
			t.Errorf("round %d: staging holds %q after Open, want only our own lock", round, left)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAtRandom starts a child, kills it some time after its first object, and returns the keys it said it had put.
func killAtRandom(t *testing.T, exe, dir string) []string {
	t.Helper()
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the child put nothing: %v", cmd.Wait())
	}
	keys := []string{lines.Text()}
	kill := time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, func() { cmd.Process.Kill() })
	defer kill.Stop()
	for lines.Scan() {
		keys = append(keys, lines.Text())
	}
	cmd.Wait()
	return keys
}

// checkWhole checks that every object is what its name says, and returns the keys.
func checkWhole(t *testing.T, s *disk.Store) map[string]bool {
	t.Helper()
	seen := make(map[string]bool)
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		seen[info.Key] = true
		name := info.Key[strings.LastIndexByte(info.Key, '/')+1:]
		o, err := s.Open(t.Context(), info.Key)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		n, err := io.Copy(h, o)
		o.Close()
		if got := hex.EncodeToString(h.Sum(nil)); err != nil || got != name || n != info.Bytes {
			t.Errorf("%s: %d of %d bytes with hash %s (%v)", info.Key, n, info.Bytes, got, err)
		}
		if info.SHA256 != "" && info.SHA256 != name {
			t.Errorf("%s: the noted hash is %s", info.Key, info.SHA256)
		}
	}
	return seen
}

func TestStagingOfTheLivingIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir)
	r, w := io.Pipe()
	result := make(chan error)
	content := bytes.Repeat([]byte("x"), 100_000)
	go func() { result <- a.Put(t.Context(), key, r, blob.SumOf(content)) }()
	if _, err := w.Write(content[:50_000]); err != nil { // returns when Put has read it
		t.Fatal(err)
	}
	b, err := disk.Open(dir) // sweeps
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content[50_000:]); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := <-result; err != nil {
		t.Errorf("Put while another store opens the folder: %v", err)
	}
	if info, err := b.Stat(t.Context(), key); err != nil || info.SHA256 != blob.SumOf(content).SHA256 {
		t.Errorf("the other store sees %+v, %v", info, err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestManyStoresOpenTheSameFolderAtOnce(t *testing.T) {
	dir := t.TempDir()
	errs := make(chan error)
	for range 16 {
		go func() {
			var err error
			for i := 0; err == nil && i < 20; i++ {
				var s *disk.Store
				if s, err = disk.Open(dir); err == nil {
					err = s.Put(context.Background(), key, strings.NewReader("x"), blob.SumOf([]byte("x")))
					if cerr := s.Close(); err == nil {
						err = cerr
					}
				}
			}
			errs <- err
		}()
	}
	for range 16 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if left := files(t, filepath.Join(dir, ".staging")); len(left) > 0 {
		t.Errorf("staging holds %q when all are closed, want nothing", left)
	}
}
