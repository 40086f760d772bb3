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

	"github.com/robfig/cron/v3"
)

// How many backups of each kind are kept: those of the newest nights, and those of before the newest changes of the schema.
const (
	KeepNights     = 7
	KeepMigrations = 3
)

const (
	nightlyAt    = "0 3 * * *" // local time: when companies are quiet
	verifyEvery  = 7 * 24 * time.Hour
	retryAfter   = time.Hour
	pollEvery    = time.Minute
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
	FailedAt   time.Time `json:"failed_at,omitzero"`   // zero when the last attempt went well
	Error      string    `json:"error,omitempty"`
}

// Folder is a folder with backups: of each night (the newest seven are kept), and from before each change of
// the schema (the newest three).
type Folder struct {
	Dir    string
	Source Source
	// Now is Parley's clock.
	Now func(context.Context) (time.Time, error)
	Log *slog.Logger
	// Poll is how often Run looks at the clock; 0 means every minute. Zone is the time zone of the nights; nil
	// = the machine's.
	Poll time.Duration
	Zone *time.Location
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

// write stores the status. A reader never sees half of it.
func (f Folder) write(st Status) error {
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
	schedule, err := cron.ParseStandard(nightlyAt)
	if err != nil {
		return fmt.Errorf("backup: schedule: %w", err)
	}

	f.Poll = cmp.Or(f.Poll, pollEvery)
	if f.Zone == nil {
		f.Zone = time.Local
	}

	tick := time.NewTicker(f.Poll)
	defer tick.Stop()

	for {
		if now, err := f.Now(ctx); err == nil {
			f.makeIfDue(ctx, schedule, now)
		}

		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// makeIfDue makes a backup if one is due.
func (f Folder) makeIfDue(ctx context.Context, schedule cron.Schedule, now time.Time) {
	st, err := ReadStatus(f.Dir)
	if err != nil {
		f.Log.Warn("backup status not read", "error", err)
	}

	isFirst := st.LastAt.IsZero() && st.Since.IsZero()
	if err == nil && isFirst {
		st.Since = now
		if err := errors.Join(os.MkdirAll(f.Dir, 0o700), f.write(st)); err != nil {
			f.Log.Error("backups can't be kept", "error", err)
		}
	}

	if now.Before(nextDue(schedule, st, f.Zone)) {
		return
	}

	err = f.Night(ctx, now)
	if err != nil && ctx.Err() == nil {
		f.Log.Error("nightly backup failed", "error", err, "hint", "parley doctor shows the last good one; it is tried again in an hour")
	}
}

// nextDue returns when the next backup is to be made: in the first night after the last one. The first one is made
// in the first night.
func nextDue(schedule cron.Schedule, st Status, zone *time.Location) time.Time {
	last := st.LastAt
	if last.IsZero() {
		last = st.Since
	}
	next := schedule.Next(last.In(zone))
	if st.FailedAt.IsZero() {
		return next
	}
	if again := st.FailedAt.Add(retryAfter); again.After(next) {
		return again
	}
	return next
}

// Night makes the backup of a night, checks it (once a week by restoring it as a test), removes old backups, and
// writes the status. It does nothing if another process is doing so.
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

	name := nightPrefix + now.In(f.Zone).Format("2006-01-02") + suffix
	err = f.make(ctx, name)
	if err == nil && now.Sub(st.VerifiedAt) >= verifyEvery {
		_, err = Verify(ctx, filepath.Join(f.Dir, name), f.Dir, f.Log, func(string) {})
		if err == nil {
			st.VerifiedAt = now
		}
	}

	if err != nil {
		st.FailedAt, st.Error = now, err.Error()
		return errors.Join(err, f.write(st))
	}

	info, err := os.Stat(filepath.Join(f.Dir, name))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}

	st.LastAt = now
	st.LastFile = name
	st.LastBytes = info.Size()
	st.FailedAt, st.Error = time.Time{}, ""
	f.Log.Info("backup made", "file", name, "bytes", st.LastBytes)
	return errors.Join(f.write(st), f.prune(nightPrefix, KeepNights))
}

// BeforeMigration makes a backup before the schema changes from one version to another.
func (f Folder) BeforeMigration(ctx context.Context, from, to int64, now time.Time) error {
	unlock, err := f.lock()
	if err != nil || unlock == nil {
		return err
	}
	defer unlock()
	name := fmt.Sprintf("%s%06d-from-%d-%s%s", schemaPrefix, to, from, now.UTC().Format("2006-01-02-150405"), suffix)
	if err := f.make(ctx, name); err != nil {
		return err
	}
	f.Log.Info("backup made before the schema changes", "file", name)
	return f.prune(schemaPrefix, KeepMigrations)
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

// lock keeps processes on the same folder from making the same backup; nil when another has it.
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

// prune keeps the newest backups of a kind, whose names sort by time, and removes the others. It also removes
// the files of interrupted backups.
func (f Folder) prune(prefix string, keep int) error {
	names, err := filepath.Glob(filepath.Join(f.Dir, prefix+"*"+suffix))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}

	left, err := filepath.Glob(filepath.Join(f.Dir, prefix+"*"+suffix+partial))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}

	slices.Sort(names)

	for _, name := range append(names[:max(0, len(names)-keep)], left...) {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}

	return nil
}
