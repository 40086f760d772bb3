package logbook

import "github.com/jackc/pgx/v5"

// The statements, for tests of their plans.
const (
	ReadPageSQL  = readPage
	ReadOfOneSQL = readOfOne
)

// Arguments are those of the first page.
func Arguments(f Filter) pgx.NamedArgs { return f.namedArguments(Place{}, maxScanned) }
