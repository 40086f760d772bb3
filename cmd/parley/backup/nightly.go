package backup

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"parley/store/pgserver"
)

// KeepNights and KeepMigrations are how many backups of each kind are kept: nightly ones, and those made before a schema migration.
const (
	KeepNights     = 7
	KeepMigrations = 3
)

const (
	nightly      = "0 3 * * *"        // local time, when there is little traffic
	verifyEvery  = 7 * 24 * time.Hour // how often a backup is test-restored
	retryAfter   = time.Hour          // after an attempt that failed or was interrupted
	pollEvery    = time.Minute        // default of Folder.Poll in Run
	lockEvery    = time.Second        // default of Folder.Poll in BeforeMigration
	maxAhead     = time.Minute        // a stored time further in the future is wrong: the clock was ahead
	nightPrefix  = "nightly-"
	schemaPrefix = "before-schema-"
	suffix       = ".parley"
)

// Status is the state of the backups in a folder, stored there as .status.json. `parley doctor` shows it.
type Status struct {
	Since      time.Time `json:"since,omitzero"`       // when Parley first used the folder
	LastAt     time.Time `json:"last_at,omitzero"`     // time of the newest successful backup
	LastFile   string    `json:"last_file,omitempty"`  // name of its file
	LastBytes  int64     `json:"last_bytes,omitempty"` // size of its file
	VerifiedAt time.Time `json:"verified_at,omitzero"` // time of the last successful test restore
	BegunAt    time.Time `json:"begun_at,omitzero"`    // start of an attempt that is running or was interrupted
	FailedAt   time.Time `json:"failed_at,omitzero"`   // zero if the last attempt succeeded
	Error      string    `json:"error,omitempty"`      // why the last attempt failed
	// TrialFailed means that the last test restore failed, so that no backup since VerifiedAt is known to be good.
	TrialFailed bool `json:"trial_failed,omitempty"`
}

// withoutFuture clears times in the future. They were written while the clock was ahead, and would otherwise
// prevent backups until those times.
func (st Status) withoutFuture(now time.Time) Status {
	for _, at := range []*time.Time{&st.Since, &st.LastAt, &st.VerifiedAt, &st.BegunAt, &st.FailedAt} {
		if IsAhead(*at, now) {
			*at = time.Time{}
		}
	}
	return st
}

// IsAhead reports whether at is so far in the future that it must have been written while the clock was ahead.
func IsAhead(at, now time.Time) bool { return at.Sub(now) > maxAhead }

// Folder is a folder with backups. It gets one backup each night, such as nightly-2026-05-01.parley, and one
// before each migration of the database's schema. The newest KeepNights and KeepMigrations of them are kept.
// Once a week, Night restores a backup into a temporary database, to prove that restoring works.
//
// Several processes may use the same folder: a lock file lets only one of them make a backup.
type Folder struct {
	Dir    string
	Source Source
	// Now returns the current time, by Parley's clock.
	Now func(context.Context) (time.Time, error)
	Log *slog.Logger
	// Poll is how often Run checks whether a backup is due (0 means every minute), and how often BeforeMigration checks
	// whether another process has finished its backup (0 means every second).
	Poll time.Duration
	Zone *time.Location // time zone of the nights; nil means time.Local
}

// ReadStatus reads the status of a folder. It returns the zero Status if the folder has none yet.
func ReadStatus(dir string) (Status, error) {
	var st Status
	body, err := os.ReadFile(filepath.Join(dir, ".status.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err == nil {
		err = json.Unmarshal(body, &st)
	}
	if err != nil {
		return st, fmt.Errorf("backup: status: %w", err)
	}
	return st, nil
}

// writeStatus stores the status. It replaces the file atomically, so that a reader never sees an incomplete
// one.
func (f Folder) writeStatus(st Status) error {
	body, err := json.MarshalIndent(st, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(f.Dir, ".status.json.new"), append(body, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(filepath.Join(f.Dir, ".status.json.new"), filepath.Join(f.Dir, ".status.json"))
	}
	if err != nil {
		return fmt.Errorf("backup: status: %w", err)
	}
	return nil
}

// Run makes a backup each night until ctx ends. If a night was missed because the machine was off, Run makes
// the backup as soon as it starts. A failure is logged and stored in the status; Run retries after an hour.
func (f Folder) Run(ctx context.Context) error {
	f.Poll = cmp.Or(f.Poll, pollEvery)
	if f.Zone == nil {
		f.Zone = time.Local
	}

	tick := time.NewTicker(f.Poll)
	defer tick.Stop()
	var failedAt time.Time // also kept in memory, since the status can't be written to a full disk
	for {
		now, err := f.Now(ctx)
		ago := now.Sub(failedAt) // negative if the clock was ahead at that time
		hasJustFailed := ago >= 0 && ago < retryAfter
		mayTry := err == nil && !hasJustFailed
		if mayTry {
			if err := f.makeIfDue(ctx, now); err != nil {
				failedAt = now
			}
		}

		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// makeIfDue makes a backup if one is due. Errors are logged as well as returned.
func (f Folder) makeIfDue(ctx context.Context, now time.Time) error {
	st, err := ReadStatus(f.Dir)
	if err != nil {
		f.Log.Warn("backup status not read", "error", err)
	}

	st = st.withoutFuture(now)
	isFirst := st.LastAt.IsZero() && st.Since.IsZero()
	if err == nil && isFirst {
		st.Since = now
		if err := errors.Join(os.MkdirAll(f.Dir, 0o700), f.writeStatus(st)); err != nil {
			f.Log.Error("backups can't be kept", "error", err)
		}
	}

	if now.Before(nextDue(st, f.Zone)) {
		return nil
	}

	err = f.Night(ctx, now)
	if err != nil && ctx.Err() == nil {
		f.Log.Error("nightly backup failed", "error", err, "hint", "parley doctor shows the newest one; it is tried again in an hour")
	}
	return err
}

// nextDue returns when the next backup is due: retryAfter after an attempt that failed or was interrupted, and
// otherwise at the first nightly time after the last backup, or after Since if there is no backup yet.
func nextDue(st Status, zone *time.Location) time.Time {
	tried := st.FailedAt
	if st.BegunAt.After(tried) {
		tried = st.BegunAt
	}
	if !tried.IsZero() {
		return tried.Add(retryAfter)
	}

	last := st.LastAt
	if last.IsZero() {
		last = st.Since
	}

	night, err := cron.ParseStandard(nightly)
	if err != nil {
		panic(err) // the schedule is ours
	}
	last = last.In(zone)
	// It is asked by the clock on the wall: where daylight saving time begins at three, that night has no such hour.
	next := night.Next(time.Date(last.Year(), last.Month(), last.Day(), last.Hour(), last.Minute(), last.Second(), 0, time.UTC))
	return time.Date(next.Year(), next.Month(), next.Day(), next.Hour(), next.Minute(), 0, 0, zone)
}

// Night makes and checks the nightly backup, test-restores it once a week, deletes old backups and updates the
// status. It does nothing if another process is making a backup at that moment.
func (f Folder) Night(ctx context.Context, now time.Time) error {
	lock, err := f.tryLock()
	if err != nil {
		return err
	}
	if !lock.Locked() {
		return nil
	}
	defer func() { _ = lock.Unlock() }() // if this fails, the lock is released when the process exits

	st, err := ReadStatus(f.Dir)
	if err != nil {
		f.Log.Warn("backup status not read", "error", err)
	}
	if f.Zone == nil {
		f.Zone = time.Local
	}

	f.removeLeftovers() // first, to free disk space
	st = st.withoutFuture(now)
	st.BegunAt = now // an attempt that crashes the process is then retried only after retryAfter
	if err := f.writeStatus(st); err != nil {
		return err
	}

	err = f.makeNight(ctx, now, &st)
	st.BegunAt = time.Time{}
	st.FailedAt, st.Error = time.Time{}, ""
	if err != nil {
		st.FailedAt, st.Error = now, err.Error()
	}

	return errors.Join(err, f.writeStatus(st))
}

// makeNight makes and checks the backup of a night, and updates st. It already stores st before the test
// restore, which takes long and may be interrupted.
func (f Folder) makeNight(ctx context.Context, now time.Time, st *Status) error {
	name := nightPrefix + now.In(f.Zone).Format("2006-01-02") + suffix
	if err := f.makeOne(ctx, name); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(f.Dir, name))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}

	st.LastAt = now
	st.LastFile = name
	st.LastBytes = info.Size()
	if err := f.writeStatus(*st); err != nil {
		return err
	}
	f.Log.Info("backup made", "file", name, "bytes", st.LastBytes)
	if now.Sub(st.VerifiedAt) >= verifyEvery {
		if err := f.testRestore(ctx, name, now, st); err != nil {
			// The new backups may all be broken: keep the oldest ones as well, one of which may be the last good one.
			return errors.Join(err, f.prune(nightPrefix, KeepNights, KeepNights, name))
		}
	}

	const keepOldest = 0
	return f.prune(nightPrefix, keepOldest, KeepNights, name)
}

// testRestore restores a backup into a temporary database, which it then removes, and records the outcome in
// st.
func (f Folder) testRestore(ctx context.Context, name string, now time.Time, st *Status) error {
	_, err := Verify(ctx, filepath.Join(f.Dir, name), f.Dir, f.Log, func(string) {})
	if err != nil {
		st.TrialFailed = st.TrialFailed || ctx.Err() == nil // an interrupted test says nothing about the backup
		return fmt.Errorf("restored on trial: %w", err)
	}

	st.VerifiedAt = now
	st.TrialFailed = false
	return nil
}

// removeLeftovers removes partial files and temporary databases of attempts that were interrupted. A temporary
// database contains everything that customers wrote, so it must not stay around. If something can't be removed,
// that is logged.
func (f Folder) removeLeftovers() {
	err := errors.Join(f.removeAll(nightPrefix+"*"+suffix+partial, os.Remove), f.removeAll(schemaPrefix+"*"+suffix+partial, os.Remove))
	if err != nil {
		f.Log.Error("half a backup is left", "error", err, "hint", "remove "+filepath.Join(f.Dir, "*"+suffix+partial))
	}
	if err := f.removeAll(trialPrefix+"*", pgserver.Remove); err != nil {
		f.Log.Error("a copy of the database is left", "error", err, "hint", "remove "+filepath.Join(f.Dir, trialPrefix+"*"))
	}
}

// removeAll removes everything in the folder that matches a pattern of filepath.Glob.
func (f Folder) removeAll(pattern string, remove func(path string) error) error {
	paths, err := filepath.Glob(filepath.Join(f.Dir, pattern))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for _, path := range paths {
		if err := remove(path); err != nil {
			return fmt.Errorf("backup: remove: %w", err)
		}
	}
	return nil
}

// makeOne writes a backup to the file name and checks it. It removes a backup that fails the check.
func (f Folder) makeOne(ctx context.Context, name string) error {
	path := filepath.Join(f.Dir, name)
	if _, err := CreateFile(ctx, path, f.Source); err != nil {
		return err
	}
	if _, err := CheckFile(ctx, path, f.Source.BinDir); err != nil {
		return errors.Join(err, os.Remove(path)) // prune would otherwise count it, and delete a good one
	}
	return nil
}

// prune deletes backups whose names begin with prefix. It keeps the oldest and the newest ones, as many as
// these parameters say. made is the name of the backup that was just made, and so counts as the newest. Names
// sort by time, except that names after made were written while the clock was ahead: they count as the oldest.
func (f Folder) prune(prefix string, oldest, newest int, made string) error {
	names, err := filepath.Glob(filepath.Join(f.Dir, prefix+"*"+suffix))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	slices.Sort(names)
	end := 1 + slices.Index(names, filepath.Join(f.Dir, made)) // 0 if made doesn't exist, which leaves the order unchanged
	names = slices.Concat(names[end:], names[:end])

	oldest = min(oldest, len(names))
	for _, name := range names[oldest:max(oldest, len(names)-newest)] {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}

	return nil
}
