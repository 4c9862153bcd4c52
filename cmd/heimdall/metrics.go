package main

import (
	"fmt"
	"go/doc/comment"
	"io"
	"strings"

	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// metricsCmd says what the numbers mean. It is about this program: it needs neither a server nor a data folder.
type metricsCmd struct {
	Name string `arg:"" optional:"" help:"A metric, or a word that one can be, such as a flag; without it all metrics are listed."`
	JSON bool   `help:"Print JSON, as the API does."`
}

func (c *metricsCmd) Run(a *app) error {
	d := api.Definitions()
	if c.Name == "" {
		if c.JSON {
			return printJSON(a.stdout, d)
		}
		return listMetrics(a.stdout, d)
	}
	for _, m := range d.Metrics {
		if m.Name == c.Name {
			if c.JSON {
				return printJSON(a.stdout, m)
			}
			return explainMetric(a.stdout, d, m)
		}
	}
	for _, m := range d.Metrics {
		for _, v := range m.Values {
			if v.Name == c.Name {
				if c.JSON {
					return printJSON(a.stdout, v)
				}
				fmt.Fprintf(a.stdout, "%s, of %s\n\n%s", v.Name, m.Name, paragraphs(v.Meaning))
				return nil
			}
		}
	}
	return invalid("name", fmt.Errorf("is %q, which is no metric and no word that one can be: heimdall metrics lists them", c.Name))
}

// listMetrics prints the first sentence about each.
func listMetrics(w io.Writer, d wire.Definitions) error {
	t := newTable(w, "NAME", "UNIT", "MEANING")
	for _, m := range d.Metrics {
		first, _, _ := strings.Cut(m.Meaning, ". ")
		unit := m.Unit
		if unit == "" {
			unit = m.Type
		}
		t.row(m.Name, unit, strings.TrimSuffix(first, "."))
	}
	return t.end()
}

// explainMetric prints all there is to say about m.
func explainMetric(w io.Writer, d wire.Definitions, m wire.Definition) error {
	kind := m.Type
	if m.Unit != "" {
		kind += " in " + m.Unit
	}
	if m.Unit == "1" {
		kind = "ratio"
	}
	if m.Nullable {
		kind += " or null"
	}
	fmt.Fprintf(w, "%s, %s\n\n%s\n", m.Name, kind, paragraphs(m.Meaning))
	if len(m.Values) > 0 {
		t := newTable(w, "VALUE", "MEANING")
		for _, v := range m.Values {
			t.row(v.Name, v.Meaning)
		}
		if err := t.end(); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	for _, s := range d.Sections {
		if s.Heading == m.Section {
			fmt.Fprintf(w, "%s\n\n%s", strings.ToUpper(s.Heading), paragraphs(s.Text))
		}
	}
	return nil
}

// paragraphs breaks the lines of a text for reading. It ends in a line break.
func paragraphs(text string) string {
	printer := comment.Printer{TextPrefix: "  ", TextWidth: 96}
	return string(printer.Text(new(comment.Parser).Parse(text)))
}
