package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"parley/bridge/setup"
	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
)

// A company's set-up (its accounts, teams and agents) is stored in the database. It can also be written down in a file,
// parley.yaml: `parley apply` changes the database accordingly, and `parley export` writes such a file.

// applyCommand is `parley apply`. kong, which parses the command line, fills its fields and calls Run.
type applyCommand struct {
	File   string `short:"f" required:"" placeholder:"FILE" help:"The set-up file; - reads standard input."`
	Prune  bool   `help:"Also remove entries that the file's lists no longer contain."`
	DryRun bool   `help:"Only show what would change."`
}

// Help is shown by `parley apply --help`.
func (applyCommand) Help() string {
	return `The file contains only what it sets; secrets that it leaves out are kept.
${NAME} is replaced by the value of an environment variable. Pictures in signatures are
read from files, relative to the folder of FILE, or from https addresses, and sent with each mail.

Examples:
  parley apply -f parley.yaml --dry-run
  MAIL_PASSWORD=… parley apply -f parley.yaml
  parley apply -f - < parley.yaml`
}

// Run applies the file and prints what changed.
func (c applyCommand) Run(ctx context.Context) error {
	raw, err := readFile(c.File)
	if err != nil {
		return err
	}

	file, err := setup.Parse(raw, os.LookupEnv)
	if err != nil {
		return fmt.Errorf("%s:\n%w", c.File, err)
	}

	use := databaseUse{mayBeNew: !c.DryRun, readOnly: c.DryRun}
	return withDatabase(ctx, use, func(ctx context.Context, env app.Env, db *app.Database, log *slog.Logger) error {
		lookup, err := app.NewLookup(ctx, env, db, log, c.DryRun)
		if err != nil {
			return err
		}

		apply := setup.Apply
		if c.DryRun {
			apply = setup.Plan
		}

		result, err := apply(ctx, db.Pool, file, setup.Options{
			Sealer:     db.Sealer,
			Specs:      app.Specs(),
			Lookup:     lookup,
			Prune:      c.Prune,
			Signatures: operate.NewGuarded(c.pictureFolder()),
			Operator:   true,
		})
		if faults, ok := errors.AsType[setup.Faults](err); ok {
			return fmt.Errorf("%s:\n%w", c.File, faults)
		}
		if err != nil {
			return err
		}

		_, err = io.WriteString(os.Stdout, result.Text())
		return err
	})
}

// pictureFolder returns the folder to which the paths of pictures in signatures are relative.
func (c applyCommand) pictureFolder() string {
	if c.File == "-" {
		return "."
	}
	return filepath.Dir(c.File)
}

// readFile reads a file, or standard input if its name is a dash.
func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name) //nolint:gosec // the user names the file
}

// exportCommand is `parley export`.
type exportCommand struct{}

// Help is shown by `parley export --help`.
func (exportCommand) Help() string {
	return `Secrets are written as ${ACCOUNT_FIELD}. To apply the file again, set these variables, or remove
those lines: stored secrets are kept then. Tokens of chats that were entered on a web page are
not exported; a comment says that they are stored.

Example:
  parley export > parley.yaml`
}

// Run prints the set-up in the format of parley.yaml.
func (exportCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, databaseUse{readOnly: true}, func(ctx context.Context, _ app.Env, db *app.Database, _ *slog.Logger) error {
		out, err := setup.Export(ctx, db.Pool, app.Specs())
		if err != nil {
			return err
		}

		notes, err := db.StoredChats(ctx)
		if err != nil {
			return err
		}

		for _, note := range notes {
			out = fmt.Appendf(nil, "# %s\n%s", note, out)
		}

		_, err = os.Stdout.Write(out)
		return err
	})
}
