package dsp

import (
	_ "embed"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A Manual says what the numbers of a record mean. Its words are the comments that stand beside the code.
type Manual struct {
	Version  string       // of the definitions, as in Metrics.AlgorithmVersion
	Metrics  []Definition // in the order of Metrics
	Sections []Section    // the mathematics, in the order of the package's documentation
}

// A Definition says what one of the Metrics means.
type Definition struct {
	Name     string // in JSON and in every table: snr_db
	Type     string // number, integer, boolean, string or list
	Unit     string // dB; 1 for a ratio; "" for what is no quantity
	Nullable bool
	Meaning  string
	Section  string  // heading of the Section that explains it
	Values   []Value // all that a string, or an item of the list, can be; nil when that is not fixed
}

// A Value is one of the words that a metric can be, such as a flag.
type Value struct{ Name, Meaning string }

// A Section is a part of the mathematics.
type Section struct {
	Heading string
	Text    string // Markdown: paragraphs with an empty line between them
}

// Definitions returns the manual. All callers share it: do not change it.
//
// It is read from the source files, which the program carries with it, when it is first asked for.
func Definitions() Manual { return definitions() }

var definitions = sync.OnceValue(func() Manual {
	metrics, flags, doc := parse(metricsSource), parse(flagsSource), parse(docSource)
	sections := sectionsOf(doc.Doc.Text())
	return Manual{Version: Version, Metrics: metricsOf(metrics, valuesOf(flags), sections), Sections: sections}
})

var (
	//go:embed doc.go
	docSource string
	//go:embed metrics.go
	metricsSource string
	//go:embed flags.go
	flagsSource string
)

// parse reads one of this package's files. It cannot fail: the file has been compiled.
func parse(source string) *ast.File {
	f, _ := parser.ParseFile(token.NewFileSet(), "", source, parser.ParseComments|parser.SkipObjectResolution)
	return f
}

// metricsOf defines the fields of the struct Metrics.
func metricsOf(f *ast.File, values map[string][]Value, sections []Section) []Definition {
	var list []Definition
	for _, field := range fieldsOf(f, "Metrics") {
		tag := tagOf(field)
		name := tag.Get("json")
		m := Definition{Name: name, Unit: tag.Get("unit"), Meaning: sentence(field.Doc), Values: values[name]}
		m.Type, m.Nullable = typeOf(field.Type)
		for _, s := range sections {
			if strings.HasPrefix(s.Heading, tag.Get("doc")) {
				m.Section = s.Heading
			}
		}
		list = append(list, m)
	}
	return list
}

func fieldsOf(f *ast.File, structName string) []*ast.Field {
	for _, d := range f.Decls {
		for _, spec := range specsOf(d) {
			if s, ok := spec.(*ast.TypeSpec); ok && s.Name.Name == structName {
				return s.Type.(*ast.StructType).Fields.List
			}
		}
	}
	return nil
}

func specsOf(d ast.Decl) []ast.Spec {
	if g, ok := d.(*ast.GenDecl); ok {
		return g.Specs
	}
	return nil
}

func tagOf(field *ast.Field) reflect.StructTag {
	if field.Tag == nil {
		return ""
	}
	return reflect.StructTag(unquote(field.Tag))
}

func unquote(lit *ast.BasicLit) string {
	text, _ := strconv.Unquote(lit.Value) // it has been compiled
	return text
}

// typeOf names the JSON type of a field. A pointer may be null.
func typeOf(e ast.Expr) (name string, nullable bool) {
	switch e := e.(type) {
	case *ast.StarExpr:
		name, _ = typeOf(e.X)
		return name, true
	case *ast.ArrayType:
		return "list", false
	case *ast.Ident:
		switch e.Name {
		case "float64":
			return "number", false
		case "int":
			return "integer", false
		case "bool":
			return "boolean", false
		}
	}
	return "string", false
}

// families are the prefixes of constants that are the values of a metric.
var families = []struct{ prefix, metric string }{
	{"Flag", "flags"}, {"Noise", "noise_source"}, {"Method", "frequency_method"},
}

// valuesOf collects the constants of each family, by the metric whose values they are.
func valuesOf(f *ast.File) map[string][]Value {
	values := map[string][]Value{}
	for _, d := range f.Decls {
		for _, spec := range specsOf(d) {
			s, ok := spec.(*ast.ValueSpec)
			if !ok || len(s.Values) != 1 {
				continue
			}
			for _, family := range families {
				if strings.HasPrefix(s.Names[0].Name, family.prefix) {
					v := Value{unquote(s.Values[0].(*ast.BasicLit)), sentence(s.Comment)}
					values[family.metric] = append(values[family.metric], v)
				}
			}
		}
	}
	return values
}

// sentence is a comment on one line.
func sentence(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

// overview is the heading of what the package's documentation says before its first.
const overview = "Overview"

// fileNames is how a heading says where the code is: users cannot open it.
var fileNames = regexp.MustCompile(` \([a-z_]+\.go(, [a-z_]+\.go)*\)$`)

// sectionsOf cuts the package's documentation at its headings.
func sectionsOf(text string) []Section {
	p := comment.Parser{LookupSym: func(string, string) bool { return true }}
	printer := comment.Printer{DocLinkURL: func(*comment.DocLink) string { return "" }}
	heading, blocks := overview, []comment.Block(nil)
	var list []Section
	end := func() {
		list = append(list, Section{heading, unescape(printer.Markdown(&comment.Doc{Content: blocks}))})
	}
	for _, b := range p.Parse(text).Content {
		if h, ok := b.(*comment.Heading); ok {
			end()
			title := printer.Markdown(&comment.Doc{Content: []comment.Block{&comment.Paragraph{Text: h.Text}}})
			heading, blocks = fileNames.ReplaceAllString(unescape(title), ""), nil
			continue
		}
		blocks = append(blocks, b)
	}
	end()
	return list
}

// unescape takes back what Markdown does not need around P_ch and z[n]: people read it unrendered, too.
func unescape(markdown []byte) string {
	return strings.TrimSpace(strings.NewReplacer(`\_`, "_", `\[`, "[").Replace(string(markdown)))
}
