package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/cmd/parley/backup"
)

// clock is moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) set(t *testing.T, text string) {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", text)
	check(t, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

func (c *clock) Now(context.Context) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, nil
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		timer := time.NewTimer(5 * time.Millisecond)
		<-timer.C
	}
}

// files returns the names of the backups in a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.parley*"))
	check(t, err)
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return names
}

// One backup a night, also one that was missed; the newest seven are kept.
func TestNightly(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	clk := &clock{}
	clk.set(t, "2026-05-01 12:00")
	f := backup.Folder{Dir: filepath.Join(t.TempDir(), "backups"), Source: backup.Source{URL: c.url, WithoutKey: true}, Now: clk.Now,
		Log: slog.New(slog.DiscardHandler), Poll: time.Millisecond, Zone: time.UTC}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	made := func(name string) {
		t.Helper()
		eventually(t, name, func() bool {
			st, err := backup.ReadStatus(f.Dir)
			return err == nil && st.LastFile == name && st.BegunAt.IsZero()
		})
	}
	eventually(t, "the first look", func() bool {
		st, err := backup.ReadStatus(f.Dir)
		return err == nil && !st.Since.IsZero()
	})
	clk.set(t, "2026-05-02 02:59")
	clk.set(t, "2026-05-02 03:00")
	made("nightly-2026-05-02.parley")
	if st, err := backup.ReadStatus(f.Dir); err != nil || st.VerifiedAt.IsZero() || st.LastBytes == 0 {
		t.Errorf("the first was not restored on trial: %+v, %v", st, err)
	}
	clk.set(t, "2026-05-04 09:00") // the machine was off
	made("nightly-2026-05-04.parley")
	if n := len(files(t, f.Dir)); n != 2 {
		t.Errorf("%d files", n)
	}
	for _, day := range []string{"05", "06", "07", "08", "09", "10"} {
		clk.set(t, "2026-05-"+day+" 03:01")
		made("nightly-2026-05-" + day + ".parley")
	}
	cancel()
	check(t, <-done)
	got := files(t, f.Dir)
	if len(got) != 7 || got[0] != "nightly-2026-05-04.parley" || got[6] != "nightly-2026-05-10.parley" {
		t.Errorf("kept %v", got)
	}
	if _, err := backup.CheckFile(t.Context(), filepath.Join(f.Dir, got[6]), ""); err != nil {
		t.Error(err)
	}
}

// A failure is kept where it is seen, costs no good backup, and is tried again in an hour.
func TestNightlyFails(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	clk := &clock{}
	clk.set(t, "2026-05-01 12:00")
	f := backup.Folder{Dir: t.TempDir(), Source: backup.Source{URL: c.url, WithoutKey: true}, Now: clk.Now,
		Log: slog.New(slog.DiscardHandler), Poll: time.Millisecond, Zone: time.UTC}
	now, err := clk.Now(t.Context())
	check(t, err)
	check(t, f.Night(t.Context(), now))
	broken := f
	broken.Source.URL = "postgres://nobody@127.0.0.1:1/none"
	if err := broken.Night(t.Context(), now.Add(24*time.Hour)); err == nil {
		t.Error("no error")
	}
	st, err := backup.ReadStatus(f.Dir)
	check(t, err)
	if st.Error == "" || !st.FailedAt.Equal(now.Add(24*time.Hour)) || !st.LastAt.Equal(now) {
		t.Errorf("%+v", st)
	}
	if got := files(t, f.Dir); len(got) != 1 {
		t.Errorf("files %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	clk.set(t, "2026-05-02 12:59")
	clk.set(t, "2026-05-02 13:01")
	eventually(t, "another try", func() bool {
		st, err := backup.ReadStatus(f.Dir)
		return err == nil && st.Error == "" && st.LastFile == "nightly-2026-05-02.parley"
	})
	cancel()
	check(t, <-done)
}

// Backups pass the check, but can't be restored. None of the good ones is removed for them, and none of them is called good, until
// one could be restored again.
func TestTrialFails(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	f := backup.Folder{Dir: t.TempDir(), Source: backup.Source{URL: c.url, WithoutKey: true}, Log: slog.New(slog.DiscardHandler), Zone: time.UTC}
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
		t.Fatal(err)
	}
	if st, err := backup.ReadStatus(f.Dir); err != nil || !st.TrialFailed || !st.LastAt.Equal(now) || !st.VerifiedAt.IsZero() {
		t.Errorf("after a failed trial: %+v, %v", st, err)
	}
	if got := files(t, f.Dir); len(got) != backup.KeepNights+1 || got[0] != "nightly-2026-05-01.parley" {
		t.Errorf("kept %v", got)
	}

	exec(t, c.pool, `DROP TABLE elsewhere_refused`)
	check(t, f.Night(t.Context(), now.AddDate(0, 0, 1)))
	if st, err := backup.ReadStatus(f.Dir); err != nil || st.TrialFailed || st.Error != "" {
		t.Errorf("after a good trial: %+v, %v", st, err)
	}
	if got := files(t, f.Dir); len(got) != backup.KeepNights || got[0] != "nightly-2026-05-03.parley" {
		t.Errorf("kept %v", got)
	}
}

// The clock was a year ahead for some nights. Once it is right, there is a backup of the next night, which is kept, and one is
// restored on trial again.
func TestNightlyAfterClockAhead(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	clk := &clock{}
	clk.set(t, "2026-05-01 12:00")
	now, err := clk.Now(t.Context())
	check(t, err)
	f := backup.Folder{Dir: t.TempDir(), Source: backup.Source{URL: c.url, WithoutKey: true}, Now: clk.Now,
		Log: slog.New(slog.DiscardHandler), Poll: time.Millisecond, Zone: time.UTC}
	for night := range backup.KeepNights {
		check(t, f.Night(t.Context(), now.AddDate(1, 0, night)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	eventually(t, "the first look", func() bool {
		st, err := backup.ReadStatus(f.Dir)
		return err == nil && st.Since.Equal(now)
	})
	clk.set(t, "2026-05-02 03:01")
	eventually(t, "the backup of the next night", func() bool {
		st, err := backup.ReadStatus(f.Dir)
		return err == nil && st.LastFile == "nightly-2026-05-02.parley" && st.BegunAt.IsZero()
	})
	cancel()
	check(t, <-done)
	st, err := backup.ReadStatus(f.Dir)
	if err != nil || st.VerifiedAt.Year() != 2026 {
		t.Errorf("it was not restored on trial: %+v, %v", st, err)
	}
	if got := files(t, f.Dir); len(got) != backup.KeepNights || got[0] != "nightly-2026-05-02.parley" {
		t.Errorf("kept %v", got)
	}
}

// madeHandler is a log that looks at the status when a backup was made, and before it is restored on trial.
type madeHandler struct {
	slog.Handler
	dir  string
	seen *backup.Status
}

func (madeHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h madeHandler) Handle(_ context.Context, r slog.Record) (err error) {
	if r.Message == "backup made" {
		*h.seen, err = backup.ReadStatus(h.dir)
	}
	return err
}

// A process was killed in a trial restore. What that left is removed; and should this one be killed there, too, the backup
// counts, and it is known that a try was cut off.
func TestTrialCutOff(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	var seen backup.Status
	dir := t.TempDir()
	f := backup.Folder{Dir: dir, Source: backup.Source{URL: c.url, WithoutKey: true}, Zone: time.UTC,
		Log: slog.New(madeHandler{slog.DiscardHandler, dir, &seen})}
	left := filepath.Join(dir, "parley-verify-1234")
	check(t, os.MkdirAll(filepath.Join(left, "postgres"), 0o700))
	check(t, os.WriteFile(filepath.Join(left, "postgres", "PG_VERSION"), []byte("16\n"), 0o600))
	now := time.Date(2026, 5, 2, 3, 0, 0, 0, time.UTC)
	check(t, f.Night(t.Context(), now))
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a copy of the database is left: %v", err)
	}
	if !seen.BegunAt.Equal(now) || !seen.LastAt.Equal(now) || seen.LastFile != "nightly-2026-05-02.parley" || !seen.VerifiedAt.IsZero() {
		t.Errorf("before the trial the status is %+v", seen)
	}
	st, err := backup.ReadStatus(dir)
	if err != nil || !st.BegunAt.IsZero() || !st.VerifiedAt.Equal(now) {
		t.Errorf("after it: %+v, %v", st, err)
	}
}

// locked takes the lock of a folder as another process does that makes a backup there.
func locked(t *testing.T, dir string) (release func()) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	check(t, err)
	check(t, syscall.Flock(int(file.Fd()), syscall.LOCK_EX))
	return func() { check(t, errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())) }
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

// A backup is made before each change of the schema, also while another process makes that of the night. A process that has waited
// for one of the same change makes no second one, nor after the change.
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
	check(t, f.BeforeMigration(t.Context(), versionOf, version, time.Now())) // it has changed while this process waited
	release := locked(t, f.Dir)                                              // another process makes the backup of the night
	waits := make(chan struct{}, 1)
	f.Log, f.Poll = slog.New(waitingHandler{slog.DiscardHandler, waits}), time.Millisecond
	ended := make(chan error, 1)
	waiting := func(to int64) {
		t.Helper()
		go func() { ended <- f.BeforeMigration(t.Context(), versionOf, to, time.Now()) }()
		select {
		case <-waits:
		case err := <-ended:
			t.Fatalf("it is left out: %v", err)
		}
	}
	waiting(7)
	release()
	check(t, <-ended)
	release = locked(t, f.Dir) // another process makes one before the next change
	waiting(8)
	theirs := filepath.Join(f.Dir, "before-schema-000008-from-6-2026.parley")
	check(t, os.WriteFile(theirs, nil, 0o600))
	release()
	check(t, <-ended)
	if got := files(t, f.Dir); len(got) != 4 {
		t.Errorf("beside the other process's there are %v", got)
	}
	check(t, os.Remove(theirs))
	got := files(t, f.Dir)
	if len(got) != 3 || !strings.HasPrefix(got[0], "before-schema-000005-from-4-") || !strings.HasPrefix(got[2], "before-schema-000007-from-6-") {
		t.Errorf("kept %v", got)
	}
	if _, err := os.Stat(filepath.Join(f.Dir, ".status.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a backup before a migration counts as a night's: %v", err)
	}
}
