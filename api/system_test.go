package api_test

import (
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestTheSystemSaysWhatItIsMadeOfAndHowItIsSet(t *testing.T) {
	r := newRig(t, func(c *api.Config) { c.Settings = api.Settings{RetentionDays: 30, Objects: "s3://bucket"} })
	r.acquisition(r.websdr("one").ID)
	var got wire.System
	r.get("/api/v1/system").want(200).into(&got)
	if got.Database.Measurements == nil || *got.Database.Measurements != 0 {
		t.Errorf("it holds %v measurements", got.Database.Measurements)
	}
	if got.Database.Bytes == 0 || got.Database.Version == "" || got.Database.SchemaVersion == 0 {
		t.Errorf("the database is %+v", got.Database)
	}
	want := wire.System{
		Version: "test", AlgorithmVersion: got.AlgorithmVersion, Database: got.Database, Objects: "s3://bucket", RetentionDays: new(30),
		Queue: wire.Queue{Pending: 1},
	}
	want.Database.Backend = "sqlite"
	want.Queue.PendingSince, want.StartedAt, want.Platform = new(noon), noon, runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH
	want.Storage = wire.Storage{RecordedBytes: new(int64(0)), HeldBytes: new(int64(0)), PlannedBytes: new(int64(0)), FreeBytes: new(int64(100))}
	want.Retention = &wire.RetentionRules{Days: new(30.0), QuotaBytes: new(int64(1000)), FreeBytesAsked: new(int64(10))}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the system (-want +got):\n%s", diff)
	}
}

func TestASystemThatKeepsEverythingForEverSaysSo(t *testing.T) {
	r := newRig(t)
	var got wire.System
	r.get("/api/v1/system").want(200).into(&got)
	if got.RetentionDays != nil {
		t.Errorf("retention is %d days", *got.RetentionDays)
	}
}
