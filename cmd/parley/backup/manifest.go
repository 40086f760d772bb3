package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"parley/store"
)

// formatVersion is the format that this binary writes and the newest that it reads.
const formatVersion = 1

// Names of the archive's entries.
const (
	readmeEntry   = "README.txt"
	dumpEntry     = "database.dump"
	manifestEntry = "manifest.json"
	keyEntry      = "key.json"
)

// Manifest describes a backup.
type Manifest struct {
	Format    int              `json:"format"`
	Parley    string           `json:"parley"`    // the version that made it
	Company   string           `json:"company"`   // whose it is
	TakenAt   time.Time        `json:"taken_at"`  // the snapshot's time, database's clock
	Schema    int64            `json:"schema"`    // the newest migration that was applied
	Namespace string           `json:"namespace"` // the PostgreSQL schema of the tables
	Server    int              `json:"postgres"`  // the server's major version
	Tools     int              `json:"pg_dump"`   // pg_dump's major version
	Rows      map[string]int64 `json:"rows"`      // by table
	DumpBytes int64            `json:"dump_bytes"`
	DumpSHA   string           `json:"dump_sha256"`
	KeyCheck  []byte           `json:"key_check,omitempty"`  // a value encrypted with the newest master key, to recognise the key
	OldChecks [][]byte         `json:"old_checks,omitempty"` // the same of the master keys before it, which older secrets need
	HasKey    bool             `json:"has_key"`
}

// ErrNewer means that a backup was made by a Parley that is newer than this one.
var ErrNewer = errors.New("backup: made by a newer Parley")

// parseManifest reads a manifest.
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

// isComplete reports whether a manifest has all that a restore needs.
func (m *Manifest) isComplete() bool {
	hasVersions := m.Format >= 1 && m.Schema >= 1
	hasDump := len(m.DumpSHA) == hex.EncodedLen(sha256.Size) && len(m.Rows) > 0
	return hasVersions && hasDump && m.Namespace != "" && !m.TakenAt.IsZero()
}

// fits reports whether the backup's secrets can be opened with the keys of a sealer.
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
