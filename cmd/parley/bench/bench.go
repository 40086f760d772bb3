package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/cmd/parley/lab"
	"parley/store/pgserver"
)

// Options of a run.
type Options struct {
	Program string   // this program, to start Parley and emulators with
	Dir     string   // where the database lives; "" = a temporary folder
	Quick   bool     // one short round of each figure; what doesn't fit into a minute is left out
	Only    []string // names of groups; none = all
	Out     io.Writer
	// Unanalysed measures a Parley that doesn't analyse what customers write.
	Unanalysed bool
	// CPUProfile begins the names of files that get profiles: .1 and so on of the measured
	// Parleys, .own of the generators and emulators.
	CPUProfile string
	// Statements is the file to which the groups accept, chat, busy and relay append what each statement of the
	// database cost a message, and which rows were written, as pg_stat_statements counts; "" = nothing is counted.
	Statements string
}

// bench is one run.
type bench struct {
	opt      Options
	scratch  *lab.Scratch     // the run's folder; the database is in it
	server   *pgserver.Server // nil until a group needs one
	worlds   int              // made so far
	tool     string           // pgbench's path; "" = none found
	referred bool             // the reference's database is there
	insertUS float64          // CPU of the database for one insert of the latest reference, µs
	short    bool             // a test: windows of a second, ratios mean nothing
	onRAM    bool             // the database's files are memory: other targets
	profiles int              // made so far
	mu       sync.Mutex       // guards writes to opt.Out
}

// group measures some figures that share a set-up.
type group struct {
	name    string
	run     func(*bench, context.Context) (map[string]Figure, error)
	figures []string
}

// groups gives all groups, in the order in which they run.
func groups() []group {
	return []group{
		{"accept", measureAccept, []string{"accept_ratio", "accept_idle"}},
		{"chat", measureChat, []string{"accept_chat"}},
		{"relay", measureRelay, []string{"relay_ratio", "commits_per_message"}},
		{"hop", measureHop, []string{"hop", "hop_p95"}},
		{"lanes", lanesGroup, []string{"lane_ratio", "lane_rated", "lane_flat", "lane_isolation", "lane_snapshot"}},
		{"aged", agedGroup, []string{"aged_tables"}},
		{"dump", dumpGroup, []string{"dump_snapshot"}},
		{"budget", budgetGroup, []string{"budget_use", "budget_calls", "budget_calls_burst", "budget_isolation"}},
		{"fair", fairGroup, []string{"fair_account", "fair_sender", "fair_accept"}},
		{"teams", teamsGroup, []string{"teams_hop", "teams_budget_use", "teams_calls"}},
		{"mail", mailGroup, []string{"mail_ratio", "mail_cpu_ms", "mail_thread_p95", "mail_idle_cpu", "rss_load"}},
		{"replicas", replicasGroup, []string{"replicas_mail", "replicas_p95"}},
		{"memory", memoryGroup, []string{"rss_idle", "idle_cpu", "rss_mailboxes"}},
		{"start", startGroup, []string{"start_ms", "start_fresh_s", "binary_mb"}},
		{"overload", measureOverload, []string{"overload"}},
		{"busy", measureBusy, []string{"accept_ratio_busy"}},
	}
}

// quickFor is when a quick run begins nothing more and breaks off what it is at; the rest
// of its minute is for ending.
const quickFor = 52 * time.Second

// Groups names all groups, for --help.
func Groups() []string {
	var names []string
	for _, g := range groups() {
		names = append(names, g.name)
	}
	return names
}

// ErrUnknownGroup is returned for a name in Options.Only that no group has.
var ErrUnknownGroup = errors.New("bench: no such group")

// errMinute is the cause with which the context of a quick run ends.
var errMinute = errors.New("bench: the minute is over")

// Run measures and gives the report. The database is private and goes afterwards.
// Errors: ErrUnknownGroup; what could not be started; a broken invariant (lost, doubled,
// not drained). A missed target is no error: see Report.Missed.
func Run(ctx context.Context, o Options) (Report, error) {
	scratch, err := lab.NewScratch(o.Dir, "parley-bench-", 0, nil)
	if err != nil {
		return Report{}, fmt.Errorf("bench: %w", err)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	b := &bench{opt: o, scratch: scratch}
	own := ""
	if o.CPUProfile != "" {
		own = o.CPUProfile + ".own"
	}
	stop, err := profile(own)
	if err != nil {
		return Report{}, errors.Join(err, b.close())
	}
	report, err := b.run(ctx)
	return report, errors.Join(err, stop(), b.close())
}

func (b *bench) run(ctx context.Context) (Report, error) {
	machine, err := b.machine(ctx)
	if err != nil {
		return Report{}, err
	}
	b.onRAM = machine.onRAM()
	figures, err := b.measure(ctx)
	machine.LoadAfter = loadAverages()
	return Report{Metrics: figures, Machine: machine}, err
}

// close ends the server and removes everything of the run.
func (b *bench) close() error {
	var err error
	if b.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err = b.server.Close(ctx)
	}
	return errors.Join(err, b.scratch.Remove())
}

func (b *bench) rounds() int {
	if b.opt.Quick {
		return 1
	}
	return 3
}

func (b *bench) say(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, _ = fmt.Fprintf(b.opt.Out, format+"\n", args...) // progress only
}

// measure runs the chosen groups one after the other.
func (b *bench) measure(ctx context.Context) (map[string]Figure, error) {
	all := groups()
	for _, name := range b.opt.Only {
		if !slices.ContainsFunc(all, func(g group) bool { return g.name == name }) {
			return nil, fmt.Errorf("%w: %s", ErrUnknownGroup, name)
		}
	}
	if b.opt.Quick {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, quickFor, errMinute)
		defer cancel()
	}
	figures := map[string]Figure{}
	var failed []error
	for _, g := range all {
		if len(b.opt.Only) > 0 && !slices.Contains(b.opt.Only, g.name) {
			continue
		}
		b.say("%s …", g.name)
		begin := time.Now()
		some, err := g.run(b, ctx)
		switch {
		case err != nil && errors.Is(context.Cause(ctx), errMinute) && !errors.Is(err, errLost) && !errors.Is(err, errOrder):
			some = map[string]Figure{}
			for _, name := range g.figures {
				some[name] = Figure{Note: "left out by --quick: the minute was over"}
			}
		case err != nil: // the others' figures are still worth having
			failed = append(failed, fmt.Errorf("bench: %s: %w", g.name, err))
			b.say("        failed: %v", err)
		}
		maps.Copy(figures, some)
		b.say("        %.1f s", time.Since(begin).Seconds())
	}
	return figures, errors.Join(failed...)
}

// span chooses how long something is measured: in tests at most a second.
func (b *bench) span(full, quick time.Duration) time.Duration {
	switch {
	case b.short:
		return min(quick, time.Second)
	case b.opt.Quick:
		return quick
	}
	return full
}
