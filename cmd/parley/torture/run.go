package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const startTimeout = 2 * time.Minute

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
	r.Took, r.Crashes = time.Since(began), s.crashes()
	if err == nil && (r.Verdict.Bad() || r.Left != (load{}) || len(r.Crashes) > 0) {
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

// crashes gives the lines of Parley's logs that tell of a panic or a data race.
func (s *stage) crashes() []string {
	const most = 10
	var found []string
	for i := range s.replicas {
		body, err := os.ReadFile(s.replicas[i].spec.log)
		if err != nil {
			continue // it never started, which is an error of its own
		}
		for line := range strings.Lines(string(body)) {
			if len(found) < most && (strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") ||
				strings.Contains(line, "DATA RACE") || strings.Contains(line, "panicked")) {
				found = append(found, strings.TrimSpace(line))
			}
		}
	}
	return found
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
	for _, f := range slices.Concat(v.Findings, r.Crashes) {
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
