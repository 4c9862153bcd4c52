package export

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// CollectionKey is where the collection of an acquisition is kept: beside its recordings. A second copy is needed only
// when something that cannot be read lies under the first key.
func CollectionKey(taskID string, copy int) string {
	if copy == 1 {
		return "sessions/" + taskID + "/acquisition" + sigmf.CollectionExt
	}
	return fmt.Sprintf("sessions/%s/acquisition-%d%s", taskID, copy, sigmf.CollectionExt)
}

// Collected is what a collection says: all that the rows of an acquisition said when it was written.
type Collected struct {
	heimdall.RestoredAcquisition
	WebSDRs []SnapshotOfWebSDR
	Streams []sigmf.Stream // its recordings
}

// A SnapshotOfWebSDR is the row of a WebSDR without its secrets.
type SnapshotOfWebSDR struct {
	heimdall.WebSDR
	PasswordLeftOut bool // it had one
	QueryLeftOut    bool // its address had a query, in which there may be a token
}

// Snapshot leaves out of w what might be a secret. The address of what is made up, or read from a disk, has none.
func Snapshot(w heimdall.WebSDR) SnapshotOfWebSDR {
	s := SnapshotOfWebSDR{WebSDR: w, PasswordLeftOut: w.Password != ""}
	s.Password = ""
	if w.Kind == "sim" || w.Kind == "replay" {
		return s
	}
	if u, err := url.Parse(w.URL); err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		s.URL, s.QueryLeftOut = publicURL(w.URL), true
	}
	return s
}

// Collection returns the SigMF collection of an acquisition that has ended: a list of its recordings for whoever reads
// SigMF, and in our extension every row, of captures that failed, too. The same input gives the same bytes.
func Collection(c Collected) ([]byte, error) {
	a := &c.Acquisition
	ours := ourCollection{TaskID: a.TaskID, Acquisition: wireAcquisitionOf(a), Captures: []wireCapture{}}
	for i := range c.Captures {
		ours.Captures = append(ours.Captures, wireCaptureOf(&c.Captures[i]))
	}
	for i := range c.WebSDRs {
		ours.WebSDRs = append(ours.WebSDRs, wireWebSDROf(&c.WebSDRs[i]))
	}
	for i := range c.Measurements {
		ours.Measurements = append(ours.Measurements, wireMeasurementOf(&c.Measurements[i]))
	}
	ours.Legacy = c.Legacy
	other, err := fieldsOf(ours, "")
	if err != nil {
		return nil, fmt.Errorf("describe acquisition %s: %w", a.TaskID, err)
	}
	doc := sigmf.Collection{
		Version: sigmf.Version, Description: collectionDescription(a),
		Extensions: []sigmf.Extension{sigmf.Ours}, Streams: c.Streams, Other: other,
	}
	b, err := doc.Encode()
	if err != nil {
		return nil, fmt.Errorf("describe acquisition %s: %w", a.TaskID, err)
	}
	return b, nil
}

func collectionDescription(a *heimdall.Acquisition) string {
	s := fmt.Sprintf("%g MHz from %d receivers", float64(a.FrequencyHz)/1e6, len(a.WebSDRIDs))
	if a.Label != "" {
		s = a.Label + ": " + s
	}
	return s
}

// ReadCollection reads a document that Collection wrote. A collection of others is refused: it has no rows.
func ReadCollection(doc []byte) (*Collected, error) {
	c, err := readCollection(doc)
	if err != nil {
		return nil, fmt.Errorf("read collection: %w", err)
	}
	return c, nil
}

func readCollection(doc []byte) (*Collected, error) {
	parsed, err := sigmf.ParseCollection(doc)
	if err != nil {
		return nil, err
	}
	var ours ourCollection
	if err := decodeFields(parsed.Other, "", &ours); err != nil {
		return nil, fmt.Errorf("fields of extension heimdall: %w", err)
	}
	if ours.TaskID == "" || ours.Acquisition == nil {
		return nil, errors.New("heimdall:task_id or heimdall:acquisition is missing: was it written by Heimdall?")
	}
	c := &Collected{Streams: parsed.Streams}
	c.Acquisition, c.Legacy = ours.Acquisition.row(ours.TaskID), ours.Legacy
	for i := range ours.Captures {
		capture, err := ours.Captures[i].row(ours.TaskID)
		if err != nil {
			return nil, err
		}
		c.Captures = append(c.Captures, capture)
	}
	for i := range ours.WebSDRs {
		c.WebSDRs = append(c.WebSDRs, ours.WebSDRs[i].row())
	}
	for i := range ours.Measurements {
		c.Measurements = append(c.Measurements, ours.Measurements[i].row(ours.TaskID))
	}
	for i := range c.Legacy {
		c.Legacy[i].Timestamp = c.Legacy[i].Timestamp.UTC()
	}
	return c, nil
}

// ourCollection holds the fields of ours in a collection. Each object in it is a row under the names of its columns.
type ourCollection struct {
	TaskID       string                   `json:"heimdall:task_id"`
	Acquisition  *wireAcquisition         `json:"heimdall:acquisition"`
	Captures     []wireCapture            `json:"heimdall:captures"`
	WebSDRs      []wireWebSDR             `json:"heimdall:websdrs,omitempty"`
	Measurements []wireMeasurement        `json:"heimdall:measurements,omitempty"`
	Legacy       []heimdall.LegacyMetrics `json:"heimdall:legacy_metrics,omitempty"`
}
