package query

import "github.com/jackc/pgx/v5"

// Rows scans rows by column name, as pgx.CollectRows does with pgx.RowToStructByName. pgx finds the field of
// each column again for each row, which costs as much as scanning. Rows finds the fields only for the first row.
func Rows[T any](rows pgx.Rows) ([]T, error) {
	var row *T // every row is scanned into this one, and copied
	var first targets
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (T, error) {
		var err error
		if row == nil {
			first.CollectableRow = r
			row, err = pgx.RowToAddrOfStructByName[T](&first)
		} else {
			*row = *new(T) // otherwise rows could share the values of pointers and slices
			err = r.Scan(first.fields...)
		}
		return *row, err
	})
}

// targets remembers the fields into which a row was scanned.
type targets struct {
	pgx.CollectableRow
	fields []any
}

// Scan implements pgx.CollectableRow.
func (t *targets) Scan(fields ...any) error {
	t.fields = fields
	return t.CollectableRow.Scan(fields...)
}
