package store_test

import (
	"fmt"
	"slices"
	"testing"

	"parley/store"
	"parley/store/plantest"
	"parley/store/storetest"
)

// TestPlans: with a hundred thousand rows of everything, each statement reads few rows of each table, and by the index that
// is named. Hot statements are those that the relay runs: they keep one plan for all arguments (see plantest.Hot).
func TestPlans(t *testing.T) {
	t.Parallel()
	k := plantest.NewKeys()
	statements := slices.Concat(queueStatements(), batchStatements(k), sendingStatements(k), listStatements())
	crowd := slices.Concat(plantest.Lanes(), plantest.Queues(), plantest.Nouns(), []string{
		`UPDATE lanes SET leased_until = now() WHERE id % 100 = 1 AND id < 6400`,
		`INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at, leased_until)
			SELECT n, n, n, now(), now() + (n % 1000 - 500) * interval '1 s', CASE WHEN n % 7 = 0 THEN clock_timestamp() + interval '1 h' END
			FROM generate_series(1, 1000000) AS n`, // half of them are due
		`UPDATE queues SET epoch = 1, holder = 7 WHERE id % 70 = 0 AND id <= 560`, // those that "release runs" releases
	})
	plantest.Run(t, storetest.DB(t), crowd, statements)
}

// queueStatements returns the statements that take, put aside and release events.
func queueStatements() []plantest.Statement {
	since := slices.Repeat([]string{"-infinity"}, 4)
	const taken = 8 // queues, which a holder has taken
	ones, waits, queues := slices.Repeat([]int64{1}, taken), make([]float64, taken), []int64{}
	for i := range int64(taken) {
		queues = append(queues, 70*(i+1))
	}
	return []plantest.Statement{
		plantest.Hot("take runs", store.TakeRunsSQL,
			[]any{[]int64{100, 101, 102, 103}, []int32{64, 64, 64, 64}, since, 1, 32, int64(1 << 20), 7},
			map[string]float64{"queues": 900, "queue_events": 700, "events": 1100}, "queues_due"),
		plantest.Hot("take a suspect", store.TakeSuspectSQL, []any{1, 7},
			map[string]float64{"queues": 5, "events": 2}, "queues_suspect"),
		plantest.Cold("shares due", store.SharesDueSQL, []any{[]int64{100, 101}, since[:2], false},
			map[string]float64{"queues": 110, "accounts": 110}, "queues_due"),
		plantest.Cold("wake queues", store.WakeQueuesSQL, []any{[]string{"id:1:x", "id:1:y"}},
			map[string]float64{"queues": 5}, "queues_waiting"),
		plantest.Hot("release runs", store.ReleaseRunsSQL,
			[]any{queues, ones, ones, ones, waits, make([]string, taken), make([]int32, taken), make([]int32, taken), make([]int64, taken)},
			map[string]float64{"queues": 50, "queue_events": 60}, "queues_pkey"),
		plantest.Cold("due timers", store.FireTimersSQL, []any{200}, map[string]float64{"timers": 500}, "timers_due"),
	}
}

// batchStatements returns the statements that read what a batch of events changes.
func batchStatements(k plantest.Keys) []plantest.Statement {
	return []plantest.Statement{
		plantest.Hot("lock lanes", store.LockLanesSQL, []any{k.Conversations, []int64{1}, []string{"c7"}},
			map[string]float64{"lanes": 200}, "lanes_conversation"),
		plantest.Hot("deliveries of messages", store.DeliveriesOfSQL, []any{k.Conversations, k.Conversations},
			map[string]float64{"deliveries": 300}, "deliveries_message"),
		plantest.Hot("latest messages", store.LatestSQL, []any{k.Conversations[:8], 5},
			map[string]float64{"messages": 60}, "messages_conversation"),
		plantest.Hot("posts", store.FindPostsSQL, []any{k.Accounts, k.Channels, k.Posts},
			map[string]float64{"posts": 130}, "posts_pkey"),
		plantest.Hot("external ids", store.FindExternalSQL, []any{k.Accounts, k.Externals},
			map[string]float64{"external_ids": 130}, "external_ids_pkey"),
		plantest.Hot("lock conversations", store.LockConvSQL, []any{k.Conversations[:8], k.Conversations[:8]},
			map[string]float64{"conversations": 40, "messages": 20}, "conversations_pkey"),
		plantest.Hot("latest of identities", store.LatestOfSQL, []any{k.Accounts, k.Identities},
			map[string]float64{"conversations": 130}, "conversations_identity"),
		plantest.Hot("open of identities", store.OpenOfSQL, []any{k.Accounts, k.Identities},
			map[string]float64{"conversations": 300}, "conversations_identity"),
		plantest.Hot("related conversations", store.RelatedSQL, []any{k.Conversations},
			map[string]float64{"conversations": 300, "threads": 130}, "conversations_previous"),
		plantest.Hot("writers among keys", store.WritersAmongSQL, []any{k.Identities},
			map[string]float64{"identities": 300, "conversations": 300, "messages": 300}, "messages_conversation"),
		plantest.Hot("gaps of replies", store.GapsOfMessagesSQL, []any{k.Conversations},
			map[string]float64{"messages": 130, "leases": 130}, "messages_pkey"),
		plantest.Hot("places of posts", store.PostingsSQL, []any{k.Conversations},
			map[string]float64{"deliveries": 200, "lanes": 200, "posts": 300}, "posts_conversation"),
		plantest.Hot("first subjects", store.FirstSubjectsSQL, []any{k.Conversations[:8]},
			map[string]float64{"messages": 20}, "messages_conversation"),
		plantest.Hot("identities of keys", store.IdentitiesOfKeysSQL, []any{k.Accounts, k.Identities},
			map[string]float64{"identities": 700}, "identities_same"),
		plantest.Hot("identities", store.GetIdentitiesSQL, []any{k.Conversations},
			map[string]float64{"identities": 400}, "identities_pkey"),
		plantest.Hot("posts of files", store.FilesOfSQL, []any{k.Conversations},
			map[string]float64{"deliveries": 130}, "deliveries_message"),
		// Eight conversations with up to 125 deliveries each.
		plantest.Hot("sent lately", store.SentLatelySQL, []any{k.Conversations[:8]},
			map[string]float64{"deliveries": 1000}, "deliveries_lane_id_seq_key"),
		plantest.Hot("reactions", store.FindReactionsSQL, []any{k.Accounts, k.Externals},
			map[string]float64{"reactions": 130}, "reactions_pkey"),
		plantest.Hot("joined deliveries", store.JoinedToSQL, []any{k.Conversations},
			map[string]float64{"deliveries": 10}, "deliveries_joined"),
		plantest.Hot("messages of a post", store.MessagesOfPostSQL, []any{k.Conversations[0], "said"},
			map[string]float64{"messages": 5, "deliveries": 10}, "deliveries_joined"),
		plantest.Hot("parked messages", store.ParkedMessagesSQL, []any{k.Conversations, "window", 10},
			map[string]float64{"messages": 20}, "messages_parked"),
		plantest.Hot("closing windows", store.ListClosingSQL,
			[]any{int64(2), int64(1), "2026-01-01T10:00:00Z", "2026-01-01T20:00:00Z", 30},
			map[string]float64{"conversations": 700}, "conversations_window"),
		plantest.Hot("openings", store.FindOpeningsSQL, []any{k.Accounts, k.Identities},
			map[string]float64{"openings": 130}, "openings_pkey"),
		plantest.Hot("collecting threads", store.CollectingOfDaysSQL, []any{k.Accounts[:1], []string{"2026-01-01"}},
			map[string]float64{"conversations": 10}, "conversations_collects"),
	}
}

// sendingStatements returns the statements that read what a delivery or a chore needs.
func sendingStatements(k plantest.Keys) []plantest.Statement {
	return []plantest.Statement{
		plantest.Hot("threads to send to", store.OutgoingThreadsSQL, []any{k.Conversations},
			map[string]float64{"threads": 200, "conversations": 200}, "threads_pkey"),
		plantest.Hot("identities to send to", store.OutgoingIdentitiesSQL, []any{k.Conversations, k.Conversations},
			map[string]float64{"identities": 200, "conversations": 70, "messages": 70}, "identities_pkey"),
		plantest.Hot("keys to send to", store.OutgoingKeysSQL, []any{k.Conversations[:8]},
			map[string]float64{"identities": 80, "conversations": 20}, "identities_same"),
		plantest.Hot("replies behind their thread", store.BehindRepliesSQL,
			[]any{k.Conversations[:8], slices.Repeat([]string{"infinity"}, 8)},
			map[string]float64{"messages": 20, "events": 40, "queues": 40}, "queues_key_key"),
		plantest.Cold("claim fetches", store.ClaimFetchesSQL, []any{[]int64{0, 1, 2}, []int32{4, 4, 4}, 60.0},
			map[string]float64{"fetches": 60}, "fetches_due"),
		plantest.Hot("claim bursts", store.ClaimBurstsSQL, []any{4, 60.0}, map[string]float64{"bursts": 40}, "bursts_due"),
		plantest.Hot("templates for bursts", store.BurstTemplatesSQL, []any{k.Conversations[:8]},
			map[string]float64{"conversations": 20, "templates": 40}, "conversations_pkey"),
		plantest.Cold("former owners", store.TimeFormerOwnersSQL, []any{"left", 100},
			map[string]float64{"conversations": 100}, "conversations_mine"),
	}
}

// listStatements returns the statements that list and find conversations and customers.
func listStatements() []plantest.Statement {
	return []plantest.Statement{
		plantest.Cold("blocked senders", store.BlockedSendersSQL, []any{int64(1), []string(nil)},
			map[string]float64{"identities": 60}, "identities_blocked"),
		plantest.Cold("find a rare word", store.FindSQL, []any{[]int64{}, []int64{}, int64(0), "rar", "", 20, 0},
			map[string]float64{"conversation_words": 60, "conversations": 60}, "conversation_words_found"),
		// Every conversation has the word: 20,001 of them are counted, and then the newest are walked instead.
		plantest.Cold("find a word of all", store.FindSQL, []any{[]int64{}, []int64{}, int64(0), "order", "", 20, 0},
			map[string]float64{"conversation_words": 21_000, "conversations": 200}, "conversations_pkey"),
		plantest.Cold("find among the newest", store.FindNewestSQL, []any{[]int64{}, []int64{}, int64(0), "rar", "", 20, 0},
			map[string]float64{"conversation_words": 1000, "conversations": 1000}, "conversations_pkey"),
		plantest.Cold("list all", store.ListAllSQL, []any{[]int64{}, []int64{}, int64(0), 51, 100},
			map[string]float64{"conversations": 300}, "conversations_pressing"),
		plantest.Cold("list of teams", store.ListTeamSQL, []any{[]int64{}, []int64{1, 2}, int64(0), 51, 100},
			map[string]float64{"conversations": 600}, "conversations_team_pressing"),
		plantest.Cold("list mine", store.ListMineSQL, []any{[]int64{}, []int64{}, int64(5), 51, 0},
			map[string]float64{"conversations": 300}, "conversations_mine"),
	}
}

// TestThreadChannelsPlan: to tell a surface in which channels its threads are, only conversations that aren't over are
// read.
func TestThreadChannelsPlan(t *testing.T) {
	t.Parallel()
	all := 20_000
	if storetest.LongForm() {
		all = 960_000
	}
	crowd := []string{
		fmt.Sprintf(`INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at)
			SELECT n, 1, n, CASE WHEN n %% 50 = 0 THEN 'open' ELSE 'resolved' END, now(), now() FROM generate_series(1, %d) AS n`, all),
		fmt.Sprintf(`INSERT INTO threads (conversation_id, account_id, channel, root)
			SELECT n, 1, 'C' || n %% 10, 'r' || n FROM generate_series(1, %d) AS n`, all),
	}
	open := float64(all / 50)
	plantest.Run(t, storetest.DB(t), crowd, []plantest.Statement{
		plantest.Hot("channels of threads", store.ThreadChannelsSQL, []any{int64(1)},
			map[string]float64{"threads": 1.1 * open, "conversations": 1.1 * open}, "threads_pkey"),
	})
}
