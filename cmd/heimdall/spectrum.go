package main

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/heimdall-sdr/heimdall/dsp"
)

const (
	plotColumns = 72
	plotRows    = 10
	imageWidth  = 1024
	imageHeight = 512
)

// plotSpectrum draws the mean spectrum with characters: the strongest of the bins under each column.
func plotSpectrum(w io.Writer, g *dsp.Spectrogram) {
	mean := make([]float64, plotColumns)
	var total float64
	for i, row := range g.Thumbnail(plotColumns) {
		total += g.Seconds[i]
		for c, v := range row {
			mean[c] += math.Pow(10, v/10) * g.Seconds[i]
		}
	}
	for c := range mean {
		mean[c] = 10 * math.Log10(mean[c]/total)
	}
	low, high := visible(mean)
	const eighths = " ▁▂▃▄▅▆▇█"
	step := (high - low) / plotRows
	fmt.Fprintln(w, "\ndBFS/Hz")
	for row := plotRows - 1; row >= 0; row-- {
		var line strings.Builder
		for _, v := range mean {
			full := (v - low) / step // rows
			line.WriteRune([]rune(eighths)[int(min(max(math.Round((full-float64(row))*8), 0), 8))])
		}
		fmt.Fprintf(w, "%7.1f │%s\n", low+step*float64(row+1), strings.TrimRight(line.String(), " "))
	}
	half := g.StepHz * float64(len(g.Density[0])) / 2
	fmt.Fprintf(w, "%7.1f └%s\n", low, strings.Repeat("─", plotColumns))
	left, right := fmt.Sprintf("%.0f Hz", -half), fmt.Sprintf("%.0f Hz", half)
	fmt.Fprintf(w, "         %s%*s%*s\n", left, plotColumns/2-len(left)+1, "0", plotColumns/2-1, right)
}

// visible is the range of decibels to draw: from a little under the floor to a little over the top.
func visible(values []float64) (low, high float64) {
	var finite []float64
	for _, v := range values {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			finite = append(finite, v)
		}
	}
	if len(finite) == 0 {
		return -1, 0
	}
	slices.Sort(finite)
	low, high = finite[len(finite)/20], finite[len(finite)-1]
	return low - 3, max(high, low+6) + 1
}

// drawSpectrogram writes a PNG file, frequency to the right and time downwards.
func drawSpectrogram(path string, g *dsp.Spectrogram) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("draw spectrogram: %w", err)
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriter(f)
	if err := png.Encode(w, spectrogramImage(g)); err != nil {
		return fmt.Errorf("draw spectrogram: %w", err)
	}
	return w.Flush()
}

func spectrogramImage(g *dsp.Spectrogram) image.Image {
	rows := g.Thumbnail(imageWidth)
	low, high := visible(slices.Concat(rows...))
	picture := image.NewPaletted(image.Rect(0, 0, len(rows[0]), imageHeight), heat())
	var until, total float64
	for _, s := range g.Seconds {
		total += s
	}
	y := 0
	for i, row := range rows {
		until += g.Seconds[i]
		for ; y < imageHeight && float64(y)+0.5 <= until/total*imageHeight; y++ {
			for x, v := range row {
				picture.SetColorIndex(x, y, uint8(min(max((v-low)/(high-low), 0), 1)*255))
			}
		}
	}
	return picture
}

// heat goes from dark blue over red to light yellow, lighter with each step, so that it can be read without colours.
func heat() color.Palette {
	anchors := [][3]float64{{0, 0, 20}, {60, 15, 110}, {150, 40, 100}, {225, 90, 50}, {252, 170, 40}, {252, 255, 190}}
	palette := make(color.Palette, 256)
	for i := range palette {
		x := float64(i) / 255 * float64(len(anchors)-1)
		k := min(int(x), len(anchors)-2)
		at := func(c int) uint8 {
			return uint8(math.Round(anchors[k][c] + (x-float64(k))*(anchors[k+1][c]-anchors[k][c])))
		}
		palette[i] = color.RGBA{at(0), at(1), at(2), 255}
	}
	return palette
}
