package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
)

// customersCommand is `parley customers`: what the company knows of its customers, which profiles show, and by which rules can decide who
// gets their conversations.
type customersCommand struct {
	Import importCustomersCommand `cmd:"" default:"withargs" help:"Import a CSV file."`
	Export exportCustomersCommand `cmd:"" help:"Write all records into a CSV file."`
	Undo   undoCustomersCommand   `cmd:"" help:"Take the last import back."`
}

type importCustomersCommand struct {
	File  string `arg:"" help:"The CSV file." type:"existingfile"`
	Check bool   `help:"Only say what is wrong with it."`
}

// Help is shown by `parley customers import --help`.
func (importCustomersCommand) Help() string {
	return `The first line names the columns: address, name, salesman, brands, assignees, visible; any other is a field ` +
		`of the customer's record. ` +
		`Addresses are those by which the customer writes, separated by semicolons, or @shop.example for all of a mail domain. ` +
		`A salesman is an agent's e-mail address. Brands are separated by semicolons. ` +
		`Assignees are agents who get the customer's conversations before all rules: e-mail addresses, separated by semicolons. ` +
		`Visible are agents who alone may read the customer's new conversations. ` +
		`A line replaces what is known of its addresses, but for columns that the file lacks; other customers stay. ` +
		`The file may be UTF-8, UTF-16 or Windows-1252, and separated by commas, semicolons or tabs. ` +
		`Nothing is imported if a line is wrong. If it is interrupted, the same command goes on where it was.

Example:
  address,name,salesman,brands,account_manager
  ann@shop.example; +49301234,Ann of Berlin Lamps,ben@acme.test,Bosch;Braun,Lea Roth`
}

// Run checks the file, and imports it unless a line is wrong.
func (c importCustomersCommand) Run(ctx context.Context) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	report, err := operate.Check(f)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if len(report.Faults) > 0 {
		for _, fault := range report.Faults {
			printRemark(fault.Error())
		}
		return fmt.Errorf("%s: lines that are wrong: %d; nothing was imported", c.File, int64(len(report.Faults))+report.More)
	}
	if c.Check {
		printRemark(fmt.Sprintf("%d customers can be imported (%s).", report.Customers, report.Written))
		return nil
	}
	return withDatabase(ctx, databaseUse{}, func(ctx context.Context, _ app.Env, db *app.Database, _ *slog.Logger) error {
		report, err := operate.Import(ctx, db.Pool, f)
		if err == nil {
			printRemark(fmt.Sprintf("%d customers imported.", report.Customers))
		}
		return err
	})
}

type exportCustomersCommand struct {
	File string `arg:"" help:"The CSV file to write; it must not exist." type:"path"`
}

// Run writes the file. If that fails, it removes the file.
func (c exportCustomersCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, databaseUse{readOnly: true}, func(ctx context.Context, _ app.Env, db *app.Database, _ *slog.Logger) error {
		f, err := os.OpenFile(c.File, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(operate.Export(ctx, db.Pool, f), f.Sync(), f.Close()); err != nil {
			return errors.Join(err, os.Remove(c.File))
		}
		return nil
	})
}

type undoCustomersCommand struct{}

// Run takes the last import back.
func (undoCustomersCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, databaseUse{}, func(ctx context.Context, _ app.Env, db *app.Database, _ *slog.Logger) error {
		undone, err := operate.Undo(ctx, db.Pool)
		if err == nil && !undone {
			err = errors.New("there is no import to take back")
		}
		if err == nil {
			printRemark("The last import is taken back. What somebody has changed since stays.")
		}
		return err
	})
}
