package app

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"parley/bridge/engine"
	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
)

// A customer (a contact) may ask a company to erase everything that it keeps about her, or to hand out a copy of it.
// This file does both. Backups contain erased contacts for a while. Therefore every erasure is also recorded in a list, a
// file beside the backups, from which AgreeErasures repeats the erasures after a backup was restored.

// Erasing returns the options with which contacts are erased.
func (db *Database) Erasing(env Env) erase.Options {
	return erase.Options{Pool: db.Pool, Sealer: db.Sealer, WithObjects: env.Objects.Bucket != "", Ask: engine.ErasePosts}
}

// AgreeErasures synchronises the database with the list of erasures. It erases contacts again that a restored backup has
// brought back, and returns certificates of these erasures. It returns no error for erasures that have to wait, which
// continue while Parley serves, and none for entries of another database, which it ignores.
func (db *Database) AgreeErasures(ctx context.Context, env Env) ([]erase.Certificate, error) {
	erased, err := operate.ErasuresIn(BackupFolder(env)).Agree(ctx, db.Erasing(env))
	if errors.Is(err, erase.ErrOtherKey) {
		db.log.Warn("the list of erasures is not only this database's", "error", err)
		return erased, nil
	}
	if errors.Is(err, erase.ErrWaiting) {
		return erased, nil
	}
	return erased, err
}

// KeepErasures adds the erasures to the list that are only in the database.
func (db *Database) KeepErasures(ctx context.Context, env Env) error {
	return operate.ErasuresIn(BackupFolder(env)).Keep(ctx, db.Erasing(env))
}

// ExportContact writes a zip archive with everything that is kept about contacts: contact.json, and their files. missing
// are the paths of files that the archive lacks, because the object store has lost their content.
func (db *Database) ExportContact(ctx context.Context, env Env, contacts []store.ContactID, w io.Writer) (missing []string, err error) {
	objects, err := env.Objects.open()
	if err != nil {
		return nil, err
	}

	copied, err := erase.Export(ctx, db.Pool, contacts)
	if err != nil {
		return nil, err
	}

	archive := zip.NewWriter(w)
	for _, f := range copied.Files { // streamed one by one: together they may not fit into memory
		content, err := db.openCopied(ctx, objects, f)
		if errors.Is(err, blob.ErrNoObject) {
			missing = append(missing, f.Path)
			continue
		}
		if err != nil {
			return missing, fmt.Errorf("export: %s: %w", f.Path, err)
		}
		if err := addFile(archive, f.Path, content); err != nil {
			return missing, fmt.Errorf("export: %s: %w", f.Path, err)
		}
	}

	body, err := json.MarshalIndent(copied, "", "  ")
	if err != nil {
		return missing, fmt.Errorf("export: %w", err)
	}
	if err := addFile(archive, "contact.json", io.NopCloser(bytes.NewReader(append(body, '\n')))); err != nil {
		return missing, fmt.Errorf("export: %w", err)
	}

	return missing, archive.Close()
}

// openCopied opens a file for the archive: one from the store of files, or the original of an incoming message.
// Errors: as blob.Open; the database's.
func (db *Database) openCopied(ctx context.Context, objects blob.Objects, f erase.CopiedFile) (io.ReadCloser, error) {
	if f.Blob != "" {
		return blob.Open(ctx, db.Pool, objects, f.Blob)
	}
	payload, err := erase.Original(ctx, db.Pool, f.Event)
	return io.NopCloser(bytes.NewReader(payload)), err
}

// addFile copies content into an archive and closes it.
func addFile(archive *zip.Writer, path string, content io.ReadCloser) error {
	entry, err := archive.Create(path)
	if err == nil {
		_, err = io.Copy(entry, content)
	}
	return errors.Join(err, content.Close())
}
