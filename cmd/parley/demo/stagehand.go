package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/twilio"
	"parley/channels/wire"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/store"
	"parley/store/pgserver"
)

// EngineOptions returns the options of the Parley that the demo runs. A visitor is watching, so retries and lost webhooks
// take seconds where production takes minutes. Visitors may also move its clock forward. Everything else is as in
// production.
func EngineOptions() app.Options {
	return app.Options{
		Specs:     quickSpecs(),
		MovedTime: true,
		Lease:     6 * time.Second,
		Backoff:   []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second},
		Relay: relay.Options{
			MaxRequest:     10 * time.Second,
			LeaseMargin:    5 * time.Second,
			ReconcileAfter: 2 * time.Second,
			AbsentAgain:    3 * time.Second,
		},
	}
}

// quickSpecs returns the channels of the demo. Its SMS channel polls for messages whose webhook was lost every few
// seconds; in production it polls every few minutes.
func quickSpecs() []channels.Spec {
	specs := slices.DeleteFunc(app.Specs(), func(s channels.Spec) bool { return s.Kind == "sms" })
	return append(specs, twilio.SMSSpec(twilio.Options{Poll: 3 * time.Second, Settle: 2 * time.Second}))
}

const (
	// laterSpeed is how many times faster the first mails arrive when the demo is restarted: the visitor has seen them.
	laterSpeed = 4
	// connectedPause is the interval at which waitUntilConnected checks whether Parley is connected.
	connectedPause = 50 * time.Millisecond
)

// stagehand runs everything behind the demo's page: a PostgreSQL server, Parley itself in a separate process (the engine),
// and the script by which emulated customers write their first mails.
//
// It works in rounds. A round begins with an empty database and a new engine. When the visitor presses "start over",
// the round's context is cancelled with the cause engine.ErrOver, and the next round begins on the same server.
type stagehand struct {
	options Options
	company *Company // the emulated chats, mailboxes and phones
	page    *Page
	listen  string // host:port on which the engine receives webhooks
}

// run plays rounds until ctx ends, and then waits until everything that it started has stopped.
func (s *stagehand) run(ctx context.Context) (err error) {
	if s.options.Reset {
		if err := removeFolder(s.options.Data); err != nil {
			return err
		}
	}

	server, err := pgserver.Start(ctx, pgserver.Options{Dir: s.options.Data, Durable: true, Log: s.options.Log, Say: s.options.Say})
	if err != nil {
		return ignoreAfterEnd(ctx, err)
	}

	defer func() {
		closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Grace)
		defer cancel()
		err = errors.Join(err, server.Close(closeCtx))
	}()

	if server.IsShared() {
		return errFolderInUse(s.options.Data) // it was started at the same time as this one
	}

	pace := ProloguePace
	for ctx.Err() == nil {
		roundCtx, endRound := context.WithCancelCause(ctx)
		s.page.plugs.setReset(func() { endRound(ErrOver) })
		err := s.playRound(roundCtx, server, pace)
		endRound(nil)

		if err != nil || ctx.Err() != nil {
			return err
		}
		if err := s.page.startOver(ctx); err != nil {
			return err
		}

		pace = ProloguePace / laterSpeed
	}

	return nil
}

// playRound plays one round: it creates an empty database, sets Parley up and runs the engine until ctx ends. It returns
// when everything that it started has stopped.
func (s *stagehand) playRound(ctx context.Context, server *pgserver.Server, pace time.Duration) error {
	if err := recreateDatabase(ctx, server); err != nil {
		return ignoreAfterEnd(ctx, err)
	}

	s.page.plugs.setPhase("Setting Parley up …")
	env := app.Env{DatabaseURL: server.URL(pgserver.Database), Data: s.options.Data}
	db, err := app.OpenDatabase(ctx, env, s.options.Log, s.options.Say)
	if err != nil {
		return ignoreAfterEnd(ctx, err)
	}
	defer db.Close()

	if err := s.setUp(ctx, env, db); err != nil {
		return ignoreAfterEnd(ctx, err)
	}

	s.page.SetDatabase(db.Pool)
	defer s.page.SetDatabase(nil)
	switched := make(chan struct{}, 1)
	applyHome := func(ctx context.Context) error {
		if err := lab.Apply(ctx, db, s.company.People(), nil); err != nil {
			return err
		}

		select {
		case switched <- struct{}{}: // after the change is stored, because runEngine then lets customers write
		default: // runEngine hasn't handled the previous switch yet, and will handle both at once
		}
		return nil
	}

	s.page.applyHome.Store(&applyHome)
	defer s.page.applyHome.Store(nil)
	if err := applyHome(ctx); err != nil { // the visitor may have chosen another chat during setUp
		return ignoreAfterEnd(ctx, err)
	}

	return s.runEngine(ctx, env, db.Pool, pace, switched)
}

// refuseUsedFolder returns an error if another demo uses the data directory.
func refuseUsedFolder(dir string) error {
	lock, err := lockFolder(dir)
	if lock != nil {
		_ = lock.Unlock()
	}
	return err
}

// lockFolder takes the lock of a demo's data directory, which the database server of a running demo holds. It returns nil
// if there is no directory yet, and an error if another demo uses it.
func lockFolder(dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetFlag(os.O_RDONLY))
	isLocked, err := lock.TryLock()
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("demo: %s belongs to another account; run as that one, or choose another folder with PARLEY_DATA: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("demo: lock: %w", err)
	}
	if !isLocked {
		return nil, errFolderInUse(dir)
	}
	return lock, nil
}

func errFolderInUse(dir string) error {
	return fmt.Errorf("demo: another demo runs on %s; stop it, or choose another folder with PARLEY_DATA", dir)
}

// removeFolder deletes the data directory of a demo, including the files of its database server. It returns an error if
// another demo uses the directory.
func removeFolder(dir string) error {
	lock, err := lockFolder(dir)
	if lock == nil || err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()

	// PostgreSQL refuses to run as root. For root, pgserver may keep the server in another directory, whose path it
	// writes to pg.elsewhere.
	note, err := os.ReadFile(filepath.Join(filepath.Clean(dir), "pg.elsewhere"))
	serverDir := strings.TrimSpace(string(note))
	if err == nil && strings.HasPrefix(filepath.Base(serverDir), "parley-") {
		if err := os.RemoveAll(serverDir); err != nil {
			return fmt.Errorf("demo: reset: %w", err)
		}
	}

	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("demo: reset: %w", err)
	}

	return nil
}

// ignoreAfterEnd returns err, or nil if ctx has ended, because err then only reports the interruption.
func ignoreAfterEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// recreateDatabase drops and creates the database. The emulators start empty in each round, so rows of an earlier round
// would refer to threads and mails that no longer exist.
func recreateDatabase(ctx context.Context, server *pgserver.Server) error {
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return fmt.Errorf("demo: database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()

	for _, sql := range []string{
		`DROP DATABASE IF EXISTS ` + pgserver.Database + ` WITH (FORCE)`,
		`CREATE DATABASE ` + pgserver.Database + ` TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("demo: database: %w", err)
		}
	}

	return nil
}

// setUp migrates the database, writes the company's knowledge base to disk and applies the company's configuration
// (parley.yaml).
func (s *stagehand) setUp(ctx context.Context, env app.Env, db *app.Database) error {
	if err := db.Migrate(ctx, env); err != nil {
		return err
	}
	folder, err := writeKnowledge(s.options.Data)
	if err != nil {
		return err
	}
	knowledge := fmt.Sprintf("knowledge:\n  - folder: %q\n", folder)
	for _, yaml := range []string{s.company.Config(s.options.Hold), mailTemplates, knowledge, mailRules} {
		if err := lab.Apply(ctx, db, yaml, nil); err != nil {
			return err
		}
	}
	return nil
}

// mailTemplates are prepared replies for mail. Unlike WhatsApp's templates, they need no provider's approval.
const mailTemplates = `templates:
  - name: Parcel on its way
    language: en
    accounts: [support-mail]
    types: [reply]
    body: "Hello {{first_name}}, your parcel leaves our workshop today. Tell us if it isn't with you within a week."
  - name: Ask for a photo
    language: en
    accounts: [support-mail]
    types: [reply]
    body: "Hello {{first_name}}, could you send us a photo of it? Then we can help at once."
`

// mailRules give German mails to Ben and all others to Ann, whom the visitor plays, and answer a customer's first mail at once. Kim is
// away, so that one sees why somebody gets nothing.
const mailRules = `agents:
  - {email: ann@acme.test, skills: [english]}
  - {email: ben@acme.test, skills: [german]}
  - {email: kim@acme.test, name: Kim Doyle, presence: away, skills: [english, german]}
accounts:
  - name: support-mail
    rules:
      - {by: last_agent}
      - {by: skill, skill: german, when: {text: Rechnung}}
      - {by: skill, skill: english}
      - {by: least_load}
    auto_reply:
      first: {text: "Thank you, {{first_name}}. We have your mail, and answer within the day."}
    settings: {reply_target: 4h, autoresolve_words: "thanks, thank you, resolved"}
`

// runEngine runs the engine until ctx ends. The customers write their first mails once the engine is connected. They
// write again when the visitor switches to a chat (Slack or Teams) in which they haven't written yet in this round;
// switched receives a value after each switch.
func (s *stagehand) runEngine(ctx context.Context, env app.Env, pool *pgxpool.Pool, pace time.Duration, switched <-chan struct{}) error {
	log, err := logFile(s.options.Data)
	if err != nil {
		return fmt.Errorf("demo: engine log: %w", err)
	}
	defer func() { _ = log.Close() }()
	var out io.Writer = log
	if s.options.Engine != nil {
		out = io.MultiWriter(log, s.options.Engine)
	}

	vars := append(s.company.Env(),
		"DATABASE_URL="+env.DatabaseURL,
		"PARLEY_DATA="+env.Data,
		"PARLEY_LISTEN="+s.listen,
		"PARLEY_LOG=info",
		"SLACK_RATE=0", // no rate limit: the emulators have none, and changes show immediately
		"TEAMS_RATE=0",
	)
	e := NewEngine(EngineOptionsX{
		Exe:    s.options.Exe,
		Args:   []string{"demo", "--engine"},
		Env:    Env(vars...),
		Out:    out,
		Log:    s.options.Log,
		Report: s.page.plugs.setPhase,
		Pause:  s.options.Back,
	})
	s.page.plugs.setEngine(e)
	defer s.page.plugs.setEngine(nil)
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	s.page.plugs.setPhase("Starting Parley …")
	greeted := map[string]bool{s.company.Home(): true} // by chat; openScene opens conversations in the current one
	err = s.openScene(ctx, pool, pace)
	for err == nil {
		select {
		case err := <-ended:
			return err
		case <-switched:
		}

		if home := s.company.Home(); !greeted[home] {
			greeted[home] = true
			err = s.company.Greet(ctx, pace)
		}
	}

	if ctx.Err() == nil {
		s.options.Log.Warn("what came before, or a customer's message, was not written", "error", err)
	}

	return <-ended
}

// openScene stores the company's history in the database while Parley starts. Once Parley is connected, it installs Parley
// in Teams, subscribes its webhooks at the providers, and lets the customers write their first mails.
func (s *stagehand) openScene(ctx context.Context, pool *pgxpool.Pool, pace time.Duration) error {
	past := make(chan error, 1)
	go func() { past <- writePast(ctx, pool, s.page.options.Clock.Now()) }()
	if err := errors.Join(waitUntilConnected(ctx, s.company, pool), <-past); err != nil {
		return err
	}
	if err := errors.Join(s.company.Install(ctx), s.company.Subscribe(ctx)); err != nil {
		return err
	}
	s.page.plugs.setPhase("Parley is connecting to Slack again …") // from now on, shown whenever Parley isn't connected
	return s.company.Prologue(ctx, pace)
}

// waitUntilConnected waits until Parley watches its mailboxes and has a connection to Slack.
func waitUntilConnected(ctx context.Context, w *Company, q store.Querier) error {
	for {
		unwatched, err := lab.Unwatched(ctx, q)
		if err != nil {
			return err
		}
		if unwatched == 0 && w.Slack.Sockets.Count() > 0 {
			return nil
		}
		if !wire.For(ctx, connectedPause) {
			return ctx.Err()
		}
	}
}
