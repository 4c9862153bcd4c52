package access

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/heimdall-sdr/heimdall"
)

// Networks says which addresses a WebSDR may have. A server that connects to whatever address it is told is a way
// into every network that it stands in (SSRF). The zero value lets pass the public Internet and private networks,
// where many a receiver is; only an admin may name addresses in the first place.
//
// Whatever the setting, never let pass are link-local addresses and those at which clouds hand out the keys of a
// machine: no receiver lives there.
type Networks struct {
	set      bool // otherwise private and public
	any      bool
	public   bool
	private  bool
	prefixes []netip.Prefix
}

// ParseNetworks reads a list such as "public,192.168.7.0/24": public, private, any, networks and addresses. The empty
// list is "public,private".
func ParseNetworks(list string) (Networks, error) {
	var n Networks
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		n.set = true
		switch word {
		case "any":
			n.any = true
		case "public":
			n.public = true
		case "private":
			n.private = true
		default:
			p, err := parsePrefix(word)
			if err != nil {
				return Networks{}, err
			}
			n.prefixes = append(n.prefixes, p)
		}
	}
	return n, nil
}

// ParsePrefixes reads a list of networks and addresses, such as 10.0.0.0/8,2001:db8::1.
func ParsePrefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, word := range list {
		p, err := parsePrefix(word)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func parsePrefix(word string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(word); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(word)
	if err != nil {
		return p, fmt.Errorf("%q is no network: it must be like 192.168.7.0/24 or 2001:db8::1", word)
	}
	return p.Masked(), nil
}

// metadata are the addresses at which clouds tell a machine its secrets, apart from 169.254.169.254, which is
// link-local: AWS over IPv6, Alibaba, Oracle's old one, Azure's wire server.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"),
	netip.MustParseAddr("192.0.0.192"), netip.MustParseAddr("168.63.129.16"),
}

var (
	// carrier is RFC 6598, which VPNs such as Tailscale use for machines of one owner.
	carrier = netip.MustParsePrefix("100.64.0.0/10")
	// nat64 and sixToFour hide an IPv4 address in an IPv6 one (RFC 6052, RFC 3056).
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
	// reserved are those of IANA's special-purpose registries that no host on the Internet has.
	reserved = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
		netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("::/96"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001:db8::/32"),
	}
)

// A ForbiddenError says why no receiver may be at an address. To try again does not help.
type ForbiddenError struct{ Reason string }

func (e *ForbiddenError) Error() string { return e.Reason }

// Allow returns nil, or a *ForbiddenError that says why no receiver may be at that address.
func (n Networks) Allow(a netip.Addr) error {
	a = embedded(a.Unmap().WithZone(""))
	switch {
	case a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast(), slices.Contains(metadata, a):
		return &ForbiddenError{fmt.Sprintf("%s is an address of the machine's own infrastructure: no receiver may be there", a)}
	case n.any, slices.ContainsFunc(n.prefixes, func(p netip.Prefix) bool { return p.Contains(a) }):
		return nil
	}
	kind := "public"
	switch {
	case a.IsPrivate(), a.IsLoopback(), carrier.Contains(a):
		kind = "private"
	case a.IsUnspecified(), a.IsMulticast(), slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) }):
		kind = "reserved"
	}
	allowed := kind == "public" && (n.public || !n.set) || kind == "private" && (n.private || !n.set)
	if !allowed {
		return &ForbiddenError{fmt.Sprintf("%s is a %s address: this server records from none there (HEIMDALL_RECEIVER_NETWORKS is %s)", a, kind, n)}
	}
	return nil
}

// embedded is the IPv4 address that an IPv6 one leads to, so that no notation gets around a rule.
func embedded(a netip.Addr) netip.Addr {
	b := a.As16()
	switch {
	case a.Is4():
		return a
	case nat64.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}

func (n Networks) String() string {
	if !n.set {
		return "public,private"
	}
	var words []string
	for word, on := range map[string]bool{"any": n.any, "public": n.public, "private": n.private} {
		if on {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	for _, p := range n.prefixes {
		words = append(words, p.String())
	}
	return strings.Join(words, ",")
}

// Control is net.Dialer's: it is asked about the address that a name has led to, right before the connection is
// made, so that a name that leads elsewhere the second time gets nowhere.
func (n Networks) Control(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("read address %s: %w", address, err)
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return fmt.Errorf("read address %s: %w", address, err)
	}
	return n.Allow(a)
}

// AllowURL refuses what can be refused without asking anybody: addresses in figures, and names that mean one. Where
// other names lead is seen when they are dialled, which is when it counts.
func (n Networks) AllowURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil // heimdall.WebSDR.Validate has something to say about it, or it is a file
	}
	a, ok := figures(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")))
	if !ok {
		return nil
	}
	var bad heimdall.InvalidError
	if err := n.Allow(a); err != nil {
		bad.Add("url", "must lead elsewhere: %v", err)
	}
	return bad.Err()
}

// figures is the address that a host is, or is known to lead to everywhere.
func figures(host string) (netip.Addr, bool) {
	switch {
	case host == "localhost" || strings.HasSuffix(host, ".localhost"):
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	case host == "metadata.google.internal":
		return netip.AddrFrom4([4]byte{169, 254, 169, 254}), true
	}
	a, err := netip.ParseAddr(host)
	return a, err == nil
}
