package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"parley/bridge"
	"parley/channels/wire"
	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/erase"
)

// eraseCommand is `parley erase`. It deletes everything that Parley keeps about a contact, that is a customer, and prints
// a certificate, which is a JSON document of what was deleted. An erasure has an id, is stored in the database, and may be
// interrupted: `parley erase` without arguments, or a running `parley serve`, continues it. parley serve is also needed to
// delete the posts about the contact in Slack and Teams. kong, which parses the command line, fills the fields and calls
// Run.
type eraseCommand struct {
	Contact     string `arg:"" optional:"" help:"Whom to erase: an address, a phone number, or the id of a contact, such as contact:4821. Or the id of an erasure, which is continued, or whose certificate is written again. Without it, all unfinished erasures are continued."`
	DryRun      bool   `help:"Change nothing: list every place with data about the contact, and how much there is."`
	All         bool   `help:"Erase all contacts that match, such as one person in two mailboxes."`
	By          string `placeholder:"NAME" help:"Who asked for the erasure, for the certificate. Default: the current user of this machine."`
	Certificate string `placeholder:"FILE" help:"Write the certificate to this file instead of the terminal." type:"path"`
	List        bool   `help:"Change nothing: print the list of erasures, which should be kept with copies of the database."`
}

// Help is shown by `parley erase --help`.
func (eraseCommand) Help() string {
	return `Removes a customer's messages, the replies to them, and all names and addresses, everywhere in the database: see ` +
		`docs/erase.md. It can't be undone. Works while parley serve runs. Open conversations are closed, and pending replies are not sent.

It may be interrupted at any time: parley serve continues it, and so does parley erase. ` +
		`The certificate says what was removed, and which threads of Slack or Teams still contain colleagues' own words.

Examples:
  parley erase ann@shop.example --dry-run
  parley erase +4915112345678 --by privacy@acme.test --certificate ann.json
  parley erase
  parley erase 6f0d8c1e-3b5a-4c7d-9e2f-1a2b3c4d5e6f --certificate ann.json
  parley erase --list > erasures.jsonl`
}

// Run erases a contact, continues erasures, or prints what --dry-run or --list ask for.
func (c eraseCommand) Run(ctx context.Context) error {
	use := databaseUse{readOnly: c.DryRun || c.List}
	return withDatabase(ctx, use, func(ctx context.Context, env app.Env, db *app.Database, _ *slog.Logger) error {
		if c.List {
			return printErasures(ctx, env, db)
		}
		if c.Contact == "" {
			return c.continueErasures(ctx, env, db)
		}

		isErasure, err := erase.Exists(ctx, db.Pool, c.Contact)
		if err != nil {
			return err
		}
		if isErasure && c.DryRun {
			return fmt.Errorf("%s is an erasure, of whose contact nothing is known: without --dry-run it goes on, "+
				"or its certificate is written",
				c.Contact)
		}
		if isErasure {
			return c.finish(ctx, env, db, c.Contact)
		}

		contacts, err := findContacts(ctx, db, c.Contact, c.All)
		if err != nil {
			return err
		}

		alike, err := erase.FindAlike(ctx, db.Pool, contacts)
		if err != nil {
			return err
		}
		if c.DryRun {
			found, err := erase.Count(ctx, db.Pool, contacts)
			if err != nil {
				return err
			}
			if err := printPlaces(os.Stdout, found); err != nil {
				return err
			}
			_, err = io.WriteString(os.Stdout, nameAlike(alike)+"\n")
			return err
		}
		printRemark(nameAlike(alike))

		id, err := erase.Begin(ctx, db.Erasing(env), contacts, cmp.Or(c.By, os.Getenv("USER"), "unknown"))
		if err != nil {
			return err
		}

		return c.finish(ctx, env, db, id)
	})
}

// printErasures updates the list of erasures and prints it. Users need it where they can't open the list's file, for
// example in a container.
func printErasures(ctx context.Context, env app.Env, db *app.Database) error {
	if err := db.KeepErasures(ctx, env); err != nil {
		return err
	}

	list, err := os.ReadFile(operate.ErasuresIn(app.BackupFolder(env)).Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the first erasure creates the file
		return err
	}

	_, err = os.Stdout.Write(list)
	return err
}

// findContacts finds the contacts that text identifies: an address, a phone number, or an id with erase.IDPrefix. If there
// are several, it returns them only if all is set; otherwise the error lists them.
func findContacts(ctx context.Context, db *app.Database, text string, all bool) ([]store.ContactID, error) {
	list, err := erase.FindContacts(ctx, db.Pool, text, bridge.AddressKey(text))
	if err != nil {
		return nil, err
	}

	ids := make([]store.ContactID, len(list))
	lines := []string{}
	for i, c := range list {
		ids[i] = c.ID
		lines = append(lines, describeContact(c))
	}

	if len(list) == 0 {
		return nil, fmt.Errorf("nobody is called %s: name an address, a number or a contact's id", text)
	}
	if isOnlyKey(text, list) {
		return nil, fmt.Errorf("no contact has the id %s, but an account calls somebody so:\n%s\nName whom you mean by the id, as %s%d", text,
			strings.Join(lines, "\n"), erase.IDPrefix, ids[0])
	}
	if len(list) > 1 && !all {
		return nil, fmt.Errorf("%s names %d contacts:\n%s\nName one by its id, as %s%d, or all of them with --all", text, len(list),
			strings.Join(lines, "\n"), erase.IDPrefix, ids[0])
	}

	return ids, nil
}

// isOnlyKey reports whether text is a number, such as 4821, that is neither the id nor a phone number of the contacts
// found by it. They were then found by the key under which an account, such as a shop, knows them. The user may have
// meant the id of a contact who is erased already, so the contacts found must not be erased instead.
func isOnlyKey(text string, found []erase.Contact) bool {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strings.HasPrefix(text, "+") {
		return false
	}
	return !slices.ContainsFunc(found, func(c erase.Contact) bool {
		isPhone := func(address string) bool { return strings.HasSuffix(address, ": +"+text) }
		return c.ID == store.ContactID(id) || slices.ContainsFunc(c.Addresses, isPhone)
	})
}

// continueErasures finishes interrupted erasures, and repeats those that restoring a backup has undone. If one of them
// fails or has to wait, it continues with the others.
func (c eraseCommand) continueErasures(ctx context.Context, env app.Env, db *app.Database) error {
	var faults []error
	repeated, err := db.AgreeErasures(ctx, env)
	faults = append(faults, err)
	for _, certificate := range repeated {
		if err := c.write(certificate); err != nil {
			return err
		}
	}

	unfinished, err := erase.ListUnfinished(ctx, db.Pool)
	faults = append(faults, err)
	for _, id := range unfinished {
		faults = append(faults, c.finish(ctx, env, db, id))
	}

	err = errors.Join(faults...)
	if err == nil && len(unfinished)+len(repeated) == 0 {
		printRemark("There is nothing to go on with. " +
			"For the certificate of an erasure that is done: parley erase ID; the ids are in parley erase --list.")
	}

	return err
}

// finish runs an erasure to its end and writes its certificate.
func (c eraseCommand) finish(ctx context.Context, env app.Env, db *app.Database, id string) error {
	o := db.Erasing(env)
	lastPlace := ""
	o.Say = func(place string, _ int64) error { // called for each batch of a place, but prints each place once
		if place != lastPlace {
			lastPlace = place
			printRemark("Erasing: " + place)
		}
		return ctx.Err()
	}

	certificate, err := erase.Run(ctx, o, id)
	if needsServe(err) {
		certificate, err = waitForServe(ctx, db, o, id)
	}
	if err != nil { // no parley serve may be running that would add it to the list
		if listErr := db.KeepErasures(context.WithoutCancel(ctx), env); listErr != nil {
			printRemark(fmt.Sprintf("It is not in the list of erasures yet: %v. Run parley erase to try again.", listErr))
		}
	}

	switch {
	case errors.Is(err, erase.ErrWaiting):
		return fmt.Errorf("something about the contact still waits to be applied or posted. Start parley serve, "+
			"which then goes on by itself, "+
			"or look at parley replay. When it is done, parley erase %s writes the certificate", id)
	case errors.Is(err, erase.ErrInChats):
		return fmt.Errorf("everything in the database is erased. What stands in Slack and Teams goes when parley serve runs; "+
			"then parley erase %s writes the certificate", id)
	case err != nil:
		return fmt.Errorf("%w\nRun parley erase %s to go on, or for the certificate once parley serve has done it", err, id)
	}

	if err := c.write(certificate); err != nil {
		return fmt.Errorf("it is done, but its certificate is not written: %w\nRun parley erase %s for the certificate", err, id)
	}
	if _, err := db.AgreeErasures(ctx, env); err != nil {
		return fmt.Errorf("it is done, but not in the list of erasures yet: %w\nRun parley erase to try again", err)
	}

	return nil
}

// needsServe reports whether an erasure has stopped because parley serve has to delete posts in chats, or is working on
// the same erasure.
func needsServe(err error) bool {
	return errors.Is(err, erase.ErrInChats) || errors.Is(err, erase.ErrBusy)
}

// waitForServe waits until parley serve has deleted the contact's posts in chats, or has finished the whole erasure.
// Errors: those of erase.Run; among them ErrInChats if no parley serve is running.
func waitForServe(ctx context.Context, db *app.Database, o erase.Options, id string) (erase.Certificate, error) {
	printRemark("Waiting for parley serve, which takes posts out of Slack and Teams. This may be ended: it goes on. " +
		"The certificate: parley erase " + id)

	for {
		certificate, err := erase.Run(ctx, o, id)
		if !needsServe(err) {
			return certificate, err
		}

		isServed, servedErr := erase.IsRemoverRunning(ctx, db.Pool)
		if servedErr != nil {
			return certificate, errors.Join(servedErr, err)
		}
		if errors.Is(err, erase.ErrInChats) && !isServed {
			return certificate, err
		}
		if !wire.For(ctx, time.Second) {
			return certificate, ctx.Err()
		}
	}
}

// write prints a certificate, or appends it to the file that --certificate names.
func (c eraseCommand) write(certificate erase.Certificate) error {
	body, err := json.MarshalIndent(certificate, "", "  ")
	if err != nil {
		return err
	}

	body = append(body, '\n')
	if c.Certificate == "" {
		_, err = os.Stdout.Write(body)
		return err
	}

	// Several erasures may be finished by one command, so certificates are appended.
	f, err := os.OpenFile(c.Certificate, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}

	_, err = f.Write(body)
	return errors.Join(err, f.Sync(), f.Close())
}

// nameAlike names other contacts who may be the same person, in lines. An erasure leaves them as they are.
func nameAlike(alike []erase.Alike) string {
	if len(alike) == 0 {
		return "Nobody else looks like the same person."
	}

	lines := []string{"These may be the same person, and are not erased with it:"}
	for _, a := range alike {
		lines = append(lines, describeContact(a.Contact)+" ("+strings.Join(a.Why, "; ")+")")
	}
	if len(alike) == erase.MaxAlike {
		lines = append(lines, "  and maybe more")
	}
	return strings.Join(append(lines, fmt.Sprintf("Erase each by its id, such as %s%d.", erase.IDPrefix, alike[0].ID)), "\n")
}

// describeContact returns a line about a contact, without an end.
func describeContact(c erase.Contact) string {
	addresses := oneLine(strings.Join(c.Addresses, ", "))
	return fmt.Sprintf("  %s%d  %s, %d conversations: %s", erase.IDPrefix, c.ID, oneLine(c.Name), c.Conversations, addresses)
}

// printPlaces prints a table of what an erasure would delete in each place.
func printPlaces(w io.Writer, found []erase.Found) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var rows int64
	for _, f := range found {
		rows += f.Rows
		if _, err := fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", f.Place, f.Rows, f.How, f.What); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(table, "all\t%d\t\t\n", rows); err != nil {
		return err
	}
	return table.Flush()
}
