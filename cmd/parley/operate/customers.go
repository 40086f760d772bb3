package operate

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bot/web"
	"parley/bridge"
	"parley/store"
)

const (
	maxFaults = 100  // that a report has
	batchRows = 1000 // that one transaction stores
)

// Report says what a file has.
type Report struct {
	Customers int64
	Faults    []Fault // the first ones
	More      int64   // further faults
	Written   string  // "UTF-8, separated by semicolons"
}

// Check reads a file, and changes nothing.
func Check(src io.ReadSeeker) (Report, error) {
	f, err := inspect(src)
	if err != nil {
		return reportOf(Report{}, err)
	}
	return f.check()
}

// reportOf adds what keeps the whole file, or its rest, from being read.
func reportOf(r Report, err error) (Report, error) {
	if fault, ok := err.(*Fault); ok { //nolint:errorlint // it isn't wrapped
		r.Faults = append(r.Faults, *fault)
		return r, nil
	}
	return r, err
}

func (f *file) check() (Report, error) {
	commas := map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs"}
	r := Report{Written: f.words + ", separated by " + commas[f.comma]}
	err := f.rows(func(_ int64, _ store.ImportedCustomer, fault *Fault) error {
		switch {
		case fault == nil:
			r.Customers++
		case len(r.Faults) < maxFaults:
			r.Faults = append(r.Faults, *fault)
		default:
			r.More++
		}
		return nil
	})
	return reportOf(r, err)
}

// Import stores a file, if nothing is wrong with it. If it is interrupted, the same file goes on where it was.
func Import(ctx context.Context, pool *pgxpool.Pool, src io.ReadSeeker) (Report, error) {
	f, err := inspect(src)
	if err != nil {
		return reportOf(Report{}, err)
	}
	report, err := f.check()
	if err != nil || len(report.Faults) > 0 {
		return report, err
	}
	in, err := store.BeginImport(ctx, pool, f.hash)
	if err != nil {
		return report, err
	}

	b := batch{ctx: ctx, pool: pool, in: in, has: f.has}
	err = f.rows(func(line int64, row store.ImportedCustomer, fault *Fault) error {
		if fault != nil {
			return fault // the file has changed since it was checked
		}
		return b.add(line, row)
	})
	if err != nil {
		return report, err
	}
	return report, b.store(true)
}

// batch collects the rows of a transaction, no two of which have the same address.
type batch struct {
	ctx   context.Context //nolint:containedctx // it lives as long as one call of Import
	pool  *pgxpool.Pool
	in    *store.CustomerImport
	has   store.ImportColumns
	rows  []store.ImportedCustomer
	taken map[string]bool
	line  int64 // of the last row
}

func (b *batch) add(line int64, row store.ImportedCustomer) error {
	if line <= b.in.Line { // stored before it was interrupted
		return nil
	}
	isFull := len(b.rows) == batchRows
	for _, a := range row.Addresses {
		isFull = isFull || b.taken[a.Address]
	}
	if isFull {
		if err := b.store(false); err != nil {
			return err
		}
	}
	if b.taken == nil {
		b.taken = map[string]bool{}
	}
	for _, a := range row.Addresses {
		b.taken[a.Address] = true
	}
	b.rows, b.line = append(b.rows, row), line
	return nil
}

func (b *batch) store(isLast bool) error {
	line := max(b.line, b.in.Line)
	err := pgx.BeginFunc(b.ctx, b.pool, func(tx pgx.Tx) error {
		return store.ImportCustomers(b.ctx, tx, b.in, b.rows, b.has, line, isLast)
	})
	b.in.Line = line
	b.rows, b.taken = b.rows[:0], nil
	return err
}

// Undo takes the last import back. It returns false if there is none.
func Undo(ctx context.Context, pool *pgxpool.Pool) (undone bool, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		undone, err = store.UndoImport(ctx, tx)
		return err
	})
	return undone, err
}

// Export writes all records that have an address as CSV, as Import reads it.
func Export(ctx context.Context, q store.Querier, to io.Writer) error {
	fields, err := store.CustomerFields(ctx, q, maxColumns-1-len(bridge.RecordFields()))
	if err != nil {
		return err
	}
	w := csv.NewWriter(to)
	write := func(cells []string) error {
		for i := range cells {
			cells[i] = web.Cell(cells[i])
		}
		return w.Write(cells)
	}
	head := []string{columnAddress}
	for _, f := range bridge.RecordFields() {
		head = append(head, f.Key)
	}
	if err := write(append(head, fields...)); err != nil {
		return err
	}

	const page = 500
	for after := store.RecordID(0); ; {
		list, err := store.FindCustomers(ctx, q, "", after, page)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			w.Flush()
			return w.Error()
		}
		ids := make([]store.RecordID, len(list))
		for i := range list {
			ids[i] = list[i].ID
		}
		after = ids[len(ids)-1]
		addresses, err := store.AddressesOf(ctx, q, ids...)
		if err != nil {
			return err
		}
		words := map[store.RecordID][]string{}
		for _, a := range addresses {
			words[a.RecordID] = append(words[a.RecordID], AddressWords(a))
		}
		for _, c := range list {
			if len(words[c.ID]) == 0 {
				continue
			}
			row := []string{strings.Join(words[c.ID], "; ")}
			for _, f := range bridge.RecordFields() {
				row = append(row, bridge.RecordValue(c, f.Key))
			}
			for _, name := range fields {
				row = append(row, c.Fields[name])
			}
			if err := write(row); err != nil {
				return err
			}
		}
	}
}

// AddressWords writes an address as ReadAddresses reads it.
func AddressWords(a store.CustomerAddress) string {
	if a.Name == "" {
		return a.Address
	}
	return fmt.Sprintf("%s <%s>", strings.NewReplacer(";", ",", "<", "(", ">", ")").Replace(a.Name), a.Address)
}
