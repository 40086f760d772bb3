package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/bot/web/dashboard"
	"parley/bridge/analysis"
	"parley/bridge/engine"
	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/pause"
	"parley/cmd/parley/build"
	"parley/cmd/parley/site"
	"parley/cmd/parley/tidy"
	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
)

// Grace is how long a process that stops may finish what it has begun. With the time for closing the listener and the
// database, stopping takes less than 20 seconds.
const Grace = 15 * time.Second

// answerGrace is how long requests under way may take when everything else has ended. It is a part of the time beside Grace.
const answerGrace = 5 * time.Second

// reconnectPause is the wait before a surface whose connection ended is connected again.
const reconnectPause = 15 * time.Second

// Options of an App besides the environment.
type Options struct {
	Relay     relay.Options     // the zero value is right for production
	Backoff   []time.Duration   // bridge.Options.Backoff
	Lease     time.Duration     // how long an account is leased to the process that fetches; 0 means 30 s
	MovedTime bool              // Parley's clock may be ahead of the database's: demo, torture and tests
	Specs     []channels.Spec   // nil means Specs()
	Surfaces  []SurfaceSpec     // nil means Surfaces()
	Now       func() time.Time  // the surfaces' clock; nil means time.Now
	Analyzer  analysis.Analyzer // reads what customers write; nil if nothing is analysed
	Sweep     time.Duration     // between two searches of a surface for messages it missed; 0 means the surface's default
}

// withDefaults returns the options with all channels and surfaces where none are named.
func (o Options) withDefaults() Options {
	if o.Specs == nil {
		o.Specs = Specs()
	}
	if o.Surfaces == nil {
		o.Surfaces = Surfaces()
	}
	return o
}

// App is a running Parley.
type App struct {
	env      Env
	log      *slog.Logger
	opt      Options
	db       *Database
	objects  blob.Objects   // of old files; nil means the database has all of them
	engine   *engine.Engine // what becomes of messages from both sides
	accounts *accounts      // the customers' side: mailboxes, numbers, pages
	chats    *chats         // the agents' side: Slack, Teams
	front    *front         // the HTTP server
	bodies   *bodies        // memory for what webhooks bring
	reread   *reread        // looks for accounts that this process doesn't know yet
	links    *links         // signed addresses of files
	site     http.Handler   // pages for agents and admins
	retain   *tidy.Loop     // removes rows that are no longer needed
	ready    atomic.Bool
	started  atomic.Int64 // nanoseconds from the start of the process until it served
}

// New prepares everything and listens. Requests are answered once Run is called.
func New(ctx context.Context, env Env, db *Database, log *slog.Logger, o Options) (*App, error) {
	front, err := newFront(ctx, env, log)
	if err != nil {
		return nil, err
	}
	a, err := assemble(ctx, env, db, log, o, front)
	if err != nil {
		return nil, errors.Join(err, front.stop(ctx, 0))
	}
	return a, nil
}

// assemble prepares everything but the HTTP server, which is front.
func assemble(ctx context.Context, env Env, db *Database, log *slog.Logger, o Options, front *front) (*App, error) {
	o = o.withDefaults()
	a := &App{env: env, log: log, opt: o, db: db, front: front, bodies: newBodies()}
	if err := a.checkClock(ctx); err != nil {
		return nil, err
	}

	keys, err := store.TokenKeys(ctx, db.Pool, db.Sealer, "token")
	if err != nil {
		return nil, err
	}

	linkKeys, err := store.TokenKeys(ctx, db.Pool, db.Sealer, "link")
	if err != nil {
		return nil, err
	}

	erased, err := erase.LoadKey(ctx, db.Pool, db.Sealer)
	if err != nil {
		return nil, err
	}

	o.Relay.Erased = erased.Fact
	a.links = &links{base: env.PublicURL, keys: linkKeys}
	if a.objects, err = env.Objects.open(); err != nil {
		return nil, err
	}
	if a.engine, err = engine.New(ctx, a.engineOptions(env, o)); err != nil {
		return nil, err
	}

	a.links.html = a.engine.Files().OriginalHTML
	a.links.open = a.engine.Files().LinkedFile
	a.reread = newReread(db.Pool, a.engine)
	a.chats = newChats(a)
	if err := a.chats.refresh(ctx); err != nil {
		return nil, err
	}

	a.accounts = newAccounts(accountsOptions{
		engine:     a.engine,
		processEnv: env,
		db:         db,
		specs:      o.Specs,
		keys:       keys,
		log:        log,
		lease:      o.Lease,
		bodies:     a.bodies,
	})
	a.retain = tidy.New(tidy.Options{Pool: db.Pool, Log: log, Objects: a.objects, Holder: a.accounts.holder})
	a.accounts.refresh(ctx)
	return a, a.addSite() //nolint:contextcheck // a page answers with the context of its visit
}

// engineOptions returns the options of the engine. Without a public address it gets no links.
func (a *App) engineOptions(env Env, o Options) engine.Options {
	eo := engine.Options{
		Pool:         a.db.Pool,
		Log:          a.log,
		Objects:      a.objects,
		Specs:        o.Specs,
		SurfaceNames: map[string]string{},
		Relay:        o.Relay,
		Backoff:      o.Backoff,
		Analyzer:     o.Analyzer,
		AITokensADay: env.AI.TokensADay,
		Sealer:       a.db.Sealer,
	}
	for _, s := range o.Surfaces {
		eo.SurfaceNames[s.Kind] = s.Name
	}

	if env.PublicURL != "" {
		eo.Original = a.links.originalAddress
		eo.FileLink = a.links.fileAddress
		eo.AccountPage = func(channel, name string) string { return env.PublicURL + site.ReconnectPath(channel, name) }
		eo.Dashboard = func(team store.TeamID, from, to string) string {
			return dashboard.Address(env.PublicURL, team, from, to)
		}
	}

	return eo
}

// runSurface keeps a chat connected until ctx ends. If it fails, admins see that as the condition of its account, and everything
// else goes on.
func (a *App) runSurface(ctx context.Context, r opened) {
	for ctx.Err() == nil {
		err := r.surface.Run(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Error("surface stopped", "account_id", r.account, "error", err)
			a.engine.Report(r.account, channels.Condition{
				Status: channels.Broken,
				Text:   "The connection ended: " + err.Error(),
				Hint:   "See parley doctor.",
			})
		}
		pause.For(ctx, reconnectPause)
	}
}

// checkClock refuses a database in which Parley's clock was moved, unless Options.MovedTime allows it.
func (a *App) checkClock(ctx context.Context) error {
	ahead, err := store.ClockAhead(ctx, a.db.Pool)
	if err != nil {
		return err
	}
	if ahead != 0 && !a.opt.MovedTime {
		return fmt.Errorf("this database's clock was moved by %s: it belongs to a demo or a test, not to serve", ahead)
	}
	return nil
}

// Address is where the App listens.
func (a *App) Address() string { return a.front.listenAddress() }

// Engine returns the use cases, for sub-commands and tests.
func (a *App) Engine() *engine.Engine { return a.engine }

// Serve opens and migrates the database that env names, and runs an App on it until ctx ends. While another process migrates the
// database, it waits without limit. It answers HTTP from the beginning, as the comment of front says. say shows a sentence to
// the person at the terminal.
func Serve(ctx context.Context, env Env, log *slog.Logger, say func(string), o Options) (err error) {
	front, err := newFront(ctx, env, log)
	if err != nil {
		return err
	}

	front.start()
	defer func() { err = errors.Join(err, front.stop(ctx, 0)) }()
	log.Info("listening", "address", front.listenAddress(), "version", build.String())
	db, err := OpenDatabase(ctx, env, log, say)
	if err != nil {
		return errorUnlessEnded(ctx, err)
	}
	defer db.Close()
	log.Info("database opened", "database", db.describe(env))
	front.waitFor("migrating")

	if err := db.Migrate(ctx, env); err != nil {
		return errorUnlessEnded(ctx, err)
	}

	front.waitFor("starting")
	env.noteListen(front.listenAddress(), log)

	if _, err := db.AgreeErasures(ctx, env); err != nil {
		log.Error("erasures not compared with their list", "error", err, "hint", "parley erase tries again")
	}

	a, err := assemble(ctx, env, db, log, o, front)
	if err != nil {
		return errorUnlessEnded(ctx, err)
	}
	if err := a.sayFirstLink(ctx, say); err != nil {
		return errorUnlessEnded(ctx, err)
	}

	return a.Run(ctx)
}

// errorUnlessEnded returns err, or nil if ctx has ended: then the error only says that the process was asked to stop.
func errorUnlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// runNightlyBackups makes the embedded server's backups until ctx ends.
func (a *App) runNightlyBackups(ctx context.Context) error {
	if a.db.server == nil || a.opt.MovedTime { // an external database has backups of its own; a demo needs none
		return nil
	}
	f, err := a.db.newBackupFolder(a.env, a.log)
	if err != nil {
		return err
	}
	return f.Run(ctx)
}

// collectLater lets Go collect garbage half as often as by default, unless GOGC is set. Parley holds little in memory, so the
// default takes a seventh of the time in which messages are relayed.
func collectLater() {
	const goDefault, ours = 100, 200                             // percent of the memory in use
	if before := debug.SetGCPercent(ours); before != goDefault { // GOGC is set
		debug.SetGCPercent(before)
	}
}

// Run serves until ctx ends. Then it first finishes the sends that have begun; webhooks are answered meanwhile.
func (a *App) Run(ctx context.Context) error {
	collectLater()
	group, ctx := errgroup.WithContext(ctx) // a part that fails stops all others
	a.front.open(a.buildRoutes())
	a.front.start()
	group.Go(a.front.wait)
	group.Go(func() error {
		select {
		case <-a.db.Ended(): // this process can't recover: its supervisor starts it again
			return errors.New("the embedded PostgreSQL ended; pg.log in the data folder says why. Start Parley again")
		case <-ctx.Done():
			return nil
		}
	})

	group.Go(func() error { return a.chats.followSetUp(ctx) })
	group.Go(func() error { return a.accounts.run(ctx) })
	group.Go(func() error { return a.retain.Run(ctx) })
	group.Go(func() error { return a.runNightlyBackups(ctx) })
	group.Go(func() error { return a.readKnowledge(ctx) })
	group.Go(func() error { return a.dropExpiredSessions(ctx) })
	group.Go(func() error { return a.goOnErasing(ctx) })
	group.Go(func() error { return a.newRosterKeeper().Run(ctx) })
	group.Go(func() error {
		err := a.engine.Run(ctx, Grace)
		return errors.Join(err, a.front.stop(ctx, answerGrace))
	})

	a.ready.Store(true)
	a.started.Store(int64(processAge()))
	a.log.Info("ready", "address", a.Address())
	err := group.Wait()
	a.log.Info("stopped")
	return err
}
