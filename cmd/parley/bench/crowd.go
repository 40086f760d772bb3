package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/wire"
	"parley/store"
)

// This file measures a crowd in one channel of Slack: two hundred agents who look at their home tabs, a hundred thousand open
// conversations, a board, and customers who open a hundred new ones in five minutes, as many as else in hours. The emulator keeps
// to Slack's limits.

// crowdSize is how many there are. A new conversation is two posts, and Slack takes one a second in a channel.
type crowdSize struct {
	open, agents, begin int
	every               time.Duration
}

func crowdSizeOf(b *Rig) crowdSize {
	return Choose(b,
		crowdSize{open: 100_000, agents: 200, begin: 100, every: 3 * time.Second},
		crowdSize{open: 5_000, agents: 50, begin: 10, every: time.Second},
		crowdSize{open: 2_000, agents: 30, begin: 3, every: time.Second})
}

const (
	refusedTarget = 1   // percent of the calls that Slack refuses as too many: two clocks differ, and they are repeated in time
	publishTarget = 100 // calls of views.publish in any minute, which Slack allows
	boardTarget   = 1.5 // changes of the board a minute: one, and the one that begins it
)

const (
	crowdAgents = `
	WITH agent AS (
		INSERT INTO agents (email, name) SELECT 'crowd' || n || '@acme.test', 'Crowd ' || n FROM generate_series(1, $1::int) AS n
		RETURNING id, name
	), known AS (
		INSERT INTO agent_users (account_id, user_id, agent_id)
		SELECT (SELECT id FROM accounts WHERE side = 'surface'), replace(name, 'Crowd ', 'UCROWD'), id FROM agent)
	UPDATE teams SET board = true, members = members || (SELECT array_agg(id) FROM agent)`
	crowdCustomers = `
	WITH contact AS (INSERT INTO contacts (id, name) VALUES (4000000000, 'Crowd') RETURNING id)
	INSERT INTO identities (id, account_id, key, name, contact_id)
	SELECT 4000000000 + n, (SELECT id FROM accounts WHERE name = 'shop0'), 'crowd' || n, 'Customer ' || n, contact.id
	FROM contact, generate_series(1, $1::int) AS n`
	crowdConversations = `
	INSERT INTO conversations (id, account_id, identity_id, team_id, status, subject, assignees, traits, waiting_since,
		unread_since, last_at, created_at)
	SELECT nextval('conversation_number'), account.id, 4000000000 + n, account.team_id, 'open', 'Question ' || n,
		CASE WHEN n % 20 > 0 THEN ARRAY[agent.ids[1 + n % array_length(agent.ids, 1)]] ELSE '{}' END,
		CASE WHEN n % 1000 = 1 THEN '{"urgent": "now", "late": "reply_due 1"}' ELSE '{}' END::jsonb,
		CASE WHEN n % 3 > 0 THEN at END, CASE WHEN n % 3 > 0 THEN at END, at, at
	FROM generate_series(1, $1::int) AS n
	CROSS JOIN LATERAL (SELECT now() - n * interval '5 min' AS at) AS time
	CROSS JOIN (SELECT array_agg(id) AS ids FROM agents) AS agent
	JOIN accounts AS account ON account.name = 'shop0'`
	crowdThreads = `
	INSERT INTO threads (conversation_id, account_id, channel, root)
	SELECT id, (SELECT id FROM accounts WHERE side = 'surface'), $1::text, '1700000000.' || lpad(id::text, 6, '0') FROM conversations`
)

// MeasureCrowd measures what a crowd costs of Slack's limits.
//
// Errors: errPosted, if a thread lacks what its customer wrote.
func MeasureCrowd(ctx context.Context, b *Rig) (_ map[string]Figure, err error) {
	size := crowdSizeOf(b)
	s, err := startShops(ctx, b, 0, WorldOptions{Slack: &SlackOptions{Rate: 1, Change: func(o *slackfake.Options) {
		o.Limits = true
		for n := range size.agents {
			id := fmt.Sprintf("UCROWD%d", n+1)
			o.Users = append(o.Users, slackfake.User{ID: id, Name: id, RealName: fmt.Sprint("Crowd ", n+1)})
		}
	}}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for _, fill := range []struct {
		sql string
		arg any
	}{
		{crowdAgents, size.agents}, {crowdCustomers, size.open}, {crowdConversations, size.open}, {crowdThreads, SupportChannel(0)},
	} {
		if _, err := s.w.Pool.Exec(ctx, fill.sql, fill.arg); err != nil {
			return nil, fmt.Errorf("bench: crowd: fill: %w", err)
		}
	}
	if _, err := s.w.Pool.Exec(ctx, `ANALYZE`); err != nil {
		return nil, fmt.Errorf("bench: crowd: %w", err)
	}
	if err := store.BumpSettings(ctx, s.w.Pool); err != nil {
		return nil, err
	}
	return s.crowd(ctx, size)
}

// crowd lets all agents open their home tabs and customers open conversations, and counts Parley's calls.
func (s *shoppers) crowd(ctx context.Context, size crowdSize) (map[string]Figure, error) {
	began := time.Now()
	meter, err := StartMeter(s.w, s.c)
	if err != nil {
		return nil, err
	}
	m, err := s.openWriter(ctx, fullAccount)
	if err != nil {
		return nil, err
	}
	for n := range max(size.begin, size.agents) {
		if n < size.agents {
			if err := s.w.Slack.As(fmt.Sprintf("UCROWD%d", n+1)).OpenHome(); err != nil {
				return nil, fmt.Errorf("bench: crowd: %w", err)
			}
		}
		if n >= size.begin {
			continue
		}
		if err := m.writeLines(time.Now(), n); err != nil {
			return nil, err
		}
		if !wire.For(ctx, size.every) {
			return nil, ctx.Err()
		}
	}
	m.close()
	details, took, err := meter.Shares()
	if err != nil {
		return nil, err
	}
	if err := s.w.Drain(ctx, budgetWithin); err != nil {
		return nil, err
	}
	board := s.boardTS(ctx)
	for ; len(s.w.Slack.Calls("views.publish")) < size.agents || board == ""; board = s.boardTS(ctx) { // as fast as Slack allows
		if time.Since(began) > took+5*time.Minute || !wire.For(ctx, LookEvery) {
			return nil, fmt.Errorf("%w: %d home tabs, board %q", ErrNotDrained, len(s.w.Slack.Calls("views.publish")), board)
		}
	}

	refused := 0
	var published []time.Time
	boards := 0
	all := s.w.Slack.Calls("")
	for _, c := range all {
		if c.Error == "ratelimited" {
			refused++
			details["refused_"+c.Method]++
		}
		switch c.Method {
		case "views.publish":
			published = append(published, c.At)
		case "chat.update":
			if c.Args["ts"] == board {
				boards++
			}
		}
	}
	details["published"], details["boards"] = float64(len(published)), float64(boards)
	details["in_p99_ms"] = Percentile(s.listLatencies(began, func(string) bool { return false }), 0.99)
	note := fmt.Sprintf("%d agents, %d open, %d new in %.0f s", size.agents, size.open, size.begin, took.Seconds())
	return map[string]Figure{
		"crowd_refused": AtMost(refusedTarget, "percent", percent*float64(refused)/float64(len(all))).WithNote(note).With(details),
		"crowd_publish": AtMost(publishTarget, "a minute", mostInAMinute(published)).WithNote(note),
		"crowd_board":   AtMost(boardTarget, "a minute", float64(boards)/max(1, time.Since(began).Minutes())).WithNote(note),
	}, s.checkThreads()
}

// boardTS returns the board's message in Slack.
func (s *shoppers) boardTS(ctx context.Context) (ts string) {
	if err := s.w.Pool.QueryRow(ctx, `SELECT message FROM boards`).Scan(&ts); err != nil {
		return "" // it isn't posted yet
	}
	return ts
}

// mostInAMinute returns how many of these times, which are sorted, are within any one minute.
func mostInAMinute(at []time.Time) (most float64) {
	first := 0
	for i, t := range at {
		for t.Sub(at[first]) >= time.Minute {
			first++
		}
		most = max(most, float64(i-first+1))
	}
	return most
}
