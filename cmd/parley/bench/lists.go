package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"parley/store"
)

// This file measures how fast agents find their conversations among many: pages of lists, counts and searches, each read as Parley reads
// it for an ordinary agent, who may not read everything. It also measures what the words of messages, which searches need, cost while
// messages are relayed.

const (
	listTarget  = 5    // p95 of the slowest page ÷ that of the first page of all
	findTarget  = 15   // ms, p95 of the slowest search
	wordsTarget = 1.05 // CPU of a relayed message with its words ÷ without

	manyListed  = 1_000_000
	quickListed = 20_000
	listCalls   = 400 // of each page and search
	listRows    = 50  // on a page, as agents get
	listAgents  = 200
	listFill    = 50_000 // rows in a statement
)

// Words to search for. The others are random, some of them frequent, and most of them rare.
const (
	rareWord   = "zeppelin" // in twenty messages
	someWord   = "walnut"   // in three of a thousand messages: too few to be found among the newest
	commonWord = "order"    // in every third message
	hiddenWord = "charter"  // in every message of an account that the agent may not read
	apartWord  = "pigeon"   // in one of twenty messages, never together with commonWord
	formerWord = "jubilee"  // in one of ten messages, none of them among the newest half
)

// fillNumbers makes the accounts and teams. Rows have the numbers from $1 to $2 of $3.
const (
	fillAccounts = `
	INSERT INTO accounts (id, name, kind, side)
	SELECT 100 + n, 'listed' || n, 'loopback', CASE n WHEN 20 THEN 'surface' ELSE 'channel' END FROM generate_series(0, 20) AS n`
	fillTeams    = `INSERT INTO teams (name) SELECT 'listed' || n FROM generate_series(1, 10) AS n`
	fillContacts = `INSERT INTO contacts (id, name) VALUES (1, 'everybody')`

	// listWord is a word of six letters, for the number k.
	listWord = `translate(lpad(to_hex((k * 2654435761) % 16777216), 6, '0'), '0123456789abcdef', 'bcdfglmnprstaeio')`

	fillCustomers = `
	INSERT INTO identities (id, account_id, key, name, contact_id, blocked)
	SELECT n, 100 + n % 20, 'c' || n || '@shop.example', (SELECT string_agg(` + listWord + `, ' ') 
			FROM (VALUES (n % 1000), (n % 30000)) AS v (k)),
		1, n % ($3 / 100) = 21
	FROM generate_series($1::bigint, $2) AS n`

	// A tenth is unfinished, a tenth closed; one of a hundred is visible to one agent only.
	fillConversations = `
	INSERT INTO conversations (id, account_id, identity_id, team_id, status, close_reason, subject, assignees, ended_by, visible_to, traits,
		waiting_since, snoozed_until, unread_since, last_at, created_at, resolved_at)
	SELECT n, 100 + n % 20, n, (SELECT min(id) FROM teams) + h / 1000 % 10, status, CASE WHEN n % ($3 / 100) = 21 THEN 'blocked' ELSE '' END,
		'Question ' || n, assignees, CASE WHEN s > 0 THEN assignees[1] END, CASE WHEN h % 97 = 0 THEN ARRAY[1 + h % 200] ELSE '{}' END,
		CASE h % 20 WHEN 0 THEN '{"priority": "urgent"}' WHEN 1 THEN '{"sentiment": "negative"}' ELSE '{}' END::jsonb,
		CASE WHEN status = 'open' AND h % 3 > 0 THEN at END, CASE status WHEN 'snoozed' THEN now() + h * interval '1 s' END,
		CASE WHEN h % 5 = 0 THEN at END, at, at, CASE WHEN s > 0 THEN at + interval '1 h' END
	FROM generate_series($1::bigint, $2) AS n
	CROSS JOIN LATERAL (SELECT (n * 2654435761) % 1000003 AS h, n / 20 % 10 AS s, now() - ($3::bigint - n) * interval '30 s' AS at) AS a
	CROSS JOIN LATERAL (SELECT CASE WHEN s > 1 THEN 'resolved' WHEN s = 1 THEN 'closed'
			ELSE (ARRAY['snoozed', 'pending', 'pending', 'open'])[1 + least(n / 200 % 10, 3)] END AS status,
		CASE WHEN h % 20 = 7 THEN '{}' ELSE ARRAY[1 + h / 50 % 200] END AS assignees) AS b`
	fillThreads = `
	INSERT INTO threads (conversation_id, account_id, channel, root) SELECT n, 120, 'C1', 'r' || n FROM generate_series($1::bigint, $2) AS n
	WHERE $3 > 0`
	fillMessages = `
	INSERT INTO messages (id, conversation_id, direction, fate, text, said_at, created_at)
	SELECT n, n, 'in', 'in', concat_ws(' ', words, CASE WHEN n % ($3 / 20) = 7 THEN '` + rareWord + `' END,
		CASE WHEN n % 333 = 0 THEN '` + someWord + `' END, CASE WHEN n % 3 = 0 THEN '` + commonWord + `' END,
		CASE WHEN n % 20 = 19 THEN '` + hiddenWord + `' END, CASE WHEN n % 20 = 8 AND n % 3 > 0 THEN '` + apartWord + `' END,
		CASE WHEN n % 10 = 4 AND n < $3 / 2 THEN '` + formerWord + `' END), now(), now()
	FROM generate_series($1::bigint, $2) AS n
	CROSS JOIN LATERAL (SELECT string_agg(` + listWord + `, ' ') AS words
		FROM (SELECT (50000 * power(random(), 4))::bigint AS k FROM generate_series(1, 12 + n * 0)) AS a) AS b`
)

// MeasureLists measures lists and searches.
func MeasureLists(ctx context.Context, b *Rig) (figures map[string]Figure, err error) {
	w, err := StartWorld(ctx, b, WorldOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := fillLists(ctx, w, Choose(b, manyListed, quickListed, quickListed)); err != nil {
		return nil, fmt.Errorf("bench: lists: fill: %w", err)
	}

	m := &listMeter{w: w, calls: Choose(b, listCalls, listCalls/4, listCalls/20)}
	pages, err := m.pages(ctx)
	if err != nil {
		return nil, fmt.Errorf("bench: lists: %w", err)
	}
	searches, err := m.searches(ctx)
	if err != nil {
		return nil, fmt.Errorf("bench: searches: %w", err)
	}
	slowest := func(ms map[string]float64) float64 { return slices.Max(slices.Collect(maps.Values(ms))) }
	worst := func(ms map[string]float64) string {
		for name, v := range ms {
			if v == slowest(ms) {
				return "slowest is " + name
			}
		}
		return ""
	}
	return map[string]Figure{
		"list_pages":  AtMost(listTarget, "ratio", slowest(pages)/pages["all"]).With(pages).WithNote(worst(pages)),
		"find_p95_ms": AtMost(findTarget, "ms", slowest(searches)).With(searches).WithNote(worst(searches)),
	}, nil
}

// fillLists makes n conversations of as many customers, with a message each, whose words the triggers of the product index.
func fillLists(ctx context.Context, w *World, n int) error {
	exec := func(sql string, args ...any) error {
		_, err := w.Pool.Exec(ctx, sql, args...)
		return err
	}
	if err := errors.Join(exec(fillAccounts), exec(fillTeams), exec(fillContacts)); err != nil {
		return err
	}
	for first := 1; first <= n; first += listFill {
		for _, sql := range []string{fillCustomers, fillConversations, fillThreads, fillMessages} {
			if err := exec(sql, first, min(n, first+listFill-1), n); err != nil {
				return err
			}
		}
	}
	return errors.Join(exec(`VACUUM (ANALYZE)`), w.Checkpoint(ctx))
}

// listMeter measures calls of one kind after the other.
type listMeter struct {
	w     *World
	calls int
}

// reader is the n-th agent, who is in one team. One account is closed to the agent, and another one barred.
func (m *listMeter) reader(n int) store.Reader {
	agent := store.AgentID(1 + n*7%listAgents)
	teams := []store.TeamID{1 + store.TeamID(agent%10)}
	return store.Reader{Agent: agent, Teams: teams, Closed: []store.AccountID{118}, Barred: []store.AccountID{119}}
}

// p95 returns the time in ms that all but a twentieth of the calls don't exceed. One call of each kind warms up.
func (m *listMeter) p95(call func(n int) error) (float64, error) {
	var ms []float64
	for n := range m.calls + 1 {
		began := time.Now()
		if err := call(n); err != nil {
			return 0, err
		}
		if n > 0 {
			ms = append(ms, MS(time.Since(began)))
		}
	}
	return Percentile(ms, 0.95), nil
}

// errEmpty means that a list or a search has less than it should have: the figures say nothing.
var errEmpty = errors.New("bench: lists: nothing was found")

// pages measures the first page of each list, and one in its middle. It also counts all lists of a page, and reads a channel's board.
func (m *listMeter) pages(ctx context.Context) (ms map[string]float64, err error) {
	q := m.w.Pool
	ms = map[string]float64{}
	var kinds []listKind
	for _, name := range []store.ListName{
		store.ListAll, store.ListMine, store.ListUnassigned, store.ListTeam, store.ListWaiting, store.ListSnoozed, store.ListResolved,
		store.ListClosed, store.ListArchived, store.ListBlocked,
	} {
		kinds = append(kinds, listKind{string(name), store.ListQuery{List: name, OwnTeams: true}})
	}
	kinds = append(kinds, listKind{"all_newest", store.ListQuery{List: store.ListAll, Sort: store.SortNewest}},
		listKind{"all_unread", store.ListQuery{List: store.ListAll, Filter: store.Filter{Unread: true}}})
	for _, kind := range kinds {
		read := func(r store.Reader, after string, limit int) ([]store.ConversationID, string, error) {
			kind.query.After, kind.query.Limit = after, limit
			return store.ListConversations(ctx, q, r, kind.query)
		}
		const deepest = 40_000
		found := 0
		places := make([]string, min(m.calls, 10)) // in the middle of the list of each of some agents
		for n := range places {
			ids, _, err := read(m.reader(n), "", deepest)
			if err != nil {
				return nil, err
			}
			found += len(ids)
			if _, places[n], err = read(m.reader(n), "", max(1, len(ids)/2)); err != nil {
				return nil, err
			}
		}
		if found == 0 {
			return nil, fmt.Errorf("%w: %s", errEmpty, kind.name)
		}
		for name, after := range map[string]func(n int) string{
			kind.name: func(int) string { return "" }, kind.name + "_deep": func(n int) string { return places[n%len(places)] },
		} {
			if ms[name], err = m.p95(func(n int) error {
				_, _, err := read(m.reader(n%len(places)), after(n), listRows)
				return err
			}); err != nil {
				return nil, err
			}
		}
	}
	return ms, nil
}

type listKind struct {
	name  string
	query store.ListQuery
}

// searches measures the first page of results, with the texts that it shows.
func (m *listMeter) searches(ctx context.Context) (ms map[string]float64, err error) {
	ms = map[string]float64{}
	for name, search := range map[string]struct {
		words   string
		isEmpty bool
	}{
		"rare":       {words: rareWord},
		"some":       {words: someWord},
		"common":     {words: commonWord},
		"beginning":  {words: "ord"},
		"not_mine":   {hiddenWord, true},
		"former":     {formerWord, true}, // looked for among the newest only
		"two":        {words: commonWord + " " + someWord},
		"two_common": {words: apartWord + " question"},
		"two_apart":  {commonWord + " " + apartWord, true},
		"address":    {words: "c" + fmt.Sprint(quickListed/2) + "@shop.example"},
	} {
		if ms[name], err = m.p95(func(n int) error {
			ids, err := store.FindConversations(ctx, m.w.Pool, m.reader(n), search.words, listRows/2, 0)
			if err == nil && !search.isEmpty && name != "two_common" && len(ids) == 0 {
				err = fmt.Errorf("%w: %s", errEmpty, search.words)
			}
			if err == nil {
				_, err = store.FoundTexts(ctx, m.w.Pool, search.words, ids)
			}
			return err
		}); err != nil {
			return nil, err
		}
	}
	return ms, nil
}

// wordTriggers keep the words that searches look through.
var wordTriggers = map[string]string{ //nolint:gochecknoglobals // a constant
	"messages_added_words": "messages", "messages_changed_words": "messages",
	"conversations_added_words": "conversations", "conversations_changed_words": "conversations",
}

// MeasureWords measures what indexing costs the relay: the processor time of Parley and PostgreSQL for a message, with and without it.
func MeasureWords(ctx context.Context, b *Rig) (_ map[string]Figure, err error) {
	s, err := startStage(ctx, b, Choose(b, relayTalks, relayTalks, shortRelayTalks))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()

	var ratios, with, without []float64
	for round := range 2 * b.Rounds() { // with, without; without, with; and so on
		isIndexed := (round+1)/2%2 == 0
		us, err := s.costOf(ctx, isIndexed, b.Span(20*time.Second, quickRelayFor))
		if err != nil {
			return nil, err
		}
		if isIndexed {
			with = append(with, us)
		} else {
			without = append(without, us)
		}
	}
	for i := range with {
		ratios = append(ratios, with[i]/without[i])
	}
	return map[string]Figure{"words_cpu": AtMost(wordsTarget, "ratio", ratios...).With(map[string]float64{
		"with_us": Median(with), "without_us": Median(without),
	})}, nil
}

// costOf makes everybody write for d, and returns the processor time of a message in µs.
func (s *stage) costOf(ctx context.Context, isIndexed bool, d time.Duration) (float64, error) {
	switched := "DISABLE"
	if isIndexed {
		switched = "ENABLE"
	}
	for name, table := range wordTriggers {
		if _, err := s.world.Pool.Exec(ctx, "ALTER TABLE "+table+" "+switched+" TRIGGER "+name); err != nil {
			return 0, fmt.Errorf("bench: words: %w", err)
		}
	}
	if _, err := s.world.Pool.Exec(ctx, `VACUUM (ANALYZE)`); err != nil { // as autovacuum does in time
		return 0, fmt.Errorf("bench: words: %w", err)
	}
	if err := s.world.Checkpoint(ctx); err != nil {
		return 0, err
	}
	s.traffic.begin()
	if err := s.traffic.waitForFirst(ctx); err != nil {
		return 0, err
	}
	_, details, err := s.measureTalking(ctx, d)
	if err != nil {
		return 0, err
	}
	return details["parley_us_per_message"] + details["postgres_us_per_message"], s.traffic.checkTalks(ctx)
}
