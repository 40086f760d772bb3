package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// channelAccount makes an account.
func channelAccount(t *testing.T, pool *pgxpool.Pool, name string) store.AccountID {
	t.Helper()
	return must(store.SaveAccount(t.Context(), pool, store.Account{Name: name, Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct"}))(t)
}

// Lists show what they say: whoever has waited longest is on top, what is snoozed comes last. What is
// snoozed or was resolved is listed for those to whom it is assigned.
//
func TestLists(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := channelAccount(t, pool, "a")
	team := must(store.SaveTeam(t.Context(), pool, store.Team{Name: "T"}))(t)
	exec(t, pool, `INSERT INTO conversations (id, account_id, team_id, kind, status, assignees, waiting_since, snoozed_until, resolved_at, last_at, created_at)
		SELECT id, $1, CASE WHEN in_team THEN $2::bigint END, kind, status, assignees, now() - waits, now() + sleeps, now() - solved, now() - last, now()
		FROM (VALUES
			(1, false, 'customer', 'open', '{5}'::bigint[], interval '2 h', NULL::interval, NULL::interval, interval '1 s'),
			(2, true, 'customer', 'pending', '{6,5}', NULL, NULL, NULL, '3 s'),
			(3, true, 'customer', 'open', '{}', '1 h', NULL, NULL, '2 s'),
			(4, true, 'customer', 'snoozed', '{5}', '3 h', '2 h', NULL, '1 s'),
			(5, false, 'customer', 'resolved', '{5}', NULL, NULL, '2 h', '0 s'),
			(6, false, 'automatic', 'open', '{}', NULL, NULL, NULL, '0 s'),
			(7, false, 'customer', 'open', '{5}', '3 h', NULL, NULL, '9 s'),
			(8, false, 'customer', 'snoozed', '{6}', NULL, '1 h', NULL, '0 s'),
			(9, false, 'customer', 'resolved', '{6}', NULL, NULL, '1 h', '0 s'),
			(10, false, 'customer', 'resolved', '{5}', NULL, NULL, '1 h', '9 h'),
			(11, false, 'customer', 'snoozed', '{5}', NULL, '1 h', NULL, '0 s'),
			(12, false, 'customer', 'open', '{5}', NULL, NULL, NULL, '2 s'),
			(13, false, 'customer', 'closed', '{5}', NULL, NULL, '2 h', '0 s'),
			(14, false, 'customer', 'closed', '{5,6}', NULL, NULL, '1 h', '0 s'),
			(15, false, 'customer', 'closed', '{6}', NULL, NULL, '1 h', '0 s'),
			(16, false, 'customer', 'snoozed', '{}', NULL, '1 h', NULL, '9 h')
		) AS v (id, in_team, kind, status, assignees, waits, sleeps, solved, last)`, account, team)
	reader := store.Reader{Agent: 5, Teams: []store.TeamID{team}}
	for list, want := range map[string][]store.ConversationID{
		store.ListMine:       {7, 1, 12, 2},
		store.ListUnassigned: {3},
		store.ListTeam:       {3, 2, 4},
		store.ListAll:        {7, 1, 3, 12, 2, 4, 8, 11, 16},
		store.ListSnoozed:    {11, 4},
		store.ListResolved:   {10, 5},
		store.ListClosed:     {14, 13},
	} {
		if got := must(store.ListConversations(t.Context(), pool, reader, list, 50, 0))(t); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", list, got, want)
		}
		if got := must(store.ListConversations(t.Context(), pool, reader, list, 2, 1))(t); !slices.Equal(got, want[1:min(3, len(want))]) {
			t.Errorf("%s, two from the second on: %v of %v, want %v", list, got, want, want[1:min(3, len(want))])
		}
	}
	if _, err := store.ListConversations(t.Context(), pool, reader, "everything", 50, 0); err == nil {
		t.Error("a list that isn't there gives no error")
	}
}

// Of conversations that wait for an answer, those that are pressing come first, then those of unhappy customers; among
// alike ones whoever has waited longest. What nobody waits for isn't pressing, and what is snoozed comes last.
//
func TestPressingFirst(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := channelAccount(t, pool, "a")
	team, other := must(store.SaveTeam(t.Context(), pool, store.Team{Name: "T"}))(t), must(store.SaveTeam(t.Context(), pool, store.Team{Name: "U"}))(t)
	exec(t, pool, `INSERT INTO conversations (id, account_id, team_id, status, assignees, waiting_since, last_at, created_at, traits)
		SELECT id, $1, CASE id % 2 WHEN 0 THEN $2::bigint ELSE $3::bigint END, status, CASE WHEN id > 5 THEN '{5}'::bigint[] ELSE '{}' END, now() - waits, now(), now(), traits::jsonb
		FROM (VALUES (1, 'open', interval '9 h', '{"priority": "low"}'), (2, 'open', '8 h', '{}'), (3, 'open', '1 h', '{"sentiment": "positive"}'),
			(4, 'open', '2 h', '{"sentiment": "frustrated"}'), (5, 'open', '3 h', '{"sentiment": "negative"}'), (6, 'open', '5 min', '{"urgent": "now"}'),
			(7, 'open', '1 min', '{"priority": "urgent"}'), (8, 'pending', '4 h', '{"urgent": "once"}'), (9, 'open', '2 min', '{"urgent": "again", "priority": "low"}'),
			(10, 'open', '30 min', '{"priority": "high"}'), (11, 'open', NULL, '{"urgent": "now"}'), (12, 'snoozed', '9 h', '{"urgent": "now"}')) AS v (id, status, waits, traits)`,
		account, team, other)
	all := []store.ConversationID{6, 9, 7, 5, 4, 10, 2, 8, 3, 1, 11, 12}
	only := func(keep func(id store.ConversationID) bool) []store.ConversationID {
		return slices.DeleteFunc(slices.Clone(all), func(id store.ConversationID) bool { return !keep(id) })
	}
	for name, c := range map[string]struct {
		list  string
		teams []store.TeamID
		want  []store.ConversationID
	}{
		"mine":         {store.ListMine, nil, only(func(id store.ConversationID) bool { return id > 5 && id < 12 })},
		"unassigned":   {store.ListUnassigned, nil, only(func(id store.ConversationID) bool { return id <= 5 })},
		"of a team":    {store.ListTeam, []store.TeamID{team}, only(func(id store.ConversationID) bool { return id%2 == 0 })},
		"of two teams": {store.ListTeam, []store.TeamID{team, other}, all},
		"of no team":   {store.ListTeam, nil, nil},
		"all":          {store.ListAll, nil, all},
	} {
		r := store.Reader{Agent: 5, Teams: c.teams}
		if got := must(store.ListConversations(t.Context(), pool, r, c.list, 50, 0))(t); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if got := must(store.ListConversations(t.Context(), pool, r, c.list, 3, 2))(t); len(c.want) > 0 && !slices.Equal(got, c.want[2:min(5, len(c.want))]) {
			t.Errorf("%s, three from the third on: %v of %v", name, got, c.want)
		}
	}
}

// What somebody may read is the same for one conversation as in lists and searches.
//
func TestReader(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	open, closed := channelAccount(t, pool, "open"), channelAccount(t, pool, "closed")
	ours := must(store.SaveTeam(t.Context(), pool, store.Team{Name: "Ours"}))(t)
	theirs := must(store.SaveTeam(t.Context(), pool, store.Team{Name: "Theirs"}))(t)
	var rows []store.Conversation
	for _, account := range []store.AccountID{open, closed} {
		for _, team := range []*store.TeamID{nil, &ours, &theirs} {
			for _, holders := range [][]store.AgentID{{}, {5}, {6}, {6, 5}} {
				id := store.ConversationID(len(rows) + 1)
				rows = append(rows, store.Conversation{ID: id, AccountID: account, TeamID: team, Kind: "customer", Status: "open", Subject: "Lamp", Assignees: holders})
			}
		}
	}
	check(t, store.InsertConversations(t.Context(), pool, rows))
	for name, tt := range map[string]struct {
		reader store.Reader
		want   int
	}{
		"nothing is closed":            {store.Reader{Agent: 5}, 24},
		"one account is closed":        {store.Reader{Agent: 5, Closed: []store.AccountID{closed}}, 12 + 6},
		"but to a team":                {store.Reader{Agent: 5, Teams: []store.TeamID{ours}, Closed: []store.AccountID{closed}}, 12 + 8},
		"both are closed":              {store.Reader{Agent: 7, Closed: []store.AccountID{open, closed}}, 0},
		"to one who holds nothing":     {store.Reader{Agent: 7, Teams: []store.TeamID{theirs}, Closed: []store.AccountID{closed}}, 12 + 4},
		"to one who is in two of them": {store.Reader{Agent: 7, Teams: []store.TeamID{theirs, ours}, Closed: []store.AccountID{closed}}, 12 + 8},
	} {
		var may []store.ConversationID
		for i := range rows {
			if tt.reader.May(&rows[i]) {
				may = append(may, rows[i].ID)
			}
		}
		listed := must(store.ListConversations(t.Context(), pool, tt.reader, store.ListAll, 50, 0))(t)
		slices.Sort(listed)
		found := must(store.FindConversations(t.Context(), pool, tt.reader, "lamp", 50, 0))(t)
		slices.Sort(found)
		if len(may) != tt.want || !slices.Equal(listed, may) || !slices.Equal(found, may) {
			t.Errorf("%s: %d are read, want %d: %v; listed %v, found %v", name, len(may), tt.want, may, listed, found)
		}
	}
}

// found gives the conversations with some words, for somebody who may read all.
func found(t *testing.T, pool *pgxpool.Pool, words string) []store.ConversationID {
	t.Helper()
	return must(store.FindConversations(t.Context(), pool, store.Reader{}, words, 50, 0))(t)
}

// A search finds by subject, name, address and number, by the beginnings of words, whatever signs are typed.
//
func TestFind(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := channelAccount(t, pool, "a")
	exec(t, pool, `WITH k AS (INSERT INTO contacts (id, name) VALUES (1, 'x'))
		INSERT INTO identities (id, account_id, key, name, contact_id) VALUES (11, $1, 'ann.lee@shop.example', 'Ann O''Brien-Lee', 1),
		(12, $1, '+491715550100', 'Tomás Núñez', 1), (13, $1, '76000247060', '', 1), (14, $1, 'wa-77', 'نورة', 1)`, account)
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, subject, participants, last_at, created_at) VALUES
		(1, $1, 11, 'open', 'Broken lamp, order 2024-0042', '[{"key":"ann.lee@shop.example"},{"key":"lucia@casa.example","name":"Lucía"}]', now(), now()),
		(2, $1, 11, 'closed', 'Invoice for 100% wool', '[]', now(), now()),
		(3, $1, 12, 'resolved', '', '[]', now(), now()), (4, $1, 13, 'snoozed', '', '[]', now(), now()),
		(5, $1, 14, 'open', '王芳 asks', '[]', now(), now())`, account)
	exec(t, pool, `UPDATE identities SET same_as = 12 WHERE id = 14`)
	for words, want := range map[string][]store.ConversationID{
		"lamp": {1}, "LAM": {1}, "amp": nil, "lamp order": {1}, "lamp invoice": nil, "ann": {2, 1}, "ann inv": {2}, "o'brien": {2, 1},
		"ann.lee@shop.example": {2, 1}, "shop.exam": {2, 1}, "lucia": {1}, "tomas nunez": {3}, "Núñez": {3},
		"+49 171 5550100": {3}, "0049 (171) 555-0100": {3}, "0171/5550100": {3}, "171555": {3}, "5550100": nil,
		"2024-0042": {1}, "0042": {1}, "76000": {4}, "نور": {5, 3}, "王芳": {5},
		"100%": {2}, "%": nil, "'": nil, `"`: nil, `\'); DROP TABLE conversations; --`: nil, "lamp' | 'ann": {1}, "lamp & !ann": {1}, "a:* <-> (": {5, 2, 1},
		"lamp\x00\xff": {1}, "": nil, "   ": nil,
	} {
		if got := found(t, pool, words); !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", words, got, want)
		}
	}
	exec(t, pool, `UPDATE conversations SET subject = 'Desk' WHERE id = 1`)
	exec(t, pool, `UPDATE identities SET name = 'Zoe' WHERE id = 11`)
	for words, want := range map[string][]store.ConversationID{"broken": nil, "desk zoe": {1}, "zoe": {2, 1}, "brien": nil} {
		if got := found(t, pool, words); !slices.Equal(got, want) {
			t.Errorf("after changes, %q finds %v, want %v", words, got, want)
		}
	}
}

// A number is found with the code of its country and without, however long the code is.
func TestFindNumbers(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := channelAccount(t, pool, "a")
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (1, 'x')`)
	numbers := []string{"+1 2025550100", "7 6000247060", "+20 1000555010", "+49 1715550100", "+61 491570006", "+98 9125550100", "+353 850550100", "+971 505550100",
		"+852 55500100", "0 3015550100"}
	for i, number := range numbers {
		exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES ($1, $2, $3, 1)`, i+1, account, strings.ReplaceAll(number, " ", ""))
		exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at) VALUES ($1, $2, $1, 'open', now(), now())`, i+1, account)
	}
	for i, number := range numbers {
		code, national, _ := strings.Cut(number, " ")
		for _, words := range []string{code + national, national, national[:6]} {
			if got := found(t, pool, words); !slices.Equal(got, []store.ConversationID{store.ConversationID(i + 1)}) {
				t.Errorf("%q finds %v, want %s", words, got, number)
			}
		}
	}
}

// Conversations that were there before the search become findable in batches, the newest first.
func TestKeepOldWords(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := channelAccount(t, pool, "a")
	exec(t, pool, `INSERT INTO conversations (id, account_id, status, subject, last_at, created_at) SELECT n, $1, 'open', 'Lamp', now(), now() FROM generate_series(1, 5) AS n`, account)
	exec(t, pool, `DELETE FROM conversation_words`)
	exec(t, pool, `INSERT INTO words_backlog (id, below) VALUES (1, 6)`)
	for round, want := range [][]store.ConversationID{{5, 4}, {5, 4, 3, 2}, {5, 4, 3, 2, 1}, {5, 4, 3, 2, 1}, {5, 4, 3, 2, 1}} {
		more := must(store.KeepOldWords(t.Context(), pool, 2))(t)
		if got := found(t, pool, "lamp"); !slices.Equal(got, want) || more != (round < 3) {
			t.Errorf("round %d: %v are found, want %v; more to do: %v", round, got, want, more)
		}
	}
}
