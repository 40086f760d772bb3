// Package manifests_test checks what Parley is installed with, by plain reading, and by Docker Compose, kubectl, kubeconform
// and systemd's verifier where these are installed.
package manifests_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// read reads a file of this folder.
func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// variables are those that Parley reads, as its source says.
func variables(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob("../cmd/parley/app/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, m := range regexp.MustCompile(`\bv\.\w+\("([A-Z0-9_]+)"`).FindAllStringSubmatch(read(t, file), -1) {
			all = append(all, m[1])
		}
	}
	if len(all) < 20 || !slices.Contains(all, "DATABASE_URL") {
		t.Fatalf("the variables were not found: %v", all)
	}
	return all
}

// checkVariables reports variables that Parley does not read, alone or as the file that NAME_FILE names.
func checkVariables(t *testing.T, where string, names []string) {
	t.Helper()
	known := append(variables(t), "TMPDIR") // which os.CreateTemp reads
	if len(names) == 0 {
		t.Errorf("%s names no variable", where)
	}
	for _, name := range names {
		if !slices.Contains(known, strings.TrimSuffix(name, "_FILE")) {
			t.Errorf("%s: Parley reads no %s", where, name)
		}
	}
}

// checkNoSecrets reports secrets that stand in a variable instead of a file.
func checkNoSecrets(t *testing.T, where string, env map[string]string) {
	t.Helper()
	for name := range env {
		if regexp.MustCompile(`(TOKEN|PASSWORD|SECRET|_KEY|PASSPHRASE|DATABASE_URL)$`).MatchString(name) {
			t.Errorf("%s: %s stands in a variable; write %s_FILE", where, name, name)
		}
	}
}

// TestExamplesOfEnvironment: what the unit and its comments name exists, too.
func TestExamplesOfEnvironment(t *testing.T) {
	t.Parallel()
	var names []string
	for _, m := range regexp.MustCompile(`(?m)(?:^#?\s*Environment=|-E )([A-Z0-9_]+)=`).FindAllStringSubmatch(read(t, "parley.service"), -1) {
		names = append(names, m[1])
	}
	checkVariables(t, "parley.service", names)
}

// TestUnitsOwnSecrets: a secret that the unit's comments let the unit have is given to the sub-commands beside it, too, so that an admin
// who keeps tokens in files can run parley apply.
func TestUnitsOwnSecrets(t *testing.T) {
	t.Parallel()
	unit, beside, ok := strings.Cut(read(t, "parley.service"), "systemd-run")
	given := regexp.MustCompile(`LoadCredential=(\S+)`).FindAllStringSubmatch(unit, -1)
	if !ok || len(given) == 0 {
		t.Fatal("the unit says nothing of secrets and sub-commands")
	}
	for _, m := range given {
		if !strings.Contains(beside, "-p LoadCredential="+m[1]+" ") {
			t.Errorf("apply beside the unit lacks the secret %s", m[1])
		}
	}
}

// exists reports a file or folder of this folder that is not there.
func exists(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.FromSlash(name)); err != nil {
		t.Error(err)
	}
}
