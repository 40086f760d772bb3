package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
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
)

// teamsGroup measures what differs in Teams: the way into a thread beside Slack's, and how
// much of a channel's budget a queue gets.
func teamsGroup(b *bench, ctx context.Context) (map[string]Figure, error) {
	hop, err := teamsHop(ctx, b)
	if err != nil {
		return nil, err
	}
	use, calls, err := teamsBudget(ctx, b)
	return map[string]Figure{"teams_hop": hop, "teams_budget_use": use, "teams_calls": calls}, err
}

func teamsHop(ctx context.Context, b *bench) (f Figure, err error) {
	slack, err := openCounter(ctx, b, worldOptions{slack: &slackOptions{}})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, slack.close()) }()
	teams, err := openCounter(ctx, b, worldOptions{teams: &teamsOptions{}})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, teams.close()) }()
	n := int(b.span(10*time.Second, 1500*time.Millisecond) / hopEvery)
	var slacks, ours [][]float64 // all hops of an attempt, ms
	m, err := b.bracket(ctx, b.rounds(),
		func(ctx context.Context) (float64, error) {
			hops, err := slack.hops(ctx, n)
			slacks = append(slacks, hops)
			return median(hops), err
		},
		func(ctx context.Context) (float64, error) {
			hops, err := teams.hops(ctx, n)
			ours = append(ours, hops)
			return median(hops), err
		})
	if err != nil {
		return f, err
	}
	own, others := slices.Concat(kept(m, ours)...), slices.Concat(keptReferences(m, slacks)...)
	f = atMost(teamsHopTarget, "ratio", m.ratios()...).with(map[string]float64{"p50_ms": median(own), "p95_ms": percentile(own, 0.95),
		"slack_p50_ms": median(others), "slack_p95_ms": percentile(others, 0.95)})
	f.Note = m.note
	return f, nil
}

// teamsBudget lets customers write more than a channel takes.
func teamsBudget(ctx context.Context, b *bench) (use, calls Figure, err error) {
	c, err := openCounter(ctx, b, worldOptions{teams: &teamsOptions{rate: teamsFactor}})
	if err != nil {
		return use, calls, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	size := b.crowd()
	var shares, each []float64
	refused := 0
	for range b.rounds() {
		began, before := time.Now(), len(c.w.teams.Calls(""))
		if _, err := c.speak(ctx, size.messages, size.every); err != nil {
			return use, calls, err
		}
		if err := c.w.drain(ctx, budgetWithin); err != nil {
			return use, calls, err
		}
		posted, last := 0, began
		for _, one := range c.posts(began) {
			if one.taken {
				posted, last = posted+1, one.at
			} else {
				refused++
			}
		}
		shares = append(shares, float64(posted)/(last.Sub(began).Seconds()*teamsHour))
		each = append(each, float64(len(c.w.teams.Calls(""))-before)/float64(size.messages))
	}
	if err := c.complete(); err != nil {
		return use, calls, err
	}
	note := fmt.Sprintf("%d messages over %d conversations", size.messages, hopTalks)
	use = atLeast(teamsBudgetTarget, "ratio", shares...).with(map[string]float64{"refused": float64(refused)})
	calls = atMost(teamsCallsTarget, "per message", each...)
	use.Note, calls.Note = note+"; of 1800 posts an hour", note+"; cards included"
	return use, calls, nil
}
