package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// A table aligns its columns; the first row is the header.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, header ...string) *table {
	t := &table{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row(header...)
	return t
}

func (t *table) row(cells ...string) { fmt.Fprintln(t.w, strings.Join(cells, "\t")) }

func (t *table) end() error { return t.w.Flush() }

// isTerminal reports whether somebody looks at w while it is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// number shows v with so many decimals, and what is not known as a dash.
func number(v *float64, decimals int) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.*f", decimals, *v)
}

// text shows what is not known as a dash.
func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// plusMinus shows v with its uncertainty, to at least so many decimals and as many more as show one digit of
// the uncertainty, up to the fourth decimal.
func plusMinus(v, sigma *float64, decimals int) string {
	if v == nil || sigma == nil {
		return number(v, decimals)
	}
	for s := *sigma * math.Pow10(decimals); s < 0.95 && decimals < 4; s *= 10 {
		decimals++
	}
	if least := math.Pow10(-decimals); *sigma < least/2 {
		return fmt.Sprintf("%.*f ±<%g", decimals, *v, least)
	}
	return fmt.Sprintf("%.*f ±%.*f", decimals, *v, decimals, *sigma)
}

// snr shows the SNR, or what it is below when there is no signal.
func snr(m *wire.Measurement) string {
	if m.SNRdB == nil && m.SNRUpperDB != nil {
		return fmt.Sprintf("<%.1f", *m.SNRUpperDB)
	}
	return plusMinus(m.SNRdB, m.SNRSigmaDB, 2)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// skew shows how far a recording starts from its window.
func skew(seconds float64) string {
	return time.Duration(seconds * 1e9).Round(100 * time.Nanosecond).String()
}

// isUsage reports whether the server said that the request itself was wrong.
func isUsage(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && (p.Status == 400 || p.Status == 404 || p.Status == 409 || p.Status == 422)
}

// stateOutcome is the exit code of an acquisition's end.
func stateOutcome(state heimdall.State) error {
	switch state {
	case heimdall.Success:
		return nil
	case heimdall.Partial:
		return &outcome{code: exitPartial}
	}
	return &outcome{code: exitFailed}
}
