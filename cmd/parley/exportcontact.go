package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"parley/cmd/parley/app"
)

// exportContactCommand is `parley export-contact`. It writes a copy of everything that Parley keeps about a contact, that
// is a customer, who has asked the company for it. kong, which parses the command line, fills the fields and calls Run.
type exportContactCommand struct {
	Contact string `arg:"" help:"Whom to export: an address, a phone number, or the id of a contact, such as contact:4821."`
	File    string `arg:"" help:"The zip file to write; it must not exist." type:"path"`
	All     bool   `help:"Export all contacts that match, such as one person in two mailboxes."`
}

// Help is shown by `parley export-contact --help`.
func (exportContactCommand) Help() string {
	return `Writes all data about a customer, from the same places that parley erase empties: ` +
		`contact.json with addresses, conversations, messages and notes, and their files. Changes nothing.

Example:
  parley export-contact ann@shop.example ann.zip`
}

// Run writes the zip file. If that fails, it removes the file. Missing attachments are only reported.
func (c exportContactCommand) Run(ctx context.Context) error {
	use := databaseUse{readOnly: true}
	return withDatabase(ctx, use, func(ctx context.Context, env app.Env, db *app.Database, _ *slog.Logger) error {
		contacts, err := findContacts(ctx, db, c.Contact, c.All)
		if err != nil {
			return err
		}

		f, err := os.OpenFile(c.File, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}

		missing, err := db.ExportContact(ctx, env, contacts, f)
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return errors.Join(err, os.Remove(c.File))
		}
		if len(missing) > 0 {
			printRemark(fmt.Sprintf("The object store doesn't have %d files: %s.", len(missing), strings.Join(missing, ", ")))
		}

		return nil
	})
}
