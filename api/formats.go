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

// A rowWriter writes rows one after another, holding few. Close ends what it writes, not the writer below.
type rowWriter[T any] interface {
	Write(row T) error
	Close() error
}

// A format is one in which any number of rows can be had.
type format struct {
	name       string // of the parameter, and the ending of the file
	mediaType  string
	parameters string // of the media type
}

var formats = []format{
	{"csv", "text/csv", "; charset=utf-8; header=present"},
	{"ndjson", "application/x-ndjson", ""},
	{"parquet", "application/vnd.apache.parquet", ""},
	{"arrow", "application/vnd.apache.arrow.stream", ""},
}

func formatTypes() (list []string) {
	for _, f := range formats {
		list = append(list, f.mediaType)
	}
	return list
}

// formatOf is the format that the parameter names or, without one, the Accept header; nil means JSON.
func formatOf(name, accept string) *format {
	media := ""
	if name == "" {
		media = preferred(accept, formatTypes()...)
	}
	for i, f := range formats {
		if f.name == name || f.mediaType == media {
			return &formats[i]
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

func (f *format) contentType() string { return f.mediaType + f.parameters }

// disposition says under which name a table is to be kept.
func (f *format) disposition(name string) string {
	return `attachment; filename="` + name + "." + f.name + `"`
}

// openRows begins a table of rows in a format.
func openRows[T any](f *format, w io.Writer) (rowWriter[T], error) {
	switch f.name {
	case "csv":
		return openCSV[T](w)
	case "ndjson":
		return openNDJSON[T](w)
	case "parquet":
		return columnar.NewParquet[T](w)
	}
	return columnar.NewArrow[T](w)
}

// writeRows writes a whole table.
func writeRows[T any](w io.Writer, f *format, rows []T) error {
	out, err := openRows[T](f, w)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return out.Close()
}

type csvRows[T any] struct{ *csv.Writer }

func openCSV[T any](w io.Writer) (rowWriter[T], error) {
	out := csvRows[T]{csv.NewWriter(w)}
	return out, out.Writer.Write(wire.Columns[T]())
}

func (c csvRows[T]) Write(row T) error { return c.Writer.Write(wire.Cells(row)) }

func (c csvRows[T]) Close() error {
	c.Flush()
	return c.Error()
}

type jsonRows[T any] struct {
	*json.Encoder
	buffer *bufio.Writer
}

func openNDJSON[T any](w io.Writer) (rowWriter[T], error) {
	buffer := bufio.NewWriterSize(w, 64<<10)
	out := jsonRows[T]{json.NewEncoder(buffer), buffer}
	out.SetEscapeHTML(false) // as in a page
	return out, nil
}

func (j jsonRows[T]) Write(row T) error { return j.Encode(row) }
func (j jsonRows[T]) Close() error      { return j.buffer.Flush() }

// streamMeasurements sends the rows as they come. An error before the first row is still a problem; a later one can only
// break the connection, which tells the caller that rows are missing.
func (s *service) streamMeasurements(ctx context.Context, f heimdall.MeasurementFilter, format *format) (*huma.StreamResponse, error) {
	next, stop := iter.Pull2(s.Store.EachMeasurement(ctx, f))
	m, err, more := next()
	if err != nil {
		stop()
		return nil, ofList(err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer stop()
		_, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", format.contentType())
		w.Header().Set("Content-Disposition", format.disposition("measurements"))
		w.Header().Set("Vary", "Accept")
		w.WriteHeader(http.StatusOK)
		out, err := openRows[wire.Measurement](format, newPatientWriter(w))
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
