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
	"syscall"
	"time"

	"parley/store/pgserver"
)

// How many backups of each kind are kept: those of the newest nights, and those of before the newest changes of the schema.
const (
	KeepNights     = 7
	KeepMigrations = 3
)

const (
	nightlyHour  = 3 // local time: when companies are quiet
	verifyEvery  = 7 * 24 * time.Hour
	retryAfter   = time.Hour
	pollEvery    = time.Minute
	lockEvery    = time.Second
	maxAhead     = time.Minute // how far in the future a time may lie that a clock wrote which was not wrong
	nightPrefix  = "nightly-"
	schemaPrefix = "before-schema-"
	suffix       = ".parley"
)

// Status is what is known about the backups in a folder. It is stored there as .status.json.
type Status struct {
	Since      time.Time `json:"since,omitzero"`       // when Parley began to wait for the first night
	LastAt     time.Time `json:"last_at,omitzero"`     // of the newest backup that was made and checked
	LastFile   string    `json:"last_file,omitempty"`  // its name
	LastBytes  int64     `json:"last_bytes,omitempty"` // its size
	VerifiedAt time.Time `json:"verified_at,omitzero"` // when one was last restored as a test
	BegunAt    time.Time `json:"begun_at,omitzero"`    // when an attempt began that is under way, or was cut off
	FailedAt   time.Time `json:"failed_at,omitzero"`   // zero when the last attempt went well
	Error      string    `json:"error,omitempty"`
	// TrialFailed means that the newest trial restore failed, so that no backup since VerifiedAt is known to be good.
	TrialFailed bool `json:"trial_failed,omitempty"`
}

// asOf returns the status without times that lie in the future: they were written while the clock was ahead, and nothing would be
// done until then.
func (st Status) asOf(now time.Time) Status {
	for _, at := range []*time.Time{&st.Since, &st.LastAt, &st.VerifiedAt, &st.BegunAt, &st.FailedAt} {
		if IsAhead(*at, now) {
			*at = time.Time{}
		}
	}
	return st
}

// IsAhead reports whether a time of a status was written while the clock was ahead.
func IsAhead(at, now time.Time) bool { return at.Sub(now) > maxAhead }

// Folder is a folder with backups: of each night (the newest seven are kept), and from before each change of
// the schema (the newest three).
type Folder struct {
	Dir    string
	Source Source
	// Now is Parley's clock.
	Now func(context.Context) (time.Time, error)
	Log *slog.Logger
	// Poll is how often Run looks at the clock (0 means every minute), and how often BeforeMigration looks whether another
	// process has ended (0 means every second).
	Poll time.Duration
	Zone *time.Location // of the nights; nil means the machine's
}

// ReadStatus reads a folder's status; the zero Status where no backup was ever made.
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

	failedAt := time.Time{} // kept here, too: a full disk may keep nothing in the status
	for {
		now, err := f.Now(ctx)
		ago := now.Sub(failedAt)
		hasJustFailed := ago >= 0 && ago < retryAfter // not if the clock was ahead
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

// makeIfDue makes a backup if one is due. It logs the error that it returns.
func (f Folder) makeIfDue(ctx context.Context, now time.Time) error {
	st, err := ReadStatus(f.Dir)
	if err != nil {
		f.Log.Warn("backup status not read", "error", err)
	}

	st = st.asOf(now)
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

// nextDue returns when the next backup is to be made: in the first night after the last one. The first one is made
// in the first night. After an attempt that failed or was cut off, it is an hour after that began. Where summer time begins at
// nightlyHour, time.Date returns an hour that the night has.
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

// Night makes the backup of a night, checks it (once a week by restoring it as a test), removes old backups unless that
// failed, and writes the status. It does nothing if another process is doing so.
func (f Folder) Night(ctx context.Context, now time.Time) error {
	unlock, err := f.lock()
	if err != nil || unlock == nil {
		return err
	}
	defer unlock()
	st, err := ReadStatus(f.Dir)
	if err != nil {
		f.Log.Warn("backup status not read", "error", err)
	}
	if f.Zone == nil {
		f.Zone = time.Local
	}

	f.removeRemains() // first, since the disk may be full of them

	// What follows may be killed: then it begins again after a while, not at once and for ever.
	st = st.asOf(now)
	st.BegunAt = now
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

// makeNight makes and checks the backup of a night, and notes in st what it did. It stores st before the trial restore, which
// may be cut off.
func (f Folder) makeNight(ctx context.Context, now time.Time, st *Status) error {
	name := nightPrefix + now.In(f.Zone).Format("2006-01-02") + suffix
	if err := f.make(ctx, name); err != nil {
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
		if err := f.try(ctx, name, now, st); err != nil {
			return errors.Join(err, f.prune(nightPrefix, KeepNights, KeepNights, name)) // an older one may be the last that can be restored
		}
	}

	return f.prune(nightPrefix, 0, KeepNights, name)
}

// try restores a backup on trial, and notes in the status how that went.
func (f Folder) try(ctx context.Context, name string, now time.Time, st *Status) error {
	_, err := Verify(ctx, filepath.Join(f.Dir, name), f.Dir, f.Log, func(string) {})
	if err != nil {
		st.TrialFailed = st.TrialFailed || ctx.Err() == nil // a trial that is cut off says nothing about the backup
		return fmt.Errorf("restored on trial: %w", err)
	}

	st.VerifiedAt = now
	st.TrialFailed = false
	return nil
}

// removeRemains removes what backups and trial restores have left that were cut off.
func (f Folder) removeRemains() {
	if err := f.removePartials(); err != nil {
		f.Log.Error("half a backup is left", "error", err, "hint", "remove "+filepath.Join(f.Dir, "*"+suffix+partial))
	}
	if err := f.removeTrials(); err != nil {
		f.Log.Error("a copy of the database is left", "error", err, "hint", "remove "+filepath.Join(f.Dir, trialPrefix+"*"))
	}
}

// removePartials removes backups of both kinds that were not finished, of whatever day.
func (f Folder) removePartials() error {
	for _, prefix := range []string{nightPrefix, schemaPrefix} {
		left, err := filepath.Glob(filepath.Join(f.Dir, prefix+"*"+suffix+partial))
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		for _, name := range left {
			if err := os.Remove(name); err != nil {
				return fmt.Errorf("backup: %w", err)
			}
		}
	}
	return nil
}

// removeTrials removes what trial restores have left that were cut off: whole databases, with all that customers wrote.
func (f Folder) removeTrials() error {
	left, err := filepath.Glob(filepath.Join(f.Dir, trialPrefix+"*"))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for _, dir := range left {
		if err := pgserver.Remove(dir); err != nil {
			return err
		}
	}
	return nil
}

// make writes and checks one backup.
func (f Folder) make(ctx context.Context, name string) error {
	path := filepath.Join(f.Dir, name)
	if _, err := CreateFile(ctx, path, f.Source); err != nil {
		return err
	}
	if _, err := CheckFile(ctx, path, f.Source.BinDir); err != nil {
		return errors.Join(err, os.Remove(path)) // if it stayed, prune would remove a good one for it
	}
	return nil
}

// awaitLock waits until no other process makes a backup in the folder, and then keeps others from it.
func (f Folder) awaitLock(ctx context.Context) (unlock func(), err error) {
	unlock, err = f.lock()
	if err != nil || unlock != nil {
		return unlock, err
	}

	f.Log.Info("another process is making a backup: it is waited for", "folder", f.Dir)
	tick := time.NewTicker(cmp.Or(f.Poll, lockEvery))
	defer tick.Stop()

	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("backup: another process is making one: %w", ctx.Err())
		case <-tick.C:
		}

		if unlock, err = f.lock(); err != nil || unlock != nil {
			return unlock, err
		}
	}
}

// lock keeps other processes from making backups in the folder. unlock is nil if one of them does so already.
func (f Folder) lock() (unlock func(), err error) {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}

	file, err := os.OpenFile(filepath.Join(f.Dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}

	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, file.Close()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("backup: lock: %w", err), file.Close())
	}

	return func() { unlockFile(file) }, nil
}

// unlockFile gives up the lock on a file, and closes it. It unlocks explicitly: a child process that is just being started has a
// copy of the descriptor, and would keep the lock after Close.
func unlockFile(file *os.File) {
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
	_ = file.Close()
}

// prune keeps some of the oldest and of the newest backups of a kind, and removes the others. Their names sort by time. But those
// behind made, which was just made, are from when the clock was ahead: they count as the oldest.
func (f Folder) prune(prefix string, oldest, newest int, made string) error {
	names, err := filepath.Glob(filepath.Join(f.Dir, prefix+"*"+suffix))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}

	slices.Sort(names)
	end := 1 + slices.Index(names, filepath.Join(f.Dir, made))
	names = slices.Concat(names[end:], names[:end])

	oldest = min(oldest, len(names))
	for _, name := range names[oldest:max(oldest, len(names)-newest)] {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}

	return nil
}
