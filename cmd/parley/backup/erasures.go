package backup

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"parley/store/erase"
)

// Erasures is the list of the contacts that were erased, a line of JSON for each. It stands beside the backups, since a backup
// that is older than an erasure brings the contact back: then the contact is erased again because of this list.
type Erasures struct{ Path string }

// ErasuresIn returns the list beside the backups in a folder.
func ErasuresIn(dir string) Erasures { return Erasures{Path: filepath.Join(dir, "erasures.jsonl")} }

const maxErasureBytes = 64 << 20 // of a line, which has some hundred bytes for each fact of the contact

// Read returns the erasures of the list, and none if there is no list.
func (l Erasures) Read() ([]erase.Record, error) {
	f, err := os.Open(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("backup: erasures: %w", err)
	}
	defer func() { _ = f.Close() }()
	var list []erase.Record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxErasureBytes)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}

		var r erase.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("backup: %s, line %d: %w", l.Path, n, err)
		}

		list = append(list, r)
	}

	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("backup: %s: %w", l.Path, err)
	}

	return list, nil
}

// AddMissing adds those erasures that the list lacks.
func (l Erasures) AddMissing(records []erase.Record) error {
	known, err := l.knownIDs()
	if err != nil {
		return err
	}

	var missing []erase.Record
	for _, r := range records {
		if !known[r.Erasure] {
			known[r.Erasure] = true
			missing = append(missing, r)
		}
	}

	if len(missing) == 0 {
		return nil
	}

	return l.Add(missing...)
}

// knownIDs returns the ids of the list's erasures.
func (l Erasures) knownIDs() (map[string]bool, error) {
	records, err := l.Read()
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool, len(records))
	for _, r := range records {
		ids[r.Erasure] = true
	}
	return ids, nil
}

// Add puts erasures at the end of the list, and returns when that is on disk.
func (l Erasures) Add(records ...erase.Record) error {
	lock, err := newLock(l.Path + ".lock") // two processes may write the list
	if err != nil {
		return err
	}
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("backup: erasures: lock: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // the lock ends with this process at the latest

	list, err := os.ReadFile(l.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: erasures: %w", err)
	}

	for _, r := range records {
		body, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("backup: erasures: %w", err)
		}
		list = append(append(list, body...), '\n')
	}

	return replaceFile(l.Path, func(f *os.File) error {
		_, err := f.Write(list)
		return err
	})
}

// Agree makes the list and a database know the same erasures. It returns the certificates of what it erased. It
//   - applies erasures again that the database lacks, since it was restored from an older backup,
//   - finishes erasures that were cut off,
//   - adds to the list what only the database knows.
//
// Errors: erase.ErrOtherKey or erase.ErrWaiting once all else is done; those of erase.ApplyRecords.
func (l Erasures) Agree(ctx context.Context, o erase.Options) ([]erase.Certificate, error) {
	records, err := l.Read()
	if err != nil {
		return nil, err
	}
	erased, err := erase.ApplyRecords(ctx, o, records)
	if err != nil && !errors.Is(err, erase.ErrWaiting) && !errors.Is(err, erase.ErrOtherKey) {
		return erased, err
	}
	if keepErr := l.Keep(ctx, o); keepErr != nil {
		return erased, keepErr
	}
	return erased, err
}

// Keep adds to the list what only the database knows: all of it at once, because the whole list is written anew each time.
// If a record can't be read, those before it are added nevertheless.
func (l Erasures) Keep(ctx context.Context, o erase.Options) error {
	known, err := l.knownIDs()
	if err != nil {
		return err
	}

	ids, err := erase.ListForgotten(ctx, o.Pool)
	if err != nil {
		return err
	}

	var missing []erase.Record
	var recordErr error
	for _, id := range ids {
		if known[id] {
			continue
		}

		var r erase.Record
		if r, recordErr = erase.RecordOf(ctx, o.Pool, id); recordErr != nil {
			break
		}
		missing = append(missing, r)
	}

	if len(missing) == 0 {
		return recordErr
	}
	return errors.Join(recordErr, l.Add(missing...))
}
