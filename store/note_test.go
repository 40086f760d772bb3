package store_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// TestSurfaceNotes: the latest note of a key counts, surfaces don't see each other's, nil
// takes away.
func TestSurfaceNotes(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	var surfaces []store.AccountID
	for _, name := range []string{"one", "two"} {
		id, err := store.SaveAccount(t.Context(), pool, store.Account{Name: name, Kind: "chat", Side: "surface", Mode: "live", ReplyMode: "direct"})
		if err != nil {
			t.Fatal(err)
		}
		surfaces = append(surfaces, id)
	}
	for _, n := range []store.SurfaceNote{{Key: "where", Value: json.RawMessage(`"here"`)}, {Key: "where", Value: json.RawMessage(`"there"`)},
		{Key: "gone", Value: json.RawMessage(`{}`)}, {Key: "gone"}, {Key: "never"}} {
		if err := store.SaveSurfaceNote(t.Context(), pool, surfaces[0], n); err != nil {
			t.Fatal(err)
		}
	}
	for surface, want := range map[store.AccountID]string{surfaces[0]: `[{where "there"}]`, surfaces[1]: "[]"} {
		notes, err := store.ListSurfaceNotes(t.Context(), pool, surface)
		got := "["
		for _, n := range notes {
			got += fmt.Sprintf("{%s %s}", n.Key, n.Value)
		}
		if got += "]"; err != nil || got != want {
			t.Errorf("notes %s, %v; want %s", got, err, want)
		}
	}
}
