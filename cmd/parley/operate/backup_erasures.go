package operate

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"parley/store/erase"
)

// Erasures is a file that lists the contacts whose data was erased (under the GDPR, for example), one line of
// JSON for each erasure, or two if the first was written when the erasure had only begun. It is kept next to the
// backups. If an older backup is restored, it brings the data of such a contact back: Agree then reads this list
// and erases the contact again.
//
// Several processes may use the same file.
type Erasures struct{ Path string }

// ErasuresIn returns the list in a folder of backups. The file need not exist yet.
func ErasuresIn(dir string) Erasures { return Erasures{Path: filepath.Join(dir, "erasures.jsonl")} }

// byteOrderMark is what some editors write at the beginning of a file.
const byteOrderMark = "\ufeff"

const maxErasureBytes = 64 << 20 // of one line, which takes some hundred bytes for each erase.Fact

// Read returns all erasures of the list, oldest first, and of each the complete record if there is one. Of two processes that
// write at the same time, the one that writes later may know less. A missing file is an empty list.
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
	places := map[string]int{} // in list, by the erasure's id
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxErasureBytes)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimPrefix(lines.Bytes(), []byte(byteOrderMark))
		if len(line) == 0 {
			continue
		}

		var r erase.Record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("backup: %s, line %d: %w", l.Path, n, err)
		}

		if place, isKnown := places[r.Erasure]; isKnown {
			if !r.Begun {
				list[place] = r
			}
			continue
		}
		places[r.Erasure] = len(list)
		list = append(list, r)
	}

	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("backup: %s: %w", l.Path, err)
	}

	return list, nil
}

// AddMissing adds those records that the list does not contain yet, and those that are complete where the list has an
// erasure that had only begun.
func (l Erasures) AddMissing(records []erase.Record) error {
	isMissing, err := l.missing()
	if err != nil {
		return err
	}

	var missing []erase.Record
	for _, r := range records {
		if isMissing(r.Erasure, r.Begun) {
			missing = append(missing, r)
		}
	}

	if len(missing) == 0 {
		return nil
	}

	return l.Add(missing...)
}

// missing returns a function that reports whether the list lacks the record of an erasure, which has only begun or is
// complete. It returns true once for each such record.
func (l Erasures) missing() (isMissing func(id string, begun bool) bool, err error) {
	records, err := l.Read()
	if err != nil {
		return nil, err
	}
	begunOnly := make(map[string]bool, len(records)) // of the known erasures
	for _, r := range records {
		begunOnly[r.Erasure] = r.Begun
	}
	return func(id string, begun bool) bool {
		isBegun, isKnown := begunOnly[id]
		if isKnown && (begun || !isBegun) {
			return false
		}
		begunOnly[id] = begun
		return true
	}, nil
}

// Add appends records to the list. When it returns, they are on disk. It rewrites the whole file, so that a
// crash can't leave half a line.
func (l Erasures) Add(records ...erase.Record) error {
	lock, err := newLock(l.Path + ".lock") // another process may be writing the list
	if err != nil {
		return err
	}
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("backup: erasures: lock: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // if this fails, the lock is released when the process exits

	list, err := os.ReadFile(l.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: erasures: %w", err)
	}

	isLineOpen := len(list) > 0 && list[len(list)-1] != '\n' // somebody has copied the list by hand
	if isLineOpen {
		list = append(list, '\n')
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

// Agree synchronizes the list and a database in both directions. It
//   - repeats erasures that are missing in the database, because it was restored from an older backup,
//   - completes erasures that were interrupted,
//   - adds erasures to the list that only the database knows.
//
// It returns the certificates of what it erased.
// Errors: erase.ErrOtherKey or erase.ErrWaiting, after everything else was done; those of erase.ApplyRecords.
func (l Erasures) Agree(ctx context.Context, o erase.Options) ([]erase.Certificate, error) {
	records, err := l.Read()
	if err != nil {
		return nil, err
	}
	erased, err := erase.ApplyRecords(ctx, o, records)
	isIncomplete := errors.Is(err, erase.ErrWaiting) || errors.Is(err, erase.ErrOtherKey) // the list can be updated nevertheless
	if err != nil && !isIncomplete {
		return erased, err
	}
	if keepErr := l.Keep(ctx, o); keepErr != nil {
		return erased, keepErr
	}
	return erased, err
}

// Keep adds erasures to the list that only the database knows, finished or not. It adds them in one call of Add, which
// rewrites the whole file. If a record can't be read, Keep still adds those before it, and returns the error.
func (l Erasures) Keep(ctx context.Context, o erase.Options) error {
	isMissing, err := l.missing()
	if err != nil {
		return err
	}

	begun, err := erase.ListBegun(ctx, o.Pool) // before the others: one that is forgotten meanwhile is in both
	if err != nil {
		return err
	}
	forgotten, err := erase.ListForgotten(ctx, o.Pool)
	if err != nil {
		return err
	}

	var missing []erase.Record
	var recordErr error
	for i, id := range slices.Concat(forgotten, begun) {
		isBegun := i >= len(forgotten)
		if !isMissing(id, isBegun) {
			continue
		}

		var r erase.Record
		if r, recordErr = erase.RecordOf(ctx, o.Pool, id); recordErr != nil {
			break
		}
		r.Begun = isBegun
		missing = append(missing, r)
	}

	if len(missing) == 0 {
		return recordErr
	}
	return errors.Join(recordErr, l.Add(missing...))
}
