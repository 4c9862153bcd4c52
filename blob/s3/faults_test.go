package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/s3"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
)

const key = "sessions/0190b5a0-0000-7000-8000-000000000001/websdr_1.sigmf-data"

// sample returns n bytes that depend on seed.
func sample(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// A misbehaving proxy stands between a store and its server. meddle sees every request before the server does: true
// means that it has answered itself, or has hung up. It keeps the Host that was signed.
func misbehaving(t *testing.T, server *s3test.Server, meddle func(w http.ResponseWriter, r *http.Request, forward http.Handler) bool) s3.Config {
	t.Helper()
	to, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{ErrorLog: quiet, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !meddle(w, r, forward) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(proxy.Close)
	c := config(server)
	c.Endpoint = proxy.URL
	c.Stall = 3 * time.Second // a busy machine needs one
	return c
}

// quiet is for errors that a test provokes.
var quiet = log.New(io.Discard, "", 0)

// hangUp breaks the connection without an answer.
func hangUp() { panic(http.ErrAbortHandler) }

// loseAnswer lets the server do what is asked, and does not say so.
func loseAnswer(r *http.Request, forward http.Handler) {
	forward.ServeHTTP(httptest.NewRecorder(), r)
	hangUp()
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>by the test</Message></Error>", code)
}

// step is what a request of a Put is for, as "PUT part".
func step(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case q.Has("partNumber"):
		return "PUT part " + q.Get("partNumber")
	case q.Has("uploads"):
		return "POST uploads"
	case q.Has("uploadId"):
		return r.Method + " upload"
	}
	return r.Method
}

func TestAPutSurvivesEveryStepThatFailsOnce(t *testing.T) {
	const large, small = 9 << 20, 100_000
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		for _, c := range []struct {
			size  int
			steps []string
		}{
			{small, []string{"HEAD", "PUT"}},
			{large, []string{"POST uploads", "PUT part 1", "PUT part 2", "POST upload"}},
		} {
			for _, at := range c.steps {
				for how, fault := range map[string]func(w http.ResponseWriter, r *http.Request, forward http.Handler){
					"before it":        func(http.ResponseWriter, *http.Request, http.Handler) { hangUp() },
					"with its answer":  func(_ http.ResponseWriter, r *http.Request, forward http.Handler) { loseAnswer(r, forward) },
					"with SlowDown":    func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { refuse(w, 503, "SlowDown") },
					"with a BadDigest": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { refuse(w, 400, "BadDigest") },
				} {
					if how == "with a BadDigest" && !strings.HasPrefix(at, "PUT") {
						continue
					}
					t.Run(fmt.Sprintf("%d bytes, %s fails %s", c.size, at, how), func(t *testing.T) {
						t.Parallel()
						var failed atomic.Bool
						store := open(t, misbehaving(t, server, func(w http.ResponseWriter, r *http.Request, forward http.Handler) bool {
							if step(r) != at || !strings.HasSuffix(r.URL.Path, key) || failed.Swap(true) {
								return false
							}
							fault(w, r, forward)
							return true
						}))
						mustPut(t, store, sample(1, c.size))
						if !failed.Load() {
							t.Errorf("no request was %s", at)
						}
						mustHold(t, store, sample(1, c.size))
					})
				}
			}
		}
	})
}

func TestAServerThatGoesOnFailingIsAnErrorAndLeavesNoTraceAndThePutMayBeRepeated(t *testing.T) {
	server := s3test.Shared(t, "minio")
	for _, at := range []string{"POST uploads", "PUT part 2", "POST upload"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			var healed atomic.Bool
			var aborted atomic.Int32
			c := misbehaving(t, server, func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
				if step(r) == "DELETE upload" {
					aborted.Add(1)
				}
				if step(r) != at || healed.Load() {
					return false
				}
				refuse(w, 503, "ServiceUnavailable")
				return true
			})
			c.RetryFor = time.Second
			store := open(t, c)
			b := sample(2, 9<<20)
			began := time.Now()
			err := store.Put(t.Context(), key, bytes.NewReader(b), blob.SumOf(b))
			if !errors.Is(err, s3.ErrAway) {
				t.Errorf("Put = %v, want ErrAway", err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v to give up after a second", took)
			}
			if _, err := store.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("Stat = %v, want ErrNotFound", err)
			}
			if want := at != "POST uploads"; (aborted.Load() > 0) != want {
				t.Errorf("%d uploads were aborted", aborted.Load())
			}
			healed.Store(true)
			mustPut(t, store, b)
			mustHold(t, store, b)
		})
	}
}

func TestAnUploadThatWasNeverCompletedIsSwept(t *testing.T) {
	server := s3test.Shared(t, "versitygw") // MinIO does not list them
	var broken atomic.Bool
	broken.Store(true)
	c := misbehaving(t, server, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if broken.Load() && (step(r) == "POST upload" || step(r) == "DELETE upload") {
			hangUp()
		}
		return false
	})
	c.RetryFor = time.Millisecond
	store := open(t, c)
	b := sample(3, 9<<20)
	if err := store.Put(t.Context(), key, bytes.NewReader(b), blob.SumOf(b)); !errors.Is(err, s3.ErrAway) {
		t.Fatalf("Put = %v, want ErrAway", err)
	}
	broken.Store(false)
	for _, sweep := range []struct {
		before time.Time
		want   int
	}{{time.Now().Add(-time.Hour), 0}, {time.Now().Add(time.Hour), 1}, {time.Now().Add(time.Hour), 0}} {
		if n, err := store.Sweep(t.Context(), sweep.before); n != sweep.want || err != nil {
			t.Errorf("Sweep aborts %d uploads (%v), want %d", n, err, sweep.want)
		}
	}
}

func TestAServerThatStallsIsGivenUp(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	c := misbehaving(t, s3test.Shared(t, "minio"), func(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if r.Method == http.MethodHead {
			<-released
		}
		return false
	})
	t.Cleanup(func() { close(released) }) // before the proxy closes
	c.RetryFor = -1
	store := open(t, c)
	if _, err := store.Stat(t.Context(), key); !errors.Is(err, s3.ErrAway) {
		t.Errorf("Stat = %v, want ErrAway", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := store.Stat(ctx, key); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stat = %v, want context.DeadlineExceeded", err)
	}
}

func TestABucketOrServerThatIsFullIsErrFull(t *testing.T) {
	for code, status := range map[string]int{"XMinioStorageFull": 507, "QuotaExceeded": 403, "XMinioAdminBucketQuotaExceeded": 400} {
		for _, size := range []int{1000, 9 << 20} {
			store := open(t, misbehaving(t, s3test.Shared(t, "minio"), func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
				if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, key) {
					return false
				}
				io.Copy(io.Discard, r.Body)
				refuse(w, status, code)
				return true
			}))
			b := sample(6, size)
			if err := store.Put(t.Context(), key, bytes.NewReader(b), blob.SumOf(b)); !errors.Is(err, blob.ErrFull) {
				t.Errorf("%s of %d bytes: Put = %v, want ErrFull", code, size, err)
			}
		}
	}
}

func TestAServerWithoutConditionalPutsIsAskedWithoutThem(t *testing.T) {
	for _, size := range []int{1000, 9 << 20} {
		store := open(t, misbehaving(t, s3test.Shared(t, "minio"), func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
			if r.Header.Get("If-None-Match") == "" {
				return false
			}
			io.Copy(io.Discard, r.Body)
			refuse(w, http.StatusNotImplemented, "NotImplemented")
			return true
		}))
		b, other := sample(7, size), sample(8, size)
		mustPut(t, store, b)
		if err := store.Put(t.Context(), key, bytes.NewReader(other), blob.SumOf(other)); !errors.Is(err, blob.ErrDiffers) {
			t.Errorf("Put of other bytes = %v, want ErrDiffers", err)
		}
		mustHold(t, store, b)
	}
}

func mustPut(t *testing.T, s *s3.Store, b []byte) {
	t.Helper()
	if err := s.Put(t.Context(), key, bytes.NewReader(b), blob.SumOf(b)); err != nil {
		t.Fatal(err)
	}
}

// mustHold checks that the only object holds exactly b.
func mustHold(t *testing.T, s *s3.Store, b []byte) {
	t.Helper()
	o, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, b) {
		t.Errorf("reading gives %d bytes (%v), want the %d that were put", len(got), err, len(b))
	}
	if want := blob.SumOf(b); o.Info().SHA256 != want.SHA256 || o.Info().Bytes != want.Bytes {
		t.Errorf("it is described as %+v, want %+v", o.Info(), want)
	}
	n := 0
	for info, err := range s.List(t.Context(), "") {
		if n++; err != nil || info.Key != key {
			t.Errorf("List gives %+v, %v", info, err)
		}
	}
	if n != 1 {
		t.Errorf("List gives %d objects, want the one", n)
	}
}
