package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/cmd/parley/bench/accept"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/lanes"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/mail"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/bench/shop"
	"parley/cmd/parley/bench/talk"
)

// Options of a run.
type Options struct {
	rig.Options

	Only []string // names of groups; empty means all
}

// group is a set of figures that are measured together, because they share a set-up.
type group struct {
	name    string // for --only
	run     func(context.Context, *rig.Rig) (map[string]figure.Figure, error)
	figures []string // their names: what run returns
}

// listGroups returns all groups, in the order in which they run.
func listGroups() []group {
	return []group{
		{"accept", accept.Measure, []string{"accept_ratio", "accept_idle"}},
		{"chat", accept.MeasureChat, []string{"accept_chat"}},
		{"relay", talk.MeasureRelay, []string{"relay_ratio", "commits_per_message"}},
		{"hop", talk.MeasureHop, []string{"hop", "hop_p95"}},
		{"lanes", lanes.Measure, []string{"lane_ratio", "lane_rated", "lane_flat", "lane_isolation", "lane_snapshot"}},
		{"aged", lanes.MeasureAged, []string{"aged_tables"}},
		{"dump", lanes.MeasureDump, []string{"dump_snapshot"}},
		{"budget", shop.MeasureBudget, []string{"budget_use", "budget_calls", "budget_calls_burst", "budget_isolation"}},
		{"fair", shop.MeasureFair, []string{"fair_account", "fair_sender", "fair_accept"}},
		{"teams", shop.MeasureTeams, []string{"teams_hop", "teams_budget_use", "teams_calls"}},
		{"mail", mail.Measure, []string{"mail_ratio", "mail_cpu_ms", "mail_thread_p95", "mail_idle_cpu", "rss_load"}},
		{"replicas", mail.MeasureReplicas, []string{"replicas_mail", "replicas_p95"}},
		{"memory", mail.MeasureMemory, []string{"rss_idle", "idle_cpu", "rss_mailboxes"}},
		{"start", mail.MeasureStart, []string{"start_ms", "start_fresh_s", "binary_mb"}},
		{"overload", accept.MeasureOverload, []string{"overload"}},
		{"busy", talk.MeasureBusy, []string{"accept_ratio_busy"}},
	}
}

// quickFor is how long a quick run measures. Then it breaks off the current group and begins no other one; the rest of its
// minute is for ending processes and the database.
const quickFor = 52 * time.Second

// Groups names all groups.
func Groups() []string {
	var names []string
	for _, g := range listGroups() {
		names = append(names, g.name)
	}
	return names
}

// ErrUnknownGroup is returned for a name in Options.Only that no group has.
var ErrUnknownGroup = errors.New("bench: no such group")

// errMinute is the cause with which the context of a quick run ends.
var errMinute = errors.New("bench: the minute is over")

// Run measures and returns the report. The database is private and is removed afterwards. Errors: ErrUnknownGroup; what
// could not be started; a broken invariant (a message was lost, came twice, or was never delivered). A missed target is no
// error: see Report.Missed.
func Run(ctx context.Context, o Options) (figure.Report, error) {
	for _, name := range o.Only {
		if !slices.Contains(Groups(), name) {
			return figure.Report{}, fmt.Errorf("%w: %s; there are %s", ErrUnknownGroup, name, strings.Join(Groups(), ", "))
		}
	}

	b, err := rig.New(o.Options)
	if err != nil {
		return figure.Report{}, err
	}

	ownProfile := "" // of this process: the generators and emulators
	if o.CPUProfile != "" {
		ownProfile = o.CPUProfile + ".own"
	}

	stop, err := rig.Profile(ownProfile)
	if err != nil {
		return figure.Report{}, errors.Join(err, b.Close())
	}

	report, err := makeReport(ctx, b, o.Only)
	return report, errors.Join(err, stop(), b.Close())
}

// makeReport looks at the machine and measures the groups of these names, or all if there are no names.
func makeReport(ctx context.Context, b *rig.Rig, only []string) (figure.Report, error) {
	machine, err := b.Machine(ctx)
	if err != nil {
		return figure.Report{}, err
	}
	figures, err := measureGroups(ctx, b, only)
	machine.LoadAfter = rig.LoadAverages()
	return figure.Report{Metrics: figures, Machine: machine}, err
}

// measureGroups runs the chosen groups one after the other. When one fails, the others' figures are still worth having.
func measureGroups(ctx context.Context, b *rig.Rig, only []string) (map[string]figure.Figure, error) {
	all := listGroups()
	if b.Opt.Quick {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, quickFor, errMinute)
		defer cancel()
	}

	figures := map[string]figure.Figure{}
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

// isInterrupted reports whether somebody stopped the bench, by Ctrl-C for example. The end of a quick run's minute is no
// interruption: the groups that are left then say why they have no figures.
func isInterrupted(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(context.Cause(ctx), errMinute)
}

// measure runs the group. If the minute of a quick run ends it, its figures are left out, which is no error.
func (g group) measure(ctx context.Context, b *rig.Rig) (map[string]figure.Figure, error) {
	figures, err := g.run(ctx, b)
	isMinuteOver := err != nil && errors.Is(context.Cause(ctx), errMinute)
	isInvariantBroken := errors.Is(err, load.ErrLost) || errors.Is(err, talk.ErrOrder)
	if !isMinuteOver || isInvariantBroken {
		return figures, err
	}

	leftOut := map[string]figure.Figure{}
	for _, name := range g.figures {
		leftOut[name] = figure.Figure{}.LeftOutByQuick("the minute was over")
	}
	return leftOut, nil
}
