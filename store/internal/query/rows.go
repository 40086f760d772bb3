package query

import "github.com/jackc/pgx/v5"

// Rows scans rows by column name, as pgx.CollectRows does with pgx.RowToStructByName. That finds the field
// of each column anew for each row, which costs as much as scanning it; Rows does so for the first row alone.
func Rows[T any](rows pgx.Rows) ([]T, error) {
	var row *T // every row is scanned into this one, and copied
	var first targets
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (T, error) {
		var err error
		if row == nil {
			first.CollectableRow = r
			row, err = pgx.RowToAddrOfStructByName[T](&first)
		} else {
			*row = *new(T) // else two rows could share what a pointer or a list points to
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
