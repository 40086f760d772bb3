package store_test

import (
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

func newNotedSurface(t *testing.T, pool *pgxpool.Pool, name string) store.AccountID {
	t.Helper()
	account := store.Account{Name: name, Kind: "chat", Side: "surface", Mode: "live", ReplyMode: "direct"}
	return must(store.SaveAccount(t.Context(), pool, account))(t)
}

// saveNote saves a note; nil as its value takes it away.
func saveNote(t *testing.T, pool *pgxpool.Pool, surface store.AccountID, key string, value json.RawMessage) {
	t.Helper()
	check(t, store.SaveSurfaceNote(t.Context(), pool, surface, store.SurfaceNote{Key: key, Value: value}))
}

func TestLatestSurfaceNoteOfAKeyCounts(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	surface := newNotedSurface(t, pool, "one")
	saveNote(t, pool, surface, "where", json.RawMessage(`"here"`))
	saveNote(t, pool, surface, "where", json.RawMessage(`"there"`))
	notes := must(store.ListSurfaceNotes(t.Context(), pool, surface))(t)
	if len(notes) != 1 {
		t.Fatalf("the surface has %d notes, want 1: %v", len(notes), notes)
	}
	if notes[0].Key != "where" {
		t.Errorf("the note's key is %q, want %q", notes[0].Key, "where")
	}
	if got, want := string(notes[0].Value), `"there"`; got != want {
		t.Errorf("the note is %s, want %s", got, want)
	}
}
