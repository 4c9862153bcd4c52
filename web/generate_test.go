package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/heimdall-sdr/heimdall"
)

var update = flag.Bool("update", false, "write what is generated: src/kinds.json and dist")

// TestTheKindsThatPagesKnowAreGenerated: which kinds of WebSDR there are is said in Go alone.
func TestTheKindsThatPagesKnowAreGenerated(t *testing.T) {
	type kind struct {
		Name       string              `json:"name"`
		Capability heimdall.Capability `json:"capability"`
		DeliversIQ bool                `json:"delivers_iq"`
		Schemes    []string            `json:"schemes"`
		MinHz      int64               `json:"min_hz"`
		MaxHz      int64               `json:"max_hz"`
	}
	var list []kind
	for _, k := range heimdall.Kinds() {
		list = append(list, kind{k.Name, k.Capability, k.Capability.DeliversIQ(), k.Schemes, k.MinHz, k.MaxHz})
	}
	want, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile("src/kinds.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile("src/kinds.json"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("src/kinds.json is not what heimdall.Kinds says (%v): run go generate ./web", err)
	}
}

// TestWhatIsServedIsGenerated bundles src and compares with what is committed. What was compressed is compared, not
// how: that is a matter of Go's version.
func TestWhatIsServedIsGenerated(t *testing.T) {
	want, err := bundle()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := write(want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := committed()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("dist/%s is not what src gives: run go generate ./web", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("dist/%s is not generated any more: run go generate ./web", name)
	}
}

// bundle makes every file of dist, by its path.
func bundle() (map[string][]byte, error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	r := api.Build(api.BuildOptions{
		AbsWorkingDir: root,
		EntryPoints:   []string{"src/main.tsx", "src/theme.ts", "src/app.css", "src/icon.svg"},
		Outdir:        "dist", Outbase: "src",
		EntryNames: "assets/[name]-[hash]", ChunkNames: "assets/[name]-[hash]", AssetNames: "assets/[name]-[hash]",
		Bundle: true, Splitting: true, Format: api.FormatESModule, Platform: api.PlatformBrowser,
		Target: api.ES2022, MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true,
		LegalComments: api.LegalCommentsEndOfFile, Charset: api.CharsetUTF8,
		JSX: api.JSXAutomatic, JSXImportSource: "preact", NodePaths: []string{filepath.Join(root, "third_party")},
		// Not tsconfig.json: its paths lead to types.
		TsconfigRaw: `{"compilerOptions": {"strict": true}}`,
		Loader:      map[string]api.Loader{".png": api.LoaderFile, ".svg": api.LoaderCopy},
		Plugins:     []api.Plugin{landAsFile}, PublicPath: "/", Metafile: true, Write: false,
	})
	if len(r.Errors) > 0 {
		return nil, fmt.Errorf("bundle: %s", strings.Join(api.FormatMessages(r.Errors, api.FormatMessagesOptions{}), ""))
	}
	files := map[string][]byte{}
	for _, f := range r.OutputFiles {
		name, err := filepath.Rel(filepath.Join(root, "dist"), f.Path)
		if err != nil {
			return nil, err
		}
		files[filepath.ToSlash(name)] = f.Contents
	}
	terms, err := licences()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(terms)
	name := fmt.Sprintf("assets/licences-%X.txt", sum[:4])
	files[name] = terms
	files["index.html"], err = index(r.Metafile, "/"+name)
	return files, err
}

// licences are the terms of everything that is bundled, which go where it goes.
func licences() ([]byte, error) {
	var all bytes.Buffer
	err := filepath.WalkDir("third_party", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "LICENSE" {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s\n\n%s\n\n", strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "third_party/"), text)
		return err
	})
	return all.Bytes(), err
}

// landAsFile keeps the outlines of land out of the scripts: they are fetched when a map is shown.
var landAsFile = api.Plugin{Name: "land", Setup: func(b api.PluginBuild) {
	b.OnLoad(api.OnLoadOptions{Filter: `land-50m\.json$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		text, err := os.ReadFile(args.Path)
		contents := string(text)
		return api.OnLoadResult{Contents: &contents, Loader: api.LoaderFile}, err
	})
}}

// index fills in the names that hold a hash. What main.tsx imports is named, too, so that it is fetched at once.
func index(metafile, licences string) ([]byte, error) {
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string
			Imports    []struct{ Path, Kind string }
		}
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return nil, err
	}
	names := map[string]any{"Licences": licences}
	for _, output := range slices.Sorted(maps.Keys(meta.Outputs)) {
		address := strings.TrimPrefix(output, "dist")
		switch o := meta.Outputs[output]; filepath.Base(o.EntryPoint) {
		case "main.tsx":
			names["Main"] = address
			var imports []string
			for _, i := range o.Imports {
				if i.Kind == "import-statement" {
					imports = append(imports, strings.TrimPrefix(i.Path, "dist"))
				}
			}
			names["Imports"] = imports
		case "theme.ts":
			names["Theme"] = address
		case "app.css":
			names["Style"] = address
		case "icon.svg":
			names["Icon"] = address
		}
		if strings.HasPrefix(filepath.Base(output), "icon-") {
			names["Icon"] = address
		}
	}
	page, err := template.ParseFiles("src/index.html")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Option("missingkey=error").Execute(&out, names)
	return out.Bytes(), err
}

func write(files map[string][]byte) error {
	if err := os.RemoveAll("dist"); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join("dist", filepath.FromSlash(name)+".gz")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		var compressed bytes.Buffer
		z, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(content); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(path, compressed.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// committed is what dist holds, without the compression.
func committed() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir("dist", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		name, err := filepath.Rel("dist", strings.TrimSuffix(path, ".gz"))
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = io.ReadAll(z)
		return err
	})
	return files, err
}
