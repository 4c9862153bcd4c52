package kiwisdr_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

// A KiwiSDR puts invisible separators (U+2063) between the words of its hardware.
var statusText = strings.ReplaceAll(`status=active
offline=no
name=0-30 MHz, Long Wire = good | Torino
sdr_hw=KiwiSDR 1 v1.709 ¦ 📡 GPS ¦ ⏳ Limits ¦
op_email=op@example.org
bands=0-30000000
freq_offset=0.000
users=3
users_max=4
preempt=0
avatar_ctime=1600000000
gps=(45.103, 7.694)
gps_good=9
fixes=123456
fixes_min=58
fixes_hour=3480
tdoa_id=IT1
tdoa_ch=2
asl=240
loc=Torino, Italy
sw_version=KiwiSDR_v1.709
antenna=Long wire
snr=23,25
adc_ov=17
uptime=86400
gps_date=0,0
ip_blacklist=abc
`, "¦", "\u2063")

func ptr[T any](v T) *T { return &v }

func TestTheStatusOfAReceiverIsRead(t *testing.T) {
	got, ok := kiwisdr.ParseStatus(statusText)
	want := kiwisdr.Status{
		State: "active", Name: "0-30 MHz, Long Wire = good | Torino", Location: "Torino, Italy", Antenna: "Long wire",
		Hardware: "KiwiSDR 1 v1.709 \u2063 📡 GPS \u2063 ⏳ Limits \u2063", Version: "KiwiSDR_v1.709",
		Users: ptr(3), UsersMax: ptr(4), LowHz: ptr(int64(0)), HighHz: ptr(int64(30_000_000)),
		LatitudeDeg: ptr(45.103), LongitudeDeg: ptr(7.694), AltitudeM: ptr(240.0),
		GPSSatellites: ptr(9), FixesPerMin: ptr(58), TDoAChannels: ptr(2), Stamps: ptr(true),
		SNRdB: ptr(23.0), ConverterOverload: ptr(int64(17)), UptimeS: ptr(int64(86400)),
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("status (-want +got), ok %v:\n%s", ok, diff)
	}
	if n, known := got.FreeSlots(); n != 1 || !known {
		t.Errorf("%d free channels, known %v", n, known)
	}
}

func TestWhatAStatusDoesNotSayIsUnknown(t *testing.T) {
	got, ok := kiwisdr.ParseStatus("status=offline\r\noffline=yes\r\nauth=password\r\nusers=many\r\nfreq_offset=116000.5\r\ngps=(somewhere)\r\ntdoa_ch=-1\r\nbands=\r\n")
	want := kiwisdr.Status{State: "offline", Offline: true, NeedPassword: true, FrequencyOffsetHz: 116_000_500, TDoAChannels: ptr(-1), Stamps: ptr(false)}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("status (-want +got), ok %v:\n%s", ok, diff)
	}
	if _, known := got.FreeSlots(); known {
		t.Error("free channels are known")
	}
	if _, ok := kiwisdr.ParseStatus("<html>\nhello=world\n"); ok {
		t.Error("a web page was taken for a status")
	}
}

func TestTheStatusIsAskedForWithoutAChannel(t *testing.T) {
	var path string
	code, body := 200, statusText
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.Method + " " + r.URL.Path
		w.WriteHeader(code)
		w.Write([]byte(body))
	}))
	defer srv.Close()
	probe := func(suffix string) (kiwisdr.Status, error) {
		return new(kiwisdr.Driver).Status(t.Context(), &heimdall.WebSDR{URL: srv.URL + suffix, Timeout: 5 * time.Second, Password: secret}, "heimdall")
	}
	st, err := probe("")
	if err != nil || st.Name == "" || path != "GET /status" {
		t.Errorf("asked %s, got %+v, %v", path, st, err)
	}
	if _, err := probe("/wb/"); err != nil || path != "GET /status" {
		t.Errorf("asked %s, %v", path, err)
	}
	body = "<html>"
	_, err = probe("")
	wantFailure(t, err, heimdall.FailProtocol, 0)
	code = 404
	_, err = probe("")
	wantFailure(t, err, heimdall.FailProtocol, 0, "404")
	code = 503
	_, err = probe("")
	wantFailure(t, err, heimdall.FailTransport, 0, "503")
	srv.Close()
	_, err = probe("")
	wantFailure(t, err, heimdall.FailTransport, 0)
}
