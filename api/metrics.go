package api

import (
	"context"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/dsp"
)

// Definitions say what the numbers of a measurement mean, as this program computes them. A row of another
// algorithm_version was made by another one.
func Definitions() wire.Definitions {
	manual := dsp.Definitions()
	d := wire.Definitions{AlgorithmVersion: manual.Version}
	for _, m := range manual.Metrics {
		values := []wire.DefinedValue{}
		for _, v := range m.Values {
			values = append(values, wire.DefinedValue(v))
		}
		d.Metrics = append(d.Metrics, wire.Definition{
			Name: m.Name, Type: m.Type, Unit: m.Unit, Nullable: m.Nullable, Meaning: m.Meaning, Section: m.Section, Values: values,
		})
	}
	for _, s := range manual.Sections {
		d.Sections = append(d.Sections, wire.Section(s))
	}
	return d
}

type metricsOutput struct {
	CacheControl string `header:"Cache-Control" doc:"They change with the program alone"`
	Body         wire.Definitions
}

func (s *service) listMetrics(context.Context, *struct{}) (*metricsOutput, error) {
	return &metricsOutput{CacheControl: "max-age=300", Body: Definitions()}, nil
}
