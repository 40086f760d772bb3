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

// conflicts is how often a batch is begun again because of what others did.
const conflicts = 5

// conflicting says that an error came from what others did at the same time, so that trying again may
// succeed.
func conflicting(err error) bool {
	if errors.Is(err, ErrAgain) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code == "40P01" || pg.Code == "40001" || store.IsLost(err)
}

// transient says that the database, not the event, is the cause: it can't be reached, has no room,
// or others were faster. A session that ends is no such cause, since the event may have ended it.
func transient(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		var connect *pgconn.ConnectError
		return errors.As(err, &connect)
	}
	const starting = "57P03"
	return pg.Code == starting || store.IsLost(err) || slices.Contains([]string{"40", "53", "58"}, pg.Code[:2])
}

// refused says that the database doesn't take what it was given, and never will. It says no where the
// database can't be reached or does not answer.
func refused(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return unencodable(err)
	}
	switch pg.Code[:2] {
	case "21", "22", "23", "54", "P0", "XX":
		return true
	}
	return false
}

// unencodable says that no statement could be made of what was to be written.
func unencodable(err error) bool {
	var batch pgx.ErrPreprocessingBatch
	if errors.As(err, &batch) {
		return strings.HasPrefix(batch.Error(), "error preprocessing batch (build)")
	}
	var value *json.UnsupportedValueError
	var marshal *json.MarshalerError
	return errors.As(err, &value) || errors.As(err, &marshal)
}
