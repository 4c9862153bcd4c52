package api

import (
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewTaskID == nil {
		c.NewTaskID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Version == "" {
		c.Version = heimdall.Version
	}
	if c.Access == nil {
		c.Access = access.New(access.Config{Store: c.Store, Open: true, Limits: access.Limits{PerSecond: -1}})
	}
	if c.EventPoll == 0 {
		c.EventPoll = 250 * time.Millisecond
	}
	if c.EventHeartbeat == 0 {
		c.EventHeartbeat = 15 * time.Second
	}
	return c
}

// newHuma sets huma up without the parts that do not suit us: the documentation page that loads scripts from
// elsewhere, the $schema link in every body, and the description that is built on first use without a lock.
func newHuma(mux *http.ServeMux, version string) huma.API {
	c := huma.DefaultConfig("Heimdall", version)
	c.Info.Description = "Records IQ from many network receivers (WebSDRs) over one common window, measures each recording, and keeps everything queryable. " +
		"Times are RFC 3339 in UTC. Errors are RFC 9457 problems that name every wrong field. Unknown fields and parameters are refused."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	c.Transformers = []huma.Transformer{plainProblem}
	c.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), reflect.TypeFor[wire.Problem]())
	c.Components.SecuritySchemes = securitySchemes()
	return humago.New(mux, c)
}
