package export_test

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// collected is an acquisition of two WebSDRs, of which one failed, every field of which has a value of its own.
func collected() export.Collected {
	a, c, w, m := rows()
	n := 0
	fillRow(reflect.ValueOf(&a).Elem(), &n)
	a.TaskID, a.WebSDRIDs, a.State = c.TaskID, []int64{9, 7}, heimdall.Partial
	bad := c
	fillRow(reflect.ValueOf(&bad).Elem(), &n)
	bad.TaskID, bad.WebSDRID, bad.State, bad.Phase, bad.Recording = c.TaskID, 9, heimdall.Failed, heimdall.PhaseDone, nil
	bad.NextAttemptAt = time.Time{}
	good := bad
	good.WebSDRID, good.State, good.Recording, good.FailureClass = 7, heimdall.Success, c.Recording, ""
	m.Timestamp = m.Timestamp.Truncate(time.Microsecond)
	other := w
	fillRow(reflect.ValueOf(&other).Elem(), &n)
	other.ID, other.Kind, other.URL, other.Password = 9, "sim", "sim:///?snr_db=30", ""
	a.Hold = heimdall.Hold{} // comes and goes later, and is the database's alone
	legacy := heimdall.LegacyMetrics{}
	fillRow(reflect.ValueOf(&legacy).Elem(), &n)
	legacy.TaskID, legacy.WebSDRID = c.TaskID, 7
	return export.Collected{
		RestoredAcquisition: heimdall.RestoredAcquisition{Acquisition: a, Captures: []heimdall.Capture{good, bad},
			Measurements: []heimdall.Measurement{m}, Legacy: []heimdall.LegacyMetrics{legacy}},
		WebSDRs: []export.SnapshotOfWebSDR{export.Snapshot(w), {WebSDR: other, PasswordLeftOut: true, QueryLeftOut: true}},
		Streams: []sigmf.Stream{{Name: "websdr_7", Hash: strings.Repeat("ab", 64)}},
	}
}

// fillRow gives every field a value of its own, counting up from n.
func fillRow(v reflect.Value, n *int) {
	*n++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Date(2026, 3, 1, 12, 0, 0, *n*1000, time.UTC)
		return
	case *time.Duration:
		*x = time.Duration(*n)*time.Second + 1
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillRow(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillRow(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillRow(v.Index(0), n)
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.1)
	default:
		v.SetInt(int64(*n))
	}
}

func collection(t testing.TB, c export.Collected) []byte {
	t.Helper()
	doc, err := export.Collection(c)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestACollectionSaysWhatAllRowsSay(t *testing.T) {
	want := collected()
	doc := collection(t, want)
	got, err := export.ReadCollection(doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("rows (-written +read):\n%s", diff)
	}
	if again := collection(t, want); !bytes.Equal(doc, again) {
		t.Error("the same rows gave other bytes")
	}
}

func TestACollectionOfNothingButFailuresIsReadBack(t *testing.T) {
	want := collected()
	want.Captures, want.Measurements, want.Legacy, want.Streams = want.Captures[1:], nil, nil, nil
	want.Acquisition = heimdall.Acquisition{TaskID: want.Acquisition.TaskID, WebSDRIDs: []int64{9}, State: heimdall.Failed, FrequencyHz: 1}
	want.Captures[0] = heimdall.Capture{TaskID: want.Acquisition.TaskID, WebSDRID: 9, State: heimdall.Failed, Phase: heimdall.PhaseDone}
	got, err := export.ReadCollection(collection(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("rows (-written +read):\n%s", diff)
	}
}

func TestSecretsOfWebSDRsAreNotInACollection(t *testing.T) {
	c := collected()
	for _, address := range []string{"http://user:hunter3@kiwi.example:8073/?p=hunter4#hunter5", "http://kiwi.example:8073/#hunter6"} {
		w := c.WebSDRs[0].WebSDR
		w.Password, w.URL = "hunter2", address
		c.WebSDRs[0] = export.Snapshot(w)
		doc := string(collection(t, c))
		if strings.Contains(doc, "hunter") || !strings.Contains(doc, `"http://kiwi.example:8073/"`) {
			t.Errorf("the collection holds a secret or lost the address:\n%s", doc)
		}
		if s := c.WebSDRs[0]; !s.PasswordLeftOut || !s.QueryLeftOut {
			t.Errorf("it does not say what was left out: %+v", s)
		}
	}
}

func TestACollectionKeepsToTheSchemasAndIsExplained(t *testing.T) {
	const schemaFile = "../docs/heimdall.sigmf-ext-collection.json"
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	prose, err := os.ReadFile("../docs/heimdall.sigmf-ext.md")
	if err != nil {
		t.Fatal(err)
	}
	whole := collection(t, collected())
	bare := collected()
	bare.Captures, bare.Measurements, bare.Legacy, bare.WebSDRs, bare.Streams = bare.Captures[1:], nil, nil, nil, nil
	used := map[string]bool{}
	for name, doc := range map[string][]byte{"whole": whole, "bare": collection(t, bare)} {
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v\n%s", name, err, doc)
		}
		collectNames(instance, used)
	}
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for name := range propertiesOf(instance, map[string]bool{}) {
		if !used[name] && name != "collection" {
			t.Errorf("the schema has %s, which no collection has", name)
		}
	}
	for name := range used {
		if ours := strings.TrimPrefix(name, "heimdall:"); !strings.HasPrefix(name, "core:") && !strings.Contains(string(prose), "`"+ours+"`") {
			t.Errorf("docs/heimdall.sigmf-ext.md does not explain %s", name)
		}
	}
	for _, bad := range [][2]string{{`"websdr_id": 7`, `"websdr_id": "7"`}, {`"attempts"`, `"trials"`}, {`"heimdall:captures"`, `"heimdall:capture"`}} {
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.ReplaceAll(string(whole), bad[0], bad[1])))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(instance) == nil {
			t.Errorf("the schema accepts %s", bad[1])
		}
	}
}

// collectNames notes the keys of all objects in v but those of the specification.
func collectNames(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if strings.HasPrefix(name, "core:") || name == "collection" {
				if name == "collection" {
					collectNames(value, into)
				}
				continue
			}
			into[name] = true
			collectNames(value, into)
		}
	case []any:
		for _, value := range v {
			collectNames(value, into)
		}
	}
}

// propertiesOf are the names of all properties that a schema has.
func propertiesOf(v any, into map[string]bool) map[string]bool {
	switch v := v.(type) {
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok {
			for name := range properties {
				into[name] = true
			}
		}
		for _, value := range v {
			propertiesOf(value, into)
		}
	case []any:
		for _, value := range v {
			propertiesOf(value, into)
		}
	}
	return into
}

func TestACollectionIsOneForReadersOfSigMF(t *testing.T) {
	c := collected()
	meta := []byte(`{"global": {"core:datatype": "ci16_le", "core:version": "1.2.5"}, "captures": [], "annotations": []}`)
	c.Streams[0].Hash = sigmf.MetaHash(meta)
	err := sigmf.CheckCollection(collection(t, c), func(name string) ([]byte, error) {
		if name != "websdr_7" {
			t.Errorf("it lists %s", name)
		}
		return meta, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCollectionsOfOthersAreRefused(t *testing.T) {
	for _, doc := range []string{``, `{}`, `{"collection": {"core:version": "1.2.5"}}`, `{"collection": {"heimdall:task_id": 7}}`,
		strings.Replace(string(collection(t, collected())), `"start_unix_ns": "17`, `"start_unix_ns": "a`, 1)} {
		if c, err := export.ReadCollection([]byte(doc)); err == nil {
			t.Errorf("%q is read as %+v", doc, c)
		}
	}
}

func FuzzReadCollection(f *testing.F) {
	f.Add(collection(f, collected()))
	f.Add([]byte(`{"collection": {"heimdall:task_id": "t", "heimdall:acquisition": {}}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := export.ReadCollection(doc)
		if err != nil {
			return
		}
		if _, err := export.Collection(*c); err != nil && !strings.Contains(err.Error(), "year") {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
