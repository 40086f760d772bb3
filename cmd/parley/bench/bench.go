package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Options select what a run measures. rig.Options say how.
type Options struct {
	RigOptions

	Only []string // names of the groups to run, such as "mail"; empty means all
}

// group is a set of figures that are measured together because they share a setup.
type group struct {
	name    string // for the flag --only
	run     func(context.Context, *Rig) (map[string]Figure, error)
	figures []string // names of the figures that run returns
}

// listGroups returns all groups, in the order in which they run.
func listGroups() []group {
	return []group{
		{"accept", Measure, []string{"accept_ratio", "accept_idle"}},
		{"relay", MeasureRelay, []string{"relay_ratio", "commits_per_message"}},
		{"hop", MeasureHop, []string{"hop", "hop_p95"}},
		{"lanes", MeasureLanes, []string{"lane_ratio", "lane_flat", "lane_isolation"}},
		{"budget", MeasureBudget, []string{"budget_use", "budget_calls", "budget_calls_burst", "budget_isolation"}},
		{"lists", MeasureLists, []string{"list_pages", "find_p95_ms"}},
		{"words", MeasureWords, []string{"words_cpu"}},
		{"crowd", MeasureCrowd, []string{"crowd_refused", "crowd_publish", "crowd_board"}},
		{"mail", MeasureMail, []string{"mail_ratio", "mail_cpu_ms", "mail_thread_p95", "mail_idle_cpu", "rss_load"}},
		{"memory", MeasureMemory, []string{"rss_idle", "idle_cpu", "rss_mailboxes"}},
		{"start", MeasureStart, []string{"start_ms", "start_fresh_s", "binary_mb"}},
		{"overload", MeasureOverload, []string{"overload"}},
	}
}

// quickFor is how long a run with --quick measures. After that time the current group is aborted and no other
// one starts. A quick run promises to take a minute: the remaining seconds are for stopping processes and the
// database.
const quickFor = 52 * time.Second

// Groups returns the names of all groups.
func Groups() []string {
	var names []string
	for _, g := range listGroups() {
		names = append(names, g.name)
	}
	return names
}

// ErrUnknownGroup means that Options.Only contains a name that no group has.
var ErrUnknownGroup = errors.New("bench: no such group")

// errMinute is the cancellation cause of the context of a quick run, after quickFor.
var errMinute = errors.New("bench: the minute is over")

// Run measures the chosen groups and returns a report, such as "hop: 0.08, at most 0.15, ok". It starts a
// private PostgreSQL server and removes it afterwards. A missed target is not an error: see Report.Missed. If
// some groups fail, the report has the figures of the others.
//
// Errors: ErrUnknownGroup; a process could not be started; an invariant was violated, because a message was
// lost, duplicated or not delivered.
func Run(ctx context.Context, o Options) (Report, error) {
	for _, name := range o.Only {
		if !slices.Contains(Groups(), name) {
			return Report{}, fmt.Errorf("%w: %s; there are %s", ErrUnknownGroup, name, strings.Join(Groups(), ", "))
		}
	}

	b, err := New(o.RigOptions)
	if err != nil {
		return Report{}, err
	}

	ownProfile := "" // file for a CPU profile of this process, which runs the load generators and emulators
	if o.CPUProfile != "" {
		ownProfile = o.CPUProfile + ".own"
	}

	stop, err := Profile(ownProfile)
	if err != nil {
		return Report{}, errors.Join(err, b.Close())
	}

	report, err := makeReport(ctx, b, o.Only)
	return report, errors.Join(err, stop(), b.Close())
}

// makeReport describes the machine and measures the groups named in only, or all groups if only is empty.
func makeReport(ctx context.Context, b *Rig, only []string) (Report, error) {
	machine, err := b.Machine(ctx)
	if err != nil {
		return Report{}, err
	}
	figures, err := measureGroups(ctx, b, only)
	machine.LoadAfter = LoadAverages()
	return Report{Metrics: figures, Machine: machine}, err
}

// measureGroups runs the chosen groups one after the other. If one fails, it continues with the next.
func measureGroups(ctx context.Context, b *Rig, only []string) (map[string]Figure, error) {
	all := listGroups()
	if b.Opt.Quick {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, quickFor, errMinute)
		defer cancel()
	}

	figures := map[string]Figure{}
	var failed []error
	for _, g := range all {
		if len(only) > 0 && !slices.Contains(only, g.name) {
			continue
		}

		b.Say("%s …", g.name)
		begin := time.Now()
		measured, err := g.measure(ctx, b)
		if err != nil {
			failed = append(failed, fmt.Errorf("bench: %s: %w", g.name, err))
			b.Say("        failed: %v", err)
		}

		maps.Copy(figures, measured)
		b.Say("        %.1f s", time.Since(begin).Seconds())
		if isInterrupted(ctx) {
			break
		}
	}

	return figures, errors.Join(failed...)
}

// isInterrupted reports whether the user stopped the run, by Ctrl-C for example. The end of quickFor does not
// count.
func isInterrupted(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(context.Cause(ctx), errMinute)
}

// measure runs the group. If quickFor ends while it runs, its figures are reported as left out, and that is not
// an error. A violated invariant always is one.
func (g group) measure(ctx context.Context, b *Rig) (map[string]Figure, error) {
	figures, err := g.run(ctx, b)
	isCutOff := err != nil && errors.Is(context.Cause(ctx), errMinute)
	isInvariantBroken := errors.Is(err, ErrLost) || errors.Is(err, ErrOrder)
	if !isCutOff || isInvariantBroken {
		return figures, err
	}

	leftOut := map[string]Figure{}
	for _, name := range g.figures {
		leftOut[name] = Figure{}.LeftOutByQuick("the minute was over")
	}
	return leftOut, nil
}
