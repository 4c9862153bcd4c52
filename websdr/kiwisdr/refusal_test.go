package kiwisdr_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

const secret = "hunter2-s3cret"

func TestEveryRefusalHasItsClass(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		message string
		class   heimdall.FailureClass
		after   time.Duration
		words   string
	}{
		{"too_busy=4", heimdall.FailBusy, time.Minute, "4"},
		{"monitor", heimdall.FailBusy, time.Minute, "taken"},
		{"redirect=http%3a%2f%2fother.example%3a8073", heimdall.FailRedirect, 0, "http://other.example:8073"},
		{"reason_disabled=gone%20fishing down=0", heimdall.FailDown, 5 * time.Minute, "gone fishing"},
		{"reason_disabled= down=1", heimdall.FailDown, 5 * time.Minute, "updating"},
		{"down=2", heimdall.FailDown, 5 * time.Minute, "backed up"},
		{"down", heimdall.FailDown, 5 * time.Minute, "down"},
		{"badp=1", heimdall.FailAuth, 6 * time.Hour, "password"},
		{"badp=2", heimdall.FailDown, time.Minute, "starting"},
		{"badp=3", heimdall.FailAuth, 6 * time.Hour, "administrator"},
		{"badp=4", heimdall.FailAuth, 6 * time.Hour, "local network"},
		{"badp=5", heimdall.FailBusy, time.Minute, "one connection"},
		{"badp=6", heimdall.FailDown, time.Minute, "database"},
		{"badp=7", heimdall.FailAuth, 6 * time.Hour, "administrator"},
		{"badp=99", heimdall.FailAuth, 6 * time.Hour, ""},
		{"ip_limit=1440%2c192.0.2.7", heimdall.FailQuota, 24 * time.Hour, "1440,192.0.2.7"},
		{"inactivity_timeout=30", heimdall.FailQuota, time.Minute, "30"},
		{"password_timeout", heimdall.FailProtocol, 0, "sign-on"},
		{"exclusive_use", heimdall.FailUnsupported, 5 * time.Minute, "exclusive"},
		{"wb_only", heimdall.FailUnsupported, 0, "/wb"},
		{"kiwi_kick=1,bye%20" + secret, heimdall.FailBanned, time.Hour, "bye"},
	} {
		t.Run("while opening: "+tt.message, func(t *testing.T) {
			url := serve(t, func(p *peer) {
				p.command()
				p.msg("client_public_ip=192.0.2.7 rx_chans=4")
				p.msg(tt.message)
				p.ws.Close(websocket.StatusNormalClosure, "")
			})
			w, tuning := row(url)
			w.Password = secret
			_, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
			wantFailure(t, err, tt.class, tt.after, tt.words)
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the password shows: %v", err)
			}
		})
		t.Run("later: "+tt.message, func(t *testing.T) {
			url := serve(t, func(p *peer) {
				p.greet(usual)
				p.play(newRadio(monday), 7)
				p.msg(tt.message)
				p.ws.Close(websocket.StatusNormalClosure, "")
			})
			n, err := readToEnd(open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url))
			if n != 5*blockSize {
				t.Errorf("%d samples before the end, want %d", n, 5*blockSize)
			}
			wantFailure(t, err, tt.class, tt.after, tt.words)
		})
	}
}

func TestAServerThatHangsUpWithoutAWordHasBannedUs(t *testing.T) {
	for name, script := range map[string]func(*peer){
		"with a farewell": func(p *peer) { p.command(); p.ws.Close(websocket.StatusNormalClosure, "") },
		"without":         func(p *peer) { p.raw.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			w, tuning := row(serve(t, script))
			_, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
			wantFailure(t, err, heimdall.FailBanned, time.Hour)
		})
	}
}

func TestAServerThatHangsUpLaterIsATransportFailure(t *testing.T) {
	w, tuning := row(serve(t, func(p *peer) { p.greet(usual) }))
	_, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
	wantFailure(t, err, heimdall.FailTransport, 0)
}

func TestAnswersThatAreNoWebSocket(t *testing.T) {
	for _, tt := range []struct {
		status int
		class  heimdall.FailureClass
		after  time.Duration
	}{
		{200, heimdall.FailProtocol, 0},
		{403, heimdall.FailProtocol, 0},
		{404, heimdall.FailProtocol, 0},
		{429, heimdall.FailBusy, time.Minute},
		{502, heimdall.FailTransport, 0},
		{503, heimdall.FailTransport, 0},
	} {
		t.Run(http.StatusText(tt.status), func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.WriteHeader(tt.status)
				w.Write([]byte("<html>hello</html>"))
			}))
			defer srv.Close()
			w, tuning := row(srv.URL)
			w.Password = secret
			_, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
			wantFailure(t, err, tt.class, tt.after, http.StatusText(tt.status), "web page")
		})
	}
}

func TestAnAddressWhereNobodyListensIsATransportFailure(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	w, tuning := row(srv.URL)
	_, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
	wantFailure(t, err, heimdall.FailTransport, 0, "is the address right")
}

func TestRedirectionsAreFollowedOnlyToTheSameReceiver(t *testing.T) {
	kiwi := serve(t, func(p *peer) {
		p.greet(usual)
		p.play(newRadio(monday), 6)
		p.wait()
	})
	t.Run("the same address", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/real/") {
				http.Redirect(w, r, "/real"+r.URL.Path, http.StatusTemporaryRedirect)
				return
			}
			ws, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			p := &peer{t: t, ws: ws, ctx: r.Context()}
			p.greet(usual)
			p.play(newRadio(monday), 6)
			p.wait()
		}))
		defer srv.Close()
		w, tuning := row(srv.URL)
		s, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	})
	t.Run("another port", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, kiwi+r.URL.Path, http.StatusFound)
		}))
		defer srv.Close()
		w, tuning := row(srv.URL)
		_, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
		wantFailure(t, err, heimdall.FailRedirect, 0, kiwi)
	})
	t.Run("in circles", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}))
		defer srv.Close()
		w, tuning := row(srv.URL)
		_, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
		wantFailure(t, err, heimdall.FailRedirect, 0, "circles")
	})
}

func TestABadURLIsRefused(t *testing.T) {
	for _, u := range []string{"", "http://", "::", "http://[::1"} {
		w, tuning := row(u)
		if _, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning); err == nil {
			t.Errorf("%q was opened", u)
		}
	}
}
