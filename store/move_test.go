package store_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// The chat of these tests has four channels. Its channel C1 gets the id C9, and in some tests another one after that.
// Another workspace has a channel C1, too, of which it has its own records.
const (
	chat     = store.AccountID(20)
	mail     = store.AccountID(21) // its new threads open in the chat's C1, as do those of a team
	other    = store.AccountID(22) // the other workspace
	channels = 4                   // C0 to C3
)

// newMovedChat makes a database with the chat, the mail account, and the given number of threads, messages and posts in
// the chat. Threads and posts are called r1, r2 and so on, and messages p1, p2 and so on. They are spread evenly over the
// channels. The post of r1 is recorded in C9 as well. Then newMovedChat begins the move of C1 to C9.
func newMovedChat(t *testing.T, rows int) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	check(t, store.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		exec(t, tx, `SET LOCAL session_replication_role = replica`) // so that rows need no conversations
		exec(t, tx, `
			INSERT INTO accounts (id, name, kind, side, surface_id, surface_channel)
			VALUES ($1, 'chat', 'x', 'surface', NULL, ''), ($2, 'mail', 'x', 'channel', $1, 'C1'),
				(24, 'sms', 'x', 'channel', $1, 'C2')`, chat, mail)
		exec(t, tx, `
			INSERT INTO threads (conversation_id, account_id, channel, root)
			SELECT n, $1, 'C' || n % $2, 'r' || n
			FROM generate_series(1, $3::int) AS n`, chat, channels, rows)
		exec(t, tx, `
			INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at, account_id, channel, place)
			SELECT n, n, 'in', 'in', now(), now(), $1, 'C' || n % $2, 'p' || n
			FROM generate_series(1, $3::int) AS n`, chat, channels, rows)
		exec(t, tx, `
			INSERT INTO posts (account_id, channel, message, kind)
			SELECT $1, 'C' || n % $2, 'r' || n, 'said'
			FROM generate_series(1, $3::int) AS n`, chat, channels, rows)
		exec(t, tx, `INSERT INTO posts (account_id, channel, message, kind) VALUES ($1, 'C9', 'r1', 'human')`, chat)

		exec(t, tx, `INSERT INTO team_channels (team_id, account_id, channel) VALUES (30, $1, 'C1'), (31, $1, 'C2'), (30, $2, 'C1')`, chat, other)
		return store.BeginMove(t.Context(), tx, chat, "C1", "C9")
	}))
	return pool
}

// mustClaim claims a move that isn't done yet. It fails the test if there is none.
func mustClaim(t *testing.T, pool *pgxpool.Pool) store.ChannelMove {
	t.Helper()
	move, ok, err := store.ClaimMove(t.Context(), pool)
	check(t, err)
	if !ok {
		t.Fatal("no move can be claimed")
	}
	return move
}

func checkNothingToClaim(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	move, ok, err := store.ClaimMove(t.Context(), pool)
	check(t, err)
	if ok {
		t.Errorf("the move %+v was claimed, want none", move)
	}
}

// passOverTables does all batches of one pass, and returns how many rows it moved. It fails the test if a batch moves
// more than batchRows, or if the pass takes more batches than three tables with tableRows each need.
func passOverTables(t *testing.T, pool *pgxpool.Pool, move store.ChannelMove, tableRows, batchRows int) int64 {
	t.Helper()
	maxBatches := 3 * (tableRows/batchRows + 1)
	var progress store.MoveProgress
	for batches := 0; !progress.Done(); batches++ {
		if batches > maxBatches {
			t.Fatalf("the pass hasn't ended after %d batches", batches)
		}
		before := progress.Moved
		progress = must(store.MoveBatch(t.Context(), pool, move, progress, batchRows))(t)
		if moved := progress.Moved - before; moved > int64(batchRows) {
			t.Fatalf("batch %d moved %d rows, want at most %d", batches, moved, batchRows)
		}
	}
	return progress.Moved
}

func countRows(t *testing.T, pool *pgxpool.Pool, table, channel string) (n int) {
	t.Helper()
	check(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM `+table+` WHERE channel = $1`, channel).Scan(&n))
	return n
}

func TestSettingsHaveTheNewIDAtOnce(t *testing.T) {
	t.Parallel()
	pool := newMovedChat(t, 0)
	const accounts = `SELECT array_agg(concat(name, ' in ', surface_channel) ORDER BY id) FROM accounts WHERE surface_id IS NOT NULL`
	if got, want := storetest.Row(t, pool, accounts), `("{""mail in C9"",""sms in C2""}")`; got != want {
		t.Errorf("new threads of accounts open so: %s, want %s", got, want)
	}
	const want = `("{""30 of 20 in C9"",""31 of 20 in C2"",""30 of 22 in C1""}")`
	const opened = `SELECT array_agg(concat(team_id, ' of ', account_id, ' in ', channel) ORDER BY account_id, team_id) FROM team_channels`
	if got := storetest.Row(t, pool, opened); got != want {
		t.Errorf("the teams' threads open so: %s, want %s", got, want)
	}
}

// The records that another workspace has of a channel with the same id stay as they are.
func TestOtherWorkspaceKeepsItsID(t *testing.T) {
	t.Parallel()
	const rows, batchRows = 12, 5
	pool := newMovedChat(t, rows)
	for _, sql := range []string{
		`INSERT INTO accounts (id, name, kind, side, surface_id, surface_channel)
			VALUES (22, 'other', 'x', 'surface', NULL, ''), (23, 'other mail', 'x', 'channel', 22, 'C9')`,
		`INSERT INTO threads (conversation_id, account_id, channel, root) SELECT conversation_id, 22, channel, root FROM threads`,
		`INSERT INTO posts (account_id, channel, message, kind) SELECT 22, channel, message, kind FROM posts`,
		`UPDATE messages SET account_id = 22 WHERE id = 5`,
		`INSERT INTO channel_moves (account_id, former, current, leased_until) VALUES (22, 'C1', 'C9', 'infinity'), (22, 'C7', 'C8', 'infinity')`,
	} {
		exec(t, pool, `SET session_replication_role = replica; `+sql) // so that rows need no conversations
	}
	const contents = `
		SELECT (SELECT string_agg(t::text, '/' ORDER BY t::text) FROM threads AS t WHERE account_id = 22),
			(SELECT string_agg(p::text, '/' ORDER BY p::text) FROM posts AS p WHERE account_id = 22),
			(SELECT channel FROM messages WHERE account_id = 22),
			(SELECT string_agg(m::text, '/' ORDER BY m::text) FROM channel_moves AS m WHERE account_id = 22),
			(SELECT surface_channel FROM accounts WHERE surface_id = 22)`
	before := storetest.Row(t, pool, contents)

	move := mustClaim(t, pool)
	passOverTables(t, pool, move, 2*rows, batchRows)
	check(t, store.EndMove(t.Context(), pool, move))
	check(t, store.BeginMove(t.Context(), pool, chat, "C9", "C7"))

	if got := storetest.Row(t, pool, contents); got != before {
		t.Errorf("the other workspace has\n%s\nwant what it had before:\n%s", got, before)
	}
}

// Before any batch has run, a post is found under the former id as well as under the current one.
func TestPostsAreFoundUnderBothIDs(t *testing.T) {
	t.Parallel()
	pool := newMovedChat(t, 12)
	found := must(store.FindPosts(t.Context(), pool, []store.AccountID{chat, chat}, []string{"C9", "C1"}, []string{"r5", "r9"}))(t)
	type place struct{ channel, message string }
	var got []place
	for _, p := range found {
		got = append(got, place{p.Channel, p.Message})
	}
	if want := []place{{"C1", "r9"}, {"C9", "r5"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("found the posts %v, want %v", got, want)
	}
}

func TestMoveIsClaimedOnce(t *testing.T) {
	t.Parallel()
	pool := newMovedChat(t, 0)
	move := mustClaim(t, pool)
	if move.Former != "C1" {
		t.Errorf("claimed a move from %s, want C1", move.Former)
	}
	if move.Current != "C9" {
		t.Errorf("claimed a move to %s, want C9", move.Current)
	}
	checkNothingToClaim(t, pool)
}

// However many rows a channel has, they are moved in batches of a limited size.
func TestRowsAreMovedInBatches(t *testing.T) {
	t.Parallel()
	const rows, batchRows = 3000, 500
	pool := newMovedChat(t, rows)
	moved := passOverTables(t, pool, mustClaim(t, pool), rows, batchRows)
	if want := int64(3 * rows / channels); moved != want {
		t.Errorf("%d rows were moved, want %d", moved, want)
	}
	for _, table := range []string{"threads", "messages", "posts"} {
		if n := countRows(t, pool, table, "C1"); n != 0 {
			t.Errorf("%d rows of %s are left in C1, want none", n, table)
		}
		if n := countRows(t, pool, table, "C9"); n != rows/channels {
			t.Errorf("%d rows of %s are in C9, want %d", n, table, rows/channels)
		}
	}
}

// A process that doesn't know of the move yet may write the former id after the first pass. The next pass moves that row.
func TestNextPassMovesWhatWasWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	const rows, batchRows = 12, 5
	pool := newMovedChat(t, rows)
	move := mustClaim(t, pool)
	passOverTables(t, pool, move, rows, batchRows)
	exec(t, pool, `UPDATE threads SET channel = 'C1' WHERE conversation_id = 5`)
	if moved := passOverTables(t, pool, move, rows, batchRows); moved != 1 {
		t.Errorf("the second pass moved %d rows, want 1", moved)
	}
}

// A pass doesn't wait for a thread that somebody is writing. It counts the thread and leaves it to the next pass.
func TestThreadThatIsWrittenIsLeftToTheNextPass(t *testing.T) {
	t.Parallel()
	const rows, batchRows = 12, 5
	pool := newMovedChat(t, rows)
	move := mustClaim(t, pool)

	writer := storetest.Begin(t, pool)
	exec(t, writer, `UPDATE threads SET card = 'x' WHERE conversation_id = 5`)
	if moved := passOverTables(t, pool, move, rows, batchRows); moved == 0 {
		t.Error("the pass found nothing, so that the move would end, want that it counts what it left")
	}
	if n := countRows(t, pool, "threads", "C1"); n != 1 {
		t.Errorf("%d threads are left in C1, want the one that is being written", n)
	}

	check(t, writer.Commit(t.Context()))
	if moved := passOverTables(t, pool, move, rows, batchRows); moved != 1 {
		t.Errorf("the second pass moved %d rows, want 1", moved)
	}
}

func TestEndedMoveIsNotClaimed(t *testing.T) {
	t.Parallel()
	pool := newMovedChat(t, 0)
	check(t, store.EndMove(t.Context(), pool, mustClaim(t, pool)))
	checkNothingToClaim(t, pool)
}

// checkMoves checks which former id leads to which current one.
func checkMoves(t *testing.T, pool *pgxpool.Pool, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, move := range must(store.LoadDirectory(t.Context(), pool))(t).Moves {
		got[move.Former] = move.Current
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the directory's moves are %v, want %v", got, want)
	}
}

// checkUndone checks the former ids from which rows are still to be moved.
func checkUndone(t *testing.T, pool *pgxpool.Pool, want string) {
	t.Helper()
	if got := storetest.Row(t, pool, `SELECT array_agg(former ORDER BY former) FROM channel_moves WHERE done_at IS NULL`); got != want {
		t.Errorf("rows are still to be moved from %s, want %s", got, want)
	}
}

// If a channel gets yet another id while a move is done, that move doesn't end, since its rows are at an id that isn't
// the newest.
func TestMoveThatGoesOnDoesNotEnd(t *testing.T) {
	t.Parallel()
	pool := newMovedChat(t, 0)
	claimed := mustClaim(t, pool)
	check(t, store.BeginMove(t.Context(), pool, chat, "C9", "C7"))
	check(t, store.EndMove(t.Context(), pool, claimed))
	checkUndone(t, pool, `("{C1,C9}")`)
}

// A process has claimed a move when the channel gets yet another id, or its former one back. The process moves nothing more, since its
// rows would stay at an id that the channel no longer has.
func TestClaimEndsWhenTheChannelGetsAnotherID(t *testing.T) {
	t.Parallel()
	for name, newest := range map[string]string{"another one": "C7", "its former one": "C1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const rows = 12
			pool := newMovedChat(t, rows)
			claimed := mustClaim(t, pool)
			check(t, store.BeginMove(t.Context(), pool, chat, "C9", newest))

			progress, err := store.MoveBatch(t.Context(), pool, claimed, store.MoveProgress{}, rows)
			if !errors.Is(err, store.ErrMoveReplaced) {
				t.Errorf("the batch returned %+v and %v, want ErrReplaced", progress, err)
			}
			if n := countRows(t, pool, "threads", "C9"); n != 0 {
				t.Errorf("%d threads were moved to C9, want none", n)
			}
		})
	}
}

// If a channel gets another id once more, both of its former ids lead to the newest. Rows are moved from both, since a
// process that knows of neither move may have written the first one.
func TestFormerIDsLeadToTheNewest(t *testing.T) {
	t.Parallel()
	pool := newMovedChat(t, 0)
	check(t, store.EndMove(t.Context(), pool, mustClaim(t, pool)))
	exec(t, pool, `INSERT INTO channel_moves (account_id, former, current, done_at) VALUES ($1, 'C5', 'C6', now())`, chat)
	check(t, store.BeginMove(t.Context(), pool, chat, "C9", "C7"))
	checkMoves(t, pool, map[string]string{"C1": "C7", "C5": "C6", "C9": "C7"})
	checkUndone(t, pool, `("{C1,C9}")`)
}

// If a channel gets back an id that it had before, the id that it had in between leads there.
func TestFormerIDComesBack(t *testing.T) {
	t.Parallel()
	pool := newMovedChat(t, 0)
	check(t, store.EndMove(t.Context(), pool, mustClaim(t, pool)))
	check(t, store.BeginMove(t.Context(), pool, chat, "C9", "C1"))
	checkMoves(t, pool, map[string]string{"C9": "C1"})
}

// A team goes on taking in those who join its channel after the channel got another id. A channel of another chat that
// happens to have the same id isn't affected.
func TestRosterFollowsTheChannel(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	const team = store.TeamID(30)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (20, 'chat', 'slack', 'surface'), (21, 'other', 'teams', 'surface')`)
	exec(t, pool, `INSERT INTO teams (id, name) OVERRIDING SYSTEM VALUE VALUES ($1, 'Support')`, team)
	for _, kind := range []string{"slack", "teams"} {
		check(t, store.ConfirmChannel(t.Context(), pool, team, kind, "C1"))
	}

	check(t, store.BeginMove(t.Context(), pool, chat, "C1", "C9"))

	if got := must(store.ConfirmedChannel(t.Context(), pool, team, "slack"))(t); got != "C9" {
		t.Errorf("the confirmed channel in Slack, where the id changed, is %s, want C9", got)
	}
	if got := must(store.ConfirmedChannel(t.Context(), pool, team, "teams"))(t); got != "C1" {
		t.Errorf("the confirmed channel in Teams is %s, want C1 as before", got)
	}
}
