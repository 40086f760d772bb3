package backup

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// BeforeMigration makes a backup before the schema changes from the database's version, which versionOf reads, to another. While
// another process makes a backup it waits. Afterwards it makes none if that process made one for the same change, or has changed
// the schema.
func (f Folder) BeforeMigration(ctx context.Context, versionOf func(context.Context) (int64, error), to int64, now time.Time) error {
	sameChange := filepath.Join(f.Dir, fmt.Sprintf("%s%06d-*%s", schemaPrefix, to, suffix))
	earlier, err := filepath.Glob(sameChange)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	lock, err := f.waitForLock(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }() // the lock ends with this process at the latest

	from, err := versionOf(ctx)
	if err != nil || from >= to {
		return err
	}
	made, err := filepath.Glob(sameChange)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if slices.ContainsFunc(made, func(path string) bool { return !slices.Contains(earlier, path) }) {
		return nil
	}

	f.removeLeftovers()
	name := fmt.Sprintf("%s%06d-from-%d-%s%s", schemaPrefix, to, from, now.UTC().Format("2006-01-02-150405"), suffix)
	if err := f.makeOne(ctx, name); err != nil {
		return err
	}
	f.Log.Info("backup made before the schema changes", "file", name)
	return f.prune(schemaPrefix, 0, KeepMigrations, name)
}
