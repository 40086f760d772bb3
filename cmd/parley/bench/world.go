package bench

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
	"parley/channels/pause"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/store/pgserver"
)

// worldOptions shape a world. The zero value is a durable database without a surface.
type worldOptions struct {
	slack *slackOptions // nil = no Slack emulator
	teams *teamsOptions // nil = no Teams emulator
	// config is the parley.yaml that is applied; "" = none. With a Slack emulator see
	// slackConfig.
	config func(*world) string
	specs  []channels.Spec // of the accounts in config; nil = the product's
	empty  bool            // leave the database without schema
}

// world is what one group measures in: a database of its own on the run's server, and the
// emulators that it asked for, which live in this process. Parley runs as a child.
type world struct {
	b       *bench
	dir     string // for logs and files; removed with the run
	name    string // of the database
	slack   *workspace
	teams   *organisation
	pool    *pgxpool.Pool // of the database, for looking
	childs  []*child
	mills   int // started so far
	options worldOptions
}

// serverSettings: enough connections for references and several Parleys, and no checkpoint
// by size in the middle of a window. Everything else is as PostgreSQL ships it; fsync and
// synchronous_commit are on.
func serverSettings() map[string]string {
	return map[string]string{"max_connections": "300", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}
}

// postgres starts the run's server at its first use.
func (b *bench) postgres(ctx context.Context) (*pgserver.Server, error) {
	if b.server != nil {
		return b.server, nil
	}
	settings := serverSettings()
	if b.opt.Statements != "" {
		maps.Copy(settings, statementSettings())
	}
	server, err := pgserver.Start(ctx, pgserver.Options{Dir: filepath.Join(b.scratch.Dir, "base"), Durable: true, Settings: settings, Say: func(string) {}})
	if err != nil {
		return nil, err
	}
	if server.Reused() {
		return nil, errors.Join(errors.New("bench: the folder's database belongs to another process"), server.Close(ctx))
	}
	b.server = server
	return server, nil
}

// startWorld makes a world; close it. The database is new and migrated.
func startWorld(ctx context.Context, b *bench, o worldOptions) (*world, error) {
	if _, err := b.postgres(ctx); err != nil {
		return nil, err
	}
	b.worlds++
	w := &world{b: b, name: fmt.Sprintf("world%d", b.worlds), options: o}
	w.dir = filepath.Join(b.scratch.Dir, w.name)
	err := os.MkdirAll(w.dir, 0o700)
	if err == nil {
		err = w.createDatabase(ctx, w.name)
	}
	if err == nil {
		w.pool, err = pgxpool.New(ctx, w.url())
	}
	if err == nil && o.slack != nil {
		w.slack, err = startWorkspace(*o.slack)
	}
	if err == nil && o.teams != nil {
		w.teams, err = startOrganisation(*o.teams)
	}
	if err == nil && !o.empty {
		err = w.setUp(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// url is the address of the world's database.
func (w *world) url() string { return w.b.server.URL(w.name) }

// createDatabase makes a further database on the same server.
func (w *world) createDatabase(ctx context.Context, name string) error {
	return w.admin(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
}

// admin runs one statement outside the world's database.
func (w *world) admin(ctx context.Context, statement string) (err error) {
	conn, err := pgx.Connect(ctx, w.b.server.URL("postgres"))
	if err != nil {
		return fmt.Errorf("bench: database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("bench: database: %w", err)
	}
	return nil
}

// written is how many bytes were written to the log so far.
func (w *world) written(ctx context.Context) (n int64, err error) {
	if err := w.pool.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint`).Scan(&n); err != nil {
		return 0, fmt.Errorf("bench: write-ahead log: %w", err)
	}
	return n, nil
}

// checkpoint lets PostgreSQL write all changes to its files now, and not while something is measured.
func (w *world) checkpoint(ctx context.Context) error { return w.admin(ctx, "CHECKPOINT") }

// setUp migrates the database and applies the world's config.
func (w *world) setUp(ctx context.Context) error {
	yaml := ""
	if w.options.config != nil {
		yaml = w.options.config(w)
	}
	return lab.SetUp(ctx, app.Env{DatabaseURL: w.url(), Data: w.dir}, yaml, w.options.specs)
}

// close ends the children and the emulators and drops the database.
func (w *world) close() error {
	for _, c := range w.childs {
		c.stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var errs []error
	if w.slack != nil {
		errs = append(errs, w.slack.close())
	}
	if w.teams != nil {
		errs = append(errs, w.teams.Close())
	}
	if w.pool != nil {
		w.pool.Close()
	}
	return errors.Join(append(errs, w.admin(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{w.name}.Sanitize()+" WITH (FORCE)"))...)
}

func (w *world) load(ctx context.Context) (lab.Load, error) { return lab.ReadLoad(ctx, w.pool) }

// errNotDrained: Parley did not finish what it took.
var errNotDrained = errors.New("bench: not drained")

// drain waits until Parley has nothing left to do. Errors: errNotDrained when that takes
// longer than the limit or something was quarantined.
func (w *world) drain(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last lab.Load
	for {
		l, err := w.load(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			return err
		case err == nil && l.Quarantined > 0:
			return fmt.Errorf("%w: %d facts in quarantine", errNotDrained, l.Quarantined)
		case err == nil && l.Idle():
			return nil
		case err == nil:
			last = l
		}
		if !pause.For(ctx, 50*time.Millisecond) {
			return fmt.Errorf("%w within %s: %d facts, %d lanes left%s", errNotDrained, limit, last.Pending, last.Lanes, w.lastWords())
		}
	}
}

// lastWords gives the ends of the children's logs.
func (w *world) lastWords() string {
	var all string
	for _, c := range w.childs {
		all += "\n" + c.name + ": " + c.lastWords()
	}
	return all
}

// parleyOptions say how a Parley is started.
type parleyOptions struct {
	name  string   // of its log; "" = parley
	args  []string // sub-command and flags; nil = serve; see measured
	env   []string // further variables, "NAME=value"; the last of a name wins
	url   string   // of its database; "" = the world's
	data  string   // PARLEY_DATA; "" = the world's folder
	start bool     // don't wait for /readyz
}

// measured are the arguments of a Parley with the loopback channel, whose appliers can be
// held.
func (b *bench) measured() []string {
	args := []string{"bench", "--serve"}
	if b.opt.Unanalysed {
		args = append(args, "--unanalysed")
	}
	if b.opt.CPUProfile != "" {
		b.profiles++
		args = append(args, "--cpuprofile", fmt.Sprintf("%s.%d", b.opt.CPUProfile, b.profiles))
	}
	return args
}

// parley starts a Parley of its own process against the world and waits until it is ready.
func (w *world) parley(ctx context.Context, o parleyOptions) (*child, error) {
	if o.args == nil {
		o.args = []string{"serve"}
	}
	vars := []string{"DATABASE_URL=" + cmp.Or(o.url, w.url()), "PARLEY_DATA=" + cmp.Or(o.data, w.dir), "PARLEY_LOG=warn"}
	if w.slack != nil {
		vars = append(vars, w.slack.env()...)
	}
	if w.teams != nil {
		vars = append(vars, w.teams.env()...)
	}
	listen, err := lab.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	vars = append(vars, "PARLEY_LISTEN="+listen)
	c, err := startChild(w, cmp.Or(o.name, "parley"), append([]string{w.b.opt.Program}, o.args...), append(vars, o.env...))
	if err != nil {
		return nil, err
	}
	c.address = listen
	if o.start {
		return c, nil
	}
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	if w.teams != nil {
		return c, w.teams.connect(ctx, c)
	}
	if w.slack != nil {
		return c, w.slack.connect(ctx, c)
	}
	return c, nil
}
