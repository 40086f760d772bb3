package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// sendingStatements returns the statements that read what is needed for a delivery or a chore.
func sendingStatements(k storetest.Keys) []storetest.Statement {
	return []storetest.Statement{
		{
			Name:    "threads to send to",
			SQL:     store.OutgoingThreadsSQL,
			Args:    []any{k.Conversations},
			Hot:     true,
			MaxRows: map[string]float64{"threads": 200, "conversations": 200},
			Index:   "threads_pkey",
		},
		{
			Name:    "identities to send to",
			SQL:     store.OutgoingIdentitiesSQL,
			Args:    []any{k.Conversations, k.Conversations},
			Hot:     true,
			MaxRows: map[string]float64{"identities": 200, "conversations": 70, "messages": 70},
			Index:   "identities_pkey",
		},
		{
			Name:    "keys to send to",
			SQL:     store.OutgoingKeysSQL,
			Args:    []any{k.Conversations[:8]},
			Hot:     true,
			MaxRows: map[string]float64{"identities": 80, "conversations": 20},
			Index:   "identities_same",
		},
		{
			Name:    "replies behind their thread",
			SQL:     store.BehindRepliesSQL,
			Args:    []any{k.Conversations[:8], slices.Repeat([]string{"infinity"}, 8)},
			Hot:     true,
			MaxRows: map[string]float64{"messages": 20, "events": 40, "queues": 40},
			Index:   "queues_key_key",
		},
		{
			Name:    "claim fetches",
			SQL:     store.ClaimFetchesSQL,
			Args:    []any{[]int64{0, 1, 2}, []int32{4, 4, 4}, 60.0},
			MaxRows: map[string]float64{"fetches": 60},
			Index:   "fetches_due",
		},
		{
			Name:    "claim bursts",
			SQL:     store.ClaimBurstsSQL,
			Args:    []any{4, 60.0},
			Hot:     true,
			MaxRows: map[string]float64{"bursts": 40},
			Index:   "bursts_due",
		},
		{
			Name:    "templates for bursts",
			SQL:     store.BurstTemplatesSQL,
			Args:    []any{k.Conversations[:8]},
			Hot:     true,
			MaxRows: map[string]float64{"conversations": 20, "templates": 40},
			Index:   "conversations_pkey",
		},
		{
			Name:    "former owners",
			SQL:     store.TimeFormerOwnersSQL,
			Args:    []any{"left", 100, []int64{1}, []int64{1005}},
			MaxRows: map[string]float64{"conversations": 600},
			Index:   "conversations_mine",
		},
		{
			Name:    "untaken",
			SQL:     store.TimeUntakenSQL,
			Args:    []any{"ack_due", 100, 28800.0, "late_ack", []int64{1, 2}},
			MaxRows: map[string]float64{"conversations": 2000},
			Index:   "conversations_unassigned",
		},
		{
			Name:    "whether a customer waits for an agent",
			SQL:     store.IsAwaitedSQL,
			Args:    []any{int64(5), int64(1), "C1"},
			Hot:     true,
			MaxRows: map[string]float64{"conversations": 50, "threads": 50},
			Index:   "conversations_mine",
		},
		{
			Name:    "whether an agent has silenced a sender",
			SQL:     store.IsSilencedSQL,
			Args:    []any{k.Conversations[0], "k1"},
			Hot:     true,
			MaxRows: map[string]float64{"log_entries": 50},
			Index:   "log_entries_conversation",
		},
	}
}

// listStatements returns the statements that list and find conversations and customers.
func listStatements() []storetest.Statement {
	return []storetest.Statement{
		{
			Name:    "silenced senders",
			SQL:     store.SilencedSendersSQL,
			Args:    []any{int64(1), []string(nil)},
			MaxRows: map[string]float64{"identities": 60},
			Index:   "identities_silenced",
		},
		{
			Name:    "keys after a change",
			SQL:     store.KeysAfterSQL,
			Args:    []any{int64(1), []string{"+491", "+492"}, "2026-01-01"},
			Hot:     true,
			MaxRows: map[string]float64{"identities": 60},
			Index:   "identities_former",
		},
		{
			Name:    "find a rare word",
			SQL:     store.FindSQL,
			Args:    []any{[]int64{}, []int64{}, int64(0), "rar", "", 20, 0, ""},
			MaxRows: map[string]float64{"conversation_words": 560, "message_words": 1060, "conversations": 60},
			Index:   "conversation_words_found",
		},
		// Every conversation has this word: the latest are searched instead of the index.
		{
			Name:    "find a word of all",
			SQL:     store.FindSQL,
			Args:    []any{[]int64{}, []int64{}, int64(0), "order", "", 20, 0, ""},
			MaxRows: map[string]float64{"conversation_words": 5_600, "message_words": 6_100, "conversations": 100},
			Index:   "conversations_pkey",
		},
		{
			Name:    "find among the newest",
			SQL:     store.FindNewestSQL,
			Args:    []any{[]int64{}, []int64{}, int64(0), "rar", "", 20, 0, ""},
			MaxRows: map[string]float64{"conversation_words": 300, "message_words": 300, "conversations": 300},
			Index:   "conversations_pkey",
		},
		{
			Name:    "names in a channel",
			SQL:     store.NamesInChannelSQL,
			Args:    []any{[]int64{}, []int64{}, int64(0), int64(1), "C7"},
			MaxRows: map[string]float64{"conversations": 1100, "threads": 1100, "identities": 1100},
			Index:   "conversations_pressing",
		},
	}
}

// pageStatements returns the statements of lists, each for a page far behind the first one.
func pageStatements(t *testing.T) []storetest.Statement {
	r := store.Reader{Agent: 1005, Teams: []store.TeamID{1, 2}}
	var list []storetest.Statement
	for _, tt := range []struct {
		name  string
		query store.ListQuery
		index string
	}{
		{"all", store.ListQuery{List: store.ListAll, After: "13.2000000000000000000.0"}, "conversations_pressing"},
		{"all, the newest first", store.ListQuery{List: store.ListAll, Sort: store.SortNewest, After: "-1767268800000000.0"}, "conversations_newest"},
		{"all, the longest wait first", store.ListQuery{List: store.ListAll, Sort: store.SortWaiting, After: "0.2000000000000000000.0"}, "conversations_waiting"},
		{"all of a team", store.ListQuery{List: store.ListAll, Filter: store.Filter{Team: 1}}, "conversations_team_pressing"},
		{"all of an agent", store.ListQuery{List: store.ListAll, Filter: store.Filter{Agent: 1005}}, "conversations_mine"},
		{"of teams", store.ListQuery{List: store.ListTeam, After: "3.5.0"}, "conversations_team_pressing"},
		{"unassigned", store.ListQuery{List: store.ListUnassigned, After: "13.2000000000000000000.0"}, "conversations_nobodys"},
		{"mine", store.ListQuery{List: store.ListMine}, "conversations_mine"},
		{"resolved", store.ListQuery{List: store.ListResolved, After: "-1767268800000000.0"}, "conversations_ended_by"},
		{"archived", store.ListQuery{List: store.ListArchived, After: "-1767268800000000.0"}, "conversations_ended"},
		{
			"archived before a day", store.ListQuery{
				List:   store.ListArchived,
				Filter: store.Filter{Until: time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)},
			}, "conversations_ended",
		},
		{"archived of an agent", store.ListQuery{List: store.ListArchived, Filter: store.Filter{Agent: 1005}}, "conversations_ended_of"},
	} {
		tt.query.Limit = 50
		sql, args, err := store.ComposeList(r, &tt.query)
		check(t, err)
		for i, a := range args {
			if at, ok := a.(time.Time); ok {
				args[i] = at.Format(time.RFC3339)
			}
		}
		for _, hot := range []bool{false, true} {
			name := "list " + tt.name
			if hot {
				name += ", hot"
			}
			list = append(list, storetest.Statement{
				Name: name, SQL: sql, Args: args, Hot: hot, MaxRows: map[string]float64{"conversations": 600}, Index: tt.index,
			})
		}
	}
	counted := []store.ListQuery{{List: store.ListMine}, {List: store.ListUnassigned, OwnTeams: true}, {List: store.ListTeam}, {List: store.ListAll}}
	sql, args := store.ComposeCounts(r, counted)
	for _, hot := range []bool{false, true} {
		list = append(list, storetest.Statement{
			Name: fmt.Sprintf("counts of lists, hot: %t", hot), SQL: sql, Args: args, Hot: hot, MaxRows: map[string]float64{"conversations": 1200},
		})
	}
	return list
}
