package e2e_test

import (
	"bytes"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/heimdall-sdr/heimdall/blob/s3"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
)

// upload puts a folder into a new bucket as any client does, without what our own puts note.
func upload(t *testing.T, server *s3test.Server, dir string) (bucket string) {
	t.Helper()
	client := awss3.New(awss3.Options{Region: s3.DefaultRegion, BaseEndpoint: &server.Endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(server.AccessKey, server.SecretKey, "")})
	bucket = s3test.Bucket()
	if _, err := client.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		key, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		key = filepath.ToSlash(key)
		_, err = client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(content),
			Metadata: map[string]string{"data_type": "iq_complex64"}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bucket
}

func TestABucketOfThePythonSystemMovesOver(t *testing.T) {
	t.Parallel()
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		folder := filepath.Join(pythonBucket(t, 3), "heimdall-raw-iq")
		if err := os.WriteFile(filepath.Join(folder, "sessions", pythonTask(0), "thumbnail.png"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		bucket := upload(t, server, folder)
		onS3(t, server)
		data := filepath.Join(t.TempDir(), "data")
		source := server.Endpoint + "/" + bucket
		if r := importPython(t, data, 0, source); r.Imported != 6 || r.Acquisitions != 3 || r.Reasons["foreign_name"] != 1 {
			t.Errorf("the import says %+v", r)
		}
		if r := importPython(t, data, 0, source); r.Present != 6 || r.Imported != 0 {
			t.Errorf("once more: %+v", r)
		}
		sound(t, data)

		setenv(t, "MINIO_BUCKET", bucket)
		if r := command(t, data, "import", "python-heimdall", source); r.code != 2 || !strings.Contains(r.stderr, "another bucket") {
			t.Errorf("into the bucket itself: exit code %d, %s", r.code, r.stderr)
		}
		setenv(t, "MINIO_BUCKET", s3test.Bucket())
		if r := command(t, data, "import", "python-heimdall", server.Endpoint+"/"+s3test.Bucket()); r.code == 0 || strings.Contains(r.stderr, url.QueryEscape(server.SecretKey)) {
			t.Errorf("of a bucket that is not there: exit code %d, %s", r.code, r.stderr)
		}
	})
}
