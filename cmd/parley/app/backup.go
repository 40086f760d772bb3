package app

import "path/filepath"

// IsEmbedded reports whether the database is the embedded server, in PARLEY_DATA.
func (db *Database) IsEmbedded() bool { return db.server != nil }

// URL returns the address of the database. It may contain a password.
func (db *Database) URL() string { return db.url }

// BinDir returns the directory of the embedded server's programs; "" if it isn't known, or for an external server.
func (db *Database) BinDir() string {
	if db.server == nil {
		return ""
	}
	return db.server.BinDir()
}

// backupFolder is the name of the directory with backups in the data directory.
const backupFolder = "backups"

// BackupFolder returns the directory of the data directory for backups. The list of erasures is in it, too.
func BackupFolder(env Env) string { return filepath.Join(env.Data, backupFolder) }
