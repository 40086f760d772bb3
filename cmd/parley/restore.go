package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/erase"
)

// parley restore fills an empty database from a file that parley backup wrote. Two things make that delicate:
//   - A customer may have been erased after the backup was made, and would come back with it. Every erasure is therefore
//     also recorded in a list outside the database, the file erasures.jsonl, and restore repeats the erasures that the
//     backup lacks.
//   - Secrets in the database are encrypted with the master key. If the backup contains the key, it is encrypted with a
//     passphrase, which restore asks for.

// restoreCommand is `parley restore`. kong, which parses the command line, fills its fields and calls Run.
type restoreCommand struct {
	File     string `arg:"" help:"A file written by parley backup; - reads standard input."`
	Erasures string `placeholder:"FILE" help:"The list of erasures (docs/erase.md), if it is neither in PARLEY_DATA/backups nor beside the backup. Customers who were erased since the backup are erased again." type:"path"`
}

// Help is shown by `parley restore --help`.
func (restoreCommand) Help() string {
	return `Stop Parley first, on all machines. ` +
		`The database must be empty: a new data folder, or an empty database that DATABASE_URL names. ` +
		`To continue an interrupted restore, run it again with the same file; until it is complete, parley serve refuses to start.

The master key is decrypted with its passphrase (PARLEY_BACKUP_PASSPHRASE, PARLEY_BACKUP_PASSPHRASE_FILE or the terminal) ` +
		`and written to PARLEY_DATA/master.key, unless PARLEY_MASTER_KEY contains it.

Nothing is sent again automatically. Parley looks in the mailbox for replies that were pending when the backup was made. ` +
		`Those that it doesn't find are shown in their threads, with the buttons Send again and Mark as sent. ` +
		`The same applies to replies typed since.

Examples:
  parley restore acme.parley
  PARLEY_DATA=/srv/parley-new parley restore acme.parley
  parley restore acme.parley --erasures data.old/backups/erasures.jsonl
  age -d acme.parley.age | parley restore -      # passes through TMPDIR`
}

// Run restores the backup, repeats erasures, and prints what to do next.
func (c restoreCommand) Run(ctx context.Context) error {
	env, log, err := readEnvironment()
	if err != nil {
		return err
	}

	path, remove, err := c.inputFile(ctx)
	if err != nil {
		return err
	}
	defer remove()
	archive, err := operate.Open(path)
	if err != nil {
		return explainRestore(err, env)
	}
	defer func() { _ = archive.Close() }()
	printRemark("The backup: " + contentWords(archive.Manifest) + ".")
	erasures, err := c.readErasures(env)
	if err != nil {
		return fmt.Errorf("the list of erasures can't be read, and nothing was changed: %w", err)
	}

	db, err := app.OpenDatabase(ctx, env, log, printRemark)
	if err != nil {
		return err
	}
	defer db.Close()
	key, err := app.KnownKey(env)
	if err != nil {
		return err
	}

	keySaved := false
	list := operate.ErasuresIn(app.BackupFolder(env))
	restored, err := operate.Restore(ctx, archive, operate.Target{
		Pool:   db.Pool,
		URL:    db.URL(),
		BinDir: db.BinDir(),
		Key:    key,
		Say:    printRemark,

		Passphrase: func() (string, error) { return passphraseToOpen(ctx, env) },
		SaveKey: func(key string) error {
			keySaved = true
			return app.KeepKey(env, key)
		},
		SaveErasures: func() error { return saveErasures(ctx, env, db, list, erasures) },
	})
	if err != nil {
		return explainRestore(app.ExplainRights(err), env)
	}
	if err := eraseAgain(ctx, env, db, list); err != nil {
		return err
	}

	printRemark(describeRestored(restored, keySaved, env))
	return nil
}

// passphraseToOpen returns the passphrase of the master key in a backup, from the environment or from the terminal.
func passphraseToOpen(ctx context.Context, env app.Env) (string, error) {
	if env.BackupPassphrase != "" {
		return env.BackupPassphrase, nil
	}
	return ask(ctx, "Passphrase of the master key in the backup: ")
}

// readErasures reads up to two lists of erasures: the one in PARLEY_DATA/backups, and the one that --erasures names or,
// without the flag, the one in the folder of the backup. If no list exists, it prints a warning.
func (c restoreCommand) readErasures(env app.Env) ([]erase.Record, error) {
	folder := app.BackupFolder(env)
	lists := []operate.Erasures{operate.ErasuresIn(folder)}
	if c.Erasures != "" {
		lists = append(lists, operate.Erasures{Path: c.Erasures})
	} else if c.File != "-" {
		lists = append(lists, operate.ErasuresIn(filepath.Dir(c.File)))
	}

	var records []erase.Record
	hasList := false
	for _, list := range lists {
		_, err := os.Stat(list.Path)
		isRequired := list.Path == c.Erasures
		if errors.Is(err, fs.ErrNotExist) && !isRequired {
			continue
		}
		if err != nil {
			return nil, err
		}

		some, err := list.Read()
		if err != nil {
			return nil, err
		}

		hasList = true
		printRemark("The list of erasures: " + list.Path + ".")
		records = append(records, some...)
	}

	if !hasList {
		printRemark(fmt.Sprintf("There is no list of erasures, neither in %s nor beside the backup. "+
			"Whoever was erased since the backup comes back with it: "+
			"then put erasures.jsonl into that folder and run parley erase before parley serve.", folder))
	}

	return records, nil
}

// saveErasures adds records that are missing to the list in PARLEY_DATA/backups. It leaves out records of another
// database, which can't be applied to this one, and prints how many these are.
func saveErasures(ctx context.Context, env app.Env, db *app.Database, list operate.Erasures, records []erase.Record) error {
	if len(records) == 0 {
		return nil
	}
	if err := db.Unlock(ctx, env); err != nil {
		return err
	}
	ours, err := erase.RecordsOfDatabase(ctx, db.Pool, db.Sealer, records)
	if err != nil {
		return err
	}

	if n := len(records) - len(ours); n > 0 {
		printRemark(fmt.Sprintf("%d entries of the lists of erasures are another database's, and are left out.", n))
	}

	return list.AddMissing(ours)
}

// eraseAgain repeats the erasures of the list that are newer than the backup, so that no erased customer comes back.
func eraseAgain(ctx context.Context, env app.Env, db *app.Database, list operate.Erasures) error {
	if err := db.Unlock(ctx, env); err != nil {
		return err
	}

	erased, err := list.Agree(ctx, db.Erasing(env))
	switch {
	case err == nil:
	case errors.Is(err, erase.ErrWaiting):
		printRemark("Something about a contact that was erased still waits to be applied or posted: " +
			"the rest is erased as soon as Parley serves.")
	case errors.Is(err, erase.ErrOtherKey): // saveErasures has reported that
	default:
		return fmt.Errorf("restored, but who was erased since the backup may be back: %w\nRun parley erase before parley serve", err)
	}

	if len(erased) > 0 {
		printRemark(fmt.Sprintf("%d erasures that are newer than the backup were applied again.", len(erased)))
	}

	return nil
}

// inputFile returns the path of the backup. Standard input is copied to a temporary file, since the backup is read more
// than once. remove deletes that copy, and does nothing if there is none.
func (c restoreCommand) inputFile(ctx context.Context) (path string, remove func(), err error) {
	if c.File != "-" {
		return c.File, func() {}, nil
	}

	f, err := os.CreateTemp("", "parley-restore-*") // mode 0600
	if err != nil {
		return "", nil, err
	}

	remove = func() { _ = os.Remove(f.Name()) }
	stop := context.AfterFunc(ctx, func() { _ = os.Stdin.Close() })
	_, err = io.Copy(f, os.Stdin)
	stop()

	if err := errors.Join(err, ctx.Err(), f.Close()); err != nil {
		remove()
		return "", nil, err
	}

	return f.Name(), remove, nil
}

// describeRestored returns the final text for the terminal: what was restored, and what happens next.
func describeRestored(restored store.Restored, keySaved bool, env app.Env) string {
	text := "Restored."
	if keySaved {
		text += " The master key is in " + app.KeyFile(env) + "."
	}
	text += "\n\nNothing is sent again by itself."
	if restored.Replies > 0 {
		text += fmt.Sprintf(" %d replies waited when the backup was made: Parley looks for them in the mailbox, "+
			"and asks about the rest in their threads.", restored.Replies)
	}
	text += "\nWhat colleagues typed since is asked about in its thread, too. " +
		"Mail that came since is fetched again and shown once more; somebody may have answered it: look before you do." +
		fmt.Sprintf("\nNew conversations count from #%d on, so that no lost one's number comes again.", restored.Next) +
		"\n\nStart it: parley serve"
	return text
}

// notEmptyHint says what to do if the embedded server already contains a database. If its data folder has a list of
// erasures, the hint mentions that for --erasures.
func notEmptyHint(env app.Env) string {
	data := filepath.Clean(env.Data)
	hint := fmt.Sprintf("Nothing was changed. Stop Parley and put its data folder aside (mv %s %s.old), "+
		"or name a new one by PARLEY_DATA; then restore again", data, data)
	list := operate.ErasuresIn(app.BackupFolder(env)).Path
	if _, err := os.Stat(list); err == nil {
		hint += fmt.Sprintf(", with --erasures and the list of erasures in that folder (%s)", list)
	}
	return hint + "."
}

// explainRestore adds to an error of a restore a line that says what to do.
func explainRestore(err error, env app.Env) error {
	hint := ""
	switch {
	case errors.Is(err, operate.ErrNotEmpty) && env.DatabaseURL == "":
		hint = notEmptyHint(env)
	case errors.Is(err, operate.ErrNotEmpty):
		hint = "Nothing was changed. Make an empty database (createdb -T template0 -E UTF8 parley_restored), " +
			"let DATABASE_URL name it, then restore again."
	case errors.Is(err, operate.ErrOtherKey) && env.MasterKey != "":
		hint = "Nothing was changed. Unset PARLEY_MASTER_KEY and restore with the passphrase, " +
			"or set it to the key that the backup was made with."
	case errors.Is(err, operate.ErrOtherKey):
		hint = fmt.Sprintf("Nothing was changed. %s is another database's key: put it aside, then restore again.", app.KeyFile(env))
	case errors.Is(err, operate.ErrNoKey):
		hint = fmt.Sprintf("Nothing was changed. Set PARLEY_MASTER_KEY to the key that was in use then, or put it into %s.", app.KeyFile(env))
	case errors.Is(err, operate.ErrPassphrase):
		hint = "Nothing was changed. Try again; with the key itself in PARLEY_MASTER_KEY no passphrase is needed."
	case errors.Is(err, errNoTerminal):
		return errors.New("the passphrase of the key in the backup is needed: " +
			"set PARLEY_BACKUP_PASSPHRASE or PARLEY_BACKUP_PASSPHRASE_FILE")
	default:
		return explainBackup(err)
	}

	return errors.New(strings.TrimPrefix(err.Error(), "backup: ") + "\n" + hint)
}
