package api_test

import (
	"fmt"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestAcquisitionsAreFoundByAPartOfTheirLabel(t *testing.T) {
	r := newRig(t)
	id := r.websdr("A").ID
	for _, label := range []string{"ISS pass", "iss & more", "other"} {
		r.post("/api/v1/acquisitions", fmt.Sprintf(`{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[%d],"label":%q}`, id, label)).want(202)
	}
	for query, want := range map[string]int{"label=iss": 2, "label=%26": 1, "label=none": 0, "label=ISS&state=pending": 2, "label=ISS&state=failed": 0} {
		var page wire.AcquisitionPage
		r.get("/api/v1/acquisitions?" + query).want(200).into(&page)
		if len(page.Acquisitions) != want {
			t.Errorf("%s finds %d, want %d", query, len(page.Acquisitions), want)
		}
	}
	for _, bytes := range []string{"%00", "%ff"} {
		r.get("/api/v1/acquisitions?label="+bytes).refused(422, "query.label", "UTF-8")
	}
}
