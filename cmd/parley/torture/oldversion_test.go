package torture

import (
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

// A run begins with the state before the newest migration, or with the commit that added it.
func TestCommitsOfNextMigration(t *testing.T) {
	t.Parallel()
	r := newTestRepository(t)
	r.commit("store/migrations/0001.sql", "1")
	second := r.commit("store/migrations/0002.sql", "2")
	r.wantCommits(second+"^", second)
}
