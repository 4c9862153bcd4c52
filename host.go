package heimdall

import (
	"net/url"
	"strings"
)

// defaultPorts are those that an address need not name.
var defaultPorts = map[string]string{"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}

// Host is what of w's address may be connected to only once at a time, such as kiwi.example:8073: receivers count
// connections per address, and ban those that open several. It is "" for what is no network receiver: a file, or a
// simulation in the process.
func (w *WebSDR) Host() string {
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme == "sim" || u.Scheme == "file" {
		return ""
	}
	host := strings.ToLower(u.Host)
	if port := defaultPorts[u.Scheme]; port != "" && u.Port() != "" {
		host = strings.TrimSuffix(host, port)
	}
	return host
}
