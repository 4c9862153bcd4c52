package access

import (
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"strings"

	"github.com/heimdall-sdr/heimdall"
)

// A value is heimdall_, 43 digits that hold 32 bytes of chance, and 6 digits of checksum, all to base 62: words that
// a double click selects whole, that secret scanners recognise by their beginning and tell from look-alikes by
// their end, and that need no escaping anywhere.
const (
	valuePrefix   = "heimdall_"
	secretBytes   = 32
	secretDigits  = 43 // 62^43 > 2^256
	checkDigits   = 6  // 62^6 > 2^32
	base62        = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	valueLength   = len(valuePrefix) + secretDigits + checkDigits
	checksumStart = len(valuePrefix) + secretDigits
)

// NewValue makes the value of a new token from a source of chance, which is crypto/rand.Reader.
func NewValue(chance io.Reader) (string, error) {
	secret := make([]byte, secretBytes)
	if _, err := io.ReadFull(chance, secret); err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	digits := toBase62(new(big.Int).SetBytes(secret), secretDigits)
	return valuePrefix + digits + checksum(digits), nil
}

// HashOf returns the hash of a value. It is not ok for what NewValue never makes: to look that up would be in vain.
func HashOf(value string) (_ heimdall.TokenHash, ok bool) {
	if len(value) != valueLength || !strings.HasPrefix(value, valuePrefix) {
		return heimdall.TokenHash{}, false
	}
	if checksum(value[len(valuePrefix):checksumStart]) != value[checksumStart:] {
		return heimdall.TokenHash{}, false
	}
	return sha256.Sum256([]byte(value)), true
}

func checksum(digits string) string {
	return toBase62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(digits)))), checkDigits)
}

// toBase62 writes n with so many digits. big.Int has its own digits for base 62, in another order.
func toBase62(n *big.Int, digits int) string {
	out := make([]byte, digits)
	base, rest := big.NewInt(int64(len(base62))), new(big.Int)
	n = new(big.Int).Set(n)
	for i := digits - 1; i >= 0; i-- {
		n.DivMod(n, base, rest)
		out[i] = base62[rest.Int64()]
	}
	return string(out)
}
