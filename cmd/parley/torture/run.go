package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/bridge/relay"
	"parley/cmd/parley/app"
	"parley/cmd/parley/setup"
	"parley/store"
)

const startTimeout = 2 * time.Minute

// hold is short, so that blows fall into it and behind it. Slack waits 3 s for an
// acknowledgement before it tries another connection: with several replicas, one of
// them stopped, what must be known within the hold needs longer.
func (o Options) hold() time.Duration {
	if o.Replicas > 1 {
		return 8 * time.Second
	}
	return 2 * time.Second
}

// Options of a run.
type Options struct {
	// Program starts this program: Program, then a sub-command: serve, fakes, or torture
	// with --oracle.
	Program string
	Seed    uint64
	Mails   int // that customers write
	Replies int // that agents type for them
	Kills   int // SIGKILL to a Parley
	Freezes int // SIGSTOP to a Parley, for FreezeFor
	// BaseKills counts the SIGKILLs to PostgreSQL.
	BaseKills int
	FreezeFor time.Duration
	Replicas  int           // Parleys on one database
	Flow      time.Duration // in which everything is said and every blow falls
	Settle    time.Duration // in which everything must have arrived, after the flow
	// ShortWaits lets Parley wait seconds where production waits minutes (see
	// ShortWaits); the oracle's definitions stay the same.
	ShortWaits bool
	OwnCopies  bool // Parley files sent mail itself: a lost answer is truly ambiguous
	// Keep is where the run leaves its data; "" = a temporary folder, removed after a
	// good verdict.
	Keep string
	Out  io.Writer // progress, for people
}

// Report is what a run tells.
type Report struct {
	Seed    uint64         `json:"seed"`
	Harm    map[string]int `json:"harm"`   // blows, by name
	Faults  map[string]int `json:"faults"` // of the providers, by what they did
	Said    counts         `json:"said"`
	Left    load           `json:"left"`  // what Parley still had to do at the end
	Fell    int            `json:"fell"`  // ends of a Parley that nobody asked for
	Took    time.Duration  `json:"took"`  // Units: nanoseconds
	Quiet   time.Duration  `json:"quiet"` // from the end of the flow to the verdict
	Verdict Verdict        `json:"verdict"`
	Folder  string         `json:"folder,omitempty"` // what was kept
}

// ErrVerdict is returned for a run in which Parley broke a promise.
var ErrVerdict = errors.New("torture: Parley broke a promise")

// ShortWaits shortens the waits of production for a run of seconds: they change when
// something is tried again, never what may be.
func ShortWaits(o app.Options) app.Options {
	o.Relay = relay.Options{MaxRequest: 3 * time.Second, LeaseMargin: 3 * time.Second, ReconcileAfter: time.Second,
		AbsentAgain: 2 * time.Second, UnclearAfter: 12 * time.Second}
	o.Backoff = []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}
	o.Lease = 6 * time.Second
	return o
}

// stage is one run.
type stage struct {
	opt      Options
	dir      string
	wire     wire
	database *database
	replicas []*replica
	fakes    *process
	oracle   *judgeProcess
	mu       sync.Mutex // of Out
}

// Run plays the whole run and prints its progress. The report is complete also with
// ErrVerdict. Other errors: the run itself could not be played.
func Run(ctx context.Context, o Options) (Report, error) {
	s, err := newStage(o)
	if err != nil {
		return Report{}, err
	}
	began := time.Now()
	r := Report{Seed: o.Seed}
	err = s.play(ctx, &r)
	r.Took = time.Since(began)
	if err == nil && (r.Verdict.Bad() || r.Left != load{}) {
		err = ErrVerdict
	}
	return r, s.leave(&r, err)
}

func newStage(o Options) (*stage, error) {
	s := &stage{opt: o, dir: o.Keep}
	var err error
	if s.dir == "" {
		s.dir, err = os.MkdirTemp("", "parley-torture-")
	} else if s.dir, err = filepath.Abs(s.dir); err == nil {
		err = os.MkdirAll(s.dir, 0o700)
	}
	if err == nil {
		err = os.Chmod(s.dir, 0o711) // PostgreSQL may run as another account, and passes through
	}
	if err != nil {
		return nil, fmt.Errorf("torture: %w", err)
	}
	s.database = &database{dir: s.dir}
	return s, nil
}

func (s *stage) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.opt.Out, format+"\n", args...) // progress only
}

// play sets everything up, lets it flow and break, waits, and gets the verdict.
func (s *stage) play(ctx context.Context, r *Report) (err error) {
	life, end := context.WithCancel(ctx)
	var parleys errgroup.Group
	defer func() {
		end()
		err = errors.Join(err, parleys.Wait(), s.stopOthers())
	}()
	if err := s.begin(life); err != nil {
		return err
	}
	for _, p := range s.replicas {
		parleys.Go(func() error { return p.run(life) })
	}
	if err := s.connected(life); err != nil {
		return err
	}
	s.say("Parley runs (%d), seed %d: %d mails and %d replies in %s, meanwhile %d kills, %d stops, %d kills of PostgreSQL, and faults of all providers.",
		s.opt.Replicas, s.opt.Seed, s.opt.Mails, s.opt.Replies, s.opt.Flow, s.opt.Kills, s.opt.Freezes, s.opt.BaseKills)
	if err := s.flow(life, r); err != nil {
		return err
	}
	quiet := time.Now()
	if err := s.settle(life, r); err != nil {
		return err
	}
	r.Quiet = time.Since(quiet)
	for _, p := range s.replicas {
		p.mu.Lock()
		r.Fell += p.unasked
		p.mu.Unlock()
	}
	return nil
}

// begin starts everything but Parley.
func (s *stage) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	envFile := filepath.Join(s.dir, "fakes.env")
	_ = os.Remove(envFile) // of an earlier run in the same folder
	args := []string{s.opt.Program, "torture", "--fakes", envFile, "--seed", strconv.FormatUint(s.opt.Seed, 10)}
	if s.opt.OwnCopies {
		args = append(args, "--own-copies")
	}
	var err error
	s.fakes, err = start(spec{name: "fakes", program: args, env: cleanEnv(), log: filepath.Join(s.dir, "fakes.log")})
	if err != nil {
		return err
	}
	vars, err := readEnv(ctx, envFile)
	if err != nil {
		return err
	}
	s.wire = wire{Slack: vars["FAKE_SLACK_CONTROL"], Mail: vars["FAKE_MAIL_CONTROL"]}
	if err := s.database.start(ctx); err != nil {
		return err
	}
	if err := s.setUp(ctx, vars); err != nil {
		return err
	}
	s.oracle, err = startOracle(s.opt.Program, filepath.Join(s.dir, "oracle.log"))
	if err != nil {
		return err
	}
	program := []string{s.opt.Program, "serve", "--moved-time"}
	if s.opt.ShortWaits {
		program = append(program, "--short-waits")
	}
	env := cleanEnv("DATABASE_URL="+s.database.url(), "PARLEY_DATA="+s.dir, "PARLEY_LISTEN=127.0.0.1:0", "PARLEY_LOG=info", "SLACK_RATE=0",
		"SLACK_BOT_TOKEN="+vars["SLACK_BOT_TOKEN"], "SLACK_APP_TOKEN="+vars["SLACK_APP_TOKEN"], "SLACK_API_URL="+vars["SLACK_API_URL"])
	for i := range s.opt.Replicas {
		s.replicas = append(s.replicas, &replica{spec: spec{name: "parley", program: program, env: env,
			log: filepath.Join(s.dir, fmt.Sprintf("parley-%d.log", i+1))}})
	}
	return nil
}

// setUp migrates the database and applies the set-up of this world.
func (s *stage) setUp(ctx context.Context, vars map[string]string) error {
	env := app.Env{DatabaseURL: s.database.url(), Data: s.dir}
	db, err := app.OpenDatabase(ctx, env, slog.New(slog.DiscardHandler), func(string) {})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx, env); err != nil {
		return err
	}
	if _, err := store.EnsureSurface(ctx, db.Pool, "slack"); err != nil {
		return err
	}
	text, err := s.config(vars)
	if err != nil {
		return err
	}
	file, err := setup.Parse([]byte(text), os.LookupEnv)
	if err != nil {
		return err
	}
	_, err = setup.Apply(ctx, db.Pool, file, setup.Options{Sealer: db.Sealer, Specs: app.Specs()})
	return err
}

func (s *stage) config(vars map[string]string) (string, error) {
	imapHost, imapPort, err := net.SplitHostPort(vars["FAKE_IMAP_ADDR"])
	if err != nil {
		return "", fmt.Errorf("torture: FAKE_IMAP_ADDR: %w", err)
	}
	smtpHost, smtpPort, err := net.SplitHostPort(vars["FAKE_SMTP_ADDR"])
	if err != nil {
		return "", fmt.Errorf("torture: FAKE_SMTP_ADDR: %w", err)
	}
	saveSent := ""
	if s.opt.OwnCopies {
		saveSent = "      save_sent: \"on\"\n"
	}
	return fmt.Sprintf(`company: Acme
agents:
  - {email: ann@acme.test, name: Ann Lee, slack: %s, roles: [admin]}
  - {email: ben@acme.test, name: Ben Katz, slack: %s}
teams:
  - {name: Support, members: [ann@acme.test, ben@acme.test], slack_channel: %s}
accounts:
  - name: support-mail
    kind: email
    team: Support
    hold: %s
    email:
      address: %s
      sender_name: Acme Support
%s      imap: {host: %s, port: %s, security: none, username: %s, password: %s}
      smtp: {host: %s, port: %s, security: none, username: %s, password: %s}
`, ann, ben, support, s.opt.hold(), helpAddress, saveSent, imapHost, imapPort, vars["FAKE_MAIL_USERNAME"], vars["FAKE_MAIL_PASSWORD"],
		smtpHost, smtpPort, vars["FAKE_MAIL_USERNAME"], vars["FAKE_MAIL_PASSWORD"]), nil
}

// connected waits until Slack sees the app.
func (s *stage) connected(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if i, err := s.wire.info(ctx); err == nil && i.Sockets >= s.opt.Replicas {
			return nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			return fmt.Errorf("torture: Parley did not connect to Slack; see %s", filepath.Join(s.dir, "parley-1.log"))
		}
	}
}

// flow lets people speak and things break at the same time; then the faults end.
func (s *stage) flow(ctx context.Context, r *Report) error {
	d := newDriver(s.wire, s.opt.Seed, s.opt.Mails, s.opt.Replies, s.opt.Flow)
	c := &chaos{wire: s.wire, replicas: s.replicas, database: s.database, opt: s.opt, say: s.say, struck: map[string]int{}}
	if err := s.oracle.begin(s.wire, len(d.talks)); err != nil {
		return err
	}
	if err := c.arm(ctx); err != nil {
		return err
	}
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return d.run(both) })
	group.Go(func() error { return c.run(both, schedule(s.opt.Seed, s.opt)) })
	if err := group.Wait(); err != nil {
		return err
	}
	var err error
	if r.Faults, err = s.wire.faultCounts(ctx); err != nil {
		return err
	}
	r.Harm, r.Said = c.counts(), d.done
	s.say("All is said: %d mails, %d replies, %d remarks inside, %d edits, %d deletions. The faults end.",
		d.done.Mails, d.done.Replies, d.done.Inside, d.done.Edits, d.done.Deletes)
	return s.wire.heal(ctx)
}

// settle waits until every lane is empty and the oracle misses nothing, then a moment
// longer for what might come twice.
func (s *stage) settle(ctx context.Context, r *Report) error {
	deadline := time.Now().Add(s.opt.Settle)
	const still = 3 // looks in a row
	calm, told := 0, time.Now()
	for {
		a, err := s.oracle.ask(order{Click: true})
		if err != nil {
			return err
		}
		left, err := s.database.load(ctx)
		if err != nil {
			return err
		}
		info, err := s.wire.info(ctx)
		if err != nil {
			return err
		}
		r.Verdict, r.Left = a.Verdict, left
		calm++
		if a.Clicks > 0 || left.Lanes > 0 || left.Pending > 0 || info.Pending > 0 || a.Verdict.Lost > 0 {
			calm = 0
		}
		if calm >= still || time.Now().After(deadline) {
			return nil
		}
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			s.say("        waiting: %d facts, %d lanes, %d not arrived, %d answered by the oracle's agent",
				left.Pending, left.Lanes, a.Verdict.Lost, a.Verdict.Clicked+a.Verdict.Ambiguous)
		}
		if !pause(ctx, time.Second) {
			return ctx.Err()
		}
	}
}

func (s *stage) stopOthers() error {
	if s.oracle != nil {
		s.oracle.end()
	}
	if s.fakes != nil {
		s.fakes.end()
	}
	return s.database.close()
}

// leave prints the verdict, and removes the folder of a good run that nobody wants.
func (s *stage) leave(r *Report, err error) error {
	v := r.Verdict
	for _, f := range v.Findings {
		s.say("  %s", f)
	}
	s.say("Verdict: %d mails, %d replies, %d inside; kills and stops %v; provider faults %v; lost %d, doubled %d, reordered %d, leaked %d, "+
		"scattered %d, received though deleted %d; truly ambiguous %d, sent by a click %d; left %d facts, %d lanes, %d quarantined; Parley fell by itself %d times; took %s, of which waiting %s.",
		v.Mails, v.Replies, v.Inside, r.Harm, r.Faults, v.Lost, v.Doubled, v.Reordered, v.Leaked, v.Scattered, v.Late, v.Ambiguous, v.Clicked,
		r.Left.Pending, r.Left.Lanes, r.Left.Quarantined, r.Fell, r.Took.Round(time.Second), r.Quiet.Round(time.Second))
	if err == nil && s.opt.Keep == "" {
		return os.RemoveAll(s.dir)
	}
	r.Folder = s.dir
	body, jsonErr := json.MarshalIndent(r, "", "  ")
	if jsonErr == nil {
		jsonErr = os.WriteFile(filepath.Join(s.dir, "report.json"), append(body, '\n'), 0o600)
	}
	if err != nil {
		s.say("Seed %d failed. Its whole journal, the logs and report.json are in %s. To look:\n  PARLEY_DATA=%s parley explain '#1'", r.Seed, s.dir, s.dir)
	}
	return errors.Join(err, jsonErr)
}

// Quick is the short form of a run: seconds instead of minutes, everything else alike.
func Quick(o Options) Options {
	o.Mails, o.Replies, o.Kills, o.Freezes, o.BaseKills = 100, 100, 5, 2, 1
	o.FreezeFor, o.Flow, o.Settle, o.ShortWaits = 8*time.Second, 20*time.Second, 2*time.Minute, true
	return o
}
