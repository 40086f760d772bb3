package store_test

import (
	"slices"

	"parley/store"
	"parley/store/plantest"
)

// sendingStatements returns the statements that read what is needed for a delivery or a chore.
func sendingStatements(k plantest.Keys) []plantest.Statement {
	return []plantest.Statement{
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
			Args:    []any{"left", 100},
			MaxRows: map[string]float64{"conversations": 100},
			Index:   "conversations_mine",
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
func listStatements() []plantest.Statement {
	return []plantest.Statement{
		{
			Name:    "blocked senders",
			SQL:     store.BlockedSendersSQL,
			Args:    []any{int64(1), []string(nil)},
			MaxRows: map[string]float64{"identities": 60},
			Index:   "identities_blocked",
		},
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
			MaxRows: map[string]float64{"conversation_words": 60, "conversations": 60},
			Index:   "conversation_words_found",
		},
		// Every conversation has this word. 20,001 of them are counted, and then the newest conversations are
		// searched instead.
		{
			Name:    "find a word of all",
			SQL:     store.FindSQL,
			Args:    []any{[]int64{}, []int64{}, int64(0), "order", "", 20, 0, ""},
			MaxRows: map[string]float64{"conversation_words": 21_000, "conversations": 200},
			Index:   "conversations_pkey",
		},
		{
			Name:    "find among the newest",
			SQL:     store.FindNewestSQL,
			Args:    []any{[]int64{}, []int64{}, int64(0), "rar", "", 20, 0, ""},
			MaxRows: map[string]float64{"conversation_words": 1000, "conversations": 1000},
			Index:   "conversations_pkey",
		},
		{
			Name:    "list all",
			SQL:     store.ListAllSQL,
			Args:    []any{[]int64{}, []int64{}, int64(0), 51, 100},
			MaxRows: map[string]float64{"conversations": 300},
			Index:   "conversations_pressing",
		},
		{
			Name:    "list of teams",
			SQL:     store.ListTeamSQL,
			Args:    []any{[]int64{}, []int64{1, 2}, int64(0), 51, 100},
			MaxRows: map[string]float64{"conversations": 600},
			Index:   "conversations_team_pressing",
		},
		{
			Name:    "names in a channel",
			SQL:     store.NamesInChannelSQL,
			Args:    []any{[]int64{}, []int64{}, int64(0), int64(1), "C7"},
			MaxRows: map[string]float64{"conversations": 1100, "threads": 1100, "identities": 1100},
			Index:   "conversations_pressing",
		},
		{
			Name:    "list mine",
			SQL:     store.ListMineSQL,
			Args:    []any{[]int64{}, []int64{}, int64(5), 51, 0},
			MaxRows: map[string]float64{"conversations": 300},
			Index:   "conversations_mine",
		},
	}
}
