package api_test

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
)

// FuzzACursorIsReadBackOrRefused: what is accepted is a key that gives the very same cursor again.
func FuzzACursorIsReadBackOrRefused(f *testing.F) {
	f.Add(*api.CursorOfAcquisition(heimdall.Acquisition{TaskID: "01957c2e-5d00-7000-8000-0123456789ab"}))
	f.Add(*api.CursorOfCapture(heimdall.Capture{TaskID: "t", WebSDRID: 7}))
	f.Add(*api.CursorOfMeasurement(heimdall.Measurement{Timestamp: time.UnixMicro(1), TaskID: "t", WebSDRID: 7}))
	f.Add("")
	f.Add("bTF8MXx0fDAx")
	f.Add("rubbish!")
	f.Fuzz(func(t *testing.T, cursor string) {
		if id, err := api.AcquisitionAfter(cursor); err == nil && id != "" {
			if got := *api.CursorOfAcquisition(heimdall.Acquisition{TaskID: id}); got != cursor {
				t.Errorf("%q is read as %q, whose cursor is %q", cursor, id, got)
			}
		}
		if task, id, err := api.CaptureAfter(cursor); err == nil && task != "" {
			if got := *api.CursorOfCapture(heimdall.Capture{TaskID: task, WebSDRID: id}); len(got) > len(cursor) {
				t.Errorf("%q is read as %q %d, whose cursor is %q", cursor, task, id, got)
			}
		}
		if k, err := api.MeasurementAfter(cursor); err == nil && k != nil {
			got := api.CursorOfMeasurement(heimdall.Measurement{Timestamp: k.Timestamp, TaskID: k.TaskID, WebSDRID: k.WebSDRID})
			if again, err := api.MeasurementAfter(*got); err != nil || !again.Timestamp.Equal(k.Timestamp) || again.TaskID != k.TaskID || again.WebSDRID != k.WebSDRID {
				t.Errorf("%q is read as %+v, whose cursor %q is read as %+v", cursor, k, *got, again)
			}
		}
	})
}
