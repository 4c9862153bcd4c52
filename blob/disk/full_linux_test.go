package disk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
)

// fullEnv names the folder over which this test binary, started again as a child in a mount namespace of its
// own, mounts a file system of 1 MiB, and fills it.
const fullEnv = "HEIMDALL_TEST_PUT_UNTIL_FULL"

func TestAFullDiskIsErrFullAndLeavesNoTrace(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), fullEnv+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || strings.Contains(string(out), "cannot mount") {
		t.Skipf("SKIPPED: a full disk needs a small file system, and this user may not mount one: %v %s", err, out)
	}
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func putUntilFull(dir string) error {
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=1m"); err != nil {
		return fmt.Errorf("cannot mount: %w", err)
	}
	s, err := disk.Open(dir)
	if err != nil {
		return err
	}
	put := func(key string, n int) error {
		b := bytes.Repeat([]byte(key[:1]), n)
		return s.Put(context.Background(), key, bytes.NewReader(b), blob.SumOf(b))
	}
	if err := put("a/fits", 600<<10); err != nil {
		return err
	}
	err = put("b/does-not-fit", 600<<10)
	if !errors.Is(err, blob.ErrFull) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "free some") {
		return fmt.Errorf("Put on a full disk = %v, want ErrFull, the folder and what to do", err)
	}
	var keys []string
	for info, err := range s.List(context.Background(), "") {
		if err != nil {
			return err
		}
		keys = append(keys, info.Key)
	}
	if len(keys) != 1 || keys[0] != "a/fits" {
		return fmt.Errorf("a full disk lists %q, want the one object that fitted", keys)
	}
	if err := put("c/smaller", 300<<10); err != nil {
		return fmt.Errorf("what was not put still takes room: %w", err)
	}
	return s.Close()
}

// asNobody runs f without the powers of root, if the test has them. They are given up for one thread, which
// ends with the goroutine.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if os.Getuid() == 0 {
			if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0); errno != 0 {
				t.Errorf("setfsuid: %v", errno)
				return
			}
		}
		f()
	}()
	<-done
}

func TestAFolderThatMayNotBeWrittenSaysSo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "objects")
	if err := os.Mkdir(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	clear := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), dir+" must be readable and writable for user id") {
			t.Errorf("%s = %v, want who must be allowed what", what, err)
		}
	}
	asNobody(t, func() {
		_, err := disk.Open(dir)
		clear("Open", err)
	})

	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		clear("Put", s.Put(context.Background(), key, strings.NewReader("x"), blob.SumOf([]byte("x"))))
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, s, key, "x")

	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Open(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("Open of a file = %v, want an error that names it", err)
	}
}
