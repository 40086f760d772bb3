package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

// failures counts what a folder logs as failed.
type failures struct {
	slog.Handler
	n atomic.Int64
}

func (*failures) Enabled(context.Context, slog.Level) bool { return true }

func (f *failures) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "nightly backup failed" {
		f.n.Add(1)
	}
	return nil
}

// On a full disk not even the status can be written. Still the backup is tried again after an hour, and not each minute.
func TestNightlyOnFullDisk(t *testing.T) {
	t.Parallel()
	f := newNightly(t)
	failed := &failures{Handler: slog.DiscardHandler}
	f.Log = slog.New(failed)
	looks := atomic.Int64{}
	f.Now = func(ctx context.Context) (time.Time, error) { looks.Add(1); return f.clock.Now(ctx) }
	look := func() {
		before := looks.Load()
		waitUntil(t, "two looks", func() bool { return looks.Load() > before+2 })
	}
	stop := f.start(t)
	f.waitForStatus(t, "the first look", func(st backup.Status) bool { return !st.Since.IsZero() })
	check(t, os.Mkdir(filepath.Join(f.Dir, ".status.json.new"), 0o700)) // so that the status can't be written
	for _, at := range []string{"03:00", "03:01", "03:59", "04:01"} {
		f.clock.set(t, "2026-05-02 "+at)
		look()
	}
	stop()
	if n := failed.n.Load(); n != 2 {
		t.Errorf("it was tried %d times, want at 03:00 and 04:01", n)
	}
}

// Backups pass the check, but can't be restored. Until one could be restored again, none of the good ones is removed for them, and none
// of them is called good.
func TestTrialFails(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	f := backup.Folder{
		Dir:    t.TempDir(),
		Source: backup.Source{URL: c.url, WithoutKey: true},
		Log:    slog.New(slog.DiscardHandler),
		Zone:   time.UTC,
	}
	for night := range backup.KeepNights {
		check(t, os.WriteFile(filepath.Join(f.Dir, fmt.Sprintf("nightly-2026-05-%02d.parley", 1+night)), nil, 0o600))
	}
	// A server is told by when it was started: those of tests are copies of one cluster and share its identifier.
	const started = `(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint`
	startedHere := strconv.FormatInt(count(t, c.pool, `SELECT `+started), 10)
	exec(t, c.pool, `CREATE FUNCTION is_here() RETURNS bool LANGUAGE sql AS 'SELECT `+started+` = `+startedHere+`'`)
	exec(t, c.pool, `CREATE TABLE elsewhere_refused (id bigint CHECK (public.is_here()))`)
	exec(t, c.pool, `INSERT INTO elsewhere_refused VALUES (1)`)

	now := time.Date(2026, 5, 8, 3, 0, 0, 0, time.UTC)
	if err := f.Night(t.Context(), now); err == nil || !strings.Contains(err.Error(), "restored on trial") {
		t.Fatalf("got %v, want that the backup couldn't be restored on trial", err)
	}
	if st := readStatus(t, f.Dir); !st.TrialFailed || !st.LastAt.Equal(now) || !st.VerifiedAt.IsZero() {
		t.Errorf("after a failed trial: got %+v, want TrialFailed, LastAt now, and no VerifiedAt", st)
	}
	wantBackups(t, f.Dir, backup.KeepNights+1, "nightly-2026-05-01.parley")

	exec(t, c.pool, `DROP TABLE elsewhere_refused`)
	check(t, f.Night(t.Context(), now.AddDate(0, 0, 1)))
	if st := readStatus(t, f.Dir); st.TrialFailed || st.Error != "" {
		t.Errorf("after a good trial: got TrialFailed %t and the error %q, want neither", st.TrialFailed, st.Error)
	}
	wantBackups(t, f.Dir, backup.KeepNights, "nightly-2026-05-03.parley")
}

// The clock was a year ahead for some nights. Once it is right, there is a backup of the next night, which is kept, and one is
// restored on trial again.
func TestNightlyAfterClockAhead(t *testing.T) {
	t.Parallel()
	f := newNightly(t)
	now := must(f.Now(t.Context()))(t)
	for night := range backup.KeepNights {
		check(t, f.Night(t.Context(), now.AddDate(1, 0, night)))
	}
	stop := f.start(t)
	f.waitForStatus(t, "the first look", func(st backup.Status) bool { return st.Since.Equal(now) })
	f.clock.set(t, "2026-05-02 03:01")
	st := f.waitForBackup(t, "nightly-2026-05-02.parley")
	stop()
	if got := st.VerifiedAt.Year(); got != 2026 {
		t.Errorf("a backup was restored on trial last in %d, want 2026", got)
	}
	wantBackups(t, f.Dir, backup.KeepNights, "nightly-2026-05-02.parley")
}

// statusReader is a log that reads the status when a backup was made, before it is restored on trial.
type statusReader struct {
	slog.Handler
	dir  string
	seen *backup.Status
}

func (statusReader) Enabled(context.Context, slog.Level) bool { return true }

func (h statusReader) Handle(_ context.Context, r slog.Record) (err error) {
	if r.Message == "backup made" {
		*h.seen, err = backup.ReadStatus(h.dir)
	}
	return err
}

// A process was killed in a trial restore: what that left is removed by the next. Should that be killed there, too, the status says that
// there is a backup, and that a try was cut off.
func TestTrialCutOff(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	var seen backup.Status
	dir := t.TempDir()
	f := backup.Folder{Dir: dir, Source: backup.Source{URL: c.url, WithoutKey: true}, Zone: time.UTC,
		Log: slog.New(statusReader{slog.DiscardHandler, dir, &seen})}
	left := filepath.Join(dir, "parley-verify-1234")
	check(t, os.MkdirAll(filepath.Join(left, "postgres"), 0o700))
	check(t, os.WriteFile(filepath.Join(left, "postgres", "PG_VERSION"), []byte("16\n"), 0o600))
	now := time.Date(2026, 5, 2, 3, 0, 0, 0, time.UTC)
	check(t, f.Night(t.Context(), now))
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy of the database that the killed process left: got %v, want that it is removed", err)
	}
	if seen.LastFile != "nightly-2026-05-02.parley" || !seen.LastAt.Equal(now) {
		t.Errorf("before the trial: got the backup %q of %s, want that of %s", seen.LastFile, seen.LastAt, now)
	}
	if !seen.BegunAt.Equal(now) || !seen.VerifiedAt.IsZero() {
		t.Errorf("before the trial: got begun at %s and verified at %s, want begun at %s and not verified", seen.BegunAt, seen.VerifiedAt, now)
	}
	if st := readStatus(t, dir); !st.BegunAt.IsZero() || !st.VerifiedAt.Equal(now) {
		t.Errorf("after the trial: got begun at %s and verified at %s, want nothing begun and verified at %s", st.BegunAt, st.VerifiedAt, now)
	}
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
