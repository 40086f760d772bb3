package store_test

import (
	"slices"
	"strconv"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// With a hundred thousand rows of everything, each statement reads few rows of each table, and uses the index that is
// named. Hot statements are run by the relay. They keep one plan for all arguments (see plantest.ExplainHot).
func TestPlans(t *testing.T) {
	t.Parallel()
	k := storetest.NewKeys()
	statements := slices.Concat(queueStatements(), batchStatements(k), sendingStatements(k), dispatchStatements(), listStatements(), pageStatements(t))
	crowd := slices.Concat(storetest.Lanes(), storetest.Queues(), storetest.Nouns(), []string{
		`UPDATE lanes SET leased_until = now() WHERE id % 100 = 1 AND id < 6400`,
		`INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at, leased_until)
			SELECT n, n, n, now(), now() + (n % 1000 - 500) * interval '1 s', CASE WHEN n % 7 = 0 THEN clock_timestamp() + interval '1 h' END
			FROM generate_series(1, ` + strconv.Itoa(storetest.Many()) + `) AS n`, // half of them are due
		`UPDATE queues SET epoch = 1, holder = 7 WHERE id % 70 = 0 AND id <= 560`, // those that "release runs" releases
		`UPDATE conversations SET last_at = '2026-01-01 00:00Z'::timestamptz + id * interval '1 s',
			assignees = CASE WHEN id % 10 = 0 THEN '{}' ELSE ARRAY[1000 + id % ` + strconv.Itoa(storetest.Many()/500) + `] END
			WHERE id <= ` + strconv.Itoa(storetest.Many()),
		`INSERT INTO conversations (id, account_id, identity_id, status, assignees, last_at, created_at, resolved_at)
			SELECT 5000000 + n, 1, 5000000 + n, CASE n % 10 WHEN 0 THEN 'closed' ELSE 'resolved' END, ARRAY[1000 + n % ` + strconv.Itoa(storetest.Many()/500) + `], now(), now(),
				'2026-01-01 00:00Z'::timestamptz + n * interval '1 min'
			FROM generate_series(1, ` + strconv.Itoa(storetest.Many()) + `) AS n`,
		`INSERT INTO identities (id, account_id, key, contact_id)
			SELECT 3000000 + n, 1, 'former:' || 3000000 + n || ':+49' || n, 1 FROM generate_series(1, 2000) AS n`,
	})
	storetest.Run(t, storetest.DB(t), crowd, statements)
}

// queueStatements returns the statements that take, put aside and release events.
func queueStatements() []storetest.Statement {
	since := slices.Repeat([]string{"-infinity"}, 4)
	const taken = 8 // queues, which a holder has taken
	ones, waits, queues := slices.Repeat([]int64{1}, taken), make([]float64, taken), []int64{}
	for i := range int64(taken) {
		queues = append(queues, 70*(i+1))
	}
	return []storetest.Statement{
		{
			Name:    "take runs",
			SQL:     store.TakeRunsSQL,
			Args:    []any{[]int64{100, 101, 102, 103}, []int32{64, 64, 64, 64}, since, 1, 32, int64(1 << 20), 7},
			Hot:     true,
			MaxRows: map[string]float64{"queues": 900, "queue_events": 700, "events": 1100},
			Index:   "queues_due",
		},
		{
			Name:    "take a suspect",
			SQL:     store.TakeSuspectSQL,
			Args:    []any{1, 7},
			Hot:     true,
			MaxRows: map[string]float64{"queues": 5, "events": 2},
			Index:   "queues_suspect",
		},
		{
			Name:    "shares due",
			SQL:     store.SharesDueSQL,
			Args:    []any{[]int64{100, 101}, since[:2], false},
			MaxRows: map[string]float64{"queues": 110, "accounts": 110},
			Index:   "queues_due",
		},
		{
			Name:    "wake queues",
			SQL:     store.WakeQueuesSQL,
			Args:    []any{[]string{"id:1:x", "id:1:y"}},
			MaxRows: map[string]float64{"queues": 5},
			Index:   "queues_waiting",
		},
		{
			Name:    "release runs",
			SQL:     store.ReleaseRunsSQL,
			Args:    []any{queues, ones, ones, ones, waits, make([]string, taken), make([]int32, taken), make([]int32, taken), make([]int64, taken)},
			Hot:     true,
			MaxRows: map[string]float64{"queues": 50, "queue_events": 60},
			Index:   "queues_pkey",
		},
		{
			Name:    "due timers",
			SQL:     store.FireTimersSQL,
			Args:    []any{200},
			MaxRows: map[string]float64{"timers": 500},
			Index:   "timers_due",
		},
	}
}

// batchStatements returns the statements that read what a batch of events changes.
func batchStatements(k storetest.Keys) []storetest.Statement {
	return []storetest.Statement{
		{
			Name:    "lock lanes",
			SQL:     store.LockLanesSQL,
			Args:    []any{k.Conversations, []int64{1}, []string{"c7"}},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 200},
			Index:   "lanes_conversation",
		},
		{
			Name:    "deliveries of messages",
			SQL:     store.DeliveriesOfSQL,
			Args:    []any{k.Conversations, k.Conversations},
			Hot:     true,
			MaxRows: map[string]float64{"deliveries": 300},
			Index:   "deliveries_message",
		},
		{
			Name:    "latest messages",
			SQL:     store.LatestSQL,
			Args:    []any{k.Conversations[:8], 5},
			Hot:     true,
			MaxRows: map[string]float64{"messages": 60},
			Index:   "messages_conversation",
		},
		{
			Name:    "latest messages of typed texts",
			SQL:     store.LatestSaidSQL,
			Args:    []any{k.Conversations[:8], 5, 0},
			Hot:     true,
			MaxRows: map[string]float64{"messages": 60},
			Index:   "messages_conversation",
		},
		{
			Name:    "latest messages with those before notes",
			SQL:     store.LatestSaidSQL,
			Args:    []any{k.Conversations[:8], 5, 5},
			Hot:     true,
			MaxRows: map[string]float64{"messages": 110},
			Index:   "messages_conversation",
		},
		{
			Name:    "posts",
			SQL:     store.FindPostsSQL,
			Args:    []any{k.Accounts, k.Channels, k.Posts},
			Hot:     true,
			MaxRows: map[string]float64{"posts": 130},
			Index:   "posts_pkey",
		},
		{
			Name:    "external ids",
			SQL:     store.FindExternalSQL,
			Args:    []any{k.Accounts, k.Externals},
			Hot:     true,
			MaxRows: map[string]float64{"external_ids": 130},
			Index:   "external_ids_pkey",
		},
		{
			Name:    "lock conversations",
			SQL:     store.LockConvSQL,
			Args:    []any{k.Conversations[:8], k.Conversations[:8]},
			Hot:     true,
			MaxRows: map[string]float64{"conversations": 40, "messages": 20},
			Index:   "conversations_pkey",
		},
		{
			Name:    "latest of identities",
			SQL:     store.LatestOfSQL,
			Args:    []any{k.Accounts, k.Identities},
			Hot:     true,
			MaxRows: map[string]float64{"conversations": 130},
			Index:   "conversations_identity",
		},
		{
			Name:    "parked of identities",
			SQL:     store.ParkedOfSQL,
			Args:    []any{k.Accounts, k.Identities, "window"},
			Hot:     true,
			MaxRows: map[string]float64{"conversations": 600, "messages": 600},
			Index:   "conversations_identity",
		},
		{
			Name:    "open of identities",
			SQL:     store.OpenOfSQL,
			Args:    []any{k.Accounts, k.Identities},
			Hot:     true,
			MaxRows: map[string]float64{"conversations": 300},
			Index:   "conversations_identity",
		},
		{
			Name:    "related conversations",
			SQL:     store.RelatedSQL,
			Args:    []any{k.Conversations},
			Hot:     true,
			MaxRows: map[string]float64{"conversations": 300, "threads": 130},
			Index:   "conversations_previous",
		},
		{
			Name:    "writers among keys",
			SQL:     store.WritersAmongSQL,
			Args:    []any{k.Identities},
			Hot:     true,
			MaxRows: map[string]float64{"identities": 300, "conversations": 300, "messages": 300},
			Index:   "messages_conversation",
		},
		{
			Name:    "gaps of replies",
			SQL:     store.GapsOfMessagesSQL,
			Args:    []any{k.Conversations},
			Hot:     true,
			MaxRows: map[string]float64{"messages": 130, "leases": 130},
			Index:   "messages_pkey",
		},
		{
			Name:    "places of posts",
			SQL:     store.PostingsSQL,
			Args:    []any{k.Conversations},
			Hot:     true,
			MaxRows: map[string]float64{"deliveries": 200, "lanes": 200, "posts": 300},
			Index:   "posts_conversation",
		},
		{
			Name:    "subjects of replies",
			SQL:     store.ReplySubjectsSQL,
			Args:    []any{k.Conversations[:8]},
			Hot:     true,
			MaxRows: map[string]float64{"messages": 20},
			Index:   "messages_conversation",
		},
		{
			Name:    "identities of keys",
			SQL:     store.IdentitiesOfKeysSQL,
			Args:    []any{k.Accounts, k.Identities},
			Hot:     true,
			MaxRows: map[string]float64{"identities": 700},
			Index:   "identities_same",
		},
		{
			Name:    "identities",
			SQL:     store.GetIdentitiesSQL,
			Args:    []any{k.Conversations},
			Hot:     true,
			MaxRows: map[string]float64{"identities": 400},
			Index:   "identities_pkey",
		},
		{
			Name:    "posts of files",
			SQL:     store.FilesOfSQL,
			Args:    []any{k.Conversations},
			Hot:     true,
			MaxRows: map[string]float64{"deliveries": 130},
			Index:   "deliveries_message",
		},
		// Eight conversations with up to 125 deliveries each.
		{
			Name:    "sent lately",
			SQL:     store.SentLatelySQL,
			Args:    []any{k.Conversations[:8]},
			Hot:     true,
			MaxRows: map[string]float64{"deliveries": 1000},
			Index:   "deliveries_lane_id_seq_key",
		},
		{
			Name:    "replies to a customer",
			SQL:     store.RepliesBeforeSQL,
			Args:    []any{k.Accounts[0], 0, k.Identities[0], "tomorrow"},
			Hot:     true,
			MaxRows: map[string]float64{"deliveries": 5000, "conversations": 50},
			Index:   "conversations_identity",
		},
		{
			Name:    "replies in a conversation",
			SQL:     store.RepliesBeforeSQL,
			Args:    []any{k.Accounts[0], k.Conversations[0], "", "tomorrow"},
			Hot:     true,
			MaxRows: map[string]float64{"deliveries": 125},
			Index:   "deliveries_lane_id_seq_key",
		},
		{
			Name:    "reactions",
			SQL:     store.FindReactionsSQL,
			Args:    []any{k.Accounts, k.Externals},
			Hot:     true,
			MaxRows: map[string]float64{"reactions": 130},
			Index:   "reactions_pkey",
		},
		{
			Name:    "joined deliveries",
			SQL:     store.JoinedToSQL,
			Args:    []any{k.Conversations},
			Hot:     true,
			MaxRows: map[string]float64{"deliveries": 10},
			Index:   "deliveries_joined",
		},
		{
			Name:    "messages of a post",
			SQL:     store.MessagesOfPostSQL,
			Args:    []any{k.Conversations[0], "said"},
			Hot:     true,
			MaxRows: map[string]float64{"messages": 5, "deliveries": 10},
			Index:   "deliveries_joined",
		},
		{
			Name:    "parked messages",
			SQL:     store.ParkedMessagesSQL,
			Args:    []any{k.Conversations, "window", 10},
			Hot:     true,
			MaxRows: map[string]float64{"messages": 20},
			Index:   "messages_parked",
		},
		{
			Name:    "closing windows",
			SQL:     store.ListClosingSQL,
			Args:    []any{int64(2), int64(1), "2026-01-01T10:00:00Z", "2026-01-01T20:00:00Z", 30, true},
			Hot:     true,
			MaxRows: map[string]float64{"conversations": 700},
			Index:   "conversations_window",
		},
		{
			Name:    "openings",
			SQL:     store.FindOpeningsSQL,
			Args:    []any{k.Accounts, k.Identities},
			Hot:     true,
			MaxRows: map[string]float64{"openings": 130},
			Index:   "openings_pkey",
		},
		{
			Name:    "collecting threads",
			SQL:     store.CollectingOfDaysSQL,
			Args:    []any{k.Accounts[:1], []string{"2026-01-01"}},
			Hot:     true,
			MaxRows: map[string]float64{"conversations": 10},
			Index:   "conversations_collects",
		},
	}
}
