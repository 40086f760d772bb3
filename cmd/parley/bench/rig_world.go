package bench

import (
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
	"parley/channels/wire"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/store/pgserver"
	"parley/store/schema"
)

// WorldOptions configure a world. The zero value is a migrated database without emulators.
type WorldOptions struct {
	Slack *SlackOptions // nil means no Slack emulator
	// Config returns the parley.yaml to apply; nil means none. For a world with Slack see SlackConfig.
	Config func(*World) string
	Specs  []channels.Spec // kinds of accounts that Config may use; nil means those of the product
	Empty  bool            // leave the database empty: no schema, no Config
}

// World is the environment for one group of figures: a new database on the PostgreSQL server of the run,
// emulators of chats in this process, and Parleys as child processes, which StartParley starts. StartWorld
// creates a World, Close ends it.
type World struct {
	Rig   *Rig
	Dir   string        // for logs and files; removed by Rig.Close
	Slack *Workspace    // nil unless WorldOptions.Slack is set
	Pool  *pgxpool.Pool // connections of the benchmark to the database

	name     string // name of the database
	children []*Child
	options  WorldOptions
}

// serverSettings allow enough connections for several Parleys, and keep checkpoints from happening during a
// measurement. All other settings are PostgreSQL's defaults; in particular, fsync and synchronous_commit are
// on.
func serverSettings() map[string]string {
	return map[string]string{"max_connections": "300", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}
}

// startPostgres returns the server of the run. The first call starts it.
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

// templateDatabase is a migrated database without data.
const templateDatabase = "template_of_worlds"

// StartWorld creates a world. The caller must call Close.
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

// open creates the folder and the database, starts the emulators, and applies Config. After an error the caller
// must call Close.
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
	if w.options.Empty {
		return nil
	}

	yaml := ""
	if w.options.Config != nil {
		yaml = w.options.Config(w)
	}
	return lab.SetUp(ctx, app.Env{DatabaseURL: w.URL(), Data: w.Dir}, yaml, w.options.Specs)
}

// URL returns the URL of the world's database.
func (w *World) URL() string { return w.URLOf(w.name) }

// URLOf returns the URL of another database on the same server.
func (w *World) URLOf(database string) string { return w.Rig.server.URL(database) }

// CreateDatabase creates another, empty database on the same server.
func (w *World) CreateDatabase(ctx context.Context, name string) error {
	return w.Admin(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
}

// createOwnDatabase creates the world's database. Unless it should be empty, it is a copy of the template,
// because migrating takes a second. The first world creates the template.
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

// createTemplate creates and migrates templateDatabase.
func (w *World) createTemplate(ctx context.Context) error {
	if err := w.Admin(ctx, "DROP DATABASE IF EXISTS "+templateDatabase); err != nil { // an earlier world may have failed here
		return err
	}
	if err := w.CreateDatabase(ctx, templateDatabase); err != nil {
		return err
	}

	pool, err := pgxpool.New(ctx, w.URLOf(templateDatabase))
	if err != nil {
		return fmt.Errorf("bench: template: %w", err)
	}
	defer pool.Close() // a database with open connections can't be copied

	if err := schema.Migrate(ctx, pool); err != nil {
		return fmt.Errorf("bench: template: %w", err)
	}

	return nil
}

// Admin runs a statement in the server's database postgres.
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

// StatsWait is how long it takes at most until an idle connection of PostgreSQL reports its commits.
const StatsWait = 11 * time.Second

// CountCommits returns the number of transactions that were committed in the database. PostgreSQL counts them
// with a delay: see StatsWait.
func (w *World) CountCommits(ctx context.Context) (n int64, err error) {
	if err := w.Pool.QueryRow(ctx, `SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`).Scan(&n); err != nil {
		return 0, fmt.Errorf("bench: commits: %w", err)
	}
	return n, nil
}

// WALBytes returns the number of bytes that were written to the write-ahead log so far.
func (w *World) WALBytes(ctx context.Context) (n int64, err error) {
	if err := w.Pool.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint`).Scan(&n); err != nil {
		return 0, fmt.Errorf("bench: write-ahead log: %w", err)
	}
	return n, nil
}

// Checkpoint makes PostgreSQL write all changes to its files now, and not during a measurement.
func (w *World) Checkpoint(ctx context.Context) error { return w.Admin(ctx, "CHECKPOINT") }

// Close stops the children and the emulators, and drops the database.
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
	if w.Pool != nil {
		w.Pool.Close()
	}

	errs = append(errs, w.Admin(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{w.name}.Sanitize()+" WITH (FORCE)"))
	return errors.Join(errs...)
}

// LookEvery is how often to poll the database: rarely enough not to affect the measurement.
const LookEvery = 50 * time.Millisecond

// ErrNotDrained means that Parley did not process everything in time.
var ErrNotDrained = errors.New("bench: not drained")

// Drain waits until Parley has nothing left to do.
//
// Errors: ErrNotDrained, if that takes longer than limit or an event was quarantined because it can't be
// processed.
func (w *World) Drain(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last lab.Load // result of the last successful poll
	for {
		now, err := lab.ReadLoad(ctx, w.Pool)
		switch {
		case err != nil && ctx.Err() == nil:
			return err
		case err != nil: // the limit was reached; pause.For below returns false at once
		case now.Quarantined > 0:
			return fmt.Errorf("%w: %d facts in quarantine", ErrNotDrained, now.Quarantined)
		case now.IsIdle():
			return nil
		default:
			last = now
		}

		if !wire.For(ctx, LookEvery) {
			return fmt.Errorf("%w within %s: %d facts, %d lanes left%s", ErrNotDrained, limit, last.Pending, last.Lanes, w.LastWords())
		}
	}
}

// LastWords returns the end of the log of each child.
func (w *World) LastWords() string {
	var ends string
	for _, c := range w.children {
		ends += "\n" + c.name + ": " + c.lastWords()
	}
	return ends
}

// ParleyOptions say how to start a Parley.
type ParleyOptions struct {
	Args   []string // sub-command and flags; nil means "serve"; see MeasuredArgs
	Env    []string // additional variables, "NAME=value"; they override others
	NoWait bool     // return at once, and don't connect the emulators
}

// MeasuredArgs returns the arguments of a Parley that runs Serve, so that Child.Hold works. If profiles are
// wanted, each call chooses a new file.
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

// StartParley starts a Parley on the world's database as a child process. It waits until Parley is ready, and
// then makes the emulators send their webhooks to it.
func (w *World) StartParley(ctx context.Context, o ParleyOptions) (*Child, error) {
	if o.Args == nil {
		o.Args = []string{"serve"}
	}

	vars := []string{"DATABASE_URL=" + w.URL(), "PARLEY_DATA=" + w.Dir, "PARLEY_LOG=warn"}
	if w.Slack != nil {
		vars = append(vars, w.Slack.listVars()...)
	}

	listen, err := emulator.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}

	vars = append(vars, "PARLEY_LISTEN="+listen)
	command := append([]string{w.Rig.Opt.Program}, o.Args...)
	c, err := startChild(w, "parley", command, append(vars, o.Env...))
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
	if w.Slack != nil {
		return c, w.Slack.connect(ctx, c)
	}

	return c, nil
}
