package operate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"parley/store"
)

// formatVersion is the format of backups that this program writes, and the newest one that it can read.
const formatVersion = 1

// Names of the entries in a backup, which is a zip archive.
const (
	readmeEntry   = "README.txt"
	dumpEntry     = "database.dump"
	manifestEntry = "manifest.json"
	keyEntry      = "key.json"
)

// Manifest is manifest.json in a backup. It says what the backup contains and which versions can restore it. A
// restore compares the dump with DumpBytes and DumpSHA before it starts, and the restored tables with Rows
// afterwards.
type Manifest struct {
	Format    int              `json:"format"`
	Parley    string           `json:"parley"`    // version of Parley that made the backup
	Company   string           `json:"company"`   // name of the company in the settings
	TakenAt   time.Time        `json:"taken_at"`  // time of the snapshot, by the database's clock
	Schema    int64            `json:"schema"`    // number of the newest migration that was applied
	Namespace string           `json:"namespace"` // the PostgreSQL schema of the tables
	Server    int              `json:"postgres"`  // major version of the server
	Tools     int              `json:"pg_dump"`   // major version of pg_dump
	Rows      map[string]int64 `json:"rows"`      // number of rows, by table
	DumpBytes int64            `json:"dump_bytes"`
	DumpSHA   string           `json:"dump_sha256"`
	KeyCheck  []byte           `json:"key_check,omitempty"`  // encrypted with the newest master key; decrypting it tests a key
	OldChecks [][]byte         `json:"old_checks,omitempty"` // the same for previous master keys, which older secrets need
	HasKey    bool             `json:"has_key"`
}

// ErrNewer means that a newer version of Parley made the backup, which this version cannot read.
var ErrNewer = errors.New("backup: made by a newer Parley")

// parseManifest reads a manifest.
//
// Errors: ErrDamaged, ErrNewer.
func parseManifest(body []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(body, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %s can't be read: %w", ErrDamaged, manifestEntry, err)
	}
	if m.Format > formatVersion {
		return m, fmt.Errorf("%w: format %d, this one reads up to %d: use the newer Parley", ErrNewer, m.Format, formatVersion)
	}
	if !m.isComplete() {
		return m, fmt.Errorf("%w: %s is incomplete", ErrDamaged, manifestEntry)
	}
	return m, nil
}

// isComplete reports whether a manifest has everything that a restore needs.
func (m *Manifest) isComplete() bool {
	hasVersions := m.Format >= 1 && m.Schema >= 1
	hasDump := len(m.DumpSHA) == hex.EncodedLen(sha256.Size) && len(m.Rows) > 0
	return hasVersions && hasDump && m.Namespace != "" && !m.TakenAt.IsZero()
}

// fits reports whether the keys of a sealer decrypt all secrets in the backup.
func (m *Manifest) fits(sealer *store.Sealer) bool {
	return sealer.Fits(m.KeyCheck) && sealer.Fits(m.OldChecks...)
}

const readme = `This is a backup of Parley.

Restore it into an empty database, with Parley stopped everywhere:

    parley restore THIS-FILE

Look whether it is whole, without changing anything:

    parley backup --verify THIS-FILE

It holds what customers and colleagues wrote, unencrypted: keep it as you would keep
that. The key to the passwords of mailboxes and channels is in key.json, sealed with a
passphrase; where that file is missing, the key has to come from elsewhere.
`
