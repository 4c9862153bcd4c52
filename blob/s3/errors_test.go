package s3_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	amazon "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/s3"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
)

func TestOpenSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		for what, wrong := range map[string]struct {
			spoil func(c *s3.Config)
			words []string
		}{
			"a wrong secret key":     {func(c *s3.Config) { c.SecretKey = "wr0ng-secret" }, []string{"secret key is not that of the access key", server.AccessKey}},
			"an unknown access key":  {func(c *s3.Config) { c.AccessKey = "nobody" }, []string{"does not know the access key nobody"}},
			"a bucket not there":     {func(c *s3.Config) { c.MustExist = true }, []string{"there is no bucket heimdall-test-", "create it"}},
			"an impossible bucket":   {func(c *s3.Config) { c.Bucket = "No_Bucket" }, []string{"cannot be the name of a bucket"}},
			"nobody at the endpoint": {func(c *s3.Config) { c.Endpoint = "http://127.0.0.1:1" }, []string{"http://127.0.0.1:1/heimdall-test-", "does not answer: start it"}},
			"TLS where there is none": {func(c *s3.Config) { c.Endpoint = strings.Replace(c.Endpoint, "http:", "https:", 1) },
				[]string{"speaks no TLS: use http://"}},
			"no keys":             {func(c *s3.Config) { c.AccessKey = "" }, []string{"an access key and a secret key are needed"}},
			"a path in the URL":   {func(c *s3.Config) { c.Endpoint += "/minio" }, []string{"the endpoint must be like http://host:9000"}},
			"another scheme":      {func(c *s3.Config) { c.Endpoint = "ftp://host" }, []string{"the endpoint must be like http://host:9000"}},
			"no authorities":      {func(c *s3.Config) { c.CAFile = "/nowhere.pem" }, []string{"/nowhere.pem"}},
			"a file without them": {func(c *s3.Config) { c.CAFile = os.Args[0] }, []string{"holds no certificate"}},
		} {
			c := config(server)
			wrong.spoil(&c)
			_, err := s3.Open(t.Context(), c)
			if err == nil {
				t.Errorf("%s is accepted", what)
				continue
			}
			for _, words := range wrong.words {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%s: %v: it does not say %q", what, err, words)
				}
			}
			if strings.Contains(err.Error(), c.SecretKey) {
				t.Errorf("%s: the error tells the secret key: %v", what, err)
			}
			if errors.Is(err, s3.ErrAway) != (what == "nobody at the endpoint") {
				t.Errorf("%s: %v: is it worth waiting for?", what, err)
			}
		}
	})
}

func TestAClockThatIsWrongIsSaid(t *testing.T) {
	var wrong atomic.Bool
	store := open(t, misbehaving(t, s3test.Shared(t, "minio"), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		if wrong.Load() {
			refuse(w, http.StatusForbidden, "RequestTimeTooSkewed")
		}
		return wrong.Load()
	}))
	wrong.Store(true)
	_, err := store.Stat(t.Context(), key) // a HEAD, whose answer has no words
	if err == nil || !strings.Contains(err.Error(), "set both by NTP") {
		t.Errorf("Stat = %v, want words on the clock", err)
	}
}

func TestABucketThatIsGoneIsNotOneWithoutObjects(t *testing.T) {
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		c := config(server)
		store := open(t, c)
		if _, err := raw(c).DeleteBucket(t.Context(), &amazon.DeleteBucketInput{Bucket: &c.Bucket}); err != nil {
			t.Fatal(err)
		}
		check := func(what string, err error) {
			t.Helper()
			if err == nil || errors.Is(err, blob.ErrNotFound) || !strings.Contains(err.Error(), "there is no bucket") {
				t.Errorf("%s = %v, want that there is no bucket", what, err)
			}
		}
		_, err := store.Stat(t.Context(), key)
		check("Stat", err)
		_, err = store.Open(t.Context(), key)
		check("Open", err)
		check("Put", store.Put(t.Context(), key, strings.NewReader("x"), blob.SumOf([]byte("x"))))
		check("Put of parts", store.Put(t.Context(), key, bytes.NewReader(sample(1, 9<<20)), blob.SumOf(sample(1, 9<<20))))
		check("Delete", store.Delete(t.Context(), key))
		for _, err := range store.List(t.Context(), "") {
			check("List", err)
		}
	})
}

// raw is the client of a stranger.
func raw(c s3.Config) *amazon.Client {
	return amazon.New(amazon.Options{Region: s3.DefaultRegion, BaseEndpoint: &c.Endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(c.AccessKey, c.SecretKey, "")})
}

func TestAStrangersObjectHasNoHashAndIsComparedByItsBytes(t *testing.T) {
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		c := config(server)
		store := open(t, c)
		b, other := sample(20, 100_000), sample(21, 100_000)
		name := key
		for _, metadata := range []map[string]string{nil, {"sha256": blob.SumOf(other).SHA256, "bytes": "99999"}} {
			if _, err := raw(c).PutObject(t.Context(), &amazon.PutObjectInput{Bucket: &c.Bucket, Key: &name, Body: bytes.NewReader(b), Metadata: metadata}); err != nil {
				t.Fatal(err)
			}
			if info, err := store.Stat(t.Context(), key); err != nil || info.SHA256 != "" || info.Bytes != 100_000 {
				t.Errorf("Stat = %+v, %v, want 100000 bytes without a hash", info, err)
			}
			if err := store.Put(t.Context(), key, bytes.NewReader(b), blob.SumOf(b)); err != nil {
				t.Errorf("Put of the same bytes: %v", err)
			}
			if err := store.Put(t.Context(), key, bytes.NewReader(other), blob.SumOf(other)); !errors.Is(err, blob.ErrDiffers) {
				t.Errorf("Put of others = %v, want ErrDiffers", err)
			}
		}
		foreign := "what a+stranger/calls .it é"
		if _, err := raw(c).PutObject(t.Context(), &amazon.PutObjectInput{Bucket: &c.Bucket, Key: &foreign, Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
		for info, err := range store.List(t.Context(), "") {
			if err != nil || info.Key != key {
				t.Errorf("List gives %+v, %v, want nothing of names that are no keys", info, err)
			}
		}
	})
}

func TestAPresignedURLGivesTheObjectWithoutAKeyForAsLongAsWasSigned(t *testing.T) {
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		store := open(t, config(server))
		b := sample(22, 1000)
		mustPut(t, store, b)
		at, err := store.Presign(t.Context(), key, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for at, want := range map[string]int{at: http.StatusOK, strings.Replace(at, "X-Amz-Expires=60", "X-Amz-Expires=61", 1): http.StatusForbidden} {
			resp, err := http.Get(at)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != want || err != nil || want == http.StatusOK && !bytes.Equal(got, b) {
				t.Errorf("%s: %s, %d bytes (%v), want status %d", at, resp.Status, len(got), err, want)
			}
		}
		for _, ttl := range []time.Duration{0, s3.MaxPresigned + time.Second} {
			if _, err := store.Presign(t.Context(), key, ttl); err == nil {
				t.Errorf("a URL for %v is given", ttl)
			}
		}
	})
}

func TestAnAuthorityOfOnesOwnIsTrustedWhenItIsNamed(t *testing.T) {
	server := s3test.Shared(t, "minio")
	to, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}})
	proxy.Config.ErrorLog = quiet
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	c := config(server)
	c.Endpoint = proxy.URL
	if _, err := s3.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "name the file of the authority") {
		t.Errorf("Open of a server with a certificate from nowhere = %v", err)
	}
	c.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})
	if err := os.WriteFile(c.CAFile, certificate, 0o644); err != nil {
		t.Fatal(err)
	}
	store := open(t, c)
	for _, size := range []int{1000, 9 << 20} { // neither is hashed for the signature
		b := sample(23, size)
		mustPut(t, store, b)
		mustHold(t, store, b)
		if err := store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
}
