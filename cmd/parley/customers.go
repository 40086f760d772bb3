package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"unicode/utf8"

	"parley/channels"
	"parley/cmd/parley/app"
	"parley/store"
)

// customersCommand is `parley customers`. It imports what the company knows of its customers, by which rules can decide who gets their
// conversations.
type customersCommand struct {
	File string `arg:"" help:"The CSV file." type:"existingfile"`
}

// Help is shown by `parley customers --help`.
func (customersCommand) Help() string {
	return `The first line names the columns: address, salesman, brands, assignees; any other is a field of the customer's record. ` +
		`An address is one by which the customer writes, or @shop.example for all of a mail domain. ` +
		`A salesman is an agent's e-mail address. Brands are separated by semicolons. ` +
		`Assignees are agents who get the customer's conversations before all rules: e-mail addresses, separated by semicolons. ` +
		`A line replaces what is known of its address; others stay.

Example:
  address,salesman,brands,account_manager
  ann@shop.example,ben@acme.test,Bosch;Braun,Lea Roth`
}

// Run imports the file. It changes nothing if a line is wrong.
func (c customersCommand) Run(ctx context.Context) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	rows, err := readCustomers(f)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return withDatabase(ctx, databaseUse{}, func(ctx context.Context, _ app.Env, db *app.Database, _ *slog.Logger) error {
		if err := store.SaveCustomers(ctx, db.Pool, rows); err != nil {
			return err
		}
		printRemark(fmt.Sprintf("%d customers imported.", len(rows)))
		return nil
	})
}

// splitList splits a list at semicolons.
func splitList(value string) (list []string) {
	for item := range strings.SplitSeq(value, ";") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// readCustomers reads customers from CSV. Of several lines with the same address, the last counts.
func readCustomers(r io.Reader) ([]store.Customer, error) {
	lines, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("the file is empty: its first line names the columns")
	}

	var rows []store.Customer
	places := map[string]int{} // in rows, by address
	for n, line := range lines[1:] {
		c := store.Customer{Brands: []string{}, Fields: map[string]string{}, Assignees: []string{}}
		for i, value := range line {
			if !utf8.ValidString(value) || strings.Contains(value, "\x00") {
				return nil, fmt.Errorf("line %d: column %d isn't UTF-8 text: save the file as CSV UTF-8", n+2, i+1)
			}
			value = strings.TrimSpace(value)
			switch column := strings.TrimSpace(strings.TrimPrefix(lines[0][i], "\ufeff")); column {
			case "address":
				c.Address = channels.LowerAddress(value)
			case "salesman":
				c.Salesman = channels.LowerAddress(value)
			case "brands":
				c.Brands = append(c.Brands, splitList(value)...)
			case "assignees":
				c.Assignees = append(c.Assignees, splitList(channels.LowerAddress(value))...)
			default:
				c.Fields[column] = value
			}
		}

		if strings.Trim(c.Address, "@") == "" {
			return nil, fmt.Errorf("line %d: there is no address", n+2)
		}
		if place, isKnown := places[c.Address]; isKnown {
			rows[place] = c
			continue
		}
		places[c.Address] = len(rows)
		rows = append(rows, c)
	}
	return rows, nil
}
