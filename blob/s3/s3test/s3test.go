// Package s3test gives tests real S3 servers, MinIO and versitygw, and each test a bucket of its own in them.
//
// The servers are private ones on the loopback address with their files in memory, started the first time that a test
// asks. Their programs are built once, by .ci/s3-servers (make s3-servers, 4 minutes), into the user's cache. Where
// they have not been, tests are skipped in one line that says so.
//
//	HEIMDALL_TEST_S3      "required" makes it a failure that a server is not there
//	HEIMDALL_TEST_S3_URL  on this server, too: http://accesskey:secretkey@host:port
//
// It leaves out: what tests keep in a bucket, and how they reach it. It imports nothing of ours.
//
// The surprising part: a bucket that a test used on a server of HEIMDALL_TEST_S3_URL stays there; its name begins with
// heimdall-test-.
package s3test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Server speaks S3.
type Server struct {
	Name      string
	Endpoint  string
	AccessKey string
	SecretKey string

	program string // "" if it is not ours
	folder  string
	stop    func(os.Signal) error // nil while it is not running
}

// names are those of the servers that can be started.
var names = []string{"minio", "versitygw"}

var shared = map[string]func() (*Server, error){
	"minio":     sync.OnceValues(func() (*Server, error) { return start("minio") }),
	"versitygw": sync.OnceValues(func() (*Server, error) { return start("versitygw") }),
}

var started struct { // those to remove at the end
	sync.Mutex
	list []*Server
}

// Main runs the tests, by testing.M.Run or what does that, and stops the servers.
func Main(run func() int) int {
	defer func() {
		started.Lock()
		defer started.Unlock()
		for _, s := range started.list {
			if err := s.remove(); err != nil {
				fmt.Fprintf(os.Stderr, "stop the tests' %s: %v\n", s.Name, err)
			}
		}
	}()
	return run()
}

// Each runs fn on every server that there is.
func Each(t *testing.T, fn func(t *testing.T, s *Server)) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) { fn(t, Shared(t, name)) })
	}
	at := os.Getenv("HEIMDALL_TEST_S3_URL")
	if at == "" {
		return
	}
	t.Run("yours", func(t *testing.T) {
		u, err := url.Parse(at)
		if err != nil || u.User == nil {
			t.Fatal("HEIMDALL_TEST_S3_URL must be like http://accesskey:secretkey@host:port")
		}
		s := &Server{Name: "yours", AccessKey: u.User.Username()}
		s.SecretKey, _ = u.User.Password()
		s.Endpoint = (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
		fn(t, s)
	})
}

// Shared is the server of that name which all tests use.
func Shared(t testing.TB, name string) *Server {
	t.Helper()
	s, err := shared[name]()
	skipWithout(t, err)
	return s
}

// Private is one of the test's own, to kill and to start again as it likes.
func Private(t testing.TB, name string) *Server {
	t.Helper()
	s, err := start(name)
	skipWithout(t, err)
	t.Cleanup(func() {
		if err := s.remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

var errAbsent = errors.New("run make s3-servers once, which takes 4 minutes")

func skipWithout(t testing.TB, err error) {
	t.Helper()
	switch {
	case errors.Is(err, errAbsent) && os.Getenv("HEIMDALL_TEST_S3") != "required":
		t.Skip("SKIP:", err)
	case err != nil:
		t.Fatal(err)
	}
}

var buckets atomic.Int64

// Bucket is a name that no other test uses.
func Bucket() string {
	return fmt.Sprintf("heimdall-test-%d-%d-%d", os.Getpid(), time.Now().UnixNano(), buckets.Add(1))
}

// binary is what .ci/s3-servers has built from tools/NAME, of the version in its go.mod.
func binary(name string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	mod, err := os.ReadFile(filepath.Join(root, "tools", name, "go.mod"))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mod)) {
		field := strings.Fields(line)
		if len(field) > 0 && field[0] == "require" {
			field = field[1:]
		}
		if len(field) < 2 || !strings.HasSuffix(field[0], "/"+name) || !strings.HasPrefix(field[1], "v") {
			continue
		}
		path := filepath.Join(cache, "heimdall", name+"-"+field[1])
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("no S3 server: %s is not there: %w", path, errAbsent)
		}
		return path, nil
	}
	return "", fmt.Errorf("tools/%s/go.mod names no version", name)
}

// moduleRoot is the folder of go.mod: tests run in that of their package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.Join(errors.New("the tests run outside of the repository"), err)
}
