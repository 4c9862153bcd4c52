package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// layoutVersion is the version of the data folder's layout:
//
//	layout        this number
//	lock          held by the one process that uses the folder
//	server.json   where that process answers, and the token by which it knows commands of the same user
//	heimdall.db   the database, unless DATABASE_URL names one
//	objects/      the recordings, unless HEIMDALL_OBJECTS_DIR or S3_ENDPOINT says otherwise
//	spool/        samples on their way to objects/
const layoutVersion = 1

// errInUse: another process uses the data folder.
var errInUse = errors.New("the data folder is in use by another process")

// A folder is the data folder, held by this process until it is closed.
type folder struct {
	dir  string
	lock *os.File
}

// openFolder makes the folder if need be and takes hold of it.
func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open data folder: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("open data folder %s: %w", dir, errInUse)
	}
	f := &folder{dir: dir, lock: lock}
	if err := f.checkLayout(); err != nil {
		lock.Close()
		return nil, err
	}
	return f, nil
}

func (f *folder) checkLayout() error {
	path := filepath.Join(f.dir, "layout")
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return os.WriteFile(path, []byte(strconv.Itoa(layoutVersion)+"\n"), 0o644)
	}
	if err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return fmt.Errorf("%s does not hold a number: is %s a data folder of heimdall?", path, f.dir)
	}
	if n > layoutVersion {
		return fmt.Errorf("data folder %s has layout %d, this program knows %d: use a newer heimdall", f.dir, n, layoutVersion)
	}
	return nil
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// announce tells other processes of the same user where this one answers, and gives them a token.
func (f *folder) announce(url, token string) error {
	data, err := json.Marshal(map[string]any{"url": url, "pid": os.Getpid(), "token": token})
	if err != nil {
		return err
	}
	// A new file, because WriteFile leaves the mode of an old one as it is.
	err = os.Remove(f.path("server.json"))
	if err == nil || errors.Is(err, os.ErrNotExist) {
		err = os.WriteFile(f.path("server.json"), append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("announce server: %w", err)
	}
	return nil
}

// close gives the folder back.
func (f *folder) close() {
	os.Remove(f.path("server.json"))
	f.lock.Close()
}

// announced returns where the process that uses dir answers, and the token that it gave us.
func announced(dir string) (url, token string, err error) {
	data, err := os.ReadFile(filepath.Join(dir, "server.json"))
	if errors.Is(err, os.ErrPermission) {
		return "", "", fmt.Errorf("%w of another user: be that user, or set HEIMDALL_SERVER and HEIMDALL_TOKEN", errInUse)
	}
	if err != nil {
		return "", "", fmt.Errorf("%w, and it says nothing of where it answers: wait for it, or stop it", errInUse)
	}
	var s struct{ URL, Token string }
	if err := json.Unmarshal(data, &s); err != nil || s.URL == "" {
		return "", "", fmt.Errorf("read %s/server.json: it names no address", dir)
	}
	return s.URL, s.Token, nil
}
