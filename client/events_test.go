package client

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func read(r io.Reader) (list []string, err error) {
	for e, err := range events(r) {
		if err != nil {
			return list, err
		}
		list = append(list, e.name+"="+string(e.data))
	}
	return list, nil
}

func TestEventsAreReadAsTheStandardSays(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"an event", "event: a\ndata: 1\n\n", []string{"a=1"}},
		{"no space after the colon", "event:a\ndata:1\n\n", []string{"a=1"}},
		{"carriage returns", "event: a\r\ndata: 1\r\n\r\n", []string{"a=1"}},
		{"data of two lines", "data: 1\ndata: 2\n\n", []string{"=1\n2"}},
		{"comments and unknown fields", ":\n\nretry: 5\nid: 7\ndata: 1\n\n: x\n\n", []string{"=1"}},
		{"an event without data", "event: a\n\ndata: 1\n\n", []string{"=1"}},
		{"a stream that is cut off", "data: 1\n\ndata: 2\n", []string{"=1"}},
		{"nothing", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
				got, err := read(r)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("read (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestAnEndlessEventIsRefused(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("data: "), strings.NewReader(strings.Repeat("x", maxEvent+1)))
	if _, err := read(endless); err == nil {
		t.Error("a line without end is accepted")
	}
	if _, err := read(strings.NewReader(strings.Repeat("data: "+strings.Repeat("x", 1<<20)+"\n", 17))); err == nil {
		t.Error("data without end is accepted")
	}
}

func FuzzEvents(f *testing.F) {
	f.Add("event: acquisition\ndata: {}\n\n:\n\nevent: end\ndata: {}\n\n")
	f.Add("data\n\ndata: \n\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := read(strings.NewReader(text))
		if err == nil && len(list) > strings.Count(text, "data") {
			t.Errorf("%d events from %q", len(list), text)
		}
	})
}
