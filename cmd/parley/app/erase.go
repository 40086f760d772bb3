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
	"parley/cmd/parley/backup"
	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
)

// Erasing returns the options with which contacts are erased.
func (db *Database) Erasing(env Env) erase.Options {
	return erase.Options{Pool: db.Pool, Sealer: db.Sealer, WithObjects: env.Objects.Bucket != "", Ask: engine.ErasePosts}
}

// AgreeErasures makes the database and the list of erasures beside its backups the same. It erases contacts again that a restored
// backup had brought back, and returns their certificates. An erasure that must wait isn't a fault, since it goes on while Parley
// serves. Entries of another database are passed over, and are no fault either.
func (db *Database) AgreeErasures(ctx context.Context, env Env) ([]erase.Certificate, error) {
	erased, err := backup.ErasuresIn(BackupFolder(env)).Agree(ctx, db.Erasing(env))
	if errors.Is(err, erase.ErrOtherKey) {
		db.log.Warn("the list of erasures is not only this database's", "error", err)
		return erased, nil
	}
	if errors.Is(err, erase.ErrWaiting) {
		return erased, nil
	}
	return erased, err
}

// KeepErasures adds to this machine's list what only the database knows.
func (db *Database) KeepErasures(ctx context.Context, env Env) error {
	return backup.ErasuresIn(BackupFolder(env)).Keep(ctx, db.Erasing(env))
}

// ExportContact writes everything that contacts may ask for as a zip: contact.json, and their files. It leaves out files whose
// bytes are gone, and returns their paths in missing.
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
	for _, f := range copied.Files { // one by one: all of them may be more than fits into memory
		content, err := db.openCopied(ctx, objects, f)
		if errors.Is(err, blob.ErrNoObject) {
			missing = append(missing, f.Path)
			continue
		}
		if err == nil {
			err = addFile(archive, f.Path, content)
		}
		if err != nil {
			return missing, fmt.Errorf("export: %s: %w", f.Path, err)
		}
	}

	body, err := json.MarshalIndent(copied, "", "  ")
	if err == nil {
		err = addFile(archive, "contact.json", io.NopCloser(bytes.NewReader(append(body, '\n'))))
	}
	if err != nil {
		return missing, fmt.Errorf("export: %w", err)
	}

	return missing, archive.Close()
}

// openCopied opens a file of a copy. Errors: as blob.Open; the database's.
func (db *Database) openCopied(ctx context.Context, objects blob.Objects, f erase.CopiedFile) (io.ReadCloser, error) {
	if f.Blob != "" {
		return blob.Open(ctx, db.Pool, objects, f.Blob)
	}
	payload, err := erase.Original(ctx, db.Pool, f.Event)
	return io.NopCloser(bytes.NewReader(payload)), err
}

func addFile(archive *zip.Writer, path string, content io.ReadCloser) error {
	entry, err := archive.Create(path)
	if err == nil {
		_, err = io.Copy(entry, content)
	}
	return errors.Join(err, content.Close())
}
