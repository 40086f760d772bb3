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
	"parley/cmd/parley/backup"
	"parley/store/erase"
	"parley/store/restore"
)

// parley restore fills an empty database from a file of parley backup. A customer may have been erased since that
// backup was made, and would come back with it. So every erasure is also written to a list outside of the database,
// the file erasures.jsonl, and restore applies those erasures again that the backup doesn't have.

// restoreCommand is `parley restore`. kong, which parses the command line, fills its fields and calls Run.
type restoreCommand struct {
	File     string `arg:"" help:"What parley backup wrote; - reads standard input."`
	Erasures string `placeholder:"FILE" help:"The list of erasures (docs/erase.md), if it is neither in PARLEY_DATA/backups nor beside FILE: who was erased since the backup is erased again." type:"path"`
}

// Help is shown by `parley restore --help`.
func (restoreCommand) Help() string {
	return `Stop Parley first, everywhere. ` +
		`The database must be empty: a new data folder, or an empty database that DATABASE_URL names. ` +
		`A restore that was interrupted goes on when it is run again with the same file; before it has ended, serve refuses.

The master key is asked for by its passphrase (PARLEY_BACKUP_PASSPHRASE, PARLEY_BACKUP_PASSPHRASE_FILE or the terminal) ` +
		`and put into PARLEY_DATA/master.key, unless PARLEY_MASTER_KEY has it already.

Nothing is sent again by itself. Replies that waited when the backup was made are looked for in the mailbox; ` +
		`what is not found is shown in its thread with Send again and Mark as sent. The same goes for what was typed since.

Examples:
  parley restore acme.parley
  PARLEY_DATA=/srv/parley-new parley restore acme.parley
  parley restore acme.parley --erasures data.old/backups/erasures.jsonl
  age -d acme.parley.age | parley restore -      # passes through TMPDIR`
}

// Run restores.
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
	archive, err := backup.Open(path)
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
	list := backup.ErasuresIn(app.BackupFolder(env))
	restored, err := backup.Restore(ctx, archive, backup.Target{
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

// passphraseToOpen returns the passphrase of the master key in a backup: that of the environment, or what somebody types.
func passphraseToOpen(ctx context.Context, env app.Env) (string, error) {
	if env.BackupPassphrase != "" {
		return env.BackupPassphrase, nil
	}
	return ask(ctx, "Passphrase of the master key in the backup: ")
}

// readErasures reads the lists of erasures: the one in PARLEY_DATA/backups, and the one that --erasures names, or
// else the one in the folder of the backup. If there is none at all, it warns on the terminal.
func (c restoreCommand) readErasures(env app.Env) ([]erase.Record, error) {
	folder := app.BackupFolder(env)
	lists := []backup.Erasures{backup.ErasuresIn(folder)}
	if c.Erasures != "" {
		lists = append(lists, backup.Erasures{Path: c.Erasures})
	} else if c.File != "-" {
		lists = append(lists, backup.ErasuresIn(filepath.Dir(c.File)))
	}

	var records []erase.Record
	isThere := false
	for _, list := range lists {
		_, err := os.Stat(list.Path)
		if errors.Is(err, fs.ErrNotExist) && list.Path != c.Erasures {
			continue
		}
		if err != nil {
			return nil, err
		}

		some, err := list.Read()
		if err != nil {
			return nil, err
		}

		isThere = true
		printRemark("The list of erasures: " + list.Path + ".")
		records = append(records, some...)
	}

	if !isThere {
		printRemark(fmt.Sprintf("There is no list of erasures, neither in %s nor beside the backup. "+
			"Whoever was erased since the backup comes back with it: "+
			"then put erasures.jsonl into that folder and run parley erase before parley serve.", folder))
	}

	return records, nil
}

// saveErasures adds records to the list in PARLEY_DATA/backups, unless they are in it. Those of another database
// can't be applied to this one: it leaves them out and says so on the terminal.
func saveErasures(ctx context.Context, env app.Env, db *app.Database, list backup.Erasures, records []erase.Record) error {
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

// eraseAgain applies the erasures of the list that are newer than the backup, so that no erased customer comes
// back.
func eraseAgain(ctx context.Context, env app.Env, db *app.Database, list backup.Erasures) error {
	if err := db.Unlock(ctx, env); err != nil {
		return err
	}

	erased, err := list.Agree(ctx, db.Erasing(env))
	if errors.Is(err, erase.ErrWaiting) {
		printRemark("Something about a contact that was erased still waits to be applied or posted: " +
			"the rest is erased as soon as Parley serves.")
	} else if err != nil && !errors.Is(err, erase.ErrOtherKey) { // saveErasures has reported these
		return fmt.Errorf("restored, but who was erased since the backup may be back: %w\nRun parley erase before parley serve", err)
	}

	if len(erased) > 0 {
		printRemark(fmt.Sprintf("%d erasures that are newer than the backup were applied again.", len(erased)))
	}

	return nil
}

// inputFile returns a file that can be read more than once; remove deletes it if it is a copy of standard input.
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

// describeRestored returns the text that tells people what the restore has done and what happens next.
func describeRestored(restored restore.Restored, keySaved bool, env app.Env) string {
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

// notEmptyHint tells people what to do if the embedded server has a database already. If there is a list of
// erasures beside it, the hint names it for --erasures.
func notEmptyHint(env app.Env) string {
	data := filepath.Clean(env.Data)
	hint := fmt.Sprintf("Nothing was changed. Stop Parley and put its data folder aside (mv %s %s.old), "+
		"or name a new one by PARLEY_DATA; then restore again", data, data)
	list := backup.ErasuresIn(app.BackupFolder(env)).Path
	if _, err := os.Stat(list); err == nil {
		hint += fmt.Sprintf(", with --erasures and the list of erasures in that folder (%s)", list)
	}
	return hint + "."
}

// explainRestore returns an error of a restore with a hint what to do about it, on a line of its own.
func explainRestore(err error, env app.Env) error {
	hint := ""
	switch {
	case errors.Is(err, backup.ErrNotEmpty) && env.DatabaseURL == "":
		hint = notEmptyHint(env)
	case errors.Is(err, backup.ErrNotEmpty):
		hint = "Nothing was changed. Make an empty database (createdb -T template0 -E UTF8 parley_restored), " +
			"let DATABASE_URL name it, then restore again."
	case errors.Is(err, backup.ErrOtherKey) && env.MasterKey != "":
		hint = "Nothing was changed. Unset PARLEY_MASTER_KEY and restore with the passphrase, " +
			"or set it to the key that the backup was made with."
	case errors.Is(err, backup.ErrOtherKey):
		hint = fmt.Sprintf("Nothing was changed. %s is another database's key: put it aside, then restore again.", app.KeyFile(env))
	case errors.Is(err, backup.ErrNoKey):
		hint = fmt.Sprintf("Nothing was changed. Set PARLEY_MASTER_KEY to the key that was in use then, or put it into %s.", app.KeyFile(env))
	case errors.Is(err, backup.ErrPassphrase):
		hint = "Nothing was changed. Try again; with the key itself in PARLEY_MASTER_KEY no passphrase is needed."
	case errors.Is(err, errNoTerminal):
		return errors.New("the passphrase of the key in the backup is needed: " +
			"set PARLEY_BACKUP_PASSPHRASE or PARLEY_BACKUP_PASSPHRASE_FILE")
	default:
		return explainBackup(err)
	}

	return errors.New(strings.TrimPrefix(err.Error(), "backup: ") + "\n" + hint)
}
