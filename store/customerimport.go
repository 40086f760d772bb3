package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// A file of customers is imported in batches. Each is one transaction, which also says up to which line the file is stored. So an import
// that was interrupted goes on where it was when the same file is given again. What it replaces is kept until the next import.

// CustomerImport is the import of a file.
type CustomerImport struct {
	ID        int64      `db:"id"`
	Hash      string     `db:"hash"` // SHA-256 of the file
	Line      int64      `db:"line"` // up to which it is stored
	Customers int64      `db:"customers"`
	BegunAt   time.Time  `db:"begun_at"`
	DoneAt    *time.Time `db:"done_at"`
}

// ErrImportMoved means that somebody else imports the same file, or has begun to import another one.
var ErrImportMoved = errors.New("store: another import goes on")

const lastImport = `SELECT id, hash, line, customers, begun_at, done_at FROM customer_imports ORDER BY id DESC LIMIT 1`

// LastImport returns the latest import; nil if there was none.
func LastImport(ctx context.Context, q Querier) (*CustomerImport, error) {
	list, err := query.Collect[CustomerImport](ctx, q, "last import", lastImport)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

const beginImport = `
	WITH undo AS (DELETE FROM customer_undo), former AS (DELETE FROM customer_imports)
	INSERT INTO customer_imports (hash) VALUES ($1) RETURNING id, hash, line, customers, begun_at, done_at`

// BeginImport begins to import a file, or returns the latest import if that is of the same file and was interrupted.
func BeginImport(ctx context.Context, q Querier, hash string) (*CustomerImport, error) {
	last, err := LastImport(ctx, q)
	if err != nil || last != nil && last.DoneAt == nil && last.Hash == hash {
		return last, err
	}
	list, err := query.Collect[CustomerImport](ctx, q, "begin import", beginImport, hash)
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// ImportedCustomer is a line of a file: a record with its addresses, the first of which isn't "".
type ImportedCustomer struct {
	Customer
	Addresses []CustomerAddress // without RecordID
}

// ImportColumns says which columns a file has. The others of a record stay as they are.
type ImportColumns struct{ Name, Salesman, Brands, Assignees, Visible bool }

const moveImport = `
	UPDATE customer_imports
	SET line = $3, customers = customers + $4, done_at = CASE WHEN $5 THEN parley_now() END
	WHERE id = $1 AND line = $2 AND done_at IS NULL
	RETURNING id`

const ownersOfAddresses = `SELECT address, record_id FROM customer_addresses WHERE address = ANY($1) ORDER BY address FOR UPDATE`

const newRecordIDs = `SELECT nextval(pg_get_serial_sequence('customer_records', 'id')) FROM generate_series(1, $1)`

const keepUndo = `
	INSERT INTO customer_undo (import_id, address, was_record, was_name, record_id, was)
	SELECT $1, given.address, owned.record_id, coalesce(owned.name, ''), given.record_id, to_jsonb(record)
	FROM json_populate_recordset(NULL::customer_addresses, $2) AS given
	LEFT JOIN customer_addresses AS owned ON owned.address = given.address
	LEFT JOIN customer_records AS record ON record.id = given.record_id
	ON CONFLICT DO NOTHING`

const importCustomers = `
	INSERT INTO customer_records AS record (id, name, salesman, brands, fields, assignees, visible_to, import_id)
	SELECT id, name, salesman, brands, fields, assignees, visible_to, $2::bigint
	FROM json_populate_recordset(NULL::customer_records, $1) ORDER BY id
	ON CONFLICT (id) DO UPDATE SET
		name = CASE WHEN $3 THEN EXCLUDED.name ELSE record.name END,
		salesman = CASE WHEN $4 THEN EXCLUDED.salesman ELSE record.salesman END,
		brands = CASE WHEN $5 THEN EXCLUDED.brands ELSE record.brands END,
		assignees = CASE WHEN $6 THEN EXCLUDED.assignees ELSE record.assignees END,
		visible_to = CASE WHEN $7 THEN EXCLUDED.visible_to ELSE record.visible_to END,
		fields = (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(record.fields || EXCLUDED.fields) WHERE value <> '""'),
		import_id = EXCLUDED.import_id`

// linkImported keeps the name that colleagues gave to an address.
const linkImported = `
	INSERT INTO customer_addresses AS owned (address, record_id, name)
	SELECT address, record_id, name FROM json_populate_recordset(NULL::customer_addresses, $1) ORDER BY address
	ON CONFLICT (address) DO UPDATE SET record_id = EXCLUDED.record_id, name = coalesce(nullif(EXCLUDED.name, ''), owned.name)`

// ImportCustomers stores the lines of a file behind the line up to which it is stored, and up to line. No two rows may have the same
// address. isLast says that the file ends there. Error: ErrImportMoved.
func ImportCustomers(
	ctx context.Context, tx pgx.Tx, in *CustomerImport, rows []ImportedCustomer, has ImportColumns, line int64, isLast bool,
) error {
	moved, err := query.Column[int64](ctx, tx, "move import", moveImport, in.ID, in.Line, line, len(rows), isLast)
	if err != nil {
		return err
	}
	if len(moved) == 0 {
		return ErrImportMoved
	}

	for len(rows) > 0 {
		n, err := importRows(ctx, tx, in.ID, rows, has)
		if err != nil {
			return fmt.Errorf("lines up to %d: %w", line, err)
		}
		rows = rows[n:]
	}
	return nil
}

// importRows stores the first rows, and returns how many: a row of a record that one of them has written waits for the next call.
func importRows(ctx context.Context, tx pgx.Tx, id int64, rows []ImportedCustomer, has ImportColumns) (int, error) {
	var addresses []string
	for _, r := range rows {
		for _, a := range r.Addresses {
			addresses = append(addresses, a.Address)
		}
	}
	owners, err := query.Map[string, RecordID](ctx, tx, "owners of addresses", ownersOfAddresses, orEmpty(addresses))
	if err != nil {
		return 0, err
	}
	fresh, err := query.Column[RecordID](ctx, tx, "record ids", newRecordIDs, len(rows))
	if err != nil {
		return 0, err
	}

	var records []Customer
	var links []CustomerAddress
	written := map[RecordID]bool{}
	for i, r := range rows {
		r.ID = fresh[i]
		for _, a := range slices.Backward(r.Addresses) {
			r.ID = cmp.Or(owners[a.Address], r.ID)
		}
		if written[r.ID] {
			break
		}
		written[r.ID] = true
		records = append(records, r.filled())
		for _, a := range r.Addresses {
			links = append(links, CustomerAddress{Address: a.Address, RecordID: r.ID, Name: a.Name})
		}
	}

	linked, err := query.JSON(links)
	if err != nil {
		return 0, err
	}
	body, err := query.JSON(records)
	if err != nil {
		return 0, err
	}
	if err := query.Exec(ctx, tx, "keep undo", keepUndo, id, linked); err != nil {
		return 0, err
	}
	err = query.Exec(ctx, tx, "import customers", importCustomers, body, id, has.Name, has.Salesman, has.Brands, has.Assignees,
		has.Visible)
	if err != nil {
		return 0, err
	}
	return len(records), query.Exec(ctx, tx, "link imported", linkImported, linked)
}

const undoImport = `
	WITH addresses AS (
		UPDATE customer_addresses AS owned
		SET record_id = undo.was_record, name = undo.was_name
		FROM customer_undo AS undo
		WHERE undo.import_id = $1 AND undo.was_record IS NOT NULL AND owned.address = undo.address AND owned.record_id = undo.record_id
	), dropped AS (
		DELETE FROM customer_addresses AS owned
		USING customer_undo AS undo
		WHERE undo.import_id = $1 AND undo.was_record IS NULL AND owned.address = undo.address AND owned.record_id = undo.record_id
	), restored AS (
		UPDATE customer_records AS record
		SET name = was.name, salesman = was.salesman, brands = was.brands, fields = was.fields, assignees = was.assignees,
			visible_to = coalesce(was.visible_to, '{}'), import_id = was.import_id
		FROM customer_undo AS undo, jsonb_populate_record(NULL::customer_records, undo.was) AS was
		WHERE undo.import_id = $1 AND undo.was IS NOT NULL AND record.id = undo.record_id AND record.import_id = $1
	)
	DELETE FROM customer_records AS record
	USING customer_undo AS undo
	WHERE undo.import_id = $1 AND undo.was IS NULL AND record.id = undo.record_id AND record.import_id = $1
		AND NOT EXISTS (SELECT FROM customer_notes WHERE record_id = record.id)
		AND NOT EXISTS (SELECT FROM customer_addresses AS other WHERE other.record_id = record.id
			AND NOT EXISTS (SELECT FROM customer_undo AS same WHERE same.import_id = $1 AND same.address = other.address))`

const dropImport = `WITH undo AS (DELETE FROM customer_undo WHERE import_id = $1) DELETE FROM customer_imports WHERE id = $1`

// UndoImport takes the latest import back, whether it is done or was interrupted. Records that somebody has changed since, and addresses
// that were linked otherwise, stay as they are. It returns false if there is nothing to undo.
func UndoImport(ctx context.Context, tx pgx.Tx) (bool, error) {
	last, err := LastImport(ctx, tx)
	if err != nil || last == nil {
		return false, err
	}
	if err := query.Exec(ctx, tx, "undo import", undoImport, last.ID); err != nil {
		return false, err
	}
	return true, query.Exec(ctx, tx, "drop import", dropImport, last.ID)
}
