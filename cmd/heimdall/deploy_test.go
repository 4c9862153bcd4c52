package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// deployed are the files that people copy.
func deployed(t *testing.T, patterns ...string) []string {
	t.Helper()
	var files []string
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join("../../deploy", p))
		if err != nil || len(found) == 0 {
			t.Fatalf("there are no files deploy/%s (%v)", p, err)
		}
		files = append(files, found...)
	}
	return files
}

// settings are the variables of the environment that any command reads.
func settings(t *testing.T) []string {
	t.Helper()
	parser, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			names = append(names, f.Envs...)
		}
		return next(nil)
	})
	if err != nil || !slices.Contains(names, "HEIMDALL_LISTEN") {
		t.Fatalf("the settings are %v (%v)", names, err)
	}
	return names
}

func TestEverySettingInDeployExists(t *testing.T) {
	t.Parallel()
	ours := regexp.MustCompile(`\b(HEIMDALL|S3|MINIO|RETENTION|DATABASE|COMPRESS)_[A-Z0-9_]+\b`)
	known, seen := settings(t), 0
	for _, file := range deployed(t, "Dockerfile", "*.yml", ".env.example", "systemd/*", "proxy/*") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range ours.FindAllString(string(text), -1) {
			seen++
			if !slices.Contains(known, name) && !strings.HasPrefix(name, "HEIMDALL_GRAFANA_") {
				t.Errorf("%s sets %s, which no command reads", file, name)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d settings were found", seen)
	}
}

func TestTheYAMLInDeployIsYAML(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import yaml").Run()
	}
	if err != nil {
		t.Skip("SKIPPED: python3 with its module yaml is absent (apt-get install python3-yaml)")
	}
	for _, file := range deployed(t, "*.yml", "prometheus/*.yml", "grafana/provisioning/*/*.yaml") {
		out, err := exec.CommandContext(t.Context(), python, "-c", "import sys, yaml; assert isinstance(yaml.safe_load(open(sys.argv[1])), dict)", file).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}
