package rig

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	"parley/channels/emulator"
	"parley/channels/pause"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/store/pgserver"
	"parley/store/schema"
)

// WorldOptions shape a world. The zero value is a durable database without a surface.
type WorldOptions struct {
	Slack *SlackOptions // nil means no Slack emulator
	Teams *TeamsOptions // nil means no Teams emulator
	// Config is the parley.yaml that is applied; "" means none. With a Slack emulator see SlackConfig.
	Config func(*World) string
	Specs  []channels.Spec // of the accounts in config; nil means the product's
	Empty  bool            // leave the database without schema, and Config unapplied
}

// World is what one group of figures is measured in: a database of its own on the run's PostgreSQL server, emulators
// of chats in this process, and Parleys as processes of their own (StartParley). StartWorld makes it, Close ends it.
type World struct {
	Rig   *Rig
	Dir   string        // for logs and files; removed with the run
	Slack *Workspace    // nil without WorldOptions.Slack
	Teams *Organisation // nil without WorldOptions.Teams
	Pool  *pgxpool.Pool // of the database, to look into it
	Mills int           // how many mills (package lanes) were started, so that their ids differ

	name     string // of the database
	children []*Child
	options  WorldOptions
}

// serverSettings allow enough connections for references and several Parleys, and keep checkpoints out of the windows
// that are measured. Everything else is as PostgreSQL ships it; fsync and synchronous_commit are on.
func serverSettings() map[string]string {
	return map[string]string{"max_connections": "300", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}
}

// startPostgres returns the run's server. The first call starts it.
func (b *Rig) startPostgres(ctx context.Context) (*pgserver.Server, error) {
	if b.server != nil {
		return b.server, nil
	}

	settings := serverSettings()
	if b.Opt.Statements != "" {
		maps.Copy(settings, statementSettings())
	}

	server, err := pgserver.Start(ctx, pgserver.Options{
		Dir:      filepath.Join(b.Scratch.Dir, "base"),
		Durable:  true,
		Settings: settings,
		Say:      func(string) {},
	})
	if err != nil {
		return nil, err
	}
	if server.IsShared() {
		return nil, errors.Join(errors.New("bench: the folder's database belongs to another process"), server.Close(ctx))
	}

	b.server = server
	return server, nil
}

// templateDatabase has the schema and nothing else.
const templateDatabase = "template_of_worlds"

// StartWorld makes a world, which the caller closes. Its database is new, and migrated unless o.Empty.
func StartWorld(ctx context.Context, b *Rig, o WorldOptions) (*World, error) {
	if _, err := b.startPostgres(ctx); err != nil {
		return nil, err
	}

	b.worlds++
	w := &World{Rig: b, name: fmt.Sprintf("world%d", b.worlds), options: o}
	w.Dir = filepath.Join(b.Scratch.Dir, w.name)
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.Close())
	}

	return w, nil
}

// open makes the folder and the database, starts the emulators, and applies the config. After an error Close removes
// what there is.
func (w *World) open(ctx context.Context) (err error) {
	if err := os.MkdirAll(w.Dir, 0o700); err != nil {
		return err
	}
	if err := w.createOwnDatabase(ctx); err != nil {
		return err
	}
	if w.Pool, err = pgxpool.New(ctx, w.URL()); err != nil {
		return err
	}
	if w.options.Slack != nil {
		if w.Slack, err = startWorkspace(*w.options.Slack); err != nil {
			return err
		}
	}
	if w.options.Teams != nil {
		if w.Teams, err = startOrganisation(*w.options.Teams); err != nil {
			return err
		}
	}
	if w.options.Empty {
		return nil
	}

	yaml := ""
	if w.options.Config != nil {
		yaml = w.options.Config(w)
	}
	return lab.SetUp(ctx, app.Env{DatabaseURL: w.URL(), Data: w.Dir}, yaml, w.options.Specs)
}

// URL is the address of the world's database.
func (w *World) URL() string { return w.URLOf(w.name) }

// URLOf is the address of a database of this name on the run's server.
func (w *World) URLOf(database string) string { return w.Rig.server.URL(database) }

// CreateDatabase makes a further database on the same server.
func (w *World) CreateDatabase(ctx context.Context, name string) error {
	return w.Admin(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
}

// createOwnDatabase makes the world's database. A database with the schema is a copy of the run's template, which the
// first world makes: to migrate takes a second.
func (w *World) createOwnDatabase(ctx context.Context) error {
	if w.options.Empty {
		return w.CreateDatabase(ctx, w.name)
	}
	if !w.Rig.hasTemplate {
		if err := w.createTemplate(ctx); err != nil {
			return err
		}
		w.Rig.hasTemplate = true
	}
	return w.Admin(ctx, "CREATE DATABASE "+pgx.Identifier{w.name}.Sanitize()+" TEMPLATE "+templateDatabase)
}

// createTemplate makes and migrates the database that those of worlds are copies of.
func (w *World) createTemplate(ctx context.Context) error {
	if err := w.Admin(ctx, "DROP DATABASE IF EXISTS "+templateDatabase); err != nil { // a world before this one may have failed here
		return err
	}
	if err := w.CreateDatabase(ctx, templateDatabase); err != nil {
		return err
	}

	pool, err := pgxpool.New(ctx, w.URLOf(templateDatabase))
	if err != nil {
		return fmt.Errorf("bench: template: %w", err)
	}
	defer pool.Close() // a database with sessions can't be copied

	if err := schema.Migrate(ctx, pool); err != nil {
		return fmt.Errorf("bench: template: %w", err)
	}

	return nil
}

// Admin runs one statement outside the world's database.
func (w *World) Admin(ctx context.Context, statement string) (err error) {
	conn, err := pgx.Connect(ctx, w.Rig.server.URL("postgres"))
	if err != nil {
		return fmt.Errorf("bench: database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("bench: database: %w", err)
	}
	return nil
}

// StatsWait is how long an idle connection of PostgreSQL may take to report its commits.
const StatsWait = 11 * time.Second

// CountCommits returns the database's own count of committed transactions; see StatsWait.
func (w *World) CountCommits(ctx context.Context) (n int64, err error) {
	if err := w.Pool.QueryRow(ctx, `SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`).Scan(&n); err != nil {
		return 0, fmt.Errorf("bench: commits: %w", err)
	}
	return n, nil
}

// WALBytes returns how many bytes were written to the write-ahead log so far.
func (w *World) WALBytes(ctx context.Context) (n int64, err error) {
	if err := w.Pool.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint`).Scan(&n); err != nil {
		return 0, fmt.Errorf("bench: write-ahead log: %w", err)
	}
	return n, nil
}

// Checkpoint lets PostgreSQL write all changes to its files now, and not while something is measured.
func (w *World) Checkpoint(ctx context.Context) error { return w.Admin(ctx, "CHECKPOINT") }

// Close ends the children and the emulators and drops the database.
func (w *World) Close() error {
	for _, c := range w.children {
		c.End()
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var errs []error
	if w.Slack != nil {
		errs = append(errs, w.Slack.Close())
	}
	if w.Teams != nil {
		errs = append(errs, w.Teams.Close())
	}
	if w.Pool != nil {
		w.Pool.Close()
	}

	errs = append(errs, w.Admin(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{w.name}.Sanitize()+" WITH (FORCE)"))
	return errors.Join(errs...)
}

// LookEvery is the pause before a wait looks into the database again: rarely enough not to disturb what is measured.
const LookEvery = 50 * time.Millisecond

// ErrNotDrained means that Parley did not finish what it took.
var ErrNotDrained = errors.New("bench: not drained")

// Drain waits until Parley has nothing left to do. Errors: ErrNotDrained when that takes
// longer than the limit or something was quarantined.
func (w *World) Drain(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last lab.Load // what was left at the last look that succeeded
	for {
		now, err := lab.ReadLoad(ctx, w.Pool)
		switch {
		case err != nil && ctx.Err() == nil:
			return err
		case err != nil: // time is over, and err says only that: the pause below ends at once
		case now.Quarantined > 0:
			return fmt.Errorf("%w: %d facts in quarantine", ErrNotDrained, now.Quarantined)
		case now.IsIdle():
			return nil
		default:
			last = now
		}

		if !pause.For(ctx, LookEvery) {
			return fmt.Errorf("%w within %s: %d facts, %d lanes left%s", ErrNotDrained, limit, last.Pending, last.Lanes, w.LastWords())
		}
	}
}

// LastWords returns the ends of the children's logs.
func (w *World) LastWords() string {
	var ends string
	for _, c := range w.children {
		ends += "\n" + c.name + ": " + c.lastWords()
	}
	return ends
}

// ParleyOptions say how a Parley is started.
type ParleyOptions struct {
	Name   string   // of its log; "" means parley
	Args   []string // sub-command and flags; nil means serve; see MeasuredArgs
	Env    []string // further variables, "NAME=value"; the last one of a name counts
	NoWait bool     // don't wait until it is ready, and don't connect the emulators
}

// MeasuredArgs returns the arguments of a Parley with the loopback channel, whose appliers can be
// held. If profiles are wanted, each call names a new file.
func (b *Rig) MeasuredArgs() []string {
	args := []string{"bench", "--serve"}
	if b.Opt.Unanalysed {
		args = append(args, "--unanalysed")
	}
	if b.Opt.CPUProfile != "" {
		b.profiles++
		args = append(args, "--cpuprofile", fmt.Sprintf("%s.%d", b.Opt.CPUProfile, b.profiles))
	}
	return args
}

// StartParley starts a Parley with the world's database, as a process of its own, and waits until it is ready and the
// emulators know its address.
func (w *World) StartParley(ctx context.Context, o ParleyOptions) (*Child, error) {
	if o.Args == nil {
		o.Args = []string{"serve"}
	}

	vars := []string{"DATABASE_URL=" + w.URL(), "PARLEY_DATA=" + w.Dir, "PARLEY_LOG=warn"}
	if w.Slack != nil {
		vars = append(vars, w.Slack.listVars()...)
	}
	if w.Teams != nil {
		vars = append(vars, w.Teams.listVars()...)
	}

	listen, err := emulator.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}

	vars = append(vars, "PARLEY_LISTEN="+listen)
	command := append([]string{w.Rig.Opt.Program}, o.Args...)
	c, err := startChild(w, cmp.Or(o.Name, "parley"), command, append(vars, o.Env...))
	if err != nil {
		return nil, err
	}

	c.Address = listen
	if o.NoWait {
		return c, nil
	}
	if err := c.Ready(ctx); err != nil {
		return nil, err
	}
	if w.Teams != nil {
		return c, w.Teams.connect(ctx, c)
	}
	if w.Slack != nil {
		return c, w.Slack.connect(ctx, c)
	}

	return c, nil
}
