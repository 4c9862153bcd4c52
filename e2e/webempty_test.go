package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestTheDashboardOfAnEmptyServerSaysThatThereIsNothing(t *testing.T) {
	t.Parallel()
	p := openTab(t, "")
	address := freeAddress(t)
	background(t, "serving", "--data-dir", filepath.Join(t.TempDir(), "data"), "serve", "--listen", address)
	p.server = "http://" + address
	for _, page := range []struct{ path, says string }{
		{"/", "Nothing runs, and nothing waits"},
		{"/", "No capture failed"},
		{"/", "There is none yet"},
		{"/map", "There is no WebSDR yet"},
		{"/acquisitions/new", "No active WebSDR can record IQ"},
		{"/acquisitions", "None was asked for yet"},
		{"/compare", "Choose some in the"},
		{"/websdrs", "There is none yet"},
		{"/trends", "No data in this range"},
		{"/trends/coverage", "No capture ended in this range"},
		{"/schedules", "There is none yet"},
		{"/schedules/new", "When it would run"},
		{"/measurements", "None was made yet"},
		{"/system", "Nothing was deleted"},
	} {
		p.open(t, page.path)
		p.shows(t, "main", page.says)
		if wrong := p.complaints(false); len(wrong) > 0 {
			t.Errorf("%s: the console says:\n%s", page.path, strings.Join(wrong, "\n"))
		}
	}
	p.open(t, "/websdrs/7")
	p.shows(t, ".problem", "not found")
	p.open(t, "/map")
	evaluate[bool](t, p, `(history.pushState(null, "", "/nowhere"), dispatchEvent(new PopStateEvent("popstate")))`)
	p.shows(t, "main", "There is no such page")
}
