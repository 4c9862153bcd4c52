package storetest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// A View is one page of the dashboard, or a part of it, and what it asks the API for.
type View struct{ Name, Path string }

// Views are what the dashboard asks for at the time now, when the store has been filled until then, and what people ask
// for besides: of one acquisition, and of one WebSDR that has been busy. Of schedule 1 there are many acquisitions, of
// schedule 2 few.
func Views(now time.Time, taskID string, websdrID int64) []View {
	ago := func(days int) string {
		return "&from=" + url.QueryEscape(now.AddDate(0, 0, -days).Format(time.RFC3339))
	}
	until := func(days int) string { return ago(days) + "&to=" + url.QueryEscape(now.Format(time.RFC3339)) }
	one := fmt.Sprintf("&websdr_id=%d", websdrID)
	var views []View
	add := func(name, path string) {
		views = append(views, View{name, "/api/v1/" + strings.Replace(path, "&", "?", 1)})
	}
	add("overview: what runs and waits", "acquisitions&state=running&state=pending&limit=100")
	add("overview: sessions of a day", "statistics/sessions"+ago(1))
	add("overview: failures of a day", "captures&state=failed&limit=20"+ago(1))
	add("overview: WebSDRs", "websdrs")
	add("overview, map: newest of each WebSDR", "statistics/latest")
	add("overview, system: the server", "system")
	add("overview, system: retention", "retention")
	add("new: estimate", "acquisitions/estimate&duration_seconds=10"+one)
	add("acquisitions", "acquisitions&limit=50")
	add("acquisitions: by state", "acquisitions&limit=50&state=failed")
	add("acquisitions: by text", "acquisitions&limit=50&text=label+2")
	add("acquisitions: text that is nowhere", "acquisitions&limit=50&text=nowhere")
	add("acquisitions: of a WebSDR", "acquisitions&limit=50"+one)
	add("acquisitions: of a busy schedule", "acquisitions&limit=50&schedule_id=1")
	add("acquisition", "acquisitions/"+taskID)
	add("acquisition: its measurements", "measurements&limit=1000&task_id="+taskID)
	add("measurements", "measurements&limit=100")
	add("measurements: of a month ago", "measurements&limit=100"+until(29)+"")
	add("measurements: of a WebSDR", "measurements&limit=100"+one)
	add("measurements: of one frequency", "measurements&limit=100&frequency_min_mhz=7.004&frequency_max_mhz=7.004")
	add("measurements: of a band", "measurements&limit=100&frequency_min_mhz=7.002&frequency_max_mhz=7.006")
	add("measurements: of one frequency and high SNR", "measurements&limit=100&frequency_min_mhz=7.004&frequency_max_mhz=7.004&snr_min_db=38")
	add("measurements: of a frequency that is nowhere", "measurements&limit=100&frequency_min_mhz=7.0045&frequency_max_mhz=7.0045")
	add("measurements: of high SNR", "measurements&limit=100&snr_min_db=38&detected=true")
	add("measurements: by text", "measurements&limit=100&text=label+2")
	add("measurements: text that is nowhere", "measurements&limit=100&text=nowhere")
	add("measurements: around a place", "measurements&limit=100&near_latitude=45&near_longitude=7.5&near_km=800")
	add("measurements: of a busy schedule", "measurements&limit=100&schedule_id=1")
	add("measurements: of a rare schedule", "measurements&limit=100&schedule_id=2")
	add("WebSDR: its captures", fmt.Sprintf("captures&limit=20&websdr_id=%d", websdrID))
	add("WebSDR: how it was", fmt.Sprintf("websdrs/%d/status", websdrID))
	add("WebSDR: how it was, by the half hour", fmt.Sprintf("websdrs/%d/history", websdrID)+until(1))
	add("WebSDR: SNR of a week", "statistics/snr"+until(7)+one)
	add("WebSDR: captures of a month", "statistics/websdrs"+until(30)+one)
	eight := ""
	for id := range 8 {
		eight += fmt.Sprintf("&websdr_id=%d", id+1)
	}
	for _, of := range []struct{ name, whose string }{{"trends of eight WebSDRs: ", eight}, {"API, of all WebSDRs: ", ""}} {
		add(of.name+"SNR of a day", "statistics/snr"+until(1)+of.whose)
		add(of.name+"SNR of a week", "statistics/snr"+until(7)+of.whose)
		add(of.name+"SNR of a month, by day", "statistics/snr"+until(30)+of.whose)
		add(of.name+"SNR of a month, by hour", "statistics/snr&bucket=1h"+until(30)+of.whose)
		add(of.name+"drift of a day", "statistics/frequency-drift"+until(1)+of.whose)
		add(of.name+"drift of a week", "statistics/frequency-drift"+until(7)+of.whose)
		add(of.name+"drift of a month, by day", "statistics/frequency-drift"+until(30)+of.whose)
		add(of.name+"noise of a week", "statistics/noise"+until(7)+of.whose)
		add(of.name+"noise of a month, by day", "statistics/noise"+until(30)+of.whose)
	}
	add("WebSDR: noise of a week", "statistics/noise"+until(7)+one)
	add("WebSDR: its clock of a month", "statistics/clocks"+until(30)+one)
	add("WebSDRs: captures of a week", "statistics/websdrs"+until(7))
	add("WebSDRs: captures of a month", "statistics/websdrs"+until(30))
	add("coverage of a month", "statistics/coverage"+until(30))
	add("occupancy of a week, by hour", "statistics/spectrum-occupancy"+until(7))
	add("occupancy of a month, by day", "statistics/spectrum-occupancy"+until(30))
	add("API: sessions of a week", "statistics/sessions"+until(7))
	add("API: sessions of a month", "statistics/sessions"+until(30))
	add("system: deletions", "deletions&limit=20")
	return views
}

// BenchmarkViews asks an API for all views, and reports the median and the 95th percentile of how long the answers take.
func BenchmarkViews(b *testing.B, api http.Handler, views []View) {
	for _, v := range views {
		b.Run(v.Name, func(b *testing.B) {
			var took []time.Duration
			size := 0
			for b.Loop() {
				answer := httptest.NewRecorder()
				began := time.Now()
				api.ServeHTTP(answer, httptest.NewRequestWithContext(b.Context(), http.MethodGet, v.Path, nil))
				took = append(took, time.Since(began))
				if answer.Code != http.StatusOK {
					body, _ := io.ReadAll(answer.Body)
					b.Fatalf("GET %s: %d %s", v.Path, answer.Code, body)
				}
				size = answer.Body.Len()
			}
			slices.Sort(took)
			at := func(part int) float64 {
				return float64(took[min(len(took)*part/100, len(took)-1)].Microseconds()) / 1e3
			}
			b.ReportMetric(at(50), "p50-ms")
			b.ReportMetric(at(95), "p95-ms")
			b.ReportMetric(float64(size)/1024, "KiB")
		})
	}
}
