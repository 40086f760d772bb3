package torture

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Which commits may be the version before ours follows from when the newest migration came.
func TestOldCommits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		out, err := runGit(t.Context(), dir, args...)
		if err != nil {
			t.Fatalf("git %q: %v", args, err)
		}
		return out
	}
	commit := func(path, text string) string {
		t.Helper()
		file := filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		run("add", path)
		run("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", path)
		return run("rev-parse", "HEAD")
	}
	run("init", "-q")
	if _, err := listOldCommits(t.Context(), dir); !errors.Is(err, errNoOldVersion) {
		t.Errorf("no history: got %v, want %v", err, errNoOldVersion)
	}
	commit("main.go", "1")
	if _, err := listOldCommits(t.Context(), dir); !errors.Is(err, errNoOldVersion) {
		t.Errorf("no migration: got %v, want %v", err, errNoOldVersion)
	}
	first := commit("store/migrations/0001.sql", "1")
	want := func(list ...string) {
		t.Helper()
		if got, err := listOldCommits(t.Context(), dir); err != nil || !slices.Equal(got, list) {
			t.Errorf("got %q, %v; want %q", got, err, list)
		}
	}
	want(first)
	later := commit("main.go", "2")
	want(first, later)
	second := commit("store/migrations/0002.sql", "2")
	want(second+"^", second)
	edited := commit("store/migrations/0002.sql", "3") // not released: there is nothing to migrate from
	want(edited)
	if _, err := listOldCommits(t.Context(), t.TempDir()); !errors.Is(err, errNoOldVersion) {
		t.Errorf("no repository: got %v, want %v", err, errNoOldVersion)
	}
}
