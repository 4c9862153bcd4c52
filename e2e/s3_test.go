package e2e_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/s3"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
	"github.com/heimdall-sdr/heimdall/client"
)

// onS3 has every program that the test starts from now on keep its recordings in a bucket of the test's own.
func onS3(t *testing.T, server *s3test.Server) s3.Config {
	t.Helper()
	c := s3.Config{Endpoint: server.Endpoint, AccessKey: server.AccessKey, SecretKey: server.SecretKey, Bucket: s3test.Bucket()}
	setenv(t, "MINIO_URL", c.Endpoint)
	setenv(t, "MINIO_ACCESS_KEY", c.AccessKey)
	setenv(t, "MINIO_SECRET_KEY", c.SecretKey)
	setenv(t, "MINIO_BUCKET", c.Bucket)
	return c
}

// recordingsIn are the keys of recordings in the bucket; a worker describes acquisitions among them when it comes to it.
func recordingsIn(t *testing.T, c s3.Config) (keys []string) {
	t.Helper()
	store, err := s3.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for info, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(info.Key, ".sigmf-collection") {
			keys = append(keys, info.Key)
		}
	}
	return keys
}

func TestTheDemoKeepsItsRecordingsInABucketWhenMINIO_URLSaysSo(t *testing.T) {
	t.Parallel()
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		c := onS3(t, server)
		data := filepath.Join(t.TempDir(), "data")
		var demo struct{ Acquisition wire.Acquisition }
		mustJSON(t, &demo, data, "demo", "--once", "--duration", "1s", "--listen", "127.0.0.1:0")
		if demo.Acquisition.State != heimdall.Success {
			t.Fatalf("the demo ended %s", demo.Acquisition.State)
		}
		if keys := recordingsIn(t, c); len(keys) != 14 {
			t.Errorf("the bucket holds %q, want samples and metadata of 7", keys)
		}
		mustBeConsistent(t, data)
		var system wire.System
		if mustJSON(t, &system, data, "system"); system.Objects != c.String() || strings.Contains(system.Objects, c.SecretKey) {
			t.Errorf("heimdall system says that the recordings are in %q, want %s", system.Objects, c)
		}
		out := t.TempDir()
		var files []struct{ Path string }
		mustJSON(t, &files, data, "recordings", "export", demo.Acquisition.TaskID, "--format", "npy", "--out", out)
		if len(files) != 7 {
			t.Errorf("%d recordings were exported, want 7", len(files))
		}
		mustBeServedByTheBucket(t, data, demo.Acquisition.TaskID)
	})
}

func TestAnObjectStoreThatIsLostInTheMidstOfAnAcquisitionLosesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"minio", "versitygw"} {
		t.Run(name, func(t *testing.T) {
			server := s3test.Private(t, name)
			c := onS3(t, server)
			data := filepath.Join(t.TempDir(), "data")
			addSims(t, data)
			_, api := serve(t, data)
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			rnd := rand.New(rand.NewPCG(seed, 0))
			const rounds = 2
			for range rounds {
				loseDuring(t, server, api, rnd)
			}
			if keys := recordingsIn(t, c); len(keys) != rounds*7*2 {
				t.Errorf("the bucket holds %d objects, want samples and metadata of %d recordings once: %q", len(keys), rounds*7, keys)
			}
			mustBeConsistent(t, data)
		})
	}
}

// loseDuring kills the server at some instant of an acquisition and starts it again after a while.
func loseDuring(t *testing.T, server *s3test.Server, api *client.Client, rnd *rand.Rand) {
	t.Helper()
	a, _, err := api.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 0.4}, "")
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Duration(rnd.Int64N(int64(900 * time.Millisecond)))) // an acquisition takes about 0.8 s
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Duration(rnd.Int64N(int64(2 * time.Second))))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	mustBeWhole(t, api, a.TaskID)
}

func TestAServerWaitsForAnObjectStoreThatIsOnlyStarting(t *testing.T) {
	t.Parallel()
	server := s3test.Private(t, "versitygw")
	onS3(t, server)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	background(t, "the object store is not there yet", "--data-dir", filepath.Join(t.TempDir(), "data"), "serve", "--listen", address)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := client.New("http://"+address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		if _, err = c.Health(ctx); err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestBadSettingsOfTheObjectStoreAreRefusedInWords(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for _, c := range []struct {
		env  map[string]string
		code int
		says []string
	}{
		{map[string]string{"MINIO_URL": "http://127.0.0.1:1"}, 2, []string{"MINIO_ACCESS_KEY", "S3_SECRET_KEY"}},
		{map[string]string{"MINIO_URL": "minio:9000", "MINIO_ACCESS_KEY": "a", "MINIO_SECRET_KEY": "s3cret"}, 2, []string{"MINIO_URL", "http://minio:9000"}},
		{map[string]string{"S3_ENDPOINT": "http://127.0.0.1:1/other", "S3_BUCKET": "one", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "s3cret"}, 2, []string{"S3_BUCKET", "other"}},
		{map[string]string{"S3_ENDPOINT": "http://a:s3cret@127.0.0.1:1", "HEIMDALL_OBJECTS_DIR": "/tmp"}, 2, []string{"HEIMDALL_OBJECTS_DIR", "S3_ENDPOINT"}},
		{map[string]string{"S3_ENDPOINT": "http://a:s3cret@127.0.0.1:1", "HEIMDALL_OBJECTS_WAIT": "0s"}, 1, []string{"http://127.0.0.1:1/heimdall-raw-iq", "does not answer"}},
		{map[string]string{"S3_ENDPOINT": "https://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s3cret", "S3_CA_FILE": "/nowhere.pem"}, 1, []string{"/nowhere.pem"}},
		{map[string]string{"S3_ENDPOINT": "http://a:s3cret@127.0.0.1:1", "S3_PATH_STYLE": "maybe"}, 2, []string{"path-style"}},
	} {
		t.Run(fmt.Sprint(c.says), func(t *testing.T) {
			for name, value := range c.env {
				setenv(t, name, value)
			}
			r := command(t, data, "serve", "--listen", "127.0.0.1:0")
			if r.code != c.code || strings.Contains(r.stderr, "s3cret") {
				t.Errorf("exit code %d, want %d: %s", r.code, c.code, r.stderr)
			}
			for _, word := range c.says {
				if !strings.Contains(r.stderr, word) {
					t.Errorf("%s does not speak of %s", r.stderr, word)
				}
			}
		})
	}
}

// mustBeServedByTheBucket gets a recording by an address that needs no credentials.
func mustBeServedByTheBucket(t *testing.T, data, taskID string) {
	t.Helper()
	var at wire.RecordingURL
	mustJSON(t, &at, data, "recordings", "url", taskID, "1")
	resp, err := http.Get(at.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if sum := blob.SumOf(got); err != nil || resp.StatusCode != http.StatusOK || sum.Bytes != at.Bytes || sum.SHA256 != at.SHA256 {
		t.Errorf("the bucket answers %s with %+v (%v), want %+v", resp.Status, sum, err, at)
	}
}
