package replay

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Allows returns nil, or why d would not play what is at the address, as far as that can be told without opening it:
// a link may still lead out of Dir by the time it is played, and is refused then.
func (d *Driver) Allows(address string) error {
	a, err := parseAddress(address)
	if err != nil {
		return err
	}
	return d.confine(a.path)
}

// confine refuses a file outside Dir, links followed.
func (d *Driver) confine(path string) error {
	if d.Dir == "" {
		return nil
	}
	dir, err := resolved(d.Dir)
	if err != nil {
		return err
	}
	file, err := resolved(path)
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(dir, file); err != nil || inside == ".." || strings.HasPrefix(inside, ".."+string(filepath.Separator)) {
		return fmt.Errorf("only recordings below %s are played", d.Dir)
	}
	return nil
}

// resolved is the absolute path without links. What does not exist is as good as its name.
func resolved(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if followed, err := filepath.EvalSymlinks(abs); err == nil {
		return followed, nil
	}
	return abs, nil
}
