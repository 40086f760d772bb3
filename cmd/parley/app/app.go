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
	"parley/channels/wire"
	"parley/cmd/parley/operate"
	"parley/cmd/parley/site"
	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
)

// Grace is how long a stopping process may take to finish the sends that are in flight. After that, requests have at most
// answerGrace, and the database is closed.
const Grace = 15 * time.Second

// answerGrace is how long in-flight HTTP requests may take once everything else has stopped.
const answerGrace = 5 * time.Second

// reconnectPause is the wait before a surface whose connection ended is connected again.
const reconnectPause = 15 * time.Second

// Options configure an App beyond what the environment (Env) says. The zero value is right for production, except
// that it has no Analyzer.
type Options struct {
	Relay     relay.Options
	Backoff   []time.Duration   // waits between attempts to send; nil means the engine's default
	Lease     time.Duration     // how long an account is leased to the process that fetches for it; 0 means 30 s
	MovedTime bool              // Parley's clock may be ahead of the database's, as in demos and tests
	Specs     []channels.Spec   // the kinds of accounts that customers write to; nil means Specs()
	Surfaces  []SurfaceSpec     // the chats that agents work in; nil means Surfaces()
	Now       func() time.Time  // the surfaces' clock; nil means time.Now
	Analyzer  analysis.Analyzer // reads what customers write; nil if nothing is analysed
	Sweep     time.Duration     // time between two searches of a surface for missed messages; 0 means the surface's default
}

// withDefaults fills in all channels and surfaces where the options name none.
func (o Options) withDefaults() Options {
	if o.Specs == nil {
		o.Specs = Specs()
	}
	if o.Surfaces == nil {
		o.Surfaces = Surfaces()
	}
	return o
}

// App is one running Parley process. Parley is a helpdesk: customers write mails or WhatsApp messages, for example,
// and agents answer them in Slack or Teams. A customer's mail arrives through accounts, the engine stores it and
// decides what happens to it, and chats shows it to the agents; a reply takes the same way back. App builds these
// parts, connects them and runs them until it is stopped. Several processes may share one database.
//
// Code for one kind of chat, such as Slack, is called a surface.
type App struct {
	env      Env
	log      *slog.Logger
	opt      Options
	db       *Database
	objects  blob.Objects   // the store of old files; nil if all files are in the database
	engine   *engine.Engine // decides what happens to messages from both sides
	accounts *accounts      // the customers' side: mailboxes, phone numbers, pages
	chats    *chats         // the agents' side: Slack, Teams
	front    *front         // the HTTP server
	bodies   *bodies        // bounds the memory for bodies of webhook requests
	reread   *reread        // finds accounts that another process has just added
	links    *links         // signed addresses of files
	site     http.Handler   // pages for agents and admins
	retain   *Loop          // removes rows that are no longer needed
	ready    atomic.Bool
	started  atomic.Int64 // nanoseconds from the start of the process until it was ready
}

// New prepares an App and listens on Env.Listen. Requests are answered once Run is called.
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

// assemble builds the App around front, an HTTP server that listens already.
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
		erased:     erased.Fact,
		log:        log,
		lease:      o.Lease,
		bodies:     a.bodies,
	})
	a.retain = NewTidy(TidyOptions{Pool: db.Pool, Log: log, Objects: a.objects, Holder: a.accounts.holder})
	a.accounts.refresh(ctx)
	return a, a.addSite() //nolint:contextcheck // a page answers with the context of its visit
}

// engineOptions returns the options of the engine. Without a public address, the engine can't offer links to pages
// and files.
func (a *App) engineOptions(env Env, o Options) engine.Options {
	options := engine.Options{
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
		options.SurfaceNames[s.Kind] = s.Name
	}

	if env.PublicURL != "" {
		options.Original = a.links.originalAddress
		options.FileLink = a.links.fileAddress
		options.AccountPage = func(_, name string) string { return env.PublicURL + site.AccountPath(name) }
		options.Dashboard = func(team store.TeamID, from, to string) string {
			return dashboard.Address(env.PublicURL, team, from, to)
		}
	}

	return options
}

// runSurface keeps a chat connected until ctx ends. A failure is reported as the condition of the chat's account,
// which admins see. It doesn't affect other chats.
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
		wire.For(ctx, reconnectPause)
	}
}

// checkClock returns an error if a demo or a test has moved the clock that the database holds, unless
// Options.MovedTime allows that.
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

// Serve opens and migrates the database that env names, and runs an App on it until ctx ends. It waits without limit
// while another process migrates the database. HTTP health checks are answered from the beginning. say prints a
// sentence for the person at the terminal.
func Serve(ctx context.Context, env Env, log *slog.Logger, say func(string), o Options) (err error) {
	front, err := newFront(ctx, env, log)
	if err != nil {
		return err
	}

	front.start()
	defer func() { err = errors.Join(err, front.stop(ctx, 0)) }()
	log.Info("listening", "address", front.listenAddress(), "version", operate.String())
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

// errorUnlessEnded returns err, or nil if ctx has ended: an error is then only a consequence of the shutdown.
func errorUnlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// raiseGCPercent makes Go collect garbage half as often as by default, unless GOGC is set. Parley's heap is small, so
// with the default a seventh of the time spent relaying messages would go into garbage collection.
func raiseGCPercent() {
	const goDefault, ours = 100, 200
	before := debug.SetGCPercent(ours)
	if before != goDefault { // GOGC is set: restore its value
		debug.SetGCPercent(before)
	}
}

// Run serves until ctx ends. It then finishes the sends that are in flight, for at most Grace, and still answers
// webhooks while it does.
func (a *App) Run(ctx context.Context) error {
	raiseGCPercent()
	group, ctx := errgroup.WithContext(ctx) // if one part fails, all others stop
	a.front.open(a.buildRoutes())
	a.front.start()
	group.Go(a.front.wait)
	group.Go(func() error {
		select {
		case <-a.db.Ended(): // this process can't recover, so it exits and its supervisor restarts it
			return errors.New("the embedded PostgreSQL ended; pg.log in the data folder says why. Start Parley again")
		case <-ctx.Done():
			return nil
		}
	})

	group.Go(func() error { return a.chats.followSetUp(ctx) })
	group.Go(func() error { return a.accounts.run(ctx) })
	group.Go(func() error { return a.retain.Run(ctx) })
	group.Go(func() error { return a.readKnowledge(ctx) })
	group.Go(func() error { return a.dropExpiredSessions(ctx) })
	group.Go(func() error { return a.continueErasures(ctx) })
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
