package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

type importWebSDRsInput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	DryRun      bool   `query:"dry_run" doc:"Check everything and store nothing"`
	RawBody     []byte `contentType:"text/csv"`
}

type importOutput struct{ Body wire.ImportResult }

func (s *service) importWebSDRs(ctx context.Context, in *importWebSDRsInput) (*importOutput, error) {
	var rows []wire.WebSDRInput
	var err error
	switch media := mediaType(in.ContentType); media {
	case "text/csv":
		rows, err = wire.ReadWebSDRs(bytes.NewReader(in.RawBody))
	case "application/json":
		err = s.decodeInto(in.RawBody, s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(rows), true, ""), &rows)
	default:
		err = fmt.Errorf("read WebSDRs of type %q: %w: send application/json or text/csv", media, errMediaType)
	}
	if err != nil {
		return nil, err
	}
	known, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{})
	if err != nil {
		return nil, err
	}
	list, res, err := s.importedWebSDRs(ctx, rows, known)
	if err != nil {
		return nil, err
	}
	if res.DryRun = in.DryRun; !in.DryRun {
		if res.Created, res.Updated, err = s.Store.ImportWebSDRs(ctx, list); err != nil {
			return nil, err
		}
	}
	return &importOutput{res}, nil
}

// importedWebSDRs converts the rows, gives each the password that its name has already unless the row brings
// one, and finds everything wrong with any of them.
func (s *service) importedWebSDRs(ctx context.Context, rows []wire.WebSDRInput, known []heimdall.WebSDR) (list []heimdall.WebSDR, res wire.ImportResult, err error) {
	byName := make(map[string]*heimdall.WebSDR, len(known))
	for i := range known {
		byName[known[i].Name] = &known[i]
	}
	var bad heimdall.InvalidError
	first := map[string]int{}
	for i, row := range rows {
		old := byName[row.Name]
		w := row.Root(old)
		err := w.Validate()
		if err == nil {
			err = s.allowed(ctx, w, old)
		}
		if wrong, ok := errors.AsType[*heimdall.InvalidError](err); ok {
			for _, f := range wrong.Fields {
				bad.Add(fmt.Sprintf("[%d].%s", i, f.Field), "%s", f.Message)
			}
		}
		if k, twice := first[row.Name]; twice {
			bad.Add(fmt.Sprintf("[%d].name", i), "is %q, as that of row [%d]: names are unique", row.Name, k)
		}
		first[row.Name] = i
		if old == nil {
			res.Created++
		} else {
			res.Updated++
		}
		list = append(list, w)
	}
	return list, res, bad.Err()
}

type exportWebSDRsInput struct {
	Accept string `header:"Accept" hidden:"true"`
	Format string `query:"format" enum:"json,csv,ndjson,parquet,arrow" doc:"json, csv, ndjson, parquet or arrow; absent, the Accept header decides"`
}

func (s *service) exportWebSDRs(ctx context.Context, in *exportWebSDRsInput) (*huma.StreamResponse, error) {
	list, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{})
	if err != nil {
		return nil, err
	}
	shown := []wire.WebSDR{}
	for _, w := range list {
		shown = append(shown, wire.WebSDROf(w))
	}
	var body bytes.Buffer
	contentType, disposition := "application/json", `attachment; filename="websdrs.json"`
	if format := formatOf(in.Format, in.Accept); format != nil {
		contentType, disposition = format.contentType(), format.disposition("websdrs")
		err = writeRows(&body, format, shown)
	} else {
		err = jsonFormat.Marshal(&body, shown)
	}
	if err != nil {
		return nil, fmt.Errorf("encode WebSDRs: %w", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", contentType)
		hc.SetHeader("Content-Disposition", disposition)
		hc.SetHeader("Vary", "Accept")
		hc.SetStatus(http.StatusOK)
		_, _ = hc.BodyWriter().Write(body.Bytes()) // an error means that the caller has gone
	}}, nil
}
