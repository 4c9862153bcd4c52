package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// words splits a line as a shell does, as far as the examples go: blanks, quotes, comments.
func words(line string) (out []string) {
	var word strings.Builder
	inWord := false
	quote := rune(0)
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, inWord = c, true
		case quote == 0 && c == '#' && !inWord:
			return out
		case quote == 0 && c == ' ':
			if inWord {
				out = append(out, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if inWord {
		out = append(out, word.String())
	}
	return out
}

// runLine runs a command line on a data folder and returns what it printed.
func runLine(t *testing.T, folder, line string) string {
	t.Helper()
	args := words(line)
	if len(args) == 0 || args[0] != "heimdall" {
		t.Fatalf("%q is no command of heimdall", line)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), append([]string{"--data-dir", folder}, args[1:]...), &stdout, &stderr); code != exitOK {
		t.Errorf("%s: exit code %d: %s", line, code, &stderr)
	}
	return stdout.String()
}

func TestTheExamplesOfThePageAboutSchedulesDoWhatItSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/schedules.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	blocks := strings.Split(string(page), "```")
	examples := 0
	for i := 1; i < len(blocks); i += 2 {
		kind, text, _ := strings.Cut(blocks[i], "\n")
		switch kind {
		case "sh":
			for line := range strings.Lines(text) {
				runLine(t, folder, strings.TrimSpace(line))
				examples++
			}
		case "text":
			command, want, _ := strings.Cut(text, "\n")
			if diff := cmp.Diff(want, runLine(t, folder, strings.TrimPrefix(command, "$ "))); diff != "" {
				t.Errorf("%s (-page +program):\n%s", command, diff)
			}
			examples++
		}
	}
	if examples < 15 {
		t.Errorf("only %d examples were found", examples)
	}
}

func TestFlagsThatCannotBeMeantAreRefused(t *testing.T) {
	folder := t.TempDir()
	for line, says := range map[string]string{
		"heimdall schedule add x 7.074":                                          "exactly one",
		"heimdall schedule add x 7.074 --every 1m --cron '* * * * *'":            "can't be used together",
		"heimdall schedule add x 7.074 --sun sunrise":                            "--at",
		"heimdall schedule add x 7.074 --sun sunrise-soon --at 45,7":             "sunrise-30m",
		"heimdall schedule add x 7.074 --sun moonrise --at 45,7":                 "sunrise",
		"heimdall schedule add x 7.074 --sun sunset --at Torino":                 "latitude and longitude",
		"heimdall schedule add x 7.074 --every 1m --window mornings":             "06:00-18:00",
		"heimdall schedule add x NaN --every 1m":                                 "megahertz",
		"heimdall schedule add x 7.074 --cron '0 6 * * *' --zone Mars":           "Mars",
		"heimdall schedule preview x 7.074 --rrule 'FREQ=DAILY;COUNT=2'":         "beginning",
		"heimdall schedule show 7":                                               "not found",
		"heimdall schedule add x 7.074 --every 1m --websdr 4 --misfire latest":   "4",
		"heimdall schedule preview x 7.074 --every 1m --end 2020-01-01 --json":   "end",
		"heimdall schedule add x 7.074 --every 1m --misfire sometimes":           "misfire",
		"heimdall schedule set 7 priority":                                       "name=value",
		"heimdall schedule add x 7.074 --every 500ms":                            "every_seconds",
		"heimdall schedule add x 7.074 --every 1m --priority 99 --duration 100h": "priority",
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"--data-dir", folder}, words(line)[1:]...), &stdout, &stderr)
		if code != exitUsage || !strings.Contains(stderr.String(), says) {
			t.Errorf("%s: exit code %d, want one that says %q: %s", line, code, says, &stderr)
		}
	}
}
