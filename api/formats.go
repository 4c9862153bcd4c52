package api

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/columnar"
)

// A rowWriter writes measurements one after another, holding few. Close ends what it writes, not the writer below.
type rowWriter interface {
	Write(m wire.Measurement) error
	Close() error
}

// A streamFormat is one in which any number of measurements can be had.
type streamFormat struct {
	name        string // of the parameter, and of the file
	mediaType   string
	contentType string // with its parameters
	open        func(w io.Writer) (rowWriter, error)
}

var streamFormats = []streamFormat{
	{"csv", "text/csv", "text/csv; charset=utf-8; header=present", openCSV},
	{"ndjson", "application/x-ndjson", "application/x-ndjson", openNDJSON},
	{"parquet", "application/vnd.apache.parquet", "application/vnd.apache.parquet", func(w io.Writer) (rowWriter, error) { return columnar.NewParquet(w) }},
}

func streamTypes() (list []string) {
	for _, f := range streamFormats {
		list = append(list, f.mediaType)
	}
	return list
}

// streamFormatOf is the format that the parameter names or, without one, the Accept header; nil means a page of JSON.
func streamFormatOf(name, accept string) *streamFormat {
	media := ""
	if name == "" {
		media = preferred(accept, streamTypes()...)
	}
	for i, f := range streamFormats {
		if f.name == name || f.mediaType == media {
			return &streamFormats[i]
		}
	}
	return nil
}

// preferred is the first of an Accept header that is known. JSON, or anything, is "".
func preferred(accept string, known ...string) string {
	for item := range strings.SplitSeq(accept, ",") {
		media, _, _ := mime.ParseMediaType(item)
		if slices.Contains(known, media) {
			return media
		}
		if media == "application/json" || media == "*/*" {
			return ""
		}
	}
	return ""
}

type csvRows struct{ *csv.Writer }

func openCSV(w io.Writer) (rowWriter, error) {
	out := csvRows{csv.NewWriter(w)}
	return out, out.Writer.Write(wire.MeasurementColumns())
}

func (c csvRows) Write(m wire.Measurement) error { return c.Writer.Write(m.Record()) }

func (c csvRows) Close() error {
	c.Flush()
	return c.Error()
}

type jsonRows struct {
	*json.Encoder
	buffer *bufio.Writer
}

func openNDJSON(w io.Writer) (rowWriter, error) {
	buffer := bufio.NewWriterSize(w, 64<<10)
	out := jsonRows{json.NewEncoder(buffer), buffer}
	out.SetEscapeHTML(false) // as in a page
	return out, nil
}

func (j jsonRows) Write(m wire.Measurement) error { return j.Encode(m) }
func (j jsonRows) Close() error                   { return j.buffer.Flush() }

// streamMeasurements sends the rows as they come. An error before the first row is still a problem; a later one can only
// break the connection, which tells the caller that rows are missing.
func (s *service) streamMeasurements(ctx context.Context, f heimdall.MeasurementFilter, format *streamFormat) (*huma.StreamResponse, error) {
	next, stop := iter.Pull2(s.Store.EachMeasurement(ctx, f))
	m, err, more := next()
	if err != nil {
		stop()
		return nil, ofList(err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer stop()
		_, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", format.contentType)
		w.Header().Set("Content-Disposition", `attachment; filename="measurements.`+format.name+`"`)
		w.Header().Set("Vary", "Accept")
		w.WriteHeader(http.StatusOK)
		out, err := format.open(newPatientWriter(w))
		for ; more && err == nil; m, err, more = next() {
			if err = out.Write(wire.MeasurementOf(m)); err != nil {
				break
			}
		}
		if err == nil {
			err = out.Close()
		}
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, io.ErrClosedPipe) {
				s.Log.ErrorContext(ctx, "measurements broke off", "request_id", requestID(ctx), "err", err)
			}
			panic(http.ErrAbortHandler)
		}
	}}, nil
}
