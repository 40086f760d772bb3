package lab

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A run that begins removes the folders that former runs left, except for the two newest, those of living runs, and
// those that no run made.
func TestScratch(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	var gone []string
	begin := func() *Scratch {
		s, err := NewScratch(parent, "run-", 2, func(dir string) { gone = append(gone, dir) })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}

	foreign := filepath.Join(parent, "run-of-somebody")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}

	living := begin()
	var left []string
	for i := range 4 {
		s := begin()
		left = append(left, s.Dir)
		at := time.Now().Add(time.Duration(i-10) * time.Minute)
		if err := os.Chtimes(filepath.Join(s.Dir, scratchLock), at, at); err != nil {
			t.Fatal(err)
		}
		if err := s.Leave(); err != nil {
			t.Fatal(err)
		}
	}

	last := begin()
	if !slices.Equal(gone, left[:2]) {
		t.Errorf("%v went, of %v", gone, left)
	}
	want := append([]string{foreign, living.Dir, last.Dir}, left[2:]...)
	dirs, err := filepath.Glob(filepath.Join(parent, "*"))
	if slices.Sort(want); err != nil || !slices.Equal(dirs, want) {
		t.Errorf("there are %v, want %v", dirs, want)
	}

	if err := last.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(last.Dir); !os.IsNotExist(err) {
		t.Error("a run that went well left its folder")
	}
	if err := living.Leave(); err != nil {
		t.Fatal(err)
	}
}

// ended makes a folder in parent that looks as a run left it.
func ended(t *testing.T, parent, name string) string {
	t.Helper()
	dir := filepath.Join(parent, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, scratchLock), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A folder of another account, and a link that leads elsewhere, stay, and nobody is told that they go.
func TestScratchForeign(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	elsewhere := ended(t, t.TempDir(), "elsewhere")
	foreign := []string{filepath.Join(parent, "run-link")}
	if err := os.Symlink(elsewhere, foreign[0]); err != nil {
		t.Fatal(err)
	}

	if os.Geteuid() == 0 { // others can't give folders away
		dir := ended(t, parent, "run-theirs")
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		foreign = append(foreign, dir)
	}

	s, err := NewScratch(parent, "run-", 0, func(dir string) { t.Errorf("%s goes", dir) })
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(foreign, elsewhere) {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
	if err := s.Remove(); err != nil {
		t.Fatal(err)
	}
}
