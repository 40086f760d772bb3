package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// channelAccount makes an account of a channel.
func channelAccount(t *testing.T, pool *pgxpool.Pool, name string) store.AccountID {
	t.Helper()
	account := store.Account{Name: name, Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct"}
	return must(store.SaveAccount(t.Context(), pool, account))(t)
}

// mustList returns a part of a list of conversations: the page behind one that has the first offset ones.
func mustList(t *testing.T, pool *pgxpool.Pool, r store.Reader, list store.ListName, limit, offset int) []store.ConversationID {
	t.Helper()
	l := store.ListQuery{List: list, Limit: limit}
	if offset > 0 {
		l.Limit = offset
		_, next := mustQuery(t, pool, r, l)
		if next == "" {
			return nil
		}
		l.After, l.Limit = next, limit
	}
	ids, _ := mustQuery(t, pool, r, l)
	return ids
}

// mustQuery returns a page of a list, and the place of the next one.
func mustQuery(t *testing.T, pool *pgxpool.Pool, r store.Reader, l store.ListQuery) (ids []store.ConversationID, next string) {
	t.Helper()
	ids, next, err := store.ListConversations(t.Context(), pool, r, l)
	check(t, err)
	return ids, next
}

// maxListed is a limit that no list of these tests reaches.
const maxListed = 50

// Lists of unfinished conversations begin with the customers who have waited longest, and end with snoozed
// conversations. The lists of those that wait for the customer and of snoozed ones show what is assigned to the reader; those of
// resolved and closed ones what the reader ended, or had first if it ended by itself.
// Requirement R-033: Resolved ones are hidden, and can be found.
// Requirement R-090: Mine: who waits longest first.
// Requirement R-092: Unassigned.
// Requirement R-097: The time that fits the list.
// Requirement R-098: Those that one resolved oneself.
// Requirement R-100: What is over or asleep is hidden at first.
// Requirement R-101: Filter by state.
// Requirement R-105: Filter by who has it.
// Requirement R-117: What is assigned is in one's own list.
func TestLists(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	account := channelAccount(t, pool, "a")
	team := must(store.SaveTeam(t.Context(), pool, store.Team{Name: "T"}))(t)
	exec(t, pool, `
		INSERT INTO conversations (id, account_id, team_id, kind, status, assignees,
			waiting_since, snoozed_until, resolved_at, last_at, created_at, ended_by)
		SELECT id, $1, CASE WHEN in_team THEN $2::bigint END, kind, status, assignees,
			now() - waits, now() + sleeps, now() - solved, now() - last, now(), CASE id WHEN 17 THEN 5 WHEN 18 THEN 6 END
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
			(16, false, 'customer', 'snoozed', '{}', NULL, '1 h', NULL, '9 h'),
			(17, false, 'customer', 'resolved', '{6}', NULL, NULL, '3 h', '0 s'),
			(18, false, 'customer', 'closed', '{5}', NULL, NULL, '4 h', '0 s')
		) AS v (id, in_team, kind, status, assignees, waits, sleeps, solved, last)`, account, team)

	reader := store.Reader{Agent: 5, Teams: []store.TeamID{team}}
	tests := []struct {
		list store.ListName
		want []store.ConversationID
		// wantPage are two conversations from the second one on.
		wantPage []store.ConversationID
	}{
		{list: store.ListMine, want: []store.ConversationID{7, 1, 12, 2}, wantPage: []store.ConversationID{1, 12}},
		{list: store.ListUnassigned, want: []store.ConversationID{3}, wantPage: nil},
		{list: store.ListTeam, want: []store.ConversationID{3, 2, 4}, wantPage: []store.ConversationID{2, 4}},
		{list: store.ListAll, want: []store.ConversationID{7, 1, 3, 12, 2, 4, 8, 11, 16}, wantPage: []store.ConversationID{1, 3}},
		{list: store.ListSnoozed, want: []store.ConversationID{11, 4}, wantPage: []store.ConversationID{4}},
		{list: store.ListResolved, want: []store.ConversationID{10, 5, 17}, wantPage: []store.ConversationID{5, 17}},
		{list: store.ListWaiting, want: []store.ConversationID{2}, wantPage: nil},
		{
			list:     store.ListArchived,
			want:     []store.ConversationID{9, 10, 14, 15, 5, 13, 17, 18},
			wantPage: []store.ConversationID{10, 14},
		},
		{list: store.ListClosed, want: []store.ConversationID{14, 13}, wantPage: []store.ConversationID{13}},
	}

	for _, tt := range tests {
		t.Run(string(tt.list), func(t *testing.T) {
			if got := mustList(t, pool, reader, tt.list, maxListed, 0); !slices.Equal(got, tt.want) {
				t.Errorf("the list has %v, want %v", got, tt.want)
			}
			if got := must(store.CountLists(t.Context(), pool, reader, []store.ListQuery{{List: tt.list}}))(t); len(got) != 1 || got[0].Count != len(tt.want) {
				t.Errorf("the list is counted as %v, want %d", got, len(tt.want))
			}
			if got := mustList(t, pool, reader, tt.list, 2, 1); !slices.Equal(got, tt.wantPage) {
				t.Errorf("two from the second on are %v, want %v", got, tt.wantPage)
			}
		})
	}
}

// Conversations that wait for an answer are listed by how pressing they are: urgent ones, then important ones and
// those of unhappy customers, then normal ones, then unimportant ones. Among equals the longest wait comes first.
// Conversations in which no customer waits follow, and snoozed ones come last.
// Requirement R-113: Sort otherwise.
// Requirement R-186: Unhappy ones first.
func TestPressingFirst(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	account := channelAccount(t, pool, "a")
	team := must(store.SaveTeam(t.Context(), pool, store.Team{Name: "even numbers"}))(t)
	other := must(store.SaveTeam(t.Context(), pool, store.Team{Name: "odd numbers"}))(t)
	// Conversations 1 to 5 are unassigned, the others are assigned to agent 5.
	exec(t, pool, `
		INSERT INTO conversations (id, account_id, team_id, status, assignees, waiting_since, last_at, created_at, traits)
		SELECT id, $1, CASE id % 2 WHEN 0 THEN $2::bigint ELSE $3::bigint END, status,
			CASE WHEN id > 5 THEN '{5}'::bigint[] ELSE '{}' END, now() - waits, now(), now(), traits::jsonb
		FROM (VALUES
			(1, 'open', interval '9 h', '{"priority": "low"}'),
			(2, 'open', '8 h', '{}'),
			(3, 'open', '1 h', '{"sentiment": "positive"}'),
			(4, 'open', '2 h', '{"sentiment": "frustrated"}'),
			(5, 'open', '3 h', '{"sentiment": "negative"}'),
			(6, 'open', '5 min', '{"urgent": "now"}'),
			(7, 'open', '1 min', '{"priority": "urgent"}'),
			(8, 'pending', '4 h', '{"urgent": "once"}'),
			(9, 'open', '2 min', '{"urgent": "again", "priority": "low"}'),
			(10, 'open', '30 min', '{"priority": "high"}'),
			(11, 'open', NULL, '{"urgent": "now"}'),
			(12, 'snoozed', '9 h', '{"urgent": "now"}')
		) AS v (id, status, waits, traits)`, account, team, other)

	tests := []struct {
		name  string
		list  store.ListName
		teams []store.TeamID
		want  []store.ConversationID
		// wantPage are three conversations from the third one on.
		wantPage []store.ConversationID
	}{
		{
			name:     "mine",
			list:     store.ListMine,
			want:     []store.ConversationID{6, 9, 7, 10, 8, 11},
			wantPage: []store.ConversationID{7, 10, 8},
		},
		{
			name:     "unassigned",
			list:     store.ListUnassigned,
			want:     []store.ConversationID{5, 4, 2, 3, 1},
			wantPage: []store.ConversationID{2, 3, 1},
		},
		{
			name:     "of one team",
			list:     store.ListTeam,
			teams:    []store.TeamID{team},
			want:     []store.ConversationID{6, 4, 10, 2, 8, 12},
			wantPage: []store.ConversationID{10, 2, 8},
		},
		{
			name:     "of two teams",
			list:     store.ListTeam,
			teams:    []store.TeamID{team, other},
			want:     []store.ConversationID{6, 9, 7, 5, 4, 10, 2, 8, 3, 1, 11, 12},
			wantPage: []store.ConversationID{7, 5, 4},
		},
		{name: "of no team", list: store.ListTeam, want: nil},
		{
			name:     "all",
			list:     store.ListAll,
			want:     []store.ConversationID{6, 9, 7, 5, 4, 10, 2, 8, 3, 1, 11, 12},
			wantPage: []store.ConversationID{7, 5, 4},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := store.Reader{Agent: 5, Teams: tt.teams}
			if got := mustList(t, pool, r, tt.list, maxListed, 0); !slices.Equal(got, tt.want) {
				t.Errorf("the list has %v, want %v", got, tt.want)
			}
			if got := mustList(t, pool, r, tt.list, 3, 2); !slices.Equal(got, tt.wantPage) {
				t.Errorf("three from the third on are %v, want %v", got, tt.wantPage)
			}
		})
	}
}

// No conversation is on two pages or on none because others are answered, ended or begin between the pages.
func TestListPages(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	account := channelAccount(t, pool, "a")
	for _, sort := range []store.ListSort{store.SortPressing, store.SortNewest, store.SortWaiting} {
		t.Run(string(sort), func(t *testing.T) {
			exec(t, pool, `DELETE FROM conversations`)
			exec(t, pool, `
				INSERT INTO conversations (id, account_id, kind, status, waiting_since, last_at, created_at)
				SELECT n, $1, 'customer', 'open', CASE WHEN n % 2 = 0 THEN now() - n % 3 * interval '1 h' END, now() - n % 5 * interval '1 h', now()
				FROM generate_series(1, 30) AS n`, account)
			want, _ := mustQuery(t, pool, store.Reader{}, store.ListQuery{List: store.ListAll, Sort: sort, Limit: maxListed})
			var got []store.ConversationID
			l := store.ListQuery{List: store.ListAll, Sort: sort, Limit: 4}
			for page := 0; page == 0 || l.After != ""; page++ {
				ids, next := mustQuery(t, pool, store.Reader{}, l)
				got, l.After = append(got, ids...), next
				exec(t, pool, `UPDATE conversations SET status = 'resolved', resolved_at = now() WHERE id = $1`, got[page%len(got)])
				exec(t, pool, `UPDATE conversations SET last_at = now() + interval '1 d', waiting_since = '2001-01-01' WHERE id = $1`, got[len(got)-1])
			}
			if !slices.Equal(got, want) {
				t.Errorf("the pages have %v, want %v", got, want)
			}
		})
	}
}

// Filters restrict a list.
// Requirement R-102: Filter by channel or account.
// Requirement R-103: Filter by tag.
// Requirement R-106: Filter by team.
// Requirement R-107: Filter by date.
func TestListFilters(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	a, b := channelAccount(t, pool, "a"), channelAccount(t, pool, "b")
	team := must(store.SaveTeam(t.Context(), pool, store.Team{Name: "T"}))(t)
	exec(t, pool, `
		INSERT INTO conversations (id, account_id, team_id, kind, status, assignees, tags, last_at, resolved_at, created_at)
		SELECT id, CASE WHEN in_b THEN $2::bigint ELSE $1 END, CASE WHEN in_team THEN $3::bigint END, 'customer', status, assignees, tags,
			'2026-01-10'::timestamptz - id * interval '1 d', '2026-01-10'::timestamptz - id * interval '1 d', now()
		FROM (VALUES
			(1, false, true, 'open', '{5}'::bigint[], '{billing}'::text[]),
			(2, true, false, 'pending', '{5,6}', '{vip,invoice}'),
			(3, false, false, 'open', '{}', '{vip}'),
			(4, true, true, 'snoozed', '{6}', '{}'),
			(5, false, false, 'resolved', '{6}', '{billing}'),
			(6, true, false, 'closed', '{5}', '{}')
		) AS v (id, in_b, in_team, status, assignees, tags)`, a, b, team)
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.Local) }
	tests := []struct {
		name   string
		list   store.ListName
		filter store.Filter
		want   []store.ConversationID
	}{
		{name: "status", filter: store.Filter{Status: "pending"}, want: []store.ConversationID{2}},
		{name: "a status that is over", filter: store.Filter{Status: "resolved"}, want: []store.ConversationID{5}},
		{name: "account", filter: store.Filter{Accounts: []store.AccountID{b}}, want: []store.ConversationID{2, 4}},
		{name: "tag with its former name", filter: store.Filter{Tags: [][]string{{"billing", "invoice"}}}, want: []store.ConversationID{1, 2}},
		{name: "two tags", filter: store.Filter{Tags: [][]string{{"billing", "invoice"}, {"vip"}}}, want: []store.ConversationID{2}},
		{name: "agent", filter: store.Filter{Agent: 6}, want: []store.ConversationID{2, 4}},
		{name: "nobody", filter: store.Filter{Nobodys: true}, want: []store.ConversationID{3}},
		{name: "mine and a colleague's", list: store.ListMine, filter: store.Filter{Agent: 6}, want: []store.ConversationID{2}},
		{name: "team", filter: store.Filter{Team: team}, want: []store.ConversationID{1, 4}},
		{name: "since and until", filter: store.Filter{Since: day(7), Until: day(9)}, want: []store.ConversationID{2, 3}},
		{name: "ended since", list: store.ListArchived, filter: store.Filter{Since: day(5)}, want: []store.ConversationID{5}},
		{name: "ended of an agent", list: store.ListArchived, filter: store.Filter{Agent: 5}, want: []store.ConversationID{6}},
	}
	for _, tt := range tests {
		list := tt.list
		if list == "" {
			list = store.ListAll
		}
		got, _ := mustQuery(t, pool, store.Reader{Agent: 5}, store.ListQuery{List: list, Filter: tt.filter, Limit: maxListed})
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: the list has %v, want %v", tt.name, got, tt.want)
		}
	}
}

// archive is what TestReader reads: twelve conversations for each of two accounts, four of them for each team and for none.
// Every third has its thread in the channel C1 of the chat.
type archive struct {
	pool             *pgxpool.Pool
	open, restricted store.AccountID
	ours, theirs     store.TeamID
	chat             store.AccountID
	conversations    []store.Conversation
}

func newArchive(t *testing.T) archive {
	t.Helper()
	c := archive{pool: storetest.Reused(t)}
	c.open, c.restricted = channelAccount(t, c.pool, "open"), channelAccount(t, c.pool, "closed")
	c.ours = must(store.SaveTeam(t.Context(), c.pool, store.Team{Name: "Ours"}))(t)
	c.theirs = must(store.SaveTeam(t.Context(), c.pool, store.Team{Name: "Theirs"}))(t)

	for _, account := range []store.AccountID{c.open, c.restricted} {
		for _, team := range []*store.TeamID{nil, &c.ours, &c.theirs} {
			for _, assignees := range [][]store.AgentID{{}, {5}, {6}, {6, 5}} {
				c.conversations = append(c.conversations, store.Conversation{
					ID:        store.ConversationID(len(c.conversations) + 1),
					AccountID: account,
					TeamID:    team,
					Kind:      "customer",
					Status:    "open",
					Subject:   "Lamp",
					Assignees: assignees,
				})
			}
		}
	}
	check(t, store.InsertConversations(t.Context(), c.pool, c.conversations))

	c.chat = channelAccount(t, c.pool, "chat")
	exec(t, c.pool, `
		INSERT INTO threads (conversation_id, account_id, channel, root)
		SELECT id, CASE id % 3 WHEN 1 THEN $2::bigint ELSE $1 END, CASE id % 3 WHEN 2 THEN 'C2' ELSE 'C1' END, id
		FROM conversations`, c.chat, channelAccount(t, c.pool, "other chat"))
	return c
}

// Reader.May, the lists and the searches agree about which conversations somebody may read.
// Requirement R-212: Only some people read an account.
func TestReader(t *testing.T) {
	t.Parallel()
	c := newArchive(t)
	tests := []struct {
		name      string
		reader    store.Reader
		wantCount int
	}{
		{name: "nothing is closed to the agent", reader: store.Reader{Agent: 5}, wantCount: 12 + 12},
		{
			name:      "an account is closed but for what the agent is assigned",
			reader:    store.Reader{Agent: 5, Closed: []store.AccountID{c.restricted}},
			wantCount: 12 + 6,
		},
		{
			name:      "and but for what the agent's team has",
			reader:    store.Reader{Agent: 5, Teams: []store.TeamID{c.ours}, Closed: []store.AccountID{c.restricted}},
			wantCount: 12 + 8,
		},
		{
			name:      "both accounts are closed to an agent without conversations",
			reader:    store.Reader{Agent: 7, Closed: []store.AccountID{c.open, c.restricted}},
			wantCount: 0,
		},
		{
			name:      "an account is closed to an agent without conversations, in one team",
			reader:    store.Reader{Agent: 7, Teams: []store.TeamID{c.theirs}, Closed: []store.AccountID{c.restricted}},
			wantCount: 12 + 4,
		},
		{
			name:      "an account is closed to an agent without conversations, in both teams",
			reader:    store.Reader{Agent: 7, Teams: []store.TeamID{c.theirs, c.ours}, Closed: []store.AccountID{c.restricted}},
			wantCount: 12 + 8,
		},
		{
			name: "an account is barred, whatever the agent and the team have of it",
			reader: store.Reader{
				Agent: 5, Teams: []store.TeamID{c.ours}, Closed: []store.AccountID{c.open}, Barred: []store.AccountID{c.restricted},
			},
			wantCount: 8,
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { c.checkReader(t, tt.reader, tt.wantCount) })
	}

	exec(t, c.pool, `UPDATE conversations SET visible_to = '{6}' WHERE id = 1`)
	c.conversations[0].VisibleTo = []store.AgentID{6}
	for name, reader := range map[string]store.Reader{"somebody else": {Agent: 5}, "who may": {Agent: 6}, "a super-admin": {Agent: 5, All: true}} {
		want := 24
		if name == "somebody else" {
			want = 23
		}
		t.Run("visible to some: "+name, func(t *testing.T) { c.checkReader(t, reader, want) })
	}

	exec(t, c.pool, `
		INSERT INTO conversation_words (conversation_id, words)
		SELECT 1000 + n, to_tsvector('simple', 'lamp')
		FROM generate_series(1, 5001) AS n`) // FindConversations searches in another way for a word that so many have
	t.Run("too many conversations have the word", func(t *testing.T) {
		checkFound(t, c.pool, store.Reader{Agent: 7, Closed: []store.AccountID{c.open, c.restricted}}, nil)
	})
}

// checkReader checks that a reader may read wantCount conversations, and finds just these in lists and searches.
func (c archive) checkReader(t *testing.T, r store.Reader, wantCount int) {
	t.Helper()
	var want, unassigned, answerable []store.ConversationID
	for i := range c.conversations {
		conversation := &c.conversations[i]
		if !r.May(conversation) {
			continue
		}
		want = append(want, conversation.ID)
		if len(conversation.Assignees) == 0 {
			unassigned = append(unassigned, conversation.ID)
		}
		if conversation.ID%3 == 0 && (len(conversation.Assignees) == 0 || slices.Contains(conversation.Assignees, r.Agent)) {
			answerable = append(answerable, conversation.ID)
		}
	}
	if len(want) != wantCount {
		t.Errorf("the agent may read %d conversations, want %d: %v", len(want), wantCount, want)
	}

	for _, list := range []struct {
		name      string
		got, want []store.ConversationID
	}{
		{"all", mustList(t, c.pool, r, store.ListAll, maxListed, 0), want},
		{"unassigned", mustList(t, c.pool, r, store.ListUnassigned, maxListed, 0), unassigned},
		{"answerable", must(store.AnswerableConversations(t.Context(), c.pool, r, c.chat, "C1", maxListed))(t), answerable},
	} {
		slices.Sort(list.got)
		if !slices.Equal(list.got, list.want) {
			t.Errorf("the list %s has %v, want those that the agent may read: %v", list.name, list.got, list.want)
		}
	}
	checkFound(t, c.pool, r, want)
}

// checkFound checks which conversations a reader finds by "lamp": on one page that isn't full, and on pages of one, which are full.
func checkFound(t *testing.T, pool *pgxpool.Pool, r store.Reader, want []store.ConversationID) {
	t.Helper()
	found := must(store.FindConversations(t.Context(), pool, r, "lamp", maxListed, 0))(t)
	slices.Sort(found)
	if !slices.Equal(found, want) {
		t.Errorf("found are %v, want those that the agent may read: %v", found, want)
	}
	for page := range len(want) + 1 {
		found := must(store.FindConversations(t.Context(), pool, r, "lamp", 1, page))(t)
		if page < len(want) && !slices.Equal(found, want[len(want)-1-page:len(want)-page]) || page == len(want) && len(found) > 0 {
			t.Errorf("page %d has %v, want the agent's conversations, the newest first: %v", page, found, want)
		}
	}
}
