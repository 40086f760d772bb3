package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/bridge/relay"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/setup"
	"parley/store"
	"parley/store/storetest"
)

// stage is the world of one scenario.
type stage struct {
	ctx   context.Context
	world *World
	env   app.Env
	db    *app.Database
	log   *slog.Logger
	last  string // the subject of the conversation that is talked about

	stop    context.CancelFunc
	stopped chan error
	mails   map[string][]mailfake.Received // what each customer received, when last asked
	ahead   time.Duration
}

func newStage(ctx context.Context, t *testing.T) (*stage, error) {
	level := slog.LevelError
	if os.Getenv("PARLEY_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	s := &stage{ctx: ctx, log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})), mails: map[string][]mailfake.Received{}}
	w, err := NewWorld(ctx, WorldOptions{})
	if err != nil {
		return nil, err
	}
	s.world = w
	s.env = app.Env{DatabaseURL: storetest.URL(t), Data: t.TempDir(), Listen: "127.0.0.1:0", SlackBotToken: w.Slack.BotToken(),
		SlackAppToken: w.Slack.AppToken(), SlackAPIURL: w.Slack.APIURL()}
	if s.db, err = app.OpenDatabase(ctx, s.env, s.log, func(string) {}); err != nil {
		return nil, err
	}
	return s, s.db.Migrate(ctx, s.env)
}

func (s *stage) close() {
	s.halt()
	s.db.Close()
	_ = s.world.Close()
}

// setUp applies the world's configuration, changed by name=value pairs that stand for
// lines of the account.
func (s *stage) setUp(changes []string) error {
	hold := time.Duration(0)
	extra := ""
	for _, c := range changes {
		name, value, ok := strings.Cut(c, "=")
		if !ok {
			return fmt.Errorf("%q is no name=value", c)
		}
		if name == "hold" {
			d, err := time.ParseDuration(value)
			if err != nil {
				return err
			}
			hold = d
			continue
		}
		extra += fmt.Sprintf("    %s: %s\n", name, value)
	}
	text := strings.Replace(s.world.Config(hold), "    team: Support\n", "    team: Support\n"+extra, 1)
	file, err := setup.Parse([]byte(text), os.LookupEnv)
	if err != nil {
		return err
	}
	if _, err = store.EnsureSurface(s.ctx, s.db.Pool, "slack"); err != nil {
		return err
	}
	_, err = setup.Apply(s.ctx, s.db.Pool, file, setup.Options{Sealer: s.db.Sealer, Specs: app.Specs()})
	return err
}

// start runs Parley until halt, and waits until its mailbox and its Slack are connected.
func (s *stage) start() error {
	a, err := app.New(s.ctx, s.env, s.db, s.log, app.Options{MovedTime: true,
		Relay: relay.Options{ReconcileAfter: 100 * time.Millisecond}})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(s.ctx)
	s.stop, s.stopped = stop, make(chan error, 1)
	go func() { s.stopped <- a.Run(ctx) }()
	return s.until("Parley is connected", func() (bool, error) {
		for _, account := range a.Engine().Accounts() {
			if account.Side != "channel" {
				continue
			}
			mark, err := store.LoadWatermark(s.ctx, s.db.Pool, account.ID)
			if err != nil || mark == nil {
				return false, err
			}
		}
		return s.world.Slack.Sockets() > 0, nil
	})
}

func (s *stage) halt() {
	if s.stop != nil {
		s.stop()
		<-s.stopped
		s.stop = nil
	}
}

// until polls a condition that no signal tells of.
func (s *stage) until(what string, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := ok()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("in vain: %s", what)
		case <-tick.C:
		}
	}
}

// settle waits until nothing is under way: no fact unapplied, no event undelivered,
// no delivery due. What waits for its hold, or for a person, stays.
func (s *stage) settle() error {
	const busy = `SELECT (SELECT count(*) FROM pending)
		+ (SELECT count(*) FROM lanes WHERE due_at <= parley_now() + interval '1 second' OR leased_until IS NOT NULL)`
	quiet := 0
	return s.until("everything settles", func() (bool, error) {
		var n int
		if err := s.db.Pool.QueryRow(s.ctx, busy).Scan(&n); err != nil {
			return false, err
		}
		if n > 0 || s.world.Slack.PendingEvents() > 0 {
			quiet = 0
			return false, nil
		}
		quiet++
		return quiet > 3, nil
	})
}

// parleyCommand is `parley start [name=value…]`, `parley stop`, `parley restart`,
// `parley set name=value…`.
func parleyCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: parley start|stop|restart|set")
	}
	switch args[0] {
	case "start":
		ts.Check(s.setUp(args[1:]))
		ts.Check(s.start())
	case "set":
		ts.Check(s.setUp(args[1:]))
	case "stop":
		s.halt()
	case "restart":
		s.halt()
		ts.Check(s.start())
	default:
		ts.Fatalf("unknown: parley %s", args[0])
	}
}

// clockCommand is `clock +25h`: Parley's clock jumps.
func clockCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: clock +DURATION")
	}
	d, err := time.ParseDuration(strings.TrimPrefix(args[0], "+"))
	ts.Check(err)
	ts.Check(store.MoveClock(s.ctx, s.db.Pool, d))
}

// settleCommand waits until nothing is under way.
func settleCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: settle")
	}
	ts.Check(onStage(ts).settle())
}

// expect turns "shows" and "! shows" into one check: what must be is waited for, what
// must not be is looked at once everything has settled.
func expect(ts *testscript.TestScript, neg bool, what string, found func() bool) {
	s := onStage(ts)
	if !neg {
		if err := s.until(what, func() (bool, error) { return found(), nil }); err != nil {
			ts.Fatalf("%v\n%s", err, s.picture())
		}
		return
	}
	ts.Check(s.settle())
	if found() {
		ts.Fatalf("must not be: %s\n%s", what, s.picture())
	}
}

var errNoThread = errors.New("there is no such thread")
