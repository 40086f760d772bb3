package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bot/web"
	"parley/bot/web/settings"
	"parley/bridge"
	"parley/cmd/parley/operate"
	"parley/store"
)

// customersDesk implements customers.Desk, the interface of the pages about customers.
type customersDesk struct{ o Options }

// FindCustomers returns records with their addresses.
func (d *customersDesk) FindCustomers(ctx context.Context, words string, after store.RecordID, limit int) ([]settings.Record, error) {
	found, err := store.FindCustomers(ctx, d.o.Pool, words, after, limit)
	if err != nil {
		return nil, err
	}
	return d.withAddresses(ctx, found)
}

func (d *customersDesk) withAddresses(ctx context.Context, found []store.Customer) ([]settings.Record, error) {
	ids := make([]store.RecordID, len(found))
	list := make([]settings.Record, len(found))
	for i, c := range found {
		ids[i] = c.ID
		list[i] = settings.Record{ID: c.ID, Known: map[string]string{}, Fields: c.Fields}
		for _, f := range bridge.RecordFields() {
			list[i].Known[f.Key] = bridge.RecordValue(c, f.Key)
		}
	}
	addresses, err := store.AddressesOf(ctx, d.o.Pool, ids...)
	words := map[store.RecordID][]string{}
	for _, a := range addresses {
		words[a.RecordID] = append(words[a.RecordID], operate.AddressWords(a))
	}
	for i := range list {
		list[i].Addresses = strings.Join(words[list[i].ID], "; ")
	}
	return list, err
}

// Customer returns a record; nil if there is none.
func (d *customersDesk) Customer(ctx context.Context, id store.RecordID) (*settings.Record, error) {
	found, err := store.FindCustomers(ctx, d.o.Pool, "", id-1, 1)
	if err != nil || len(found) == 0 || found[0].ID != id {
		return nil, err
	}
	list, err := d.withAddresses(ctx, found)
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// CustomerHistory returns the notes on a customer, and the latest conversations that viewer may read.
func (d *customersDesk) CustomerHistory(
	ctx context.Context, viewer store.AgentID, id store.RecordID,
) (notes []settings.Note, conversations []settings.Conversation, err error) {
	const shown = 50
	found, err := store.CustomerNotes(ctx, d.o.Pool, id, shown)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range found {
		notes = append(notes, settings.Note{At: n.At, By: n.Author, Text: n.Text})
	}

	const nobody = 0
	ids, err := store.ConversationsOfCustomer(ctx, d.o.Pool, id, nobody, shown)
	if err != nil {
		return nil, nil, err
	}
	if ids, err = d.o.readable(ctx, viewer, ids); err != nil {
		return nil, nil, err
	}
	rows, err := store.Conversations(ctx, d.o.Pool, ids...)
	for _, c := range rows {
		conversations = append(conversations, settings.Conversation{ID: c.ID, Subject: c.Subject, Status: c.Status, At: c.LastAt})
	}
	slices.SortFunc(conversations, func(a, b settings.Conversation) int { return b.At.Compare(a.At) })
	return notes, conversations, err
}

func badCustomer(text, hint string) *bridge.Problem {
	return &bridge.Problem{Code: "bad_customer", Text: text, Hint: hint}
}

// readRecord reads what was typed.
func readRecord(r settings.Record) (store.Customer, []store.CustomerAddress, error) {
	c := store.Customer{ID: r.ID, Fields: r.Fields}
	for _, f := range bridge.RecordFields() {
		if _, problem := bridge.SetRecordValue(&c, f.Key, r.Known[f.Key]); problem != nil {
			return c, nil, problem
		}
	}
	addresses, fault := operate.ReadAddresses(r.Addresses)
	if fault != nil {
		return c, nil, badCustomer(fault.What+".", fault.Do)
	}
	if c.Name == "" && len(addresses) == 0 {
		return c, nil, badCustomer("The record has neither a name nor an address.", "Type one of them.")
	}
	return c, addresses, nil
}

// SaveCustomer replaces a record, or adds one.
func (d *customersDesk) SaveCustomer(ctx context.Context, by web.Person, r settings.Record) (id store.RecordID, err error) {
	c, addresses, err := readRecord(r)
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, d.o.Pool, func(tx pgx.Tx) error {
		deed := "~ customer %d is changed"
		if id = c.ID; id == 0 {
			deed = "+ customer %d is added"
			if id, err = store.AddCustomer(ctx, tx, c); err != nil {
				return err
			}
		} else if err := store.SaveCustomer(ctx, tx, c); err != nil {
			return err
		}
		if err := replaceAddresses(ctx, tx, id, addresses); err != nil {
			return err
		}
		return logChange(ctx, tx, by, fmt.Sprintf(deed, id))
	})
	return id, err
}

// replaceAddresses makes these the only addresses of a record. It returns a *bridge.Problem if another record has one.
func replaceAddresses(ctx context.Context, tx pgx.Tx, id store.RecordID, addresses []store.CustomerAddress) error {
	former, err := store.AddressesOf(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, a := range former {
		if !slices.ContainsFunc(addresses, func(b store.CustomerAddress) bool { return b.Address == a.Address }) {
			if err := store.DropAddress(ctx, tx, a.Address); err != nil {
				return err
			}
		}
	}
	for i := range addresses {
		addresses[i].RecordID = id
		const others = 2
		owners, err := store.CustomersAt(ctx, tx, []string{addresses[i].Address}, others)
		if err != nil {
			return err
		}
		if len(owners) > 0 && owners[0].ID != id {
			return badCustomer(addresses[i].Address+" belongs to another record.", fmt.Sprintf("Take it out there first: customer %d.",
				owners[0].ID))
		}
	}
	return store.SetAddresses(ctx, tx, addresses...)
}

// NoteCustomer adds a note.
func (d *customersDesk) NoteCustomer(ctx context.Context, by web.Person, id store.RecordID, text string) error {
	now, err := store.Now(ctx, d.o.Pool)
	if err != nil {
		return err
	}
	return store.AddCustomerNote(ctx, d.o.Pool, id, store.CustomerNote{AgentID: by.ID, At: now, Text: text})
}

// DropCustomer removes a record.
func (d *customersDesk) DropCustomer(ctx context.Context, by web.Person, id store.RecordID) error {
	if err := store.DropCustomer(ctx, d.o.Pool, id); err != nil {
		return err
	}
	return logChange(ctx, d.o.Pool, by, fmt.Sprintf("- customer %d is removed", id))
}

// ImportCustomers checks or imports a file.
func (d *customersDesk) ImportCustomers(ctx context.Context, by web.Person, file io.ReadSeeker, onlyCheck bool) (settings.Report, error) {
	var found operate.Report
	var err error
	if onlyCheck {
		found, err = operate.Check(file)
	} else {
		found, err = operate.Import(ctx, d.o.Pool, file)
	}
	report := settings.Report{Customers: found.Customers, Written: found.Written, More: found.More}
	for _, f := range found.Faults {
		report.Faults = append(report.Faults, settings.Fault(f))
	}
	report.Imported = err == nil && !onlyCheck && len(found.Faults) == 0
	if report.Imported {
		err = logChange(ctx, d.o.Pool, by, fmt.Sprintf("~ %d customers are imported", found.Customers))
	}
	if errors.Is(err, store.ErrImportMoved) {
		report.Faults, report.Imported = []settings.Fault{{What: "another import goes on",
			Do: "Wait until it is done, then send the file again."}}, false
		err = nil
	}
	return report, err
}

// UndoCustomers takes the last import back.
func (d *customersDesk) UndoCustomers(ctx context.Context, by web.Person) (bool, error) {
	undone, err := operate.Undo(ctx, d.o.Pool)
	if err != nil || !undone {
		return undone, err
	}
	return true, logChange(ctx, d.o.Pool, by, "~ the last import of customers is taken back")
}

// LastCustomers says what was imported last.
func (d *customersDesk) LastCustomers(ctx context.Context) (string, error) {
	last, err := store.LastImport(ctx, d.o.Pool)
	switch {
	case err != nil || last == nil:
		return "", err
	case last.DoneAt == nil:
		return fmt.Sprintf("It was interrupted behind %d customers. Send the same file again: it goes on there.", last.Customers), nil
	}
	at := last.DoneAt.UTC().Format("2006-01-02 15:04 UTC")
	return fmt.Sprintf("Customers: %d, on %s. Imports before it can't be taken back.", last.Customers, at), nil
}

// ExportCustomers writes all records as CSV.
func (d *customersDesk) ExportCustomers(ctx context.Context, by web.Person, w io.Writer) error {
	if err := logChange(ctx, d.o.Pool, by, "~ all customers are exported"); err != nil {
		return err
	}
	return operate.Export(ctx, d.o.Pool, w)
}
