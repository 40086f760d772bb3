package store_test

import (
	"bytes"
	"errors"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// newSealer returns a Sealer with keys of store.NewMasterKey, separated by commas. The first key seals, and all of
// them open.
func newSealer(t *testing.T, keys string) *store.Sealer {
	t.Helper()
	return must(store.NewSealer(keys))(t)
}

func checkWrongKey(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("%s: got error %v, want %v", what, err, store.ErrWrongKey)
	}
}

// A database is bound to the key with which it is first used.
func TestAnotherMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	check(t, store.CheckMasterKey(t.Context(), pool, newSealer(t, store.NewMasterKey())))
	err := store.CheckMasterKey(t.Context(), pool, newSealer(t, store.NewMasterKey()))
	checkWrongKey(t, "another key", err)
}

// A database gets a new key beside the old one. From then on both are needed, because each of them may have sealed
// something.
func TestMasterKeyIsReplaced(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	oldKey, newKey := store.NewMasterKey(), store.NewMasterKey()
	check(t, store.CheckMasterKey(t.Context(), pool, newSealer(t, oldKey)))

	// Three processes use both keys. One of them still seals with the old key.
	for _, keys := range []string{newKey + "," + oldKey, oldKey + "," + newKey, newKey + "," + oldKey} {
		check(t, store.CheckMasterKey(t.Context(), pool, newSealer(t, keys)))
	}

	checkWrongKey(t, "the old key alone", store.CheckMasterKey(t.Context(), pool, newSealer(t, oldKey)))
	checkWrongKey(t, "the new key alone", store.CheckMasterKey(t.Context(), pool, newSealer(t, newKey)))
	if n := len(must(store.KeyChecks(t.Context(), pool))(t)); n != 2 {
		t.Errorf("the database keeps %d check values, want one for each of two keys", n)
	}
}

// A new key is introduced in two steps, in each of which replicas are restarted one after the other. Then old and new
// replicas can always open what the others seal. In a single step they couldn't.
func TestNewKeyInTwoSteps(t *testing.T) {
	t.Parallel()
	oldKey, newKey := store.NewMasterKey(), store.NewMasterKey()
	before, first, second := newSealer(t, oldKey), newSealer(t, oldKey+","+newKey), newSealer(t, newKey+","+oldKey)
	tests := []struct {
		name         string
		seals, opens *store.Sealer
		wantOpened   bool
	}{
		{name: "first step: new replicas seal", seals: first, opens: before, wantOpened: true},
		{name: "first step: old replicas seal", seals: before, opens: first, wantOpened: true},
		{name: "second step: new replicas seal", seals: second, opens: first, wantOpened: true},
		{name: "second step: old replicas seal", seals: first, opens: second, wantOpened: true},
		{name: "in one step", seals: second, opens: before, wantOpened: false},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.opens.Open("accounts/a", tt.seals.Seal("accounts/a", []byte("secret")))
			if !tt.wantOpened {
				checkWrongKey(t, "opening", err)
				return
			}
			check(t, err)
			if string(got) != "secret" {
				t.Errorf("opened %q, want %q", got, "secret")
			}
		})
	}
}

func TestSealedIsNotOpenedElsewhere(t *testing.T) {
	t.Parallel()
	key := store.NewMasterKey()
	sealed := newSealer(t, key).Seal("accounts/a", []byte("secret"))
	_, err := newSealer(t, key).Open("accounts/b", sealed)
	checkWrongKey(t, "another place", err)
	_, err = newSealer(t, store.NewMasterKey()).Open("accounts/a", sealed)
	checkWrongKey(t, "another key", err)
}

func TestTokenKeysStay(t *testing.T) {
	t.Parallel()
	const keyBytes = 32
	pool := storetest.Reused(t)
	sealer := newSealer(t, store.NewMasterKey())
	first := must(store.TokenKeys(t.Context(), pool, sealer, "token"))(t)
	if len(first) != 1 {
		t.Fatalf("there are %d token keys, want 1", len(first))
	}
	if len(first[0]) != keyBytes {
		t.Errorf("the token key has %d bytes, want %d", len(first[0]), keyBytes)
	}

	second := must(store.TokenKeys(t.Context(), pool, sealer, "token"))(t)
	if len(second) != 1 {
		t.Fatalf("the second time there are %d token keys, want 1", len(second))
	}
	if !bytes.Equal(second[0], first[0]) {
		t.Error("the second time the token key is another one")
	}
}
