package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// verify compares a downloaded file, which is to lie at name, with the hashes that were taken when it was recorded,
// and says of how many recordings it could: of those that are in it whole and as they were received. hashes are by key.
func verify(f *os.File, name, etag string, hashes map[string]string) (recordings int, err error) {
	if err := seekTo(f, 0); err != nil {
		return 0, err
	}
	if want := strings.Trim(etag, `"`); len(want) == hex.EncodedLen(sha256.Size) {
		return 1, compare(f, want)
	}
	if ext := path.Ext(name); ext != ".sigmf" && ext != ".tar" {
		return 0, nil
	}
	known := map[string]string{}
	for key, sum := range hashes {
		known[strings.TrimSuffix(path.Base(key), ".sigmf-data")] = sum
	}
	for archive := tar.NewReader(f); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return recordings, nil
		}
		if err != nil {
			return recordings, err
		}
		want := known[objectOf(h.Name)]
		if want == "" || !asReceived[path.Ext(h.Name)] {
			continue
		}
		if err := compare(archive, want); err != nil {
			return recordings, fmt.Errorf("%s: %w", h.Name, err)
		}
		recordings++
	}
}

// asReceived are the endings of files of samples as they are stored.
var asReceived = map[string]bool{
	".sigmf-data": true, ".cs16": true, ".cs16be": true, ".cu8": true, ".cs8": true, ".cf32": true, ".cf64": true,
}

// objectOf is what the recording in a file of an archive is called in the object store: websdr_3 of
// 20171127T104156Z_77500Hz_websdr_3.sigmf-data. A part of a recording has another name.
func objectOf(name string) string {
	base := path.Base(name)
	base = strings.TrimSuffix(base, path.Ext(base))
	_, object, found := strings.Cut(base, "Hz_")
	if !found {
		return ""
	}
	return object
}

func compare(r io.Reader, want string) error {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("its SHA-256 is %s, and was %s when it was recorded", got, want)
	}
	return nil
}
