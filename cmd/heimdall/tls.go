package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateAge is how old what is known of the files may be: a look at them costs little, but not nothing.
const certificateAge = 5 * time.Second

// A certificate is one that is read again when its files change, as when it is renewed. mu guards what changes.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	loaded  *tls.Certificate
	version string // of the files, when it was tried to load them
	looked  time.Time
}

// loadCertificate returns nil when there is none to load.
func (c *AccessConfig) loadCertificate(log *slog.Logger) (*certificate, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	cert := &certificate{certFile: c.TLSCert, keyFile: c.TLSKey, log: log}
	cert.version, cert.looked = cert.versionOfFiles(), time.Now()
	if err := cert.load(); err != nil {
		return nil, invalid("HEIMDALL_TLS_CERT", err)
	}
	return cert, nil
}

func (c *certificate) load() error {
	loaded, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	c.loaded = &loaded
	return nil
}

// config is that of a server.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return c.current(time.Now()), nil
	}}
}

// current is the certificate of the files. When they have changed into something that cannot be used, as when only one
// of them has been written yet, the old one stays.
func (c *certificate) current(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) < certificateAge {
		return c.loaded
	}
	c.looked = now
	version := c.versionOfFiles()
	if version == c.version {
		return c.loaded
	}
	c.version = version
	if err := c.load(); err != nil {
		c.log.Error("the certificate has changed and cannot be used: the old one stays", "err", err)
	} else {
		c.log.Info("the certificate was read again", "file", c.certFile)
	}
	return c.loaded
}

func (c *certificate) versionOfFiles() (version string) {
	for _, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil {
			version += fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size(), " ")
		}
	}
	return version
}
