package operate

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

const mebibyte = 1 << 20

// maxTextBytes limits each entry that is read into memory, which is every entry except the dump.
const maxTextBytes = mebibyte

// ErrDamaged means that a file is not a backup, was truncated or was altered.
var ErrDamaged = errors.New("backup: the file is damaged")

// Archive is a backup that is open for reading. A backup is a zip file with four entries:
//
//	README.txt      explains the file to a person
//	database.dump   the database, in pg_dump's custom format
//	manifest.json   the Manifest: versions, row counts, and the SHA-256 of the dump
//	key.json        optional: the master key, encrypted with a passphrase
//
// The manifest vouches for the dump by its checksum, and the encryption of the key authenticates the manifest.
// Archive is not safe for concurrent use.
type Archive struct {
	Manifest Manifest
	file     *zip.ReadCloser
	manifest []byte // the original bytes of Manifest
	key      []byte
	dump     *zip.File
}

// Open opens a backup and reads its manifest and key, but not the dump. Call Check to verify the dump. The
// caller must call Close.
//
// Errors: ErrDamaged, ErrNewer.
func Open(path string) (*Archive, error) {
	file, err := zip.OpenReader(path)
	if errors.Is(err, zip.ErrFormat) {
		return nil, fmt.Errorf("%w: %s isn't a backup of Parley, or was cut short", ErrDamaged, path)
	}
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	a := &Archive{file: file}
	if err := a.read(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return a, nil
}

// Close closes the file.
func (a *Archive) Close() error { return a.file.Close() }

// Fingerprint identifies this backup: it is the SHA-256 of the manifest, in hexadecimal digits.
func (a *Archive) Fingerprint() string {
	sum := sha256.Sum256(a.manifest)
	return hex.EncodeToString(sum[:])
}

// read finds the entries of the archive, reads the short ones and checks that they fit together.
func (a *Archive) read() (err error) {
	for _, f := range a.file.File {
		switch f.Name {
		case manifestEntry:
			a.manifest, err = readText(f)
		case keyEntry:
			a.key, err = readText(f)
		case dumpEntry:
			a.dump = f
		}

		if err != nil {
			return err
		}
	}

	if a.manifest == nil || a.dump == nil {
		return fmt.Errorf("%w: it lacks %s or %s", ErrDamaged, manifestEntry, dumpEntry)
	}
	if a.Manifest, err = parseManifest(a.manifest); err != nil {
		return err
	}
	if a.Manifest.HasKey != (a.key != nil) || a.dump.Method != zip.Store {
		return fmt.Errorf("%w: its parts don't belong together", ErrDamaged)
	}

	return nil
}

// readText reads an entry of at most maxTextBytes into memory.
//
// Errors: ErrDamaged.
func readText(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, f.Name, err)
	}
	var body bytes.Buffer
	n, err := io.Copy(&body, io.LimitReader(r, maxTextBytes+1))
	if n > maxTextBytes {
		err = errors.Join(err, errors.New("too long"))
	}
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, f.Name, err)
	}
	return body.Bytes(), nil
}

// Check reads the whole dump and compares its length and checksum with the manifest. It calls progress from
// time to time with the number of bytes read so far; progress may be nil.
//
// Errors: ErrDamaged, or the error of ctx.
func (a *Archive) Check(ctx context.Context, progress func(bytes int64)) error {
	sum := sha256.New()
	count := &counter{report: progress}
	err := a.copyDump(ctx, io.MultiWriter(sum, count))

	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, dumpEntry, err)
	}

	isIntact := count.n == a.Manifest.DumpBytes && hex.EncodeToString(sum.Sum(nil)) == a.Manifest.DumpSHA
	if !isIntact {
		return fmt.Errorf("%w: %s is not what %s says", ErrDamaged, dumpEntry, manifestEntry)
	}

	return nil
}

// copyDump copies the dump to w. It returns early, with no error of its own, when ctx ends.
func (a *Archive) copyDump(ctx context.Context, w io.Writer) error {
	r, err := a.dump.Open()
	if err != nil {
		return err
	}
	for err == nil && ctx.Err() == nil {
		_, err = io.CopyN(w, r, mebibyte) // in chunks, to notice when ctx ends
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, r.Close())
}

// Key decrypts the master key. Call it only if Manifest.HasKey is set.
//
// Errors: ErrPassphrase, ErrDamaged.
func (a *Archive) Key(passphrase string) (string, error) {
	return openKey(a.key, passphrase, a.manifest)
}
