package store

import (
	"embed"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// MigrationFiles returns the embedded migrations, in the folder migrations. Package schema applies them.
func MigrationFiles() fs.FS { return migrations }
