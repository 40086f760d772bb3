package erase_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// Colleagues have renamed zebra's conversation, first to "Acme Savannah" and then to "Berlin Lamps", and use both names
// where no row leads to the contact: in a channel, outside of all threads. These texts are erased as those with the
// contact's own name are. Nobody else's text is.
func TestNamesThatColleaguesGave(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	exec(t, pool, `UPDATE conversations SET traits = '{"name": "Berlin Lamps"}' WHERE id = $1`, zebra().first+1)
	exec(t, pool, `INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
		VALUES (77001, $1, now(), 1, 'agent', $2, '{"text": "Acme Savannah"}'), (77002, $1, now(), 1, 'agent', $2, '{"text": "Berlin Lamps"}')`,
		zebra().first+1, store.DeedRenamed)
	exec(t, pool, `INSERT INTO posts (account_id, channel, message, conversation_id, kind, early)
		VALUES (12, 'C1', '1800000.000100', 0, 'human', '{"action": {"Text": "Berlin Lamps called"}}'),
			(12, 'C1', '1800000.000200', 0, 'human', '{"action": {"Text": "Berlin Lampshades called"}}')`)
	exec(t, pool, `INSERT INTO events (id, account_id, external_id, order_key, payload, size_bytes) OVERRIDING SYSTEM VALUE
		VALUES (3001, 12, 'm:C1:1800000.000300', '12/C1:1800000.000300', convert_to('{"text":"call Acme Savannah back"}', 'UTF8'), 1)`)

	o := newOptions(t, pool)
	runWithChats(t, o, beginErasure(t, o, zebra()))
	for _, name := range []string{"berlin lamps ", "acme savannah"} {
		if left := markedIn(t, pool, name); len(left) > 0 {
			t.Errorf("%q is left in %v", name, slices.Sorted(maps.Keys(left)))
		}
	}
	if left := markedIn(t, pool, "berlin lampshades"); len(left) != 1 {
		t.Errorf("a text about another customer is left in %v, want in one place", left)
	}
}

// People may call a file as the bytes of another one are called here: by its SHA-256.

// nameFile gives a customer's message by chat a file of that name, of which nothing is stored.
func (p person) nameFile(t *testing.T, pool *pgxpool.Pool, name string) {
	t.Helper()
	exec(t, pool, `UPDATE messages SET files = jsonb_build_array(jsonb_build_object('name', $2::text, 'size', 1)) WHERE id = $1`,
		p.first+14, name)
}

// Whoever calls a file so gets no copy of another customer's.
func TestExportHasNoFileOfThatName(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	zebra().nameFile(t, pool, otter().nameOf("file")+".pdf")
	for _, file := range must(erase.Export(t.Context(), pool, []store.ContactID{zebra().contact()}))(t).Files {
		if file.Blob == otter().nameOf("file") {
			t.Errorf("the copy for zebra has otter's file as %s", file.Path)
		}
	}
}

// Another customer who calls a file so doesn't keep a file from being erased.
func TestEraseFileDespiteName(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	otter().nameFile(t, pool, zebra().nameOf("upload")+".png")
	runWithChats(t, o, beginErasure(t, o, zebra()))
	if n := storetest.Row(t, pool, `SELECT count(*) FROM blobs WHERE hash = $1`, zebra().nameOf("upload")); n != "(0)" {
		t.Error("the file that an agent sent to zebra is still stored")
	}
}
