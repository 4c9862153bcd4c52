package e2e_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// What lies between our own parts may be as bad as it likes, and nothing is lost. Each fault comes in the midst of
// acquisitions and goes again.

func TestNothingIsLostWhateverTheNetworkToTheDatabaseDoes(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Private(t, true)
	link := newNetwork(t, overTLS(t, cluster))
	onPostgres(t, fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=require&connect_timeout=2", link.address()))
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	_, c := serve(t, data)
	loseNothingOver(t, link, c, tally{Story: "network to the database", On: "PostgreSQL over TLS, folder"})
	mustBeConsistent(t, data)
}

func TestNothingIsLostWhateverTheNetworkToTheObjectStoreDoes(t *testing.T) {
	t.Parallel()
	server := s3test.Private(t, "minio")
	link := newNetwork(t, strings.TrimPrefix(server.Endpoint, "http://"))
	onS3(t, server)
	setenv(t, "MINIO_URL", "http://"+link.address())
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	_, c := serve(t, data)
	loseNothingOver(t, link, c, tally{Story: "network to the object store", On: "SQLite, MinIO"})
	mustBeConsistent(t, data) // reads every object, and compares its hash
}

// loseNothingOver tries every fault in the midst of acquisitions, all of which must end whole.
func loseNothingOver(t *testing.T, link *badNetwork, c *client.Client, row tally) {
	t.Helper()
	rnd, begun := seeded(t), time.Now()
	for range soakPasses() {
		for _, f := range faults {
			var ids []string
			for range 2 {
				a, _, err := c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 0.4}, "")
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, a.TaskID)
			}
			link.during(f, rnd, time.Second)
			mended := time.Now()
			for _, id := range ids {
				mustBeWhole(t, c, id)
			}
			row.Rounds++
			t.Logf("%s: whole %.1f s after it was mended", f.name, time.Since(mended).Seconds())
		}
	}
	count(t, c, begun, row)
}

// A client that repeats what got no answer, under one key, gets one acquisition.
func TestAnAcquisitionAskedForOverABadNetworkIsThereOnce(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	_, direct := serve(t, data)
	system, err := os.ReadFile(filepath.Join(data, "server.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(system), "http://")
	host, _, _ := strings.Cut(after, `"`)
	link := newNetwork(t, host)
	shaky, err := client.New("http://"+link.address(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rnd, begun := seeded(t), time.Now()
	asked := 0
	for range soakPasses() {
		for _, f := range faults {
			if f.name == "corruption" {
				continue // a changed request can be as valid: that is for TLS to notice
			}
			asked++
			done := make(chan error, 1)
			key := fmt.Sprint("bad network ", asked)
			go func() { done <- askUntilAnswered(t.Context(), shaky, key) }()
			link.during(f, rnd, time.Second)
			if err := <-done; err != nil {
				t.Fatalf("%s: %v", f.name, err)
			}
		}
	}
	page, err := direct.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage}, "")
	if err != nil || len(page.Acquisitions) != min(asked, heimdall.MaxPage) {
		t.Fatalf("%d acquisitions are there of %d asked for (%v)", len(page.Acquisitions), asked, err)
	}
	for _, a := range page.Acquisitions {
		mustBeWhole(t, direct, a.TaskID)
	}
	count(t, direct, begun, tally{Story: "network to the API", On: "SQLite, folder", Rounds: asked})
	mustBeConsistent(t, data)
}

// askUntilAnswered asks for ten acquisitions' worth of time, again and again under the same key.
func askUntilAnswered(ctx context.Context, c *client.Client, key string) error {
	var err error
	for range 200 {
		try, cancel := context.WithTimeout(ctx, time.Second)
		_, _, err = c.CreateAcquisition(try, wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 0.1}, key)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		<-time.After(20 * time.Millisecond)
	}
	return err
}

// What happens between a receiver and us costs that receiver's recording at most. Here each of seven has another fault, and
// two have none: theirs are whole, nothing hangs, and an unlucky one says what became of it.
func TestABadNetworkToOneReceiverCostsNoOthersRecording(t *testing.T) {
	t.Parallel()
	kiwis := simulatedKiwis(t, len(faults)+2)
	data := filepath.Join(t.TempDir(), "data")
	_, c := serve(t, data)
	links := make([]*badNetwork, len(faults))
	for i, s := range kiwis.Servers() {
		row := wire.WebSDROf(s.WebSDR()).Input()
		if i < len(faults) {
			links[i] = newNetwork(t, s.Addr().String())
			row.URL = "http://" + links[i].address()
			row.TimeoutSeconds, row.RetryCount = new(2.0), new(1)
		}
		if _, err := c.CreateWebSDR(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	rnd := seeded(t)
	for range max(2, soakPasses()) {
		a, _, err := c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 1, JoinTimeoutSeconds: new(5.0)}, "")
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(rnd.Int64N(int64(4 * time.Second)))) // it settles for 3 s, and records for 1
		var mend []func()
		for i, f := range faults {
			mend = append(mend, links[i].bad(f))
		}
		a = ended(t, c, a.TaskID)
		for i, k := range a.Captures {
			if i >= len(faults) {
				if k.State != heimdall.Success || k.Reason != "" {
					t.Errorf("a receiver without a fault ended %s: %s", k.State, k.Reason)
				}
				continue
			}
			mend[i]()
			t.Logf("%s: %s %s %s", faults[i].name, k.State, k.FailureClass, k.Reason)
			if k.State != heimdall.Success && (k.FailureClass == "" || k.FailureClass == heimdall.FailInternal) {
				t.Errorf("%s: it ended %s of class %q: %s", faults[i].name, k.State, k.FailureClass, k.Reason)
			}
		}
	}
	mustBeConsistent(t, data)
}

// simulatedKiwis are so many KiwiSDRs in the test's process.
func simulatedKiwis(t *testing.T, receivers int) *simnet.Network {
	t.Helper()
	s := &simnet.Scenario{World: simnet.World{Seed: 1}}
	for i := range receivers {
		s.Receivers = append(s.Receivers, simnet.Receiver{Name: fmt.Sprint("kiwi ", i), Kind: "kiwisdr", LoopS: 1})
	}
	n, err := simnet.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// overTLS has the cluster listen on a port, for encrypted connections only: over others nobody would notice a bit that
// has changed. It returns the address.
func overTLS(t *testing.T, cluster *pgtest.Cluster) string {
	t.Helper()
	conn := pgtest.Connect(t, cluster.URL("postgres"))
	var data, hba string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('data_directory'), current_setting('hba_file')").Scan(&data, &hba); err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
	cert, key := selfSigned(t)
	for name, text := range map[string][]byte{"server.crt": cert, "server.key": key} {
		writeLike(t, data, filepath.Join(data, name), text)
	}
	rules, err := os.ReadFile(hba)
	if err != nil {
		t.Fatal(err)
	}
	writeLike(t, data, hba, append(rules, "hostssl all all 127.0.0.1/32 trust\n"...))
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Stop(); err != nil {
		t.Fatal(err)
	}
	cluster.Port = port
	if err := cluster.Start("listen_addresses=127.0.0.1", "ssl=on"); err != nil {
		t.Fatal(err)
	}
	return address
}

// writeLike writes a file that belongs to who owns another.
func writeLike(t *testing.T, other, path string, text []byte) {
	t.Helper()
	info, err := os.Stat(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
}

// selfSigned is a certificate for the loopback address and its key, in PEM form.
func selfSigned(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}
