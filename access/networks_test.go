package access_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
)

func TestWhereReceiversMayBe(t *testing.T) {
	t.Parallel()
	settings := []string{"", "public", "private", "any", "192.168.7.0/24", "public,192.168.7.9"}
	for _, c := range []struct {
		address string
		allowed string // by these settings, y or n
	}{
		{"8.8.8.8", "yynyny"},
		{"2606:4700::1111", "yynyny"},
		{"127.0.0.1", "ynyynn"},
		{"::1", "ynyynn"},
		{"10.1.2.3", "ynyynn"},
		{"192.168.7.9", "ynyyyy"},
		{"192.168.7.8", "ynyyyn"},
		{"::ffff:192.168.7.9", "ynyyyy"},
		{"64:ff9b::c0a8:709", "ynyyyy"}, // 192.168.7.9 behind NAT64
		{"2002:7f00:1::", "ynyynn"},     // 127.0.0.1 in 6to4
		{"fd12::1", "ynyynn"},
		{"100.101.102.103", "ynyynn"},
		{"0.0.0.0", "nnnynn"},
		{"239.1.2.3", "nnnynn"},
		{"255.255.255.255", "nnnynn"},
		{"203.0.113.7", "nnnynn"},
		{"169.254.169.254", "nnnnnn"},
		{"::ffff:169.254.169.254", "nnnnnn"},
		{"64:ff9b::a9fe:a9fe", "nnnnnn"},
		{"169.254.1.1", "nnnnnn"},
		{"fe80::1", "nnnnnn"},
		{"fe80::1%eth0", "nnnnnn"},
		{"fd00:ec2::254", "nnnnnn"},
		{"100.100.100.200", "nnnnnn"},
		{"168.63.129.16", "nnnnnn"},
	} {
		for i, setting := range settings {
			n, err := access.ParseNetworks(setting)
			if err != nil {
				t.Fatal(err)
			}
			err = n.Allow(netip.MustParseAddr(c.address))
			if (err == nil) != (c.allowed[i] == 'y') {
				t.Errorf("with the setting %q, of %s is said: %v", setting, c.address, err)
			}
			if setting != "" && n.String() != setting && n.String() != setting+"/32" {
				t.Errorf("the setting %q is shown as %q", setting, n)
			}
		}
	}
	for _, wrong := range []string{"publik", "10.0.0.0/99", "10.0.0.0/8;8.8.8.8"} {
		if _, err := access.ParseNetworks(wrong); err == nil {
			t.Errorf("%q is taken for a list of networks", wrong)
		}
	}
}

func TestAnAddressInFiguresIsRefusedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	public, err := access.ParseNetworks("public")
	if err != nil {
		t.Fatal(err)
	}
	for address, allowed := range map[string]bool{
		"http://kiwi.example:8073": true, "http://8.8.8.8:8073": true, "file:///data/a.wav": true, "sim://a": true,
		"http://169.254.169.254/latest": false, "tcp://[fe80::1]:1234": false, "http://metadata.google.internal./": false,
		"http://LOCALHOST:9000": false, "tcp://192.168.1.1:1234": false, "http://[::ffff:10.0.0.1]": false,
	} {
		err := public.AllowURL(address)
		if _, invalid := errors.AsType[*heimdall.InvalidError](err); (err == nil) != allowed || err != nil && !invalid {
			t.Errorf("of %s is said: %v", address, err)
		}
	}
}

func TestAForbiddenAddressIsNeverDialledWhateverItsNameWas(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	public, _ := access.ParseNetworks("public")
	dial := func(n access.Networks) error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		conn, err := (&net.Dialer{Control: n.Control}).DialContext(ctx, "tcp", net.JoinHostPort("localhost", port))
		if err == nil {
			conn.Close()
		}
		return err
	}
	if err := dial(public); err == nil || !strings.Contains(err.Error(), "private address") {
		t.Errorf("where only public addresses may be, dialling localhost gives %v", err)
	}
	if err := dial(access.Networks{}); err != nil {
		t.Errorf("by default, dialling localhost gives %v", err)
	}
}

func FuzzNoNotationOfAnAddressGetsAroundTheMetadataRule(f *testing.F) {
	f.Add([]byte{169, 254, 169, 254})
	f.Add([]byte{0x20, 0x02, 169, 254, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		any, _ := access.ParseNetworks("any")
		for _, n := range []access.Networks{{}, any} {
			if n.Allow(a) == nil && a.Unmap().IsLinkLocalUnicast() {
				t.Errorf("%v is let pass", a)
			}
		}
		if (access.Networks{}).Allow(a) == nil && any.Allow(a) != nil {
			t.Errorf("%v is let pass by default but not by any", a)
		}
	})
}
