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

	"parley/store/pgserver"
)

// How many backups of each kind are kept: those of the newest nights, and those of before the newest changes of the schema.
const (
	KeepNights     = 7
	KeepMigrations = 3
)

const (
	nightlyHour  = 3                  // local time: when companies are quiet
	verifyEvery  = 7 * 24 * time.Hour // how often a backup is restored on trial
	retryAfter   = time.Hour          // after an attempt that failed, or was cut off
	pollEvery    = time.Minute        // see Folder.Poll
	lockEvery    = time.Second        // see Folder.Poll
	maxAhead     = time.Minute        // a time further in the future was written by a clock that was ahead
	nightPrefix  = "nightly-"
	schemaPrefix = "before-schema-"
	suffix       = ".parley"
)

// Status is what is known about the backups in a folder. It is stored there as .status.json.
type Status struct {
	Since      time.Time `json:"since,omitzero"`       // when Parley began to wait for the first night
	LastAt     time.Time `json:"last_at,omitzero"`     // when the newest backup was made and checked
	LastFile   string    `json:"last_file,omitempty"`  // its name
	LastBytes  int64     `json:"last_bytes,omitempty"` // its size
	VerifiedAt time.Time `json:"verified_at,omitzero"` // when one was last restored on trial
	BegunAt    time.Time `json:"begun_at,omitzero"`    // when an attempt began that is under way, or was cut off
	FailedAt   time.Time `json:"failed_at,omitzero"`   // zero if the last attempt succeeded
	Error      string    `json:"error,omitempty"`      // of the attempt that failed
	// TrialFailed means that the newest trial restore failed, so that no backup since VerifiedAt is known to be good.
	TrialFailed bool `json:"trial_failed,omitempty"`
}

// withoutFuture returns the status without times in the future. They were written while the clock was ahead, and would keep backups from
// being made until then.
func (st Status) withoutFuture(now time.Time) Status {
	for _, at := range []*time.Time{&st.Since, &st.LastAt, &st.VerifiedAt, &st.BegunAt, &st.FailedAt} {
		if IsAhead(*at, now) {
			*at = time.Time{}
		}
	}
	return st
}

// IsAhead reports whether a time of a status was written while the clock was ahead.
func IsAhead(at, now time.Time) bool { return at.Sub(now) > maxAhead }

// Folder is a folder with backups: one of each night, and one from before each change of the database's schema. KeepNights and
// KeepMigrations say how many stay. Several processes may use the same folder.
type Folder struct {
	Dir    string
	Source Source
	// Now is Parley's clock.
	Now func(context.Context) (time.Time, error)
	Log *slog.Logger
	// Poll is the time between two looks: of Run, at the clock (0 means a minute), and of BeforeMigration, at whether another
	// process has ended its backup (0 means a second).
	Poll time.Duration
	Zone *time.Location // of the nights; nil means the machine's
}

// ReadStatus reads a folder's status. It returns the zero Status if no backup was ever made there.
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

// writeStatus stores the status. A reader never sees half of it.
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

// Run makes a backup each night until ctx ends. If one was missed, because the machine was off, it is made at
// once. A failure is logged and written into the status; the next attempt follows after an hour.
func (f Folder) Run(ctx context.Context) error {
	f.Poll = cmp.Or(f.Poll, pollEvery)
	if f.Zone == nil {
		f.Zone = time.Local
	}

	tick := time.NewTicker(f.Poll)
	defer tick.Stop()
	var failedAt time.Time // remembered here, too, since a full disk may take no status
	for {
		now, err := f.Now(ctx)
		ago := now.Sub(failedAt) // negative if the clock was ahead then
		hasJustFailed := ago >= 0 && ago < retryAfter
		if err == nil && !hasJustFailed && f.makeIfDue(ctx, now) != nil {
			failedAt = now
		}

		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// makeIfDue makes a backup if one is due. It logs the error that it returns, too.
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

// nextDue returns when the next backup is due:
//   - after an attempt that failed or was cut off: retryAfter later;
//   - else: in the first night after the last backup or, without one, after Since.
//
// Where summer time begins at nightlyHour, time.Date returns another hour, which that night has.
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

	last = last.In(zone)
	nightOf := func(day int) time.Time { return time.Date(last.Year(), last.Month(), day, nightlyHour, 0, 0, 0, zone) }
	if next := nightOf(last.Day()); next.After(last) {
		return next
	}
	return nightOf(last.Day() + 1)
}

// Night makes the backup of a night, checks it, once a week restores it on trial, removes old backups, and writes the status. It
// does nothing if another process is making a backup.
func (f Folder) Night(ctx context.Context, now time.Time) error {
	lock, err := f.tryLock()
	if err != nil {
		return err
	}
	if !lock.Locked() {
		return nil
	}
	defer func() { _ = lock.Unlock() }() // the lock ends with this process at the latest

	st, err := ReadStatus(f.Dir)
	if err != nil {
		f.Log.Warn("backup status not read", "error", err)
	}
	if f.Zone == nil {
		f.Zone = time.Local
	}

	f.removeRemains() // first, since the disk may be full of them
	st = st.withoutFuture(now)
	st.BegunAt = now // so that an attempt that kills the process isn't repeated at once, again and again
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

// makeNight makes and checks the backup of a night, and updates st. It stores st before the trial restore, during which the process
// may be stopped.
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
		if err := f.restoreOnTrial(ctx, name, now, st); err != nil {
			return errors.Join(err, f.prune(nightPrefix, KeepNights, KeepNights, name)) // an old one may be the last that can be restored
		}
	}

	return f.prune(nightPrefix, 0, KeepNights, name)
}

// restoreOnTrial restores a backup into a database of its own, which it then removes, and updates st by how that went.
func (f Folder) restoreOnTrial(ctx context.Context, name string, now time.Time, st *Status) error {
	_, err := Verify(ctx, filepath.Join(f.Dir, name), f.Dir, f.Log, func(string) {})
	if err != nil {
		st.TrialFailed = st.TrialFailed || ctx.Err() == nil // a trial that is cut off says nothing about the backup
		return fmt.Errorf("restored on trial: %w", err)
	}

	st.VerifiedAt = now
	st.TrialFailed = false
	return nil
}

// removeRemains removes what backups and trial restores left that were cut off. A trial restore leaves a whole database, with all
// that customers wrote. What can't be removed is logged.
func (f Folder) removeRemains() {
	err := errors.Join(f.removeAll(nightPrefix+"*"+suffix+partial, os.Remove), f.removeAll(schemaPrefix+"*"+suffix+partial, os.Remove))
	if err != nil {
		f.Log.Error("half a backup is left", "error", err, "hint", "remove "+filepath.Join(f.Dir, "*"+suffix+partial))
	}
	if err := f.removeAll(trialPrefix+"*", pgserver.Remove); err != nil {
		f.Log.Error("a copy of the database is left", "error", err, "hint", "remove "+filepath.Join(f.Dir, trialPrefix+"*"))
	}
}

// removeAll removes what matches a pattern of filepath.Glob in the folder.
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

// makeOne writes and checks one backup.
func (f Folder) makeOne(ctx context.Context, name string) error {
	path := filepath.Join(f.Dir, name)
	if _, err := CreateFile(ctx, path, f.Source); err != nil {
		return err
	}
	if _, err := CheckFile(ctx, path, f.Source.BinDir); err != nil {
		return errors.Join(err, os.Remove(path)) // if it stayed, prune would remove a good one in its place
	}
	return nil
}

// prune removes the backups whose names begin with prefix, except so many of the oldest and of the newest. made is the one that was
// just made, and so the newest. The names sort by time. If some sort behind made, the clock was ahead when those were made: they
// count as the oldest.
func (f Folder) prune(prefix string, oldest, newest int, made string) error {
	names, err := filepath.Glob(filepath.Join(f.Dir, prefix+"*"+suffix))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	slices.Sort(names)
	end := 1 + slices.Index(names, filepath.Join(f.Dir, made)) // 0 if made isn't there: then the order stays
	names = slices.Concat(names[end:], names[:end])

	oldest = min(oldest, len(names))
	for _, name := range names[oldest:max(oldest, len(names)-newest)] {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}

	return nil
}
