package e2e_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/client"
)

// A tally is what one story of faults came to: a row of docs/reliability.md.
type tally struct {
	Story        string
	On           string // which database and object store
	Rounds       int
	Acquisitions int
	Recordings   int
	Lost         int // captures that gave none
	Twice        int // measurements beyond one for each
	TakenOver    int // acquisitions that had to be claimed more than once
	Seconds      float64
}

var tallies struct {
	sync.Mutex
	rows []tally
}

// count takes the tally of everything that the server knows, and fails when anything is lost or there twice.
func count(t *testing.T, c *client.Client, begun time.Time, row tally) {
	t.Helper()
	row.Seconds = time.Since(begun).Seconds()
	for cursor := ""; ; {
		page, err := c.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage}, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Acquisitions {
			row.Acquisitions++
			row.Lost += len(a.WebSDRs)
			if a.Claims > 1 {
				row.TakenOver++
			}
			if !a.State.Ended() {
				t.Errorf("acquisition %s is stuck: it is %s", a.TaskID, a.State)
			}
		}
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
	}
	seen := map[string]bool{}
	for m, err := range c.EachMeasurement(t.Context(), heimdall.MeasurementFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprint(m.TaskID, "/", m.WebSDRID)
		if seen[key] {
			row.Twice++
		}
		seen[key] = true
	}
	row.Recordings = len(seen)
	row.Lost -= len(seen)
	if row.Lost != 0 || row.Twice != 0 {
		t.Errorf("%s: %d lost, %d twice", row.Story, row.Lost, row.Twice)
	}
	if err := note(row); err != nil {
		t.Error(err)
	}
}

// note keeps the row, and puts it into the document at once: a soak of hours may be interrupted.
func note(row tally) error {
	tallies.Lock()
	defer tallies.Unlock()
	tallies.rows = append(tallies.rows, row)
	if path := os.Getenv(soakTable); path != "" {
		return updateTable(path, row)
	}
	return nil
}

// soakTable is what make soak sets: the document whose table is made anew, story by story.
const soakTable = "HEIMDALL_SOAK_TABLE"

// printTallies prints the tallies at the end of a soak.
func printTallies() error {
	if len(tallies.rows) == 0 || os.Getenv(soakTable) == "" {
		return nil
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STORY\tON\tROUNDS\tACQUISITIONS\tRECORDINGS\tLOST\tTWICE\tTAKEN OVER\tSECONDS")
	for _, r := range tallies.rows {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f\n", r.Story, r.On, r.Rounds, r.Acquisitions, r.Recordings, r.Lost, r.Twice, r.TakenOver, r.Seconds)
	}
	return w.Flush()
}

// The table of the document, between these lines.
const (
	tableBegins = "<!-- made by make soak -->\n"
	tableEnds   = "<!-- end -->\n"
)

// updateTable replaces the row of the story, or adds it; the others stay.
func updateTable(path string, r tally) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableBegins)
	old, after, ended := strings.Cut(rest, tableEnds)
	if !ok || !ended {
		return fmt.Errorf("%s has no lines %q and %q", path, tableBegins, tableEnds)
	}
	if old == "" {
		old = "| story | on | rounds | acquisitions | recordings | lost | twice | taken over | seconds | day |\n" + strings.Repeat("|---", 10) + "|\n"
	}
	head := fmt.Sprintf("| %s | %s |", r.Story, r.On)
	line := fmt.Sprintf("%s %d | %d | %d | %d | %d | %d | %.0f | %s |\n", head, r.Rounds, r.Acquisitions, r.Recordings, r.Lost, r.Twice, r.TakenOver,
		r.Seconds, time.Now().UTC().Format(time.DateOnly))
	lines := strings.SplitAfter(strings.TrimSuffix(old, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, head) }); i >= 0 {
		lines[i] = line
	} else {
		lines = append(lines, line)
	}
	return os.WriteFile(path, []byte(before+tableBegins+strings.Join(lines, "")+tableEnds+after), 0o644)
}
