package dsp_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/dsp"
)

func TestEveryMetricIsDefined(t *testing.T) {
	manual := dsp.Definitions()
	if manual.Version != dsp.Version {
		t.Errorf("the version is %q, want %q", manual.Version, dsp.Version)
	}
	fields := reflect.VisibleFields(reflect.TypeFor[dsp.Metrics]())
	if len(manual.Metrics) != len(fields) {
		t.Fatalf("%d metrics are defined, Metrics has %d", len(manual.Metrics), len(fields))
	}
	for i, f := range fields {
		m := manual.Metrics[i]
		t.Run(m.Name, func(t *testing.T) {
			if m.Name == "" || m.Name != f.Tag.Get("json") {
				t.Errorf("it is called %q, the field %q", m.Name, f.Tag.Get("json"))
			}
			typ := f.Type
			if nullable := typ.Kind() == reflect.Pointer; nullable {
				typ = typ.Elem()
			} else if m.Nullable {
				t.Error("it is called nullable and is no pointer")
			}
			if m.Nullable != (f.Type.Kind() == reflect.Pointer) || m.Type != jsonTypes[typ.String()] {
				t.Errorf("its type is %s, nullable %t: the field is %s", m.Type, m.Nullable, f.Type)
			}
			if quantity := m.Type == "number" || m.Type == "integer"; quantity != (m.Unit != "") {
				t.Errorf("the unit of a %s is %q", m.Type, m.Unit)
			}
			checkWords(t, m.Meaning)
			if !strings.HasSuffix(m.Meaning, ".") || m.Nullable && !strings.Contains(strings.ToLower(m.Meaning), "null") {
				t.Errorf("the meaning is no sentence, or does not say when it is null: %s", m.Meaning)
			}
			checkSection(t, manual, f.Tag.Get("doc"), m.Section)
		})
	}
}

var jsonTypes = map[string]string{"float64": "number", "int": "integer", "bool": "boolean", "string": "string", "[]string": "list"}

// checkWords fails where a meaning is missing, or in the words of Go instead of those of the JSON names.
func checkWords(t *testing.T, meaning string) {
	t.Helper()
	if len(meaning) < 10 || len(meaning) > 330 {
		t.Errorf("the meaning has %d letters: %q", len(meaning), meaning)
	}
	if found := regexp.MustCompile(`\bnil\b|[a-z](DB|Hz)\b|\.go\b|\bFlag[A-Z]`).FindString(meaning); found != "" {
		t.Errorf("%q means nothing to who reads JSON: %s", found, meaning)
	}
}

// checkSection fails unless the tag leads to one section, and that one has a text.
func checkSection(t *testing.T, manual dsp.Manual, tag, heading string) {
	t.Helper()
	var found []dsp.Section
	for _, s := range manual.Sections {
		if tag != "" && strings.HasPrefix(s.Heading, tag) {
			found = append(found, s)
		}
	}
	if len(found) != 1 || found[0].Heading != heading || found[0].Text == "" {
		t.Errorf("doc:%q leads to %d sections and is said to be %q", tag, len(found), heading)
	}
}

// suffixes are how names end in their unit. Names of ratios say what share they are.
var suffixes = map[string]string{
	"dB": "_db", "dBHz": "_dbhz", "dBFS": "_dbfs", "dBFS/Hz": "_dbfs_hz", "dBm": "_dbm", "dBm/Hz": "_dbm_hz",
	"Hz": "_hz", "Hz/s": "_hz_s", "1": "_fraction",
}

// unsuffixed are the names that are older than the rule, or would be worse for it.
var unsuffixed = []string{"spectral_kurtosis", "duty", "L", "K"}

func TestNamesEndInTheirUnits(t *testing.T) {
	for _, m := range dsp.Definitions().Metrics {
		if m.Unit == "" || slices.Contains(unsuffixed, m.Name) {
			continue
		}
		suffix, known := suffixes[m.Unit]
		if !known || !strings.HasSuffix(m.Name, suffix) {
			t.Errorf("%s is in %s, want a name that ends in %q", m.Name, m.Unit, suffix)
		}
		for unit, other := range suffixes { // noise_dbfs_hz must not pass for hertz
			if len(other) > len(suffix) && strings.HasSuffix(m.Name, other) {
				t.Errorf("%s is in %s and ends in the suffix of %s", m.Name, m.Unit, unit)
			}
		}
	}
}

func TestEveryWordThatAMetricCanBeIsDefined(t *testing.T) {
	want := map[string][]string{}
	for name, value := range constants(t) {
		switch {
		case strings.HasPrefix(name, "Flag"):
			want["flags"] = append(want["flags"], value)
		case strings.HasPrefix(name, "Noise"):
			want["noise_source"] = append(want["noise_source"], value)
		case strings.HasPrefix(name, "Method"):
			want["frequency_method"] = append(want["frequency_method"], value)
		}
	}
	for _, m := range dsp.Definitions().Metrics {
		var got []string
		for _, v := range m.Values {
			got = append(got, v.Name)
			t.Run(v.Name, func(t *testing.T) { checkWords(t, v.Meaning) })
		}
		slices.Sort(got)
		slices.Sort(want[m.Name])
		if diff := cmp.Diff(want[m.Name], got); diff != "" {
			t.Errorf("of %s, the constants and what is defined differ (-constants +defined):\n%s", m.Name, diff)
		}
	}
	if len(want["flags"]) < 20 || !slices.Contains(want["flags"], dsp.FlagClipped) {
		t.Errorf("only %d flags were found in the package", len(want["flags"]))
	}
}

// constants are the exported string constants of the package, in whatever file they are.
func constants(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for n := range ast.Preorder(f) {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for i, name := range spec.Names {
				if i >= len(spec.Values) || !name.IsExported() {
					continue
				}
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if found[name.Name], err = strconv.Unquote(lit.Value); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	return found
}

func TestTheSectionsAreTheDocumentationOfThePackage(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	sections := dsp.Definitions().Sections
	if want := strings.Count(string(source), "\n// # ") + 1; len(sections) != want {
		t.Fatalf("there are %d sections, doc.go has %d headings", len(sections), want-1)
	}
	words := regexp.MustCompile(`[A-Za-z0-9]+`)
	var got, want []string
	for _, s := range sections {
		if s.Heading == "" || s.Text == "" || strings.Contains(s.Heading, ".go") || strings.HasPrefix(s.Text, "#") {
			t.Errorf("section %q begins %.40q", s.Heading, s.Text)
		}
		got = append(got, words.FindAllString(s.Text, -1)...)
	}
	for line := range strings.Lines(string(source)) {
		if text, ok := strings.CutPrefix(line, "// "); ok && !strings.HasPrefix(text, "# ") {
			want = append(want, words.FindAllString(text, -1)...)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the sections say other words than doc.go (-doc.go +sections):\n%.1000s", diff)
	}
}

const pagePath = "../docs/signal-metrics.md"

var update = flag.Bool("update", false, "write docs/signal-metrics.md")

func TestTheCommittedPageOfSignalMetricsIsCurrent(t *testing.T) {
	committed, err := os.ReadFile(pagePath)
	if err != nil && !*update {
		t.Fatal(err)
	}
	got := page(dsp.Definitions(), accuracyOf(string(committed)))
	if *update {
		if err := os.WriteFile(pagePath, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(committed), got); diff != "" {
		t.Errorf("docs/signal-metrics.md is out of date, run: make generate\n%.2000s", diff)
	}
}

func TestThePageLeavesTheAccuracyAsItFindsIt(t *testing.T) {
	const mine = "<!-- accuracy -->\n| ±0.1 dB | $1 |\n\n<!-- /accuracy -->"
	before := page(dsp.Definitions(), accuracyOf("")) // a page that nobody has measured for
	after := page(dsp.Definitions(), accuracyOf(strings.Replace(before, accuracyOf(before), mine, 1)))
	if !strings.HasSuffix(after, mine+"\n") || strings.Count(after, "<!-- accuracy -->") != 1 {
		t.Errorf("the page ends %q", after[len(after)-200:])
	}
}
