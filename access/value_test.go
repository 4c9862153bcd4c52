package access_test

import (
	"bytes"
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/access"
)

func TestAValueIsRecognisedByItsFormAndKeptAsItsSHA256(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^heimdall_[0-9A-Za-z]{49}$`)
	seen := map[string]bool{}
	for range 100 {
		value := newValue(t)
		hash, ok := access.HashOf(value)
		if !form.MatchString(value) || !ok || hash != sha256.Sum256([]byte(value)) || seen[value] {
			t.Fatalf("value %q is not as it should be", value)
		}
		seen[value] = true
	}
}

func TestAValueOfNoChanceIsWrittenInFull(t *testing.T) {
	t.Parallel()
	for name, chance := range map[string][]byte{"least": make([]byte, 32), "most": bytes.Repeat([]byte{0xff}, 32)} {
		value, err := access.NewValue(bytes.NewReader(chance))
		if _, ok := access.HashOf(value); err != nil || !ok {
			t.Errorf("%s: value %q is refused (%v)", name, value, err)
		}
	}
	if _, err := access.NewValue(strings.NewReader("too short")); err == nil {
		t.Error("a source of chance that ends is no error")
	}
}

func FuzzOnlyWhatWasMadeIsAValue(f *testing.F) {
	const zero = "heimdall_0000000000000000000000000000000000000000000"
	f.Add(zero + "000000")
	f.Add(strings.Replace(zero, "0", "1", 1))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		hash, ok := access.HashOf(text)
		if !ok {
			return
		}
		if hash != sha256.Sum256([]byte(text)) {
			t.Fatalf("%q has the hash of something else", text)
		}
		for i := range text { // any one wrong character shows
			wrong := text[:i] + "!" + text[i+1:]
			if _, ok := access.HashOf(wrong); ok {
				t.Fatalf("%q is taken for a value", wrong)
			}
		}
	})
}
