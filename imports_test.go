package heimdall_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/heimdall-sdr/heimdall"

// mayImport says which of our packages each package may import, apart from itself and what lies below it,
// and why. A package that is not listed may import nothing of ours; "*" is everything.
var mayImport = map[string]struct {
	allowed string
	why     string
}{
	".":                 {"", "the vocabulary does no I/O and depends on nothing"},
	"iq":                {"", "usable alone"},
	"siggen":            {"", "usable alone"},
	"stamp":             {".", "speaks of TimeQuality and Gap"},
	"sigmf":             {"iq", "a file format, not a policy"},
	"dsp":               {"iq", "usable alone"},
	"tdoa":              {". stamp", "differences of arrival of records in memory or anywhere: it opens no files"},
	"iqfile":            {". iq sigmf stamp", "opens any file of samples"},
	"websdr":            {". iq stamp", "the seam to radios"},
	"websdr/kiwisdr":    {". iq stamp websdr", "a driver speaks one protocol"},
	"websdr/rtltcp":     {". iq stamp websdr", "a driver speaks one protocol"},
	"websdr/httpiq":     {". iq stamp websdr", "a driver speaks one protocol"},
	"websdr/replay":     {". iq stamp websdr iqfile", "a driver that reads files"},
	"websdr/sim":        {". iq stamp websdr siggen", "a driver that makes its samples up"},
	"websdr/openwebrx":  {". websdr", "asks one kind how it is; it gives no IQ, so there is no driver"},
	"websdr/websdrtest": {". iq stamp websdr", "the promise of websdr as a test"},
	"simnet":            {". iq stamp iqfile sigmf siggen", "the other end of the wire: it shares no code with the drivers"},
	"blob":              {"", "the seam to objects"},
	"blob/disk":         {"blob", "one object store"},
	"blob/s3":           {"blob", "one object store"},
	"oidc/oidctest":     {"", "a service for tests, whoever logs in with it"},
	"blob/s3/s3test":    {"", "servers for tests, whatever they keep in them"},
	"blob/blobtest":     {"blob", "the promise of blob as a test"},
	"export":            {". blob iq sigmf stamp", "recordings in the formats that people ask for"},
	"collect":           {". blob export sigmf", "writes down what the rows say, from whatever database into whatever bucket"},
	"rebuild":           {". blob collect export sigmf", "the other way: rows from objects"},
	"check":             {". acquire blob collect export rebuild retention store", "compares what the seams hold, and mends it with what made it"},
	"retention":         {". blob", "deletes rows and objects together, from whatever database and bucket"},
	"schedule":          {".", "reckons when, and asks whatever database to fire"},
	"probe":             {". websdr", "asks receivers how they are, by whatever prober, and keeps it in whatever database"},
	"acquire":           {". iq dsp stamp websdr blob collect export", "knows radios, databases and buckets by their promises only"},
	"recompute":         {". blob dsp iq", "measures what is stored: no radio, and whatever database and bucket"},
	"webhook":           {". api/wire", "tells others, in the API's words, what whatever database says"},
	"bulk":              {".", "files of measurements for whatever database"},
	"spectrogram":       {". dsp iq", "pictures of recordings, from bytes to bytes"},
	"columnar":          {". api/wire dsp", "measurements as files of columns; dsp for what they mean"},
	"legacy":            {". blob dsp export iq", "copies what another system left, from any bucket, to whatever database and bucket"},
	"telemetry":         {". acquire blob retention webhook websdr", "counts what passes the seams, in front of them"},
	"tracing":           {".", "makes spans of what the seams tell"},
	"store":             {".", "what the databases have in common"},
	"store/sqlite":      {". store acquire", "one database; acquire for the types of its interface"},
	"store/postgres":    {". store acquire", "one database; acquire for the types of its interface"},
	"store/storetest":   {". store acquire", "the promise of the databases as a test"},
	"access":            {".", "who may ask what, of whatever API and database"},
	"oidc":              {".", "who somebody is, by the word of another service"},
	"api/wire":          {".", "JSON shapes"},
	"api":               {". access api/wire blob columnar dsp export iq oidc recompute retention schedule spectrogram webhook", "asks the database and blobs, never a radio; dsp for its definitions, webhook for its rule of addresses"},
	"web":               {"", "pages and their files: what they show they ask of the API, in the browser"},
	"client":            {". api/wire", "speaks to the API"},
	"loadtest":          {". api/wire client", "asks the server what a user would"},
	"cmd/heimdall":      {"*", "the only place where the parts meet"},
	"deploy":            {"", "files for people to copy; its tests alone are code"},
	"e2e":               {"*", "whole stories on the real binary"},

	"store/sqlite/sqlitetest": {"store/sqlite", "a database for tests"},

	"store/postgres/pgtest": {"", "a server for tests, whatever they keep in it"},

	"tracing/tracingtest": {"", "a collector for tests, whoever sends spans to it"},
}

// Files are read, not `go list`: the test cache sees only what the test itself opens.
func TestPackagesImportOnlyWhatTheirPlaceAllows(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "tools") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		seen[pkg] = true
		checkImports(t, path, pkg)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range mayImport {
		if !seen[pkg] && pkg != "e2e" {
			t.Errorf("mayImport lists %s, which has no Go files: remove the line", pkg)
		}
	}
}

func checkImports(t *testing.T, path, pkg string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	rule, listed := mayImport[pkg]
	if !listed && !strings.HasPrefix(pkg, "cmd/heimdall") {
		t.Errorf("%s: package %s is not in mayImport: say what it may import, and why", path, pkg)
		return
	}
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if name != module && !strings.HasPrefix(name, module+"/") {
			continue
		}
		short := strings.TrimPrefix(strings.TrimPrefix(name, module), "/")
		if short == "" {
			short = "."
		}
		if !allows(rule.allowed, pkg, short) {
			t.Errorf("%s imports %s, but %s may import only %q of ours: %s", path, short, pkg, rule.allowed, rule.why)
		}
	}
}

func allows(allowed, pkg, imported string) bool {
	if allowed == "*" || strings.HasPrefix(imported, pkg+"/") {
		return true
	}
	for a := range strings.FieldsSeq(allowed) {
		if a == imported {
			return true
		}
	}
	return false
}
