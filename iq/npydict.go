package iq

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// An npyArray is what the header of a .npy file says.
type npyArray struct {
	descr   string
	fortran bool
	shape   []int64
}

// parseNPYDict reads the Python dict literal of a header. It takes keys in any order and any spacing, as
// numpy does, and nothing but the three keys that NEP 1 names.
func parseNPYDict(text string) (*npyArray, error) {
	p := &pyLiteral{rest: text}
	var a npyArray
	seen := map[string]bool{}
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		key := p.str()
		p.expect(":")
		if p.err == nil && seen[key] {
			p.fail("key %q occurs twice", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			if p.peek("[") {
				p.fail("a structured dtype holds no plain samples: save one complex array")
			}
			a.descr = p.str()
		case "fortran_order":
			a.fortran = p.boolean()
		case "shape":
			a.shape = p.tuple()
		default:
			p.fail("key %q is not known", key)
		}
		if !p.accept(",") && !p.peek("}") {
			p.fail("a comma or } is missing")
		}
	}
	if p.err == nil && strings.TrimSpace(p.rest) != "" {
		p.fail("text follows the dict")
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if p.err == nil && !seen[key] {
			p.fail("key %q is missing", key)
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return &a, nil
}

// A pyLiteral reads tokens of a Python literal. After the first error nothing more is read.
type pyLiteral struct {
	rest string
	err  error
}

func (p *pyLiteral) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *pyLiteral) peek(token string) bool {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	return p.err == nil && strings.HasPrefix(p.rest, token)
}

func (p *pyLiteral) accept(token string) bool {
	if !p.peek(token) {
		return false
	}
	p.rest = p.rest[len(token):]
	return true
}

func (p *pyLiteral) expect(token string) {
	if !p.accept(token) {
		p.fail("%q is missing before %.20q", token, p.rest)
	}
}

// str reads a quoted string without escapes, which no header needs.
func (p *pyLiteral) str() string {
	quote := "'"
	if p.peek(`"`) {
		quote = `"`
	}
	p.expect(quote)
	s, rest, found := strings.Cut(p.rest, quote)
	if p.err == nil && (!found || strings.Contains(s, `\`)) {
		p.fail("%.20q is not a plain string", p.rest)
	}
	if p.err != nil {
		return ""
	}
	p.rest = rest
	return s
}

func (p *pyLiteral) boolean() bool {
	if p.accept("True") {
		return true
	}
	p.expect("False")
	return false
}

// tuple reads (), (n,) or (n, m, ...). Python 2 wrote its long integers as 5L.
func (p *pyLiteral) tuple() []int64 {
	p.expect("(")
	var shape []int64
	for p.err == nil && !p.accept(")") {
		n, err := p.integer()
		if err != nil {
			p.fail("shape: %w", err)
		}
		shape = append(shape, n)
		if !p.accept(",") && (!p.peek(")") || len(shape) == 1) {
			p.fail("the shape is not a tuple such as (1000,)")
		}
	}
	return shape
}

func (p *pyLiteral) integer() (int64, error) {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	end := 0
	for end < len(p.rest) && p.rest[end] >= '0' && p.rest[end] <= '9' {
		end++
	}
	if end == 0 {
		return 0, errors.New("a length is missing")
	}
	n, err := strconv.ParseInt(p.rest[:end], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is too large", p.rest[:end])
	}
	p.rest = strings.TrimPrefix(p.rest[end:], "L")
	return n, nil
}
