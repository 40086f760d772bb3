package lab

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestScratch: what runs left goes when the next one begins, but for the newest, for what still lives, and for
// what is nobody's.
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
