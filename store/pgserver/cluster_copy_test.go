package pgserver

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakeInitdb notes that it ran, and makes a minimal cluster in the folder after -D.
const fakeInitdb = `#!/bin/sh
echo ran >> "$0.ran"
echo 17 > "$2/PG_VERSION"
mkdir "$2/base"
echo rows > "$2/base/1"
`

// If a folder for kept clusters is set, later clusters are copies of a kept one, and initdb doesn't run again for them.
// Two that begin together may both run it. Each copy is whole, belongs to the server's account and shares no file with
// another.
func TestKeptClusters(t *testing.T) {
	programs, kept := openDir(t), openDir(t)
	t.Setenv(keptClusters, kept)
	program := filepath.Join(programs, "initdb")
	if err := os.WriteFile(program, []byte(fakeInitdb), 0o755); err != nil { //nolint:gosec // the server's account runs it
		t.Fatal(err)
	}
	acct := must(serverAccount(thisMachine(), "/nonexistent"))(t)
	for _, dir := range []string{programs, kept} {
		check(t, acct.chown(dir))
	}

	var clusters []string
	for range 4 {
		dir := openDir(t)
		check(t, acct.chown(dir))
		clusters = append(clusters, dir)
	}

	makeIn := func(dir string) {
		if err := makeCluster(t.Context(), Options{}, dir, acct, install{dir: programs, major: 17}); err != nil {
			t.Error(err)
		}
	}

	var together sync.WaitGroup
	for _, dir := range clusters[:2] {
		together.Go(func() { makeIn(dir) })
	}
	together.Wait()

	before := read(t, program+".ran")
	for _, dir := range clusters[2:] {
		makeIn(dir)
	}
	if after := read(t, program+".ran"); after != before || strings.Count(after, "ran") > 2 {
		t.Errorf("initdb ran %q times, then %q", before, after)
	}

	check(t, os.WriteFile(filepath.Join(clusters[0], "base", "1"), []byte("changed\n"), 0o600))
	for _, dir := range clusters[1:] {
		if rows := read(t, filepath.Join(dir, "base", "1")); !hasCluster(dir) || rows != "rows\n" {
			t.Errorf("%s holds %q", dir, rows)
		}
	}

	if left, err := os.ReadDir(kept); err != nil || len(left) != 1 {
		t.Errorf("%d folders are kept: %v", len(left), err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	body := must(os.ReadFile(filepath.Clean(path)))(t)
	return string(body)
}
