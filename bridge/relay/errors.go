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

// maxConflicts is how often a batch is retried at once after conflicts with other transactions.
const maxConflicts = 5

// isConflict reports whether concurrent transactions caused an error, so that a retry may succeed.
func isConflict(err error) bool {
	return errors.Is(err, ErrAgain) || store.IsConflict(err) || store.IsLost(err)
}

// isTransient reports whether an error was caused by the database and not by the event that was applied: the
// database can't be reached, ends its sessions, is out of resources, or had a conflict. A connection that
// breaks without a message from the server doesn't count, because the event itself may have crashed the server.
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

// isWithoutConnection reports whether the server refused a connection because it has reached its maximum.
func isWithoutConnection(err error) bool {
	const tooManyConnections = "53300"
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == tooManyConnections
}

// isRefusal reports whether the database rejected the values that it was given, so that a retry can't succeed.
// It returns false if the database can't be reached or doesn't answer.
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

// isUnencodable reports whether a value could not be encoded, so that no statement was sent.
func isUnencodable(err error) bool {
	if batch, ok := errors.AsType[pgx.ErrPreprocessingBatch](err); ok {
		return strings.HasPrefix(batch.Error(), "error preprocessing batch (build)")
	}
	var value *json.UnsupportedValueError
	var marshal *json.MarshalerError
	return errors.As(err, &value) || errors.As(err, &marshal)
}
