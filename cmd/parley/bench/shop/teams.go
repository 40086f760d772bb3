package shop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
)

// Targets in Teams.
const (
	teamsHopTarget    = 1.5
	teamsBudgetTarget = 0.95
	teamsCallsTarget  = 1.1
)

const (
	// teamsFactor makes the 1800 posts an hour that Teams allows 50 a second.
	teamsFactor = 100.0
	teamsHour   = 1800.0 / 3600 * teamsFactor // posts per second
	hopTalks    = 50
	// Hops are measured for hopsFor, and with --quick for quickHopsFor.
	hopsFor      = 10 * time.Second
	quickHopsFor = 1500 * time.Millisecond
)

// MeasureTeams measures what differs in Teams: the way into a thread beside Slack's, and how
// much of a channel's budget a queue gets.
func MeasureTeams(ctx context.Context, b *rig.Rig) (map[string]figure.Figure, error) {
	hop, err := teamsHop(ctx, b)
	if err != nil {
		return nil, err
	}
	use, calls, err := teamsBudget(ctx, b)
	return map[string]figure.Figure{"teams_hop": hop, "teams_budget_use": use, "teams_calls": calls}, err
}

func teamsHop(ctx context.Context, b *rig.Rig) (f figure.Figure, err error) {
	slack, err := openChatShop(ctx, b, rig.WorldOptions{Slack: &rig.SlackOptions{}})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, slack.close()) }()
	teams, err := openChatShop(ctx, b, rig.WorldOptions{Teams: &rig.TeamsOptions{}})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, teams.close()) }()
	n := int(b.Span(hopsFor, quickHopsFor) / rig.HopEvery)
	var slacks, ours [][]float64 // all hops of an attempt, ms
	m, err := b.Bracket(ctx, b.Rounds(),
		func(ctx context.Context) (float64, error) {
			hops, err := slack.measureHops(ctx, n)
			slacks = append(slacks, hops)
			return figure.Median(hops), err
		},
		func(ctx context.Context) (float64, error) {
			hops, err := teams.measureHops(ctx, n)
			ours = append(ours, hops)
			return figure.Median(hops), err
		})
	if err != nil {
		return f, err
	}

	own, others := slices.Concat(rig.Kept(m, ours)...), slices.Concat(rig.KeptReferences(m, slacks)...)
	f = figure.AtMost(teamsHopTarget, "ratio", m.Ratios()...).With(map[string]float64{
		"p50_ms": figure.Median(own), "p95_ms": figure.Percentile(own, 0.95),
		"slack_p50_ms": figure.Median(others), "slack_p95_ms": figure.Percentile(others, 0.95)})

	return f.WithNote(m.Note), nil
}

// teamsBudget lets customers write more than a channel takes.
func teamsBudget(ctx context.Context, b *rig.Rig) (use, calls figure.Figure, err error) {
	c, err := openChatShop(ctx, b, rig.WorldOptions{Teams: &rig.TeamsOptions{Rate: teamsFactor}})
	if err != nil {
		return use, calls, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	size := budgetSizeOf(b)
	var shares, each []float64
	refused := 0
	for range b.Rounds() {
		began, before := time.Now(), len(c.w.Teams.Calls(""))

		if _, err := c.writeInTurn(ctx, size.messages, size.every); err != nil {
			return use, calls, err
		}
		if err := c.w.Drain(ctx, budgetWithin); err != nil {
			return use, calls, err
		}

		posted, last := 0, began
		for _, one := range c.listPosts(began) {
			if one.taken {
				posted, last = posted+1, one.at
			} else {
				refused++
			}
		}

		shares = append(shares, float64(posted)/(last.Sub(began).Seconds()*teamsHour))
		each = append(each, float64(len(c.w.Teams.Calls(""))-before)/float64(size.messages))
	}

	if err := c.checkComplete(); err != nil {
		return use, calls, err
	}

	note := fmt.Sprintf("%d messages over %d conversations", size.messages, hopTalks)
	use = figure.AtLeast(teamsBudgetTarget, "ratio", shares...).With(map[string]float64{"refused": float64(refused)})
	calls = figure.AtMost(teamsCallsTarget, "per message", each...)
	use.Note, calls.Note = note+"; of 1800 posts an hour", note+"; cards included"
	return use, calls, nil
}
