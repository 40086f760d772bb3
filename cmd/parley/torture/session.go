package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"parley/cmd/parley/lab"
)

const startTimeout = 2 * time.Minute

// keptRuns is how many temporary folders of runs that failed are kept when another run begins.
const keptRuns = 3

// session is one test run: its folder, its processes (Parley, PostgreSQL, emulators, oracle) and the connections between
// them. Run creates it, starts everything with it, and in the end removes a temporary folder unless the run failed.
type session struct {
	opt     Options
	dir     string
	scratch *lab.Scratch // dir as a temporary folder; nil means that opt.Keep names it
	began   time.Time
	mu      sync.Mutex // guards writes to opt.Out

	// The processes.
	program    []string // of Parley, with its arguments
	oldProgram []string // an earlier version of it; nil means none
	emulators  *lab.Process
	oracle     *Process
	database   *Database
	network    *network // which has the Parleys, too

	// How they are reached.
	client    Client
	vars      map[string]string // the variables by which a Parley finds the emulators
	endpoints *endpoints

	hasSpaceLimit bool     // the database's folder is a file system of its own
	skipped       []string // what this machine could not play, and why

	driver *driver
}

// newSession makes the folder of a run.
func newSession(o Options) (*session, error) {
	s := &session{opt: o, began: time.Now()}
	open := s.openKept
	if o.Keep == "" {
		open = s.openScratch
	}
	if err := open(); err != nil {
		return nil, fmt.Errorf("torture: %w", err)
	}
	s.database = &Database{Dir: s.dir}
	return s, nil
}

// openScratch makes a temporary folder, and removes those of former runs but the last keptRuns that failed.
func (s *session) openScratch() error {
	scratch, err := lab.NewScratch("", "parley-torture-", keptRuns, func(dir string) {
		_ = FreeSpace(filepath.Join(dir, limitedDir)) // of a run that was killed while its database had one
	})
	if err != nil {
		return err
	}
	s.scratch, s.dir = scratch, scratch.Dir
	return nil
}

// openKept makes the folder that opt.Keep names.
func (s *session) openKept() (err error) {
	if s.dir, err = filepath.Abs(s.opt.Keep); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(s.dir, 0o711) // PostgreSQL may run as another account, and passes through
}

// printLine prints a line about the progress of the run.
func (s *session) printLine(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.opt.Out, format+"\n", args...) // progress only
}

// skip notes and prints what this machine can't play. The run goes on without it.
func (s *session) skip(what string, why error) {
	text := fmt.Sprintf("%s: skipped: %v", what, why)
	s.skipped = append(s.skipped, text)
	s.printLine("%s", text)
}

// start starts everything but Parley, and decides how each replica of it is started.
func (s *session) start(ctx context.Context) error {
	s.program = []string{s.opt.Program, "serve", "--moved-time"}
	if s.opt.ShortWaits {
		s.program = append(s.program, "--short-waits")
	}

	s.chooseOldProgram(ctx)
	s.limitSpace()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	if err := s.startEmulators(ctx); err != nil {
		return err
	}
	if err := s.database.Start(ctx); err != nil {
		return err
	}

	var err error
	if s.network, err = openNetwork(ctx, s.opt.Replicas, s.vars, s.database.URL()); err != nil {
		return fmt.Errorf("torture: %w", err)
	}
	if err := s.setUp(ctx); err != nil {
		return err
	}
	if s.endpoints, err = newEndpoints(ctx, s.opt.Replicas); err != nil {
		return err
	}
	if err := s.openBalancer(ctx); err != nil {
		return err
	}

	if s.opt.Chats {
		if s.network.customerWebhooks, err = s.network.openBalancer(ctx, routeSlackWebhooks, s.endpoints.addresses); err != nil {
			return err
		}
	}

	if s.oracle, err = Start(s.opt.Program, filepath.Join(s.dir, "oracle.log")); err != nil {
		return err
	}

	s.specifyReplicas()
	return nil
}

// openBalancer opens the address to which Slack or Teams sends requests, if that chat sends any.
func (s *session) openBalancer(ctx context.Context) error {
	if !s.opt.Teams && !s.opt.Webhooks {
		return nil
	}
	route := routeTeamsWebhooks
	if !s.opt.Teams {
		route = routeSlackWebhooks
		s.endpoints.secret = s.vars["SLACK_SIGNING_SECRET"]
	}
	var err error
	s.network.balancer, err = s.network.openBalancer(ctx, route, s.endpoints.addresses)
	return err
}

// specifyReplicas decides how each replica is started.
func (s *session) specifyReplicas() {
	program := s.program
	if s.oldProgram != nil {
		program = s.oldProgram
	}

	for i, r := range s.network.replicas {
		r.spec = lab.Spec{
			Name:    "parley",
			Program: program,
			Log:     filepath.Join(s.dir, fmt.Sprintf("parley-%d.log", i+1)),
			Env: lab.CleanEnv(
				"DATABASE_URL="+s.network.databaseURL(i),
				"PARLEY_DATA="+s.dir,
				"PARLEY_LISTEN="+s.endpoints.addresses[i],
				"PARLEY_LOG=info",
			),
		}
		r.spec.Env = append(r.spec.Env, s.chatEnv(i)...)
		if s.opt.Chats {
			r.spec.Env = append(r.spec.Env,
				"PARLEY_PUBLIC_URL="+s.publicURL(),
				"WHATSAPP_API_URL="+s.vars["WHATSAPP_API_URL"],
				"MESSENGER_API_URL="+s.vars["MESSENGER_API_URL"],
				"TWILIO_API_URL="+s.vars["TWILIO_API_URL"],
			)
		}
	}
}

// chatEnv returns the variables by which replica i finds the chat in which agents work.
func (s *session) chatEnv(i int) []string {
	list := []string{fmt.Sprintf("SLACK_RATE=%g", s.opt.Rate), fmt.Sprintf("TEAMS_RATE=%g", s.opt.Rate)}
	if s.opt.Teams {
		through := strings.NewReplacer(s.vars["FAKE_TEAMS_CONTROL"], "http://"+s.network.teams.address())
		for name, value := range s.vars {
			if strings.HasPrefix(name, "TEAMS_") {
				list = append(list, name+"="+through.Replace(value))
			}
		}
		return list
	}

	token := "SLACK_APP_TOKEN=" + s.vars["SLACK_APP_TOKEN"]
	if s.opt.Webhooks {
		token = "SLACK_SIGNING_SECRET=" + s.vars["SLACK_SIGNING_SECRET"]
	}

	return append(list, "SLACK_BOT_TOKEN="+s.vars["SLACK_BOT_TOKEN"], token, "SLACK_API_URL="+s.network.slackURL(i))
}

func (s *session) startEmulators(ctx context.Context) error {
	envFile := filepath.Join(s.dir, "fakes.env")
	_ = os.Remove(envFile) // of an earlier run in the same folder
	options, err := json.Marshal(EmulatorsOptions{
		EnvFile:    envFile,
		Seed:       s.opt.Seed,
		SaveSent:   !s.opt.OwnCopies,
		Chats:      s.opt.Chats,
		Teams:      s.opt.Teams,
		Blind:      s.opt.Blind,
		Limits:     s.opt.Rate > 0,
		ShortWaits: s.opt.ShortWaits,
	})
	if err != nil {
		return fmt.Errorf("torture: %w", err)
	}
	s.emulators, err = lab.Start(lab.Spec{
		Name:    "fakes",
		Program: []string{s.opt.Program, "torture", "--fakes", string(options)},
		Env:     lab.CleanEnv(),
		Log:     filepath.Join(s.dir, "fakes.log"),
	})
	if err != nil {
		return err
	}
	if s.vars, err = lab.ReadEnv(ctx, envFile); err != nil {
		return err
	}

	s.client = Client{
		Slack: s.vars["FAKE_SLACK_CONTROL"],
		Teams: s.vars["FAKE_TEAMS_CONTROL"],
		Mail:  s.vars["FAKE_MAIL_CONTROL"],
		Blind: s.opt.Blind,
		Chats: s.opt.Chats,
	}
	return nil
}

// chooseOldProgram builds the earlier version with which the run begins, if one is wanted.
func (s *session) chooseOldProgram(ctx context.Context) {
	delete(s.opt.Faults, faultUpgrade)
	delete(s.opt.Faults, faultReadTables)

	if !s.opt.Upgrade {
		return
	}

	program, commit, err := Build(ctx, ".", s.opt.From, s.dir)
	if err != nil {
		s.skip("rolling upgrade", err)
		return
	}

	s.oldProgram = []string{program, "serve"}

	// The earlier version may know fewer options; those that it doesn't know are left out.
	for _, flag := range s.program[2:] {
		if exec.CommandContext(ctx, program, "serve", flag, "--help").Run() == nil { //nolint:gosec // what we built
			s.oldProgram = append(s.oldProgram, flag)
		}
	}

	s.opt.Faults[faultUpgrade], s.opt.Faults[faultReadTables] = 1, 1
	s.printLine("The run begins with the program of %.12s (%v) and rolls to this one.", commit, s.oldProgram[1:])
}

// limitedDir is the database's folder in a run's folder, if its size is limited.
const limitedDir = "limited"

// limitSpace gives the database a folder of a limited size, if it is to be filled.
func (s *session) limitSpace() {
	if s.opt.Faults[faultFillDisk] == 0 {
		return
	}
	dir := filepath.Join(s.dir, limitedDir)
	if err := LimitSpace(dir); err != nil {
		s.opt.Faults[faultFillDisk] = 0
		s.skip(faultFillDisk, fmt.Errorf("a folder of a limited size needs the right to mount one: %w", err))
		return
	}
	s.database.Dir, s.hasSpaceLimit = dir, true
}

// stopOthers ends everything but Parley. A database in a folder of limited size is first copied to the run's own
// folder, if the run failed or its data is to be kept.
func (s *session) stopOthers(failed bool) error {
	if s.network != nil {
		s.network.close()
	}
	if s.oracle != nil {
		s.oracle.End()
	}
	if s.emulators != nil {
		s.emulators.End()
	}

	err := s.database.Close()
	if !s.hasSpaceLimit {
		return err
	}

	if failed || s.opt.Keep != "" {
		kept := filepath.Join(s.dir, "pg")
		err = errors.Join(err,
			os.RemoveAll(kept),
			os.CopyFS(kept, os.DirFS(filepath.Join(s.database.Dir, "pg"))),
			os.Chmod(kept, 0o700), //nolint:gosec // a folder
			copyFile(filepath.Join(s.database.Dir, "pg.log"), filepath.Join(s.dir, "pg.log")))
	}

	return errors.Join(err, FreeSpace(s.database.Dir), os.Remove(s.database.Dir))
}

func copyFile(from, to string) error {
	body, err := os.ReadFile(filepath.Clean(from))
	if err != nil {
		return err
	}
	return os.WriteFile(to, body, 0o600)
}
