package dsp_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/heimdall-sdr/heimdall/dsp"
)

const pageHead = `<!-- Made by make generate from the comments in dsp/doc.go, dsp/metrics.go and dsp/flags.go: change those. -->
# Signal metrics

What every number of a measurement means, version %s of the definitions. A column of the database, a key of the API, a CSV
header and a field of the recording's metadata have the same name and mean the same. The server says all this at
` + "`GET /api/v1/metrics`, the program by `heimdall metrics`" + `.

Null is a number that cannot be defended: NULL in SQL, an empty cell in CSV, absent in SigMF, nil in Go. It is never replaced
by 0 or a guess; the flags and ` + "`noise_source`" + ` say why. The unit 1 is a ratio. Each name leads to the section that
explains how the number is made; the symbols are those of [the notation](#notation).

## Metrics

| name | type | unit | meaning |
|---|---|---|---|
`

// page is docs/signal-metrics.md.
func page(manual dsp.Manual, accuracy string) string {
	var b strings.Builder
	fmt.Fprintf(&b, pageHead, manual.Version)
	spans := codeSpans(manual)
	for _, m := range manual.Metrics {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", m.Name, anchor(m.Section), m.Type, m.Unit, cell(spans(m.Meaning)))
	}
	for _, m := range manual.Metrics {
		if m.Values == nil {
			continue
		}
		fmt.Fprintf(&b, "\n## What `%s` can be\n\n| value | meaning |\n|---|---|\n", m.Name)
		for _, v := range m.Values {
			fmt.Fprintf(&b, "| `%s` | %s |\n", v.Name, cell(spans(v.Meaning)))
		}
	}
	b.WriteString("\n## How the numbers are made\n")
	for _, s := range manual.Sections {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", s.Heading, spans(s.Text))
	}
	b.WriteString("\n## Accuracy\n\n" + accuracy + "\n")
	return b.String()
}

// anchor is where a heading is found on the page, as GitHub makes it.
func anchor(heading string) string {
	return strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9_ -]`).ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// cell keeps |z| from ending a cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// codeSpans returns a function that marks the names of metrics and their values in a text. Names of one word mean
// what they mean in English.
func codeSpans(manual dsp.Manual) func(string) string {
	var names []string
	for _, m := range manual.Metrics {
		names = append(names, m.Name)
		for _, v := range m.Values {
			names = append(names, v.Name)
		}
	}
	word := regexp.MustCompile(`[A-Za-z0-9]+(_[A-Za-z0-9]+)+`)
	return func(text string) string {
		return word.ReplaceAllStringFunc(text, func(w string) string {
			if slices.Contains(names, w) {
				return "`" + w + "`"
			}
			return w
		})
	}
}

// accuracyOf is the part of the page that another command writes, marks included.
func accuracyOf(committed string) string {
	const begin, end = "<!-- accuracy -->", "<!-- /accuracy -->"
	from, to := strings.Index(committed, begin), strings.Index(committed, end)
	if from < 0 || to < from {
		return begin + "\nNo figures are printed here yet. The tests of package dsp hold the metrics against signals of known truth.\n" + end
	}
	return committed[from : to+len(end)]
}
