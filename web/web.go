// Package web is Heimdall's dashboard: pages in a browser that speak to the HTTP API like any other client, and know
// nothing that the API does not tell them.
//
// The pages are written in TypeScript (src), bundled by esbuild when somebody changes them (go generate ./web), and
// committed as they are served (dist), so that neither building nor running the program needs Node or a network.
// What they are bundled from is in third_party, with licences. A test proves that dist is what src gives.
//
// It leaves out who may see the pages: they hold nothing secret, and the API behind them decides for itself.
//
// The surprising part: files are compressed before they are embedded, with gzip. Browsers accept Brotli only over TLS
// and on this machine itself, and most people reach their server by plain HTTP in their own network.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:generate go test . -run Generated -update

//go:embed dist
var dist embed.FS

// routesJSON lists the addresses of pages, by the pages' names, as patterns of http.ServeMux. The pages' own
// router reads the same file.
//
//go:embed src/routes.json
var routesJSON []byte

// assets is where the names of files hold a hash of their content, so that they never change.
const assets = "/assets/"

// A file is one that is served: compressed, as it is embedded.
type file struct {
	compressed  []byte
	contentType string
	etag        string // weak, because it is that of the file with and without compression
}

// Handler serves the dashboard's pages and files, and leaves every other request to api. A page is given to who asks
// for HTML: other programs get what api says at the same address.
func Handler(api http.Handler) (http.Handler, error) {
	files, err := readFiles()
	if err != nil {
		return nil, err
	}
	index, ok := files["/index.html"]
	if !ok {
		return nil, fmt.Errorf("open dashboard: index.html is missing: run go generate ./web")
	}
	pages, err := pageMux()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read := r.Method == http.MethodGet || r.Method == http.MethodHead
		if f, ok := files[r.URL.Path]; ok && read && strings.HasPrefix(r.URL.Path, assets) {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			f.serve(w, r)
			return
		}
		if _, page := pages.Handler(r); page != "" && read && wantsHTML(r) {
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Add("Vary", "Accept")
			index.serve(w, r)
			return
		}
		api.ServeHTTP(w, r)
	}), nil
}

func readFiles() (map[string]file, error) {
	files := map[string]file{}
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		compressed, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		address := strings.TrimSuffix(strings.TrimPrefix(name, "dist"), ".gz")
		sum := sha256.Sum256(compressed)
		files[address] = file{compressed, contentType(address), `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open dashboard: %w", err)
	}
	return files, nil
}

// contentType does not depend on what the machine thinks of extensions.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	}
	return "application/octet-stream"
}

// pageMux matches the addresses of pages.
func pageMux() (*http.ServeMux, error) {
	var routes map[string]string
	if err := json.Unmarshal(routesJSON, &routes); err != nil {
		return nil, fmt.Errorf("read the addresses of pages: %w", err)
	}
	mux := http.NewServeMux()
	for _, pattern := range routes {
		if pattern == "/" {
			pattern = "/{$}"
		}
		mux.Handle(pattern, http.NotFoundHandler())
	}
	return mux, nil
}

func wantsHTML(r *http.Request) bool {
	for item := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		if media, _, err := mime.ParseMediaType(item); err == nil && media == "text/html" {
			return true
		}
	}
	return false
}

// policy lets a page run and load what this server gives, and nothing else.
const policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("ETag", f.etag)
	h.Add("Vary", "Accept-Encoding")
	if sameTag(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(f.compressed)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(f.compressed) // an error means that the caller has gone
		}
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(f.compressed))
	if err != nil { // cannot be: a test reads every file
		http.Error(w, "the dashboard's files are damaged: build the program again", http.StatusInternalServerError)
		return
	}
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, plain)
	}
}

func sameTag(ifNoneMatch, etag string) bool {
	for tag := range strings.SplitSeq(ifNoneMatch, ",") {
		tag = strings.TrimSpace(tag)
		if strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(etag, "W/") || tag == "*" {
			return true
		}
	}
	return false
}

func acceptsGzip(r *http.Request) bool {
	for item := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(item), ";")
		if coding == "gzip" && strings.TrimSpace(quality) != "q=0" {
			return true
		}
	}
	return false
}
