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

// This file measures Parley with Microsoft Teams as the agents' chat: how long a customer's message takes to
// reach its thread, compared with Slack, and how many of the posts that Teams allows Parley makes when
// customers write more than that.

const (
	teamsHopTarget    = 1.5  // latency, in times of that in Slack, at most
	teamsBudgetTarget = 0.95 // share of the posts that Teams allows, at least
	teamsCallsTarget  = 1.1  // API calls per message, at most

	// Teams allows 1800 posts per hour in a channel. To keep the measurement short, the emulator and Parley are configured
	// for teamsFactor times as many.
	teamsFactor         = 100.0
	teamsPostsPerSecond = 1800.0 / 3600 * teamsFactor

	hopTalks     = 50 // number of customers, who write in turn
	hopsFor      = 10 * time.Second
	quickHopsFor = 1500 * time.Millisecond // the same with --quick
)

// MeasureTeams returns three figures: latency compared with Slack (teams_hop), use of the allowed posts
// (teams_budget_use), and API calls per message (teams_calls).
func MeasureTeams(ctx context.Context, b *rig.Rig) (map[string]figure.Figure, error) {
	hop, err := measureTeamsHop(ctx, b)
	if err != nil {
		return nil, err
	}
	use, calls, err := measureTeamsBudget(ctx, b)
	return map[string]figure.Figure{"teams_hop": hop, "teams_budget_use": use, "teams_calls": calls}, err
}

// measureTeamsHop compares hops in Teams with hops in Slack. A hop is the time from Parley's answer to a
// customer's webhook to the API call that posts the message in the chat.
func measureTeamsHop(ctx context.Context, b *rig.Rig) (f figure.Figure, err error) {
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

	messages := int(b.Span(hopsFor, quickHopsFor) / rig.HopEvery)
	measure := func(shop *chatShop) rig.Measurement[[]float64] {
		return func(ctx context.Context) (median float64, hops []float64, err error) {
			hops, err = shop.measureHops(ctx, messages)
			return figure.Median(hops), hops, err
		}
	}
	m, err := rig.Bracket(ctx, b, b.Rounds(), measure(slack), measure(teams))
	if err != nil {
		return f, err
	}

	teamsHops, slackHops := slices.Concat(m.Found...), slices.Concat(m.ReferenceFound...)
	return figure.AtMost(teamsHopTarget, "ratio", m.Ratios()...).WithNote(m.Note).With(map[string]float64{
		"p50_ms":       figure.Median(teamsHops),
		"p95_ms":       figure.Percentile(teamsHops, 0.95),
		"slack_p50_ms": figure.Median(slackHops),
		"slack_p95_ms": figure.Percentile(slackHops, 0.95),
	}), nil
}

// measureTeamsBudget makes customers write more than Parley may post in a channel. use is the share of the
// allowed posts that Parley made, calls the number of API calls per message.
func measureTeamsBudget(ctx context.Context, b *rig.Rig) (use, calls figure.Figure, err error) {
	c, err := openChatShop(ctx, b, rig.WorldOptions{Teams: &rig.TeamsOptions{Rate: teamsFactor}})
	if err != nil {
		return use, calls, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	size := budgetSizeOf(b)
	var uses, callsEach []float64
	refused := 0
	for range b.Rounds() {
		began, callsBefore := time.Now(), len(c.w.Teams.Calls(""))
		if _, err := c.writeInTurn(ctx, size.messages, size.every); err != nil {
			return use, calls, err
		}
		if err := c.w.Drain(ctx, budgetWithin); err != nil {
			return use, calls, err
		}

		posted, last := 0, began
		for _, p := range c.listPosts(began) {
			if p.isTaken {
				posted++
				last = p.at
			} else {
				refused++
			}
		}

		uses = append(uses, float64(posted)/(last.Sub(began).Seconds()*teamsPostsPerSecond))
		callsEach = append(callsEach, float64(len(c.w.Teams.Calls(""))-callsBefore)/float64(size.messages))
	}

	if err := c.checkTeams(); err != nil {
		return use, calls, err
	}

	note := fmt.Sprintf("%d messages over %d conversations", size.messages, hopTalks)
	use = figure.AtLeast(teamsBudgetTarget, "ratio", uses...).With(map[string]float64{"refused": float64(refused)})
	calls = figure.AtMost(teamsCallsTarget, "per message", callsEach...)
	return use.WithNote(note + "; of 1800 posts an hour"), calls.WithNote(note + "; cards included"), nil
}
