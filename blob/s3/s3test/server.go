package s3test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// folders are named after the process that they belong to.
const folders = "heimdall-s3-"

func start(name string) (*Server, error) {
	program, err := binary(name)
	if err != nil {
		return nil, err
	}
	removeStale()
	folder, err := os.MkdirTemp(place(), folders+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return nil, err
	}
	s := &Server{Name: name, AccessKey: "heimdall-test", SecretKey: "only-for-tests", program: program, folder: folder}
	if err = os.Mkdir(s.data(), 0o755); err == nil {
		err = s.choosePort()
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, s.remove())
	}
	started.Lock()
	started.list = append(started.list, s)
	started.Unlock()
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// choosePort keeps one address for the server's life, so that it comes back where it was.
func (s *Server) choosePort() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.Endpoint = "http://" + l.Addr().String()
	return l.Close()
}

func (s *Server) command() *exec.Cmd {
	address := strings.TrimPrefix(s.Endpoint, "http://")
	var args []string
	switch s.Name {
	case "minio":
		args = []string{"server", "--quiet", "--address", address, "--console-address", "127.0.0.1:0", s.data()}
	case "versitygw":
		args = []string{"--access", s.AccessKey, "--secret", s.SecretKey, "--port", address, "--quiet", "posix", s.data()}
	}
	cmd := exec.Command(s.program, args...)
	cmd.Dir = s.folder
	cmd.Env = []string{"HOME=" + s.folder, "PATH=" + os.Getenv("PATH"), "MINIO_ROOT_USER=" + s.AccessKey, "MINIO_ROOT_PASSWORD=" + s.SecretKey,
		"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CI_CD=on"} // the last lets it keep its files on the root disk
	cmd.SysProcAttr = withUs()
	return cmd
}

// Start starts the server again after Kill, and returns when it answers.
func (s *Server) Start() error {
	cmd := s.command()
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the kernel ends the server with the thread that started it
		started <- cmd.Start()
		ended <- cmd.Wait()
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	s.stop = func(sig os.Signal) error {
		s.stop = nil
		if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		<-ended // whatever it says: it was killed
		return nil
	}
	return s.awaitReady(ended, &log)
}

// awaitReady asks until the server answers, be it with a refusal.
func (s *Server) awaitReady(ended chan error, log *bytes.Buffer) error {
	client := &http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	for end := time.Now().Add(60 * time.Second); ; {
		resp, err := client.Get(s.Endpoint + "/")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode < 500 {
				return nil
			}
			err = errors.New(resp.Status)
		}
		select {
		case waited := <-ended:
			s.stop = nil
			return fmt.Errorf("%s ended: %w\n%s", s.Name, waited, log)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			return errors.Join(fmt.Errorf("%s does not answer: %w", s.Name, err), s.Kill())
		}
	}
}

// Kill is kill -9.
func (s *Server) Kill() error {
	if s.stop == nil {
		return nil
	}
	return s.stop(syscall.SIGKILL)
}

// remove kills the server and removes its files.
func (s *Server) remove() error {
	return errors.Join(s.Kill(), os.RemoveAll(s.folder))
}

// removeStale removes what test processes left behind that were killed.
func removeStale() {
	left, _ := filepath.Glob(filepath.Join(place(), folders+"*")) // no name of a place is a bad pattern
	for _, folder := range left {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folders), "-")
		pid, err := strconv.Atoi(owner)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			os.RemoveAll(folder) // as far as it can: it may be another user's
		}
	}
}
