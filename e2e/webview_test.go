package e2e_test

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// firstView opens the overview as somebody does who was never here, and says what came over the network and how long
// it took until everything was shown.
func (p *tab) firstView(t testing.TB) (received float64, took time.Duration) {
	t.Helper()
	if _, err := chromedp.Call(p.ctx, network.ClearBrowserCache, struct{}{}); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.bytes = 0
	p.mu.Unlock()
	began := time.Now()
	p.open(t, "/")
	took = time.Since(began)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes, took
}

func BenchmarkTheFirstViewOfTheDashboard(b *testing.B) {
	p := openTab(b, "")
	d := seededDashboard(b)
	p.server = d.url
	var received float64
	for b.Loop() {
		received, _ = p.firstView(b)
	}
	b.ReportMetric(received/1000, "kB/view")
}

var screenshots = flag.String("screenshots", "", "folder to write screenshots of the dashboard to")

// TestScreenshots is no promise: it is how docs/screenshots are made (make screenshots).
func TestScreenshots(t *testing.T) {
	t.Parallel()
	if *screenshots == "" {
		t.Skip("no -screenshots folder is named")
	}
	p := openTab(t, "")
	d := seededDashboard(t)
	p.server = d.url
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, page := range d.pages() {
		p.scheme(t, "light")
		p.shoot(t, page.path, page.name)
	}
	p.scheme(t, "light")
	p.open(t, "/acquisitions/"+d.whole)
	p.spectra(t)
	p.take(t, "spectrograms")
	p.scheme(t, "dark")
	p.shoot(t, "/acquisitions/"+d.whole, "acquisition-dark")
	p.size(t, 380, 800)
	p.scheme(t, "light")
	p.shoot(t, "/", "overview-phone")
}

// shoot takes the picture of a page.
func (p *tab) shoot(t *testing.T, path, name string) {
	t.Helper()
	p.open(t, path)
	p.take(t, name)
}

// take takes the picture of what is shown in 256 colours, which its plain areas need no more of.
func (p *tab) take(t *testing.T, name string) {
	t.Helper()
	shot, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	full, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	small := image.NewPaletted(full.Bounds(), commonest(full))
	draw.Draw(small, small.Bounds(), full, full.Bounds().Min, draw.Src)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// commonest are the 256 colours that most of an image has.
func commonest(of image.Image) color.Palette {
	counts := map[color.Color]int{}
	for y := of.Bounds().Min.Y; y < of.Bounds().Max.Y; y++ {
		for x := of.Bounds().Min.X; x < of.Bounds().Max.X; x++ {
			counts[of.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int { return counts[b] - counts[a] })
	return colours[:min(len(colours), 256)]
}
