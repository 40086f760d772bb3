package relay

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parley/store"
)

// maxConflicts is how often a batch is begun again after a conflict with other transactions.
const maxConflicts = 5

// isConflict reports whether an error came from what others did at the same time, so that trying again may succeed.
func isConflict(err error) bool {
	return errors.Is(err, ErrAgain) || store.IsConflict(err) || store.IsLost(err)
}

// isTransient reports whether the database, not the event, is the cause: it can't be reached, ends its sessions, has no room,
// or others were faster. A connection that breaks off without a word of the server isn't among these, since the event may
// have made the server crash.
func isTransient(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		var connect *pgconn.ConnectError
		return errors.As(err, &connect)
	}
	const starting = "57P03"
	if pg.Code == starting || store.IsLost(err) {
		return true
	}
	// Classes of SQLSTATE: transaction rollback, insufficient resources, system error.
	return slices.Contains([]string{"40", "53", "58"}, pg.Code[:2])
}

// isWithoutConnection reports whether the server refused a connection because it has as many as it takes.
func isWithoutConnection(err error) bool {
	const tooManyConnections = "53300"
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == tooManyConnections
}

// isRefusal reports whether the database doesn't take what it was given, and never will. It says no where the
// database can't be reached or does not answer.
func isRefusal(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return isUnencodable(err)
	}
	// Classes of SQLSTATE: cardinality violation, data exception, integrity constraint violation, program limit exceeded,
	// PL/pgSQL error, internal error.
	switch pg.Code[:2] {
	case "21", "22", "23", "54", "P0", "XX":
		return true
	}
	return false
}

// isUnencodable reports whether no statement could be made of what was to be written.
func isUnencodable(err error) bool {
	if batch, ok := errors.AsType[pgx.ErrPreprocessingBatch](err); ok {
		return strings.HasPrefix(batch.Error(), "error preprocessing batch (build)")
	}
	var value *json.UnsupportedValueError
	var marshal *json.MarshalerError
	return errors.As(err, &value) || errors.As(err, &marshal)
}
