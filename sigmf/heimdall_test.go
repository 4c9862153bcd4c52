package sigmf_test

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/sigmf"
)

func TestTheExtensionsDocumentAndSchemaListEveryField(t *testing.T) {
	page, err := os.ReadFile("heimdall.sigmf-ext.md")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(sigmf.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(page), "\n## ")
	for k, c := range []struct {
		object string
		fields reflect.Type
	}{
		{"global", reflect.TypeFor[sigmf.HeimdallGlobal]()},
		{"capture", reflect.TypeFor[sigmf.HeimdallCapture]()},
		{"annotation", reflect.TypeFor[sigmf.HeimdallAnnotation]()},
	} {
		t.Run(c.object, func(t *testing.T) {
			var inCode, inPage, inSchema []string
			for k := range c.fields.NumField() {
				name, _, _ := strings.Cut(c.fields.Field(k).Tag.Get("json"), ",")
				inCode = append(inCode, name)
			}
			for _, m := range regexp.MustCompile("(?m)^\\| `(heimdall:[a-z0-9_]+)`").FindAllStringSubmatch(sections[k+1], -1) {
				inPage = append(inPage, m[1])
			}
			for name := range schema.Defs[c.object].Properties {
				if strings.HasPrefix(name, "heimdall:") {
					inSchema = append(inSchema, name)
				}
			}
			if diff := cmp.Diff(inCode, inPage); diff != "" {
				t.Errorf("heimdall.sigmf-ext.md (-code +page):\n%s", diff)
			}
			slices.Sort(inCode)
			slices.Sort(inSchema)
			if diff := cmp.Diff(inCode, inSchema); diff != "" {
				t.Errorf("sigmf.schema.json (-code +schema):\n%s", diff)
			}
		})
	}
}
