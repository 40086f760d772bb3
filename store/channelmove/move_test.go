package channelmove_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/channelmove"
	"parley/store/roster"
	"parley/store/storetest"
)

// A channel that got another id is moved in batches that end soon, however much is recorded of it;
// until then its posts are found under both ids. What was written under the former id meanwhile is
// found by the next pass.
func TestChannelMove(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	const rows, each = 3000, 500
	check(t, store.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		for _, sql := range []string{`SET LOCAL session_replication_role = replica`,
			`INSERT INTO accounts (id, name, kind, side, surface_id, surface_channel) VALUES (20, 'chat', 'x', 'surface', NULL, ''), (21, 'mail', 'x', 'channel', 20, 'C1')`,
			`INSERT INTO threads (conversation_id, account_id, channel, root) SELECT n, 20, 'C' || n % 4, 'r' || n FROM generate_series(1, 3000) AS n`,
			`INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at, account_id, channel, place)
				SELECT n, n, 'in', 'in', now(), now(), 20, 'C' || n % 4, 'p' || n FROM generate_series(1, 3000) AS n`,
			`INSERT INTO posts (account_id, channel, message, kind) SELECT 20, 'C' || n % 4, 'r' || n, 'said' FROM generate_series(1, 3000) AS n`,
			`INSERT INTO posts (account_id, channel, message, kind) VALUES (20, 'C9', 'r1', 'human')`, // seen under the new id already
		} {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return err
			}
		}
		return channelmove.Begin(t.Context(), tx, 20, "C1", "C9")
	}))
	if got := row(t, pool, `SELECT surface_channel FROM accounts WHERE id = 21`); got != "(C9)" {
		t.Errorf("new threads open in %s, want (C9)", got)
	}
	found := must(store.FindPosts(t.Context(), pool, []store.AccountID{20, 20}, []string{"C9", "C1"}, []string{"r5", "r9"}))(t)
	if len(found) != 2 || found[0].Channel+found[1].Channel != "C1C9" {
		t.Errorf("found %+v", found)
	}
	m, ok, err := channelmove.Claim(t.Context(), pool)
	if err != nil || !ok || m.Former != "C1" || m.Current != "C9" {
		t.Fatalf("claimed %+v, %v, %v", m, ok, err)
	}
	if _, again, err := channelmove.Claim(t.Context(), pool); again || err != nil {
		t.Errorf("claimed twice: %v", err)
	}
	pass := func() int64 {
		t.Helper()
		var p channelmove.Progress
		for batches := 0; !p.Done(); batches++ {
			before := p.Moved
			p = must(channelmove.Batch(t.Context(), pool, m, p, each))(t)
			if p.Moved-before > each || batches > 3*(rows/each+1) {
				t.Fatalf("batch %d moved %d rows", batches, p.Moved-before)
			}
		}
		return p.Moved
	}
	if n := pass(); n != 3*rows/4 {
		t.Errorf("%d rows were moved, want %d", n, 3*rows/4)
	}
	for _, table := range []string{"threads", "messages", "posts"} {
		if n := row(t, pool, fmt.Sprintf(`SELECT count(*) FILTER (WHERE channel = 'C1'), count(*) FILTER (WHERE channel = 'C9') FROM %s`, table)); n != fmt.Sprintf("(0,%d)", rows/4) {
			t.Errorf("%s: %s, want %s", table, n, fmt.Sprintf("(0,%d)", rows/4))
		}
	}
	exec(t, pool, `UPDATE threads SET channel = 'C1' WHERE conversation_id = 5`) // written from memory
	if n := pass(); n != 1 {
		t.Errorf("%d rows were moved by the second pass, want 1", n)
	}
	check(t, channelmove.End(t.Context(), pool, m))
	if _, again, err := channelmove.Claim(t.Context(), pool); again || err != nil {
		t.Errorf("it goes on: %v", err)
	}
	// Another id still: who comes with the first one is led to the newest.
	check(t, channelmove.Begin(t.Context(), pool, 20, "C9", "C7"))
	d := must(store.LoadDirectory(t.Context(), pool))(t)
	if len(d.Moves) != 2 || d.Moves[0].Current != "C7" || d.Moves[1].Current != "C7" {
		t.Errorf("moves: %+v", d.Moves)
	}
}

// A team whose channel got another id goes on taking in who joins it: its members were confirmed, whatever its id is. A channel
// of another chat that happens to have the same id is another one.
func TestRosterFollowsTheChannel(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (20, 'chat', 'slack', 'surface'), (21, 'other', 'teams', 'surface')`)
	exec(t, pool, `INSERT INTO teams (id, name) OVERRIDING SYSTEM VALUE VALUES (30, 'Support')`)
	for _, kind := range []string{"slack", "teams"} {
		check(t, roster.Confirm(t.Context(), pool, 30, kind, "C1"))
	}

	check(t, channelmove.Begin(t.Context(), pool, 20, "C1", "C9"))
	for kind, want := range map[string]string{"slack": "C9", "teams": "C1"} {
		if got := must(roster.Confirmed(t.Context(), pool, 30, kind))(t); got != want {
			t.Errorf("in %s the confirmed channel is %s, want %s", kind, got, want)
		}
	}
}
