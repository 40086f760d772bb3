package store

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// lostCode is the SQLSTATE that the SQL function parley_require raises.
const lostCode = "PY001"

// IsLost returns whether an error means that a row was no longer the caller's to write.
func IsLost(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == lostCode
}

// IsConflict reports whether PostgreSQL ended a transaction because of another one: the same statements may succeed when they
// run again.
func IsConflict(err error) bool {
	const deadlock, serializationFailure = "40P01", "40001"
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == deadlock || pg.Code == serializationFailure)
}
