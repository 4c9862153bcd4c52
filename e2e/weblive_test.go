package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

func TestPagesFollowWhatHappens(t *testing.T) {
	p := openTab(t, "")
	data, address := filepath.Join(t.TempDir(), "data"), freeAddress(t)
	server := background(t, "serving", "--data-dir", data, "serve", "--listen", address)
	c, err := client.New("http://"+address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.server = "http://" + address
	for _, url := range []string{"sim:///slow", "sim:///busy?pace=fast&fault=unsupported"} {
		if _, err := c.CreateWebSDR(t.Context(), wire.WebSDRInput{Name: url[7:11], Kind: "sim", URL: url, Latitude: 45, Longitude: 7}); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(label string, seconds float64, websdrs ...int64) {
		t.Helper()
		if _, _, err := c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 145.5, DurationSeconds: seconds, WebSDRs: websdrs, Label: label}, ""); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("the overview shows what runs, and then what failed", func(t *testing.T) {
		p.open(t, "/")
		p.shows(t, ".live", "live")
		ask("in the making", 3, 1)
		p.shows(t, "main", "in the making")
		p.until(t, "its progress is seen", `[...document.querySelectorAll("progress")].some((e) => e.value > 0.2 && e.value < 1)`)
		p.shows(t, "main", "Nothing runs, and nothing waits")
		ask("bound to fail", 1, 2)
		p.until(t, "the failure is listed", `[...document.querySelectorAll("td code")].some((e) => e.innerText === "unsupported")`)
	})
	t.Run("the list asks again at most once a second", func(t *testing.T) {
		p.open(t, "/acquisitions")
		p.shows(t, ".live", "live")
		began := time.Now()
		for range 20 {
			ask("many", 0.1, 1)
		}
		p.until(t, "all are there and have ended", `document.querySelectorAll("main tbody tr").length === 22 && document.querySelectorAll("main .state.success").length === 21`)
		asked := evaluate[int](t, p, `performance.getEntriesByType("resource").filter((e) => e.name.includes("/api/v1/acquisitions")).length`)
		if most := int(time.Since(began).Seconds()) + 3; asked > most {
			t.Errorf("it asked %d times, want at most %d", asked, most)
		}
	})
	if wrong := p.complaints(false); len(wrong) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(wrong, "\n"))
	}
	t.Run("what happened while the server was away is shown when it is back", func(t *testing.T) {
		server.kill()
		p.shows(t, ".live", "reconnecting")
		background(t, "serving", "--data-dir", data, "serve", "--listen", address)
		ask("afterwards", 0.1, 1)
		p.shows(t, "main tbody", "afterwards")
		p.shows(t, ".live", "live")
	})
}
