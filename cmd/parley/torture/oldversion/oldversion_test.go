package oldversion

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// testRepository is a git repository in a folder of its own.
type testRepository struct {
	t   *testing.T
	dir string
}

func newTestRepository(t *testing.T) testRepository {
	t.Helper()
	r := testRepository{t, t.TempDir()}
	r.git("init", "-q")
	return r
}

func (r testRepository) git(args ...string) string {
	r.t.Helper()
	out, err := runGit(r.t.Context(), r.dir, args...)
	if err != nil {
		r.t.Fatalf("git %q: %v", args, err)
	}
	return out
}

// commit commits a file with a text and returns the commit.
func (r testRepository) commit(path, text string) string {
	r.t.Helper()
	file := filepath.Join(r.dir, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.git("add", path)
	r.git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", path)
	return r.git("rev-parse", "HEAD")
}

// wantCommits checks with which commits a run may begin, the best first.
func (r testRepository) wantCommits(want ...string) {
	r.t.Helper()
	got, err := listCommits(r.t.Context(), r.dir)
	if err != nil {
		r.t.Fatalf("listCommits: %v", err)
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("got %q, want %q", got, want)
	}
}

// wantNone checks that listCommits finds no earlier version in a folder.
func wantNone(t *testing.T, dir string) {
	t.Helper()
	if _, err := listCommits(t.Context(), dir); !errors.Is(err, errNone) {
		t.Errorf("got the error %v, want %v", err, errNone)
	}
}

// Outside of a repository there is no earlier version.
func TestCommitsWithoutRepository(t *testing.T) {
	t.Parallel()
	wantNone(t, t.TempDir())
}

// A repository without commits has no earlier version.
func TestCommitsWithoutHistory(t *testing.T) {
	t.Parallel()
	wantNone(t, newTestRepository(t).dir)
}

// A repository without migrations has no earlier version.
func TestCommitsWithoutMigration(t *testing.T) {
	t.Parallel()
	r := newTestRepository(t)
	r.commit("main.go", "1")
	wantNone(t, r.dir)
}

// Before the first migration there was no schema, so a run begins with the commit that brought it, or a later one.
func TestCommitsOfFirstMigration(t *testing.T) {
	t.Parallel()
	r := newTestRepository(t)
	r.commit("main.go", "1")
	first := r.commit("store/migrations/0001.sql", "1")
	r.wantCommits(first)
	later := r.commit("main.go", "2")
	r.wantCommits(first, later)
}

// A run begins with the state before the newest migration, or with the commit that added it.
func TestCommitsOfNextMigration(t *testing.T) {
	t.Parallel()
	r := newTestRepository(t)
	r.commit("store/migrations/0001.sql", "1")
	second := r.commit("store/migrations/0002.sql", "2")
	r.wantCommits(second+"^", second)
}

// If the newest migration was edited it had not been released: there is nothing from which to migrate.
func TestCommitsOfEditedMigration(t *testing.T) {
	t.Parallel()
	r := newTestRepository(t)
	r.commit("store/migrations/0001.sql", "1")
	r.commit("store/migrations/0002.sql", "2")
	edited := r.commit("store/migrations/0002.sql", "3")
	r.wantCommits(edited)
}
