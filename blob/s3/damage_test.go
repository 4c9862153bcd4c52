package s3_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/s3"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
)

// damaged answers every GET of the object by what spoil makes of the true answer.
func damaged(t *testing.T, b []byte, spoil func(n int32, w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder)) *s3.Store {
	var gets atomic.Int32
	c := misbehaving(t, s3test.Shared(t, "minio"), func(w http.ResponseWriter, r *http.Request, forward http.Handler) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, key) {
			return false
		}
		answer := httptest.NewRecorder()
		forward.ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		spoil(gets.Add(1), w, r, answer)
		return true
	})
	c.RetryFor = 2 * time.Second
	store := open(t, c)
	mustPut(t, store, b)
	return store
}

func TestABodyThatWasCorruptedOnItsWayIsNoticedWhenTheObjectIsReadWhole(t *testing.T) {
	for _, size := range []int{1, 100_000, 3 << 20} {
		b := sample(4, size)
		store := damaged(t, b, func(_ int32, w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
			body := answer.Body.Bytes()
			body[len(body)/2] ^= 1
			w.WriteHeader(answer.Code)
			w.Write(body)
		})
		o, err := store.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(o)
		if !errors.Is(err, blob.ErrDiffers) {
			t.Errorf("reading %d bytes of which one bit was flipped: %v, want ErrDiffers", size, err)
		}
		if len(got) >= size {
			t.Errorf("it gave all %d bytes before it said so", len(got))
		}
		o.Close()
	}
}

func TestABrokenConnectionIsMadeAgainWhereItBroke(t *testing.T) {
	t.Parallel()
	b := sample(5, 3<<20)
	for name, spoil := range map[string]func(n int32, w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder){
		"it ends halfway": func(n int32, w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
			w.WriteHeader(answer.Code)
			if body := answer.Body.Bytes(); n%3 != 0 {
				w.Write(body[:(len(body)+1)/2])
				hangUp()
			} else {
				w.Write(body)
			}
		},
		"it stalls halfway": func(n int32, w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
			w.WriteHeader(answer.Code)
			if n > 1 {
				w.Write(answer.Body.Bytes())
				return
			}
			w.Write(answer.Body.Bytes()[:1000])
			w.(http.Flusher).Flush()
			<-r.Context().Done() // until the store gives up
		},
		"it says 503": func(n int32, w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
			if n%2 != 0 {
				w.Header().Del("Content-Length")
				refuse(w, 503, "SlowDown")
				return
			}
			w.WriteHeader(answer.Code)
			w.Write(answer.Body.Bytes())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustHold(t, damaged(t, b, spoil), b)
		})
	}
}

func TestAServerThatNeverGivesTheWholeBodyIsAnErrorAndNotAShortObject(t *testing.T) {
	b := sample(9, 1000)
	store := damaged(t, b, func(_ int32, w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
		w.Header().Del("Content-Length") // what it sends looks complete
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes()[:500])
	})
	o, err := store.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := o.ReadAt(make([]byte, 1000), 0); !errors.Is(err, s3.ErrAway) {
		t.Errorf("ReadAt = %v, want ErrAway", err)
	}
	if got, err := io.ReadAll(o); !errors.Is(err, s3.ErrAway) {
		t.Errorf("ReadAll gives %d bytes and %v, want ErrAway", len(got), err)
	}
}
