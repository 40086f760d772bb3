package storetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// takeSlots takes the first n slots of a folder, as n test binaries at once would, and makes data in them.
func takeSlots(t *testing.T, dir string, n int) []*slot {
	t.Helper()
	var taken []*slot
	for range n {
		s := Must(takeSlot(dir))(t)
		Check(t, os.MkdirAll(filepath.Join(s.dir, "pg"), 0o700))
		taken = append(taken, s)
	}
	return taken
}

func freeSlot(t *testing.T, s *slot) {
	t.Helper()
	Check(t, s.lock.Unlock())
}

// makeIdle makes a slot look as if it hasn't been used for long.
func makeIdle(t *testing.T, s *slot) {
	t.Helper()
	longAgo := time.Now().Add(-2 * idleFor)
	Check(t, os.Chtimes(s.lock.Path(), longAgo, longAgo))
}

func hasData(t *testing.T, s *slot) bool {
	t.Helper()
	_, err := os.Stat(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// Taking a slot removes the data of slots that haven't been used for long. The data of a slot in use, or used lately,
// stays.
func TestIdleSlotsAreEmptied(t *testing.T) {
	t.Parallel()
	dir := newSlotsDir(t)
	slots := takeSlots(t, dir, 4)
	recent, inUse, idle, alsoIdle := slots[0], slots[1], slots[2], slots[3]
	for _, s := range []*slot{inUse, idle, alsoIdle} {
		makeIdle(t, s)
	}
	for _, s := range []*slot{recent, idle, alsoIdle} {
		freeSlot(t, s)
	}

	taken := Must(takeSlot(dir))(t)
	if taken.dir != recent.dir {
		t.Fatalf("took %s, want the first free slot %s", taken.dir, recent.dir)
	}
	if !hasData(t, recent) {
		t.Error("the data of a slot that was used lately is gone")
	}
	if !hasData(t, inUse) {
		t.Error("the data of a slot in use is gone")
	}
	if hasData(t, idle) || hasData(t, alsoIdle) {
		t.Error("the data of a slot is left that nobody has used for long")
	}
	freeSlot(t, inUse)
	freeSlot(t, taken)
}
