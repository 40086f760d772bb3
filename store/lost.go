package store

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrLost means that the caller's queues or lanes were given to another process meanwhile.
var ErrLost = errors.New("store: lost to another process")

// lostCode is the SQLSTATE that the SQL function parley_require raises.
const lostCode = "PY001"

// IsLost says whether an error means that a row was no longer the caller's to write.
func IsLost(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, ErrLost) || errors.As(err, &pg) && pg.Code == lostCode
}
