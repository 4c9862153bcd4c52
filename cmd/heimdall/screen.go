package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A screen has lines that stay, and below them some that are drawn again and again.
type screen struct {
	w     io.Writer
	below []string // as drawn last
}

// Control sequences of every terminal in use (ECMA-48, 8.3): up n lines, and erase to the end of the screen.
const (
	upLines   = "\x1b[%dA"
	eraseDown = "\x1b[J"
)

// print adds a line that stays.
func (s *screen) print(line string) {
	s.erase()
	fmt.Fprintln(s.w, line)
	s.drawBelow()
}

// draw replaces what is below by a line for each acquisition, as many as there is room for.
func (s *screen) draw(list []wire.Acquisition) {
	s.erase()
	width, height := s.size()
	s.below = nil
	for i, q := range list {
		if i == height-2 {
			s.below = append(s.below, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		line := []rune(oneLine(liveLine(q)))
		s.below = append(s.below, string(line[:min(len(line), width-1)]))
	}
	s.drawBelow()
}

func (s *screen) erase() {
	if n := len(s.below); n > 0 {
		fmt.Fprintf(s.w, upLines+eraseDown, n)
	}
}

func (s *screen) drawBelow() {
	if len(s.below) > 0 {
		fmt.Fprintln(s.w, strings.Join(s.below, "\n"))
	}
}

// size is that of the terminal, or a usual one.
func (s *screen) size() (width, height int) {
	if f, ok := s.w.(*os.File); ok {
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 1 && height > 2 {
			return width, height
		}
	}
	return 120, 25
}
