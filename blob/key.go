package blob

import (
	"fmt"
	"strings"
)

// Limits on keys. An element fits a file name of any usual file system with room for a suffix of the store's own.
const (
	MaxKeyBytes     = 512
	MaxElementBytes = 200
)

// CheckKey says what is wrong with key, as ErrKey. Every Store asks it before anything else, so that a key
// refused by one is refused by all.
func CheckKey(key string) error {
	if key == "" {
		return fmt.Errorf("%w: it is empty", ErrKey)
	}
	if len(key) > MaxKeyBytes {
		return fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrKey, len(key), MaxKeyBytes)
	}
	for element := range strings.SplitSeq(key, "/") {
		switch {
		case element == "":
			return fmt.Errorf("%w %q: it begins or ends with a slash, or has two in a row", ErrKey, key)
		case element[0] == '.':
			return fmt.Errorf("%w %q: element %q begins with a dot", ErrKey, key, element)
		case len(element) > MaxElementBytes:
			return fmt.Errorf("%w %q: an element has %d bytes, at most %d are allowed", ErrKey, key, len(element), MaxElementBytes)
		}
		for i := range len(element) {
			if !keyByte(element[i]) {
				return fmt.Errorf("%w %q: use only letters, digits and -_. between slashes, not %q", ErrKey, key, element[i])
			}
		}
	}
	return nil
}

func keyByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}
