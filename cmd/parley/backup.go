package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/store"
)

// backupCommand is `parley backup`. kong, which parses the command line, fills its fields and calls Run.
type backupCommand struct {
	File       string `arg:"" help:"The backup; - writes to standard output."`
	Verify     bool   `help:"Write nothing: restore FILE into a temporary database to test it."`
	WithoutKey bool   `help:"Leave the master key out. The backup is then only useful with the key, which you must keep elsewhere."`
	Overwrite  bool   `help:"Replace FILE whatever it contains. Without this flag, only an older backup or an empty file is replaced."`
}

// Help is shown by `parley backup --help`.
func (backupCommand) Help() string {
	return `Works while parley serve runs. FILE appears once it is complete, and only you can read it. ` +
		`It replaces an older backup, but any other file only with --overwrite.

The master key, which decrypts the passwords of mailboxes, is encrypted with a passphrase: ` +
		`PARLEY_BACKUP_PASSPHRASE, or the content of the file that PARLEY_BACKUP_PASSPHRASE_FILE names, or what you enter on the terminal. ` +
		`What customers wrote is not encrypted: protect FILE as you protect the mailbox.

With DATABASE_URL, the program pg_dump is needed, in the server's version or a newer one.

Examples:
  parley backup acme.parley
  parley backup --verify acme.parley
  PARLEY_BACKUP_PASSPHRASE_FILE=/run/secrets/backup parley backup /mnt/backups/parley-$(date +%F).parley
  parley backup - | age -r age1… > acme.parley.age`
}

// Run writes or verifies a backup.
func (c backupCommand) Run(ctx context.Context) error {
	env, log, err := readEnvironment()
	if err != nil {
		return err
	}
	if c.Verify {
		return c.verify(ctx, log)
	}
	if c.File == "-" && term.IsTerminal(int(os.Stdout.Fd())) {
		return errors.New("a backup is nothing for a terminal: name a file, or send the output to one")
	}
	if c.File != "-" {
		if err := operate.CheckTarget(c.File, c.Overwrite); err != nil {
			return explainBackup(err)
		}
	}

	db, err := app.OpenExistingDatabase(ctx, env, log, printRemark)
	if err != nil {
		return err
	}
	defer db.Close()
	source := operate.Source{URL: db.URL(), BinDir: db.BinDir(), WithoutKey: c.WithoutKey}
	if !c.WithoutKey {
		if source.Key, source.Passphrase, err = keyAndPassphrase(ctx, env); err != nil {
			return err
		}
	}

	var endProgress func()
	source.Progress, endProgress = newProgress("written")
	m, err := c.write(ctx, source)
	endProgress()

	if err != nil {
		return explainBackup(err)
	}

	printRemark(resultWords(m))
	return nil
}

// write writes the backup to the file that the command line names, or to standard output.
func (c backupCommand) write(ctx context.Context, source operate.Source) (operate.Manifest, error) {
	if c.File == "-" {
		return operate.Create(ctx, os.Stdout, source)
	}
	return operate.CreateFile(ctx, c.File, source)
}

// verify restores the backup into a temporary database and prints what it contains.
func (c backupCommand) verify(ctx context.Context, log *slog.Logger) error {
	m, err := operate.Verify(ctx, c.File, "", log, printRemark)
	if err != nil {
		return explainBackup(err)
	}
	printRemark("It is whole: " + contentWords(m) + ".")
	if m.HasKey {
		printRemark("It holds the master key; whether you know the passphrase, only you can tell.")
	}
	return nil
}

// keyAndPassphrase returns the master key and the passphrase with which the backup encrypts it.
func keyAndPassphrase(ctx context.Context, env app.Env) (key, passphrase string, err error) {
	key, err = app.KnownKey(env)
	if err != nil {
		return "", "", err
	}
	if key == "" {
		return "", "", fmt.Errorf(
			"there is no master key to back up, neither PARLEY_MASTER_KEY nor %s; with --without-key the backup is made all the same",
			app.KeyFile(env))
	}

	passphrase = env.BackupPassphrase
	if passphrase == "" {
		passphrase, err = askTwice(ctx)
		if err != nil {
			return "", "", err
		}
	}

	return key, passphrase, app.CheckPassphrase(passphrase)
}

// askTwice asks for a new passphrase twice, so that a typing error is detected.
func askTwice(ctx context.Context) (string, error) {
	first, err := ask(ctx, "Passphrase to seal the master key with: ")
	if errors.Is(err, errNoTerminal) {
		return "", explainBackup(operate.ErrNoPassphrase)
	}
	if err != nil {
		return "", err
	}

	second, err := ask(ctx, "The same once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("these were two different passphrases; nothing was written")
	}

	return first, nil
}

// errNoTerminal means that the process has no terminal on which it could ask.
var errNoTerminal = errors.New("no terminal")

// ask reads a line from the terminal without echo, even if standard input and output are redirected.
// Errors: errNoTerminal; the terminal's; ctx ended.
func ask(ctx context.Context, prompt string) (string, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return "", errNoTerminal
	}
	defer func() { _ = tty.Close() }()
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return "", errNoTerminal
	}
	if _, err := io.WriteString(tty, prompt); err != nil {
		return "", err
	}

	type answer struct {
		line []byte
		err  error
	}

	got := make(chan answer, 1) // if ctx ends first, the goroutine keeps reading until the process ends
	go func() {
		line, err := term.ReadPassword(int(tty.Fd()))
		got <- answer{line, err}
	}()

	select {
	case a := <-got:
		_, _ = io.WriteString(tty, "\n")
		return string(a.line), a.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(int(tty.Fd()), before))
	}
}

// minProgressTime is the minimum time between two updates of the progress.
const minProgressTime = time.Second / 5

// newProgress shows on standard error how many bytes have been processed. The caller calls show with the total so far,
// and end when it is done. show is nil if standard error isn't a terminal.
func newProgress(what string) (show func(int64), end func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return nil, func() {}
	}

	var lastShown time.Time
	show = func(n int64) {
		now := time.Now()
		if now.Sub(lastShown) > minProgressTime {
			lastShown = now
			_, _ = fmt.Fprintf(os.Stderr, "\r%s %s ", megabyteWords(n), what)
		}
	}

	end = func() {
		if !lastShown.IsZero() {
			_, _ = fmt.Fprintln(os.Stderr)
		}
	}

	return show, end
}

func megabyteWords(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// contentWords describes the content of a backup: "Acme, as of 2026-03-01 14:05, 12 conversations with 80 messages, …".
func contentWords(m operate.Manifest) string {
	return strings.Join([]string{
		cmp.Or(m.Company, "no company's name"),
		"as of " + m.TakenAt.Local().Format("2006-01-02 15:04"),
		fmt.Sprintf("%d conversations with %d messages", m.Rows["conversations"], m.Rows["messages"]),
		fmt.Sprintf("%d files", m.Rows["blobs"]),
		fmt.Sprintf("schema %d of PostgreSQL %d", m.Schema, m.Server),
		megabyteWords(m.DumpBytes),
	}, ", ")
}

// resultWords describes a new backup, and says where the master key is.
func resultWords(m operate.Manifest) string {
	text := "Backed up: " + contentWords(m) + "."
	if m.HasKey {
		return text + "\nThe master key is in it, sealed with the passphrase. Keep that elsewhere: nobody can open the key without it."
	}
	if m.KeyCheck == nil {
		return text + "\nNo secret was ever stored, so there is no key in it."
	}
	return text + "\nThe master key is NOT in it: keep PARLEY_MASTER_KEY, or the file master.key of the data folder, elsewhere."
}

// explainBackup adds to known errors of a backup a line that says what to do. It returns other errors as they are.
func explainBackup(err error) error {
	hint := ""
	switch {
	case errors.Is(err, operate.ErrNoPassphrase):
		hint = "Set PARLEY_BACKUP_PASSPHRASE or PARLEY_BACKUP_PASSPHRASE_FILE, or run it on a terminal, which asks. " +
			"Or say --without-key: then a restore needs the master key from elsewhere, and without it every mailbox has to be connected anew."
	case errors.Is(err, store.ErrWrongKey):
		hint = "The key at hand does not open this database's secrets: set PARLEY_MASTER_KEY to the one that parley serve has."
	case errors.Is(err, store.ErrRestoring):
		hint = "Run parley restore again with the same file."
	case errors.Is(err, operate.ErrOccupied):
		hint = "Name another file, or replace this one with --overwrite."
	case errors.Is(err, operate.ErrDamaged):
		hint = "Take another copy, or an older backup."
	}

	if hint == "" {
		return err
	}

	return errors.New(strings.TrimPrefix(err.Error(), "backup: ") + "\n" + hint)
}
