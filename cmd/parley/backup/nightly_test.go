package backup_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"parley/cmd/parley/backup"
	"parley/store/storetest"
)

// clock is moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) set(t *testing.T, text string) {
	t.Helper()
	at := must(time.Parse("2006-01-02 15:04", text))(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

func (c *clock) Now(context.Context) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, nil
}

// waitUntil waits until done returns true, at most two minutes.
func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
		timer := time.NewTimer(5 * time.Millisecond)
		<-timer.C
	}
}

// backupNames returns the names of the backups in a folder.
func backupNames(t *testing.T, dir string) []string {
	t.Helper()
	names := must(filepath.Glob(filepath.Join(dir, "*.parley*")))(t)
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return names
}

// nightly is a folder of nightly backups of a company, with a clock of its own.
type nightly struct {
	backup.Folder
	clock *clock
}

// newNightly returns the folder at noon of the first of May.
func newNightly(t *testing.T) nightly {
	t.Helper()
	n := nightly{clock: &clock{}}
	n.clock.set(t, "2026-05-01 12:00")
	n.Folder = backup.Folder{Dir: t.TempDir(), Source: backup.Source{URL: newCompany(t).url, WithoutKey: true}, Now: n.clock.Now,
		Log: slog.New(slog.DiscardHandler), Poll: time.Millisecond, Zone: time.UTC}
	return n
}

// start lets the folder make its backups until stop is called.
func (n nightly) start(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		check(t, storetest.Receive(t, done, "the folder makes no backups any more"))
	}
}

// waitForStatus waits until the status is as wanted, and returns it.
func (n nightly) waitForStatus(t *testing.T, what string, isWanted func(backup.Status) bool) (st backup.Status) {
	t.Helper()
	waitUntil(t, what, func() bool {
		var err error
		st, err = backup.ReadStatus(n.Dir)
		return err == nil && isWanted(st)
	})
	return st
}

// waitForBackup waits until the backup of this name is made and was restored on trial.
func (n nightly) waitForBackup(t *testing.T, name string) backup.Status {
	t.Helper()
	return n.waitForStatus(t, name, func(st backup.Status) bool { return st.LastFile == name && st.BegunAt.IsZero() })
}

// readStatus reads the status of a folder.
func readStatus(t *testing.T, dir string) backup.Status {
	t.Helper()
	return must(backup.ReadStatus(dir))(t)
}

// wantBackups checks how many backups a folder has, and the name of the oldest.
func wantBackups(t *testing.T, dir string, n int, oldest string) {
	t.Helper()
	got := backupNames(t, dir)
	if len(got) != n || got[0] != oldest {
		t.Errorf("got the backups %v, want %d from %s on", got, n, oldest)
	}
}

// There is one backup a night, also of a night that was missed; the newest seven are kept.
func TestNightly(t *testing.T) {
	t.Parallel()
	f := newNightly(t)
	f.Dir = filepath.Join(f.Dir, "backups") // which isn't there yet
	stop := f.start(t)
	f.waitForStatus(t, "the first look", func(st backup.Status) bool { return !st.Since.IsZero() })
	f.clock.set(t, "2026-05-02 02:59")
	f.clock.set(t, "2026-05-02 03:00")
	if st := f.waitForBackup(t, "nightly-2026-05-02.parley"); st.VerifiedAt.IsZero() || st.LastBytes == 0 {
		t.Errorf("the first backup has %d bytes and was restored on trial at %s, want that it was", st.LastBytes, st.VerifiedAt)
	}
	f.clock.set(t, "2026-05-04 09:00") // the machine was off
	f.waitForBackup(t, "nightly-2026-05-04.parley")
	wantBackups(t, f.Dir, 2, "nightly-2026-05-02.parley")
	for _, day := range []string{"05", "06", "07", "08", "09", "10"} {
		f.clock.set(t, "2026-05-"+day+" 03:01")
		f.waitForBackup(t, "nightly-2026-05-"+day+".parley")
	}
	stop()
	wantBackups(t, f.Dir, backup.KeepNights, "nightly-2026-05-04.parley")
	if _, err := backup.CheckFile(t.Context(), filepath.Join(f.Dir, "nightly-2026-05-10.parley"), ""); err != nil {
		t.Error(err)
	}
}

// A failure is kept in the status, costs no good backup, and is tried again in an hour.
func TestNightlyFails(t *testing.T) {
	t.Parallel()
	f := newNightly(t)
	now := must(f.Now(t.Context()))(t)
	check(t, f.Night(t.Context(), now))
	broken := f.Folder
	broken.Source.URL = "postgres://nobody@127.0.0.1:1/none"
	if err := broken.Night(t.Context(), now.Add(24*time.Hour)); err == nil {
		t.Error("Night succeeded without a database, want an error")
	}
	st := readStatus(t, f.Dir)
	if st.Error == "" || !st.FailedAt.Equal(now.Add(24*time.Hour)) {
		t.Errorf("status: got the error %q of %s, want one of the next day", st.Error, st.FailedAt)
	}
	if !st.LastAt.Equal(now) {
		t.Errorf("status: the last good backup is of %s, want %s", st.LastAt, now)
	}
	wantBackups(t, f.Dir, 1, "nightly-2026-05-01.parley")

	stop := f.start(t)
	f.clock.set(t, "2026-05-02 12:59")
	f.clock.set(t, "2026-05-02 13:01")
	f.waitForStatus(t, "another try", func(st backup.Status) bool { return st.Error == "" && st.LastFile == "nightly-2026-05-02.parley" })
	stop()
}

// lockFolder takes the lock of a folder as another process does that makes a backup there.
func lockFolder(t *testing.T, dir string) (release func()) {
	t.Helper()
	lock := flock.New(filepath.Join(dir, ".lock"))
	check(t, lock.Lock())
	return func() { check(t, lock.Unlock()) }
}

// waitingHandler tells when another process is waited for.
type waitingHandler struct {
	slog.Handler
	waits chan struct{}
}

func (waitingHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h waitingHandler) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "another process is making a backup") {
		h.waits <- struct{}{}
	}
	return nil
}

// A backup is made before each change of the schema, also while another process makes that of the night; the newest three are kept. A
// process that has waited for one of the same change makes no second one, nor does one that finds the schema changed already.
func TestBeforeMigration(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	f := backup.Folder{Dir: t.TempDir(), Source: backup.Source{URL: c.url, WithoutKey: true}, Log: slog.New(slog.DiscardHandler)}
	check(t, os.WriteFile(filepath.Join(f.Dir, "before-schema-000002-from-1-2026.parley.partial"), nil, 0o600))
	version := int64(2)
	versionOf := func(context.Context) (int64, error) { return version, nil }
	for ; version < 6; version++ {
		check(t, f.BeforeMigration(t.Context(), versionOf, version+1, time.Now()))
	}
	check(t, f.BeforeMigration(t.Context(), versionOf, version, time.Now())) // the schema has changed already

	waits := make(chan struct{}, 1)
	f.Log, f.Poll = slog.New(waitingHandler{slog.DiscardHandler, waits}), time.Millisecond
	ended := make(chan error, 1)
	beginAndWait := func(to int64) { // begins a backup before a change to a version, and waits until it waits for the lock
		t.Helper()
		go func() { ended <- f.BeforeMigration(t.Context(), versionOf, to, time.Now()) }()
		select {
		case <-waits:
		case err := <-ended:
			t.Fatalf("BeforeMigration ended with %v, want that it waits for the other process", err)
		}
	}

	// Another process makes the backup of the night.
	release := lockFolder(t, f.Dir)
	beginAndWait(7)
	release()
	check(t, storetest.Receive(t, ended, "the other process's backup is known"))

	// Another process makes the backup before the next change.
	release = lockFolder(t, f.Dir)
	beginAndWait(8)
	theirs := filepath.Join(f.Dir, "before-schema-000008-from-6-2026.parley")
	check(t, os.WriteFile(theirs, nil, 0o600))
	release()
	check(t, storetest.Receive(t, ended, "the other process's backup is known"))
	check(t, os.Remove(theirs))
	want := []string{"before-schema-000005-from-4-", "before-schema-000006-from-5-", "before-schema-000007-from-6-"}
	if got := backupNames(t, f.Dir); !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("beside the other process's backup, got %v, want %v", got, want)
	}
	if _, err := os.Stat(filepath.Join(f.Dir, ".status.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the status of nightly backups: got %v, want none, since a backup before a migration is no night's", err)
	}
}
