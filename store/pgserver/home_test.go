package pgserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// If the tests run as root, the server's account can't reach T.TempDir, so Parley puts the cluster elsewhere. Without
// root the folder belongs to the test, and the cluster stays in it.
func TestClosedAncestor(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data") // below a folder of mode 0700
	check(t, os.Chmod(filepath.Dir(dir), 0o700))
	m := testMachine(openDir(t))
	var said []string
	o := Options{Dir: dir, Say: func(s string) { said = append(said, s) }}

	s := begin(t, o, m)
	cluster := s.run.Cluster
	execute(t, s, "CREATE TABLE kept AS SELECT 1 AS n")
	check(t, s.Close(t.Context()))

	if m.euid != 0 {
		if cluster != filepath.Join(dir, "pg") || len(said) > 0 {
			t.Fatalf("cluster %s, said %q", cluster, said)
		}
		return
	}
	if filepath.Dir(filepath.Dir(cluster)) != m.varLib || len(said) != 1 || !strings.Contains(said[0], filepath.Dir(dir)) {
		t.Fatalf("cluster %s, said %q", cluster, said)
	}
	// Parley keeps that place although the folder can be reached now, and doesn't mention it again.
	for d := filepath.Dir(dir); d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		check(t, os.Chmod(d, 0o755))
	}
	s = begin(t, o, m)
	if s.run.Cluster != cluster || len(said) != 1 || query(t, s, "SELECT n::text FROM kept") != "1" {
		t.Errorf("second start: cluster %s, said %q", s.run.Cluster, said)
	}

	// A copy of the data folder names the same cluster, but must not end its server.
	copied := openDir(t)
	b := must(os.ReadFile(elsewherePath(dir)))(t)
	check(t, os.WriteFile(elsewherePath(copied), b, 0o600))
	if _, err := start(t.Context(), Options{Dir: copied}, m); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("copied data folder: %v", err)
	}
	query(t, s, "SELECT 'alive'")

	// If the cluster is gone, Parley says so and doesn't make an empty one in its place.
	check(t, os.WriteFile(elsewherePath(copied), []byte(filepath.Join(m.varLib, "gone")), 0o600))
	if _, err := start(t.Context(), Options{Dir: copied}, m); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("lost cluster: %v", err)
	}
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	dir, m := openDir(t), testMachine(openDir(t))
	precious := filepath.Join(dir, "pg", "precious")
	check(t, os.Mkdir(filepath.Dir(precious), 0o755))
	check(t, os.WriteFile(precious, nil, 0o600))
	if _, err := start(t.Context(), Options{Dir: dir}, m); err == nil || !strings.Contains(err.Error(), "no database") {
		t.Errorf("start over foreign files: %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("foreign files were touched: %v", err)
	}
}
