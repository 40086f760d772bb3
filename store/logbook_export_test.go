package store

import "github.com/jackc/pgx/v5"

// The statements, for tests of their plans.
const (
	LogPageSQL  = readPage
	LogOfOneSQL = readOfOne
)

// Arguments are those of the first page.
func LogArguments(f LogFilter) pgx.NamedArgs { return f.namedArguments(LogPlace{}, maxScanned) }
