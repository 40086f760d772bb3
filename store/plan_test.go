package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// plan is a node of EXPLAIN (ANALYZE, FORMAT JSON).
type plan struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Index   string  `json:"Index Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Apart   float64 `json:"Rows Removed by Join Filter"`
	Hit     float64 `json:"Shared Hit Blocks"`
	Read    float64 `json:"Shared Read Blocks"`
	Plans   []plan  `json:"Plans"`
}

// explain runs a statement and gives its plan; nothing of it stays. hot: on a connection
// set as the relay sets those for claiming and applying, with the one plan for all arguments
// that such a connection keeps.
func explain(t *testing.T, pool *pgxpool.Pool, hot bool, sql string, args ...any) plan {
	t.Helper()
	conn := must(pool.Acquire(t.Context()))(t)
	defer conn.Release()
	settings := []string{"jit = off"}
	if hot {
		settings = hotSettings()
	}
	for _, setting := range settings {
		exec(t, conn, "SET "+setting)
	}
	exec(t, conn, "PREPARE once AS "+sql)
	defer func() {
		_, _ = conn.Exec(t.Context(), "DEALLOCATE once")
		_, _ = conn.Exec(t.Context(), "RESET ALL")
	}()
	return explainPrepared(t, conn, "once", args...)
}

// hotSettings are those of the connections with which the relay claims and applies.
func hotSettings() []string {
	return []string{"jit = off", "enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off", "plan_cache_mode = force_generic_plan"}
}

// prepare has a hot connection plan a statement now. It keeps the plan until PostgreSQL learns more
// of the tables.
func prepare(t *testing.T, conn *pgxpool.Conn, name, sql string, args ...any) {
	t.Helper()
	for _, setting := range hotSettings() {
		exec(t, conn, "SET "+setting)
	}
	exec(t, conn, "PREPARE "+name+" AS "+sql)
	exec(t, conn, "EXPLAIN EXECUTE "+name+literals(t, args))
}

// explainPrepared runs a prepared statement and gives its plan; nothing of it stays.
func explainPrepared(t *testing.T, conn *pgxpool.Conn, name string, args ...any) plan {
	t.Helper()
	tx := must(conn.Begin(t.Context()))(t)
	defer func() { _ = tx.Rollback(t.Context()) }()
	var body []byte
	check(t, tx.QueryRow(t.Context(), "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE "+name+literals(t, args), pgx.QueryExecModeSimpleProtocol).Scan(&body))
	var plans []struct{ Plan plan }
	check(t, json.Unmarshal(body, &plans))
	return plans[0].Plan
}

// literals writes the arguments of a prepared statement.
func literals(t *testing.T, args []any) string {
	t.Helper()
	if len(args) == 0 {
		return ""
	}
	list := make([]string, len(args))
	for i, a := range args {
		list[i] = literal(t, a)
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// literal writes an argument as SQL. Its texts have nothing to be quoted.
func literal(t *testing.T, a any) string {
	t.Helper()
	value := reflect.ValueOf(a)
	if value.Kind() != reflect.Slice {
		return fmt.Sprintf("'%v'", a)
	}
	if value.IsNil() {
		return "NULL"
	}
	list := make([]string, value.Len())
	for i := range list {
		list[i] = fmt.Sprintf(`"%v"`, value.Index(i))
	}
	return "'{" + strings.Join(list, ",") + "}'"
}

// walk visits all nodes.
func (p plan) walk(f func(plan)) {
	f(p)
	for _, child := range p.Plans {
		child.walk(f)
	}
}

// buffers says how many blocks a plan read.
func (p plan) buffers() float64 { return p.Hit + p.Read }

// effort says how many rows the nodes of a plan looked at together, and how many blocks it read.
func (p plan) effort() float64 {
	sum := p.buffers()
	p.walk(func(n plan) { sum += (n.Rows + n.Removed + n.Apart) * n.Loops })
	return sum
}

// touched says how many rows a plan read of a table, and through which indexes.
func (p plan) touched(table string) (rows float64, indexes string) {
	p.walk(func(n plan) {
		if n.Table == table && strings.Contains(n.Type, "Scan") {
			rows += (n.Rows + n.Removed) * n.Loops
		}
		if n.Index != "" {
			indexes += n.Index + " "
		}
		if n.Table == table && n.Type == "Seq Scan" {
			indexes += "SEQSCAN "
		}
	})
	return rows, indexes
}

// firstOf gives arguments whose lists of 64 are cut; cut is false when there are none.
func firstOf(args []any, n int) (few []any, cut bool) {
	for _, a := range args {
		if v := reflect.ValueOf(a); v.Kind() == reflect.Slice && v.Len() == 64 {
			a, cut = v.Slice(0, n).Interface(), true
		}
		few = append(few, a)
	}
	return few, cut
}

// crowd fills the tables with a million rows each: lanes of which few are due, one gate with
// 200,000 that are stuck, one conversation with 200,000 deliveries; a million events to apply.
func crowd(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	fill := []string{
		`SET LOCAL session_replication_role = replica`, // rows that nothing else needs
		`INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE SELECT n, 1, 'g' || n FROM generate_series(1, 50) AS n`,
		`UPDATE gates SET next_at = clock_timestamp() + interval '1 h' WHERE id = 50`, // stuck
		`INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, priority, tail, due_at)
			SELECT n, 1, 'c' || n, n, CASE WHEN n % 5 = 0 THEN 50 ELSE 1 + n % 49 END, n % 4, 1,
				CASE WHEN n % 3 = 0 THEN NULL WHEN n % 3 = 1 OR n % 5 = 0 THEN parley_now() ELSE parley_now() + interval '1 day' END
			FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, created_at) SELECT n, n, 1, n, 'reply', now() FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, kind, created_at) SELECT 2000000 + n, 1, n + 1, 'reply', now() FROM generate_series(1, 200000) AS n`,
		`INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) SELECT 1, 'e' || n, '1/k' || n % 1000, 'x', 1 FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO accounts (id, name, kind, side) SELECT n, 'a' || n, 'x', 'channel' FROM generate_series(100, 200) AS n`,
		// a key in ten waits, one has 200,000 events behind it
		`INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at, tries)
			SELECT '1/k' || id, 100 + id % 100, 1, id, id, id + CASE WHEN id = 1 THEN 200000 WHEN id % 70 = 0 THEN 3 ELSE 0 END,
				now() + CASE WHEN id % 10 = 0 THEN interval '1 h' ELSE id * interval '-1 ms' END, CASE WHEN id % 100000 = 5 THEN 1 ELSE 0 END FROM events`,
		`INSERT INTO queue_events (queue_id, place, event_id) SELECT id, place + n, first_event FROM queues, generate_series(1, 3) AS n WHERE first_event % 70 = 0`,
		`INSERT INTO queue_events (queue_id, place, event_id) SELECT id, 1 + n, 1 + n FROM queues, generate_series(1, 200000) AS n WHERE first_event = 1`,
		`INSERT INTO timers (conversation_id, kind, due_at) SELECT n, 'snooze', now() + n * interval '1 s' FROM generate_series(-100, 1000000) AS n`,
		`INSERT INTO identities (id, account_id, key, contact_id, same_as) SELECT n, 1, 'k' || n, 1, CASE WHEN n % 10 = 2 THEN n - 1 END FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO identities (id, account_id, key, contact_id, blocked) SELECT 2000000 + n, 1, 'b' || n, 1, true FROM generate_series(1, 50) AS n`,
		`INSERT INTO fetches (id, account_id, conversation_id, message_id, n, ref, state, due_at, created_at)
			SELECT n, n % 3, n, n, 0, 'r', CASE WHEN n % 100 = 0 THEN 'waiting' ELSE 'fetched' END, CASE WHEN n % 100 = 0 THEN parley_now() END, now() FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO reactions (account_id, target, identity_id) SELECT 1, 'x' || n, n FROM generate_series(1, 200000) AS n`,
		`INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at) SELECT n, 1, n, 'open', now(), now() FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO conversations (id, account_id, identity_id, team_id, status, last_at, created_at, window_from, waiting_since) SELECT 2000000 + n, 2, n, 1, 'open', now(), now(),
			'2026-01-01 00:00Z'::timestamptz + n * interval '1 min', now() FROM generate_series(1, 10000) AS n`,
		`INSERT INTO conversation_words (conversation_id, words) SELECT n, array_to_tsvector(ARRAY['order', CASE WHEN n % 100000 = 7 THEN 'rare' ELSE 'usual' END]) FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO threads (conversation_id, account_id, channel, root) SELECT n, 1, 'C' || n % 10, 'r' || n FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at, event_id) SELECT n, 1 + n % 1000, 'in', 'in', now(), now(), n FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO messages (id, conversation_id, direction, fate, reason, said_at, created_at) SELECT 2000000 + n, 500000 + n, 'note', 'parked', 'window', now(), now() FROM generate_series(1, 1000) AS n`,
		`INSERT INTO posts (account_id, channel, message, kind) SELECT 1, 'C' || n % 10, 'm' || n, 'said' FROM generate_series(1, 1000000) AS n`,
		`INSERT INTO posts (account_id, channel, message, kind, early, kept_at) SELECT 2, 'C' || n % 10, 'm' || n, 'human', '{}', now() - n * interval '1 min' FROM generate_series(1, 500) AS n`,
		`INSERT INTO openings (account_id, origin, free_at) SELECT 1, 'k' || n, now() FROM generate_series(1, 200000) AS n`,
		`INSERT INTO external_ids (account_id, external_id, conversation_id, message_id) SELECT 1, 'x' || n, 1, n FROM generate_series(1, 1000000) AS n`,
	}
	check(t, store.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		makeIndexes, err := dropIndexes(t.Context(), tx)
		if err != nil {
			return err
		}
		for _, sql := range slices.Concat(fill, makeIndexes) {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return err
			}
		}
		return nil
	}))
}

// dropIndexes drops indexes that are cheaper to make once than to keep up to date with a million rows, and
// gives the statements that make them. Those of the queues stay, for plans that were made before.
func dropIndexes(ctx context.Context, tx pgx.Tx) (makeIndexes []string, err error) {
	rows, err := tx.Query(ctx, `
		SELECT i.indexname, i.indexdef FROM pg_indexes AS i
		WHERE i.schemaname = 'public' AND i.tablename = ANY($1)
			AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = ('public.' || quote_ident(i.indexname))::regclass)`,
		[]string{"lanes", "deliveries", "timers", "identities", "fetches", "conversations", "conversation_words", "threads", "messages", "posts", "external_ids"})
	if err != nil {
		return nil, err
	}
	type index struct{ Name, Definition string }
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	for _, i := range list {
		if _, err := tx.Exec(ctx, `DROP INDEX `+pgx.Identifier{i.Name}.Sanitize()); err != nil {
			return nil, err
		}
		makeIndexes = append(makeIndexes, i.Definition)
	}
	return makeIndexes, err
}

// The hot statements read about as many rows as they hand out, however much is queued:
// each by its index, none by a scan of its table.
func TestPlans(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	gates, slots, given, everything := []int64{}, []int32{}, []int64{}, []string{}
	for g := range int64(50) {
		gates, slots = append(gates, g+1), append(slots, 4)
		given, everything = append(given, g), append(everything, "-infinity")
	}
	many := make([]int64, 64)
	for i := range many {
		many[i] = int64(i*100 + 1)
	}
	var done []store.Finish
	advance, waits := make([]int32, len(many)), make([]float64, len(many))
	for i, lane := range many {
		done = append(done, store.Finish{LaneID: lane, ID: lane, State: store.Accepted, Advance: 1})
		advance[i] = 1
	}
	epochs := make([]int64, len(many))
	ones, chans, places, externals, names := []int64{}, []string{}, []string{}, []string{}, []string{}
	for i := range 64 {
		ones, chans, names = append(ones, 1), append(chans, fmt.Sprint("C", i%10)), append(names, fmt.Sprint("k", i*100+1))
		places, externals = append(places, fmt.Sprint("m", 10*i+i%10)), append(externals, fmt.Sprint("x", i*7))
	}
	since := []string{"-infinity", "-infinity", "-infinity", "-infinity"}
	queues, ones8 := []int64{}, []int64{}
	for i := range int64(8) {
		queues, ones8 = append(queues, 70*(i+1)), append(ones8, 1)
	}
	tests := []struct {
		name   string
		sql    string
		args   []any
		hot    bool
		limits map[string]float64 // rows that may be read of a table
		index  string
	}{
		{"claim", store.ClaimSQL, []any{gates, slots, true, given, everything}, true, map[string]float64{"lanes": 2000, "deliveries": 1000, "gates": 300}, "lanes_due"},
		{"claim among priorities", store.ClaimSharedSQL, []any{gates, slots, true, given, everything}, true, map[string]float64{"lanes": 3000, "deliveries": 1000, "gates": 300}, "lanes_due"},
		{"claim of the stuck gate", store.ClaimSQL, []any{[]int64{50}, []int32{16}, true, given[:1], everything[:1]}, true, map[string]float64{"lanes": 0, "deliveries": 0, "gates": 110}, ""},
		{"due gates", store.DueGatesSQL, []any{gates, everything, false}, true, map[string]float64{"lanes": 250, "gates": 60}, "lanes_due"},
		{"due gates touched", store.DueGatesSQL, []any{[]int64{3, 50}, everything[:2], false}, true, map[string]float64{"lanes": 10, "gates": 60}, "lanes_due"},
		{"due gates, and the oldest", store.DueGatesSQL, []any{gates, everything, true}, true, map[string]float64{"lanes": 500, "gates": 60}, "lanes_due"},
		{"other gates", store.OtherGatesSQL, []any{[]int64{0}, []int64{1000}}, true, map[string]float64{"lanes": 60}, "lanes_due"},
		{"take runs", store.TakeRunsSQL, []any{[]int64{100, 101, 102, 103}, []int32{64, 64, 64, 64}, since, 1, 32, int64(1 << 20), 7}, true,
			map[string]float64{"queues": 900, "queue_events": 700, "events": 1100}, "queues_due"},
		{"take a suspect", store.TakeSuspectSQL, []any{1, 7}, true, map[string]float64{"queues": 5, "events": 2}, "queues_suspect"},
		{"shares due", store.SharesDueSQL, []any{[]int64{100, 101}, since[:2], false}, false, map[string]float64{"queues": 110, "accounts": 110}, "queues_due"},
		{"wake queues", store.WakeQueuesSQL, []any{[]string{"id:1:x", "id:1:y"}}, false, map[string]float64{"queues": 5}, "queues_waiting"},
		{"release runs", store.ReleaseRunsSQL, []any{queues, ones8, ones8, ones8, waits[:8], make([]string, 8), make([]int32, 8), make([]int32, 8), make([]int64, 8)}, true,
			map[string]float64{"queues": 50, "queue_events": 60}, "queues_pkey"},
		{"lock lanes", store.LockLanesSQL, []any{many, []int64{1}, []string{"c7"}}, true, map[string]float64{"lanes": 200}, "lanes_conversation"},
		{"deliveries of messages", store.DeliveriesOfSQL, []any{many, many}, true, map[string]float64{"deliveries": 300}, "deliveries_message"},
		{"latest messages", store.LatestSQL, []any{many[:8], 5}, true, map[string]float64{"messages": 60}, "messages_conversation"},
		{"fence", store.FenceSQL, []any{many, epochs}, true, map[string]float64{"lanes": 130}, "lanes_pkey"},
		{"finish deliveries", store.FinishDelivSQL, store.DeliveryResults(done), true, map[string]float64{"lanes": 130, "deliveries": 130}, "deliveries_pkey"},
		{"finish lanes", store.FinishLanesSQL, []any{many, epochs, many, advance, waits, make([]bool, len(many)), waits, make([]bool, len(many))}, true, map[string]float64{"lanes": 130, "deliveries": 130}, "lanes_pkey"},
		{"posts", store.FindPostsSQL, []any{ones, chans, places}, true, map[string]float64{"posts": 130}, "posts_pkey"},
		{"kept posts to date", store.DateKeptSQL, []any{1000}, false, map[string]float64{"posts": 10}, "posts_kept"},
		{"early texts to forget", store.DropEarlySQL, []any{24000.0, 1000}, false, map[string]float64{"posts": 350}, "posts_kept"},
		{"what was told to forget", store.DropToldSQL, []any{24000.0, 1000}, false, map[string]float64{"posts": 150}, "posts_"},
		{"external ids", store.FindExternalSQL, []any{ones, externals}, true, map[string]float64{"external_ids": 130}, "external_ids_pkey"},
		{"lock conversations", store.LockConvSQL, []any{many[:8], many[:8]}, true, map[string]float64{"conversations": 40, "messages": 20}, "conversations_pkey"},
		{"latest of identities", store.LatestOfSQL, []any{ones, names}, true, map[string]float64{"conversations": 130}, "conversations_identity"},
		{"open of identities", store.OpenOfSQL, []any{ones, names}, true, map[string]float64{"conversations": 300}, "conversations_identity"},
		{"related conversations", store.RelatedSQL, []any{many}, true, map[string]float64{"conversations": 300, "threads": 130}, "conversations_previous"},
		{"writers among keys", store.WritersAmongSQL, []any{names}, true, map[string]float64{"identities": 300, "conversations": 300, "messages": 300}, "messages_conversation"},
		{"threads to send to", store.OutgoingThreadsSQL, []any{many}, false, map[string]float64{"threads": 200, "conversations": 200}, "threads_pkey"},
		{"identities to send to", store.OutgoingIdentitiesSQL, []any{many, many}, false, map[string]float64{"identities": 200, "conversations": 70, "messages": 70}, "identities_pkey"},
		{"first subjects", store.FirstSubjectsSQL, []any{many[:8]}, false, map[string]float64{"messages": 20}, "messages_conversation"},
		{"identities of keys", store.IdentitiesOfKeysSQL, []any{ones, names}, true, map[string]float64{"identities": 700}, "identities_same"},
		{"blocked senders", store.BlockedSendersSQL, []any{int64(1), []string(nil)}, false, map[string]float64{"identities": 60}, "identities_blocked"},
		{"identities", store.GetIdentitiesSQL, []any{many}, true, map[string]float64{"identities": 400}, "identities_pkey"},
		{"keys to send to", store.OutgoingKeysSQL, []any{many[:8]}, false, map[string]float64{"identities": 80, "conversations": 20}, "identities_same"},
		{"replies behind their thread", store.BehindRepliesSQL, []any{many[:8], slices.Repeat([]string{"infinity"}, 8)}, false, map[string]float64{"messages": 20, "events": 40, "queues": 40}, "queues_key_key"},
		{"claim fetches", store.ClaimFetchesSQL, []any{[]int64{0, 1, 2}, []int32{4, 4, 4}, 60.0}, false, map[string]float64{"fetches": 60}, "fetches_due"},
		{"posts of files", store.FilesOfSQL, []any{many}, true, map[string]float64{"deliveries": 130}, "deliveries_message"},
		{"sent lately", store.SentLatelySQL, []any{many[:8]}, true, map[string]float64{"deliveries": 1000}, "deliveries_lane_id_seq_key"},
		{"reactions", store.FindReactionsSQL, []any{ones, externals}, true, map[string]float64{"reactions": 130}, "reactions_pkey"},
		{"joined deliveries", store.JoinedToSQL, []any{many}, true, map[string]float64{"deliveries": 10}, "deliveries_joined"},
		{"messages of a post", store.MessagesOfPostSQL, []any{many[0], "said"}, true, map[string]float64{"messages": 5, "deliveries": 10}, "deliveries_joined"},
		{"parked messages", store.ParkedMessagesSQL, []any{many, "window", 10}, true, map[string]float64{"messages": 20}, "messages_parked"},
		{"closing windows", store.ListClosingSQL, []any{int64(2), int64(1), "2026-01-01T10:00:00Z", "2026-01-01T20:00:00Z", 30}, true, map[string]float64{"conversations": 700}, "conversations_window"},
		{"openings", store.FindOpeningsSQL, []any{ones, names}, true, map[string]float64{"openings": 130}, "openings_pkey"},
		{"collecting threads", store.CollectingOfDaysSQL, []any{ones[:1], []string{"2026-01-01"}}, true, map[string]float64{"conversations": 10}, "conversations_collects"},
		{"old marks", store.DropOldMarksSQL, []any{3600.0, 100, 3}, false, map[string]float64{"lanes": 2000, "deliveries": 1000, "gates": 60}, "lanes_due"},
		{"find a rare word", store.FindSQL, []any{given[:0], given[:0], int64(0), "rar", "", 20, 0}, false, map[string]float64{"conversation_words": 60, "conversations": 60}, "conversation_words_found"},
		{"find a word of all", store.FindSQL, []any{given[:0], given[:0], int64(0), "order", "", 20, 0}, false, map[string]float64{"conversation_words": 6000, "conversations": 200}, "conversations_pkey"},
		{"list all", store.ListAllSQL, []any{given[:0], given[:0], int64(0), 51, 100}, false, map[string]float64{"conversations": 300}, "conversations_waiting"},
		{"list mine", store.ListMineSQL, []any{given[:0], given[:0], int64(5), 51, 0}, false, map[string]float64{"conversations": 300}, "conversations_mine"},
		{"due timers", store.FireTimersSQL, []any{200}, false, map[string]float64{"timers": 500}, "timers_due"},
	}
	// The queues are empty most of the time: a plan that was made then must be right for a flood, too.
	early := must(pool.Acquire(t.Context()))(t)
	defer early.Release()
	for i, tt := range tests {
		if tt.hot && tt.limits["queues"] > 0 {
			prepare(t, early, fmt.Sprint("early", i), tt.sql, tt.args...)
		}
	}
	crowd(t, pool)
	exec(t, pool, `UPDATE lanes SET leased_until = now() WHERE id = ANY($1)`, many)
	exec(t, pool, `UPDATE queues SET epoch = 1, holder = 7 WHERE id = ANY($1)`, queues)
	blind := map[string]float64{} // effort with plans that were made when the tables were empty
	for i, tt := range tests {
		if tt.hot && tt.limits["queues"] > 0 {
			blind[tt.name] = explainPrepared(t, early, fmt.Sprint("early", i), tt.args...).effort()
		}
	}
	exec(t, pool, `ANALYZE`)
	t.Run("statistics", func(t *testing.T) { checkStats(t, pool) })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := explain(t, pool, tt.hot, tt.sql, tt.args...)
			if most := 30 * p.effort(); blind[tt.name] > most { // a join that compares all rows takes a thousand times as much
				t.Errorf("planned when the tables were empty, it has an effort of %.0f, at most %.0f is right", blind[tt.name], most)
			}
			for table, limit := range tt.limits {
				rows, indexes := p.touched(table)
				if rows > limit || strings.Contains(indexes, "SEQSCAN") && limit < 100 && table != "gates" {
					t.Errorf("%.0f rows of %s were read, at most %.0f are needed; indexes %s", rows, table, limit, indexes)
				}
				if !strings.Contains(indexes, tt.index) {
					t.Errorf("index %s is not used, but %s", tt.index, indexes)
				}
			}
			// With a quarter of the rows it has a quarter of the work, or there are joins that compare
			// each row with each.
			if few, cut := firstOf(tt.args, 16); cut {
				if part := explain(t, pool, tt.hot, tt.sql, few...).effort(); p.effort() > 6*part {
					t.Errorf("an effort of %.0f for 16 rows, %.0f for 64", part, p.effort())
				}
			}
		})
	}
}
