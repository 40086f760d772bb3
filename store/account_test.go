package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// saveMailbox saves an account that reads a folder, and returns its BeginsAt, the time at which it begins.
func saveMailbox(t *testing.T, pool *pgxpool.Pool, folder, signature string) time.Time {
	t.Helper()
	must(store.SaveAccount(t.Context(), pool, store.Account{
		Name:             "mailbox",
		Kind:             "test",
		Side:             "channel",
		Mode:             "live",
		ReplyMode:        "direct",
		AccountSignature: store.AccountSignature{Signature: signature},
		Config:           json.RawMessage(`{"folder": "` + folder + `"}`),
	}))(t)
	for _, a := range must(store.ListAccounts(t.Context(), pool))(t) {
		if a.Name == "mailbox" && a.BeginsAt != nil {
			return *a.BeginsAt
		}
	}
	t.Fatal("the account does not know when it begins")
	return time.Time{}
}

// noteFirstFetch records that the folder of the account was read.
func noteFirstFetch(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE accounts SET watermark = 'x' WHERE name = 'mailbox'`)
}

func TestAccountPointedElsewhereBeginsAnew(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	before := saveMailbox(t, pool, "INBOX", "")
	noteFirstFetch(t, pool)
	if moved := saveMailbox(t, pool, "Archive", ""); !moved.After(before) {
		t.Errorf("with another folder the account begins at %s, want later than with the first one, %s", moved, before)
	}
}

// A watermark, the place up to which a source was read, is only replaced by a process that knows the stored one.
func TestWatermarkIsReplacedByWhoeverKnowsIt(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	account := must(store.EnsureSurface(t.Context(), pool, "test"))(t)
	steps := []struct {
		before, data string
		want         bool
	}{
		{before: "other", data: "first", want: false},
		{before: "", data: "first", want: true},
		{before: "", data: "second", want: false},
		{before: "first", data: "second", want: true},
		{before: "first", data: "third", want: false},
	}

	for _, s := range steps {
		var before []byte
		if s.before != "" {
			before = []byte(s.before)
		}
		if got := must(store.SaveWatermark(t.Context(), pool, account, before, []byte(s.data), store.KnownFact{}))(t); got != s.want {
			t.Errorf("%q in place of %q: saved is %t, want %t", s.data, s.before, got, s.want)
		}
	}
	if got := must(store.LoadWatermark(t.Context(), pool, account))(t); string(got) != "second" {
		t.Errorf("stored watermark: got %q, want %q", got, "second")
	}
}

// A watermark is not saved beyond a message that the journal doesn't know. It knows those in its table, those that retention
// has removed from there, and those that were erased.
func TestWatermarkDoesNotPassAnUnknownMessage(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	account := must(store.EnsureSurface(t.Context(), pool, "test"))(t)
	hashOfErased := [16]byte{1, 2, 3}
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{{AccountID: account, ExternalID: "stored", OrderKey: "1/a"}}))(t)
	exec(t, pool, `INSERT INTO seen (account_id, fact) VALUES ($1, encode(substr(sha256('removed'), 1, 16), 'hex')::uuid)`, account)
	exec(t, pool, `INSERT INTO erased_facts (account_id, fact, erasure_id) VALUES ($1, $2, gen_random_uuid())`, account, hashOfErased)

	tests := []struct {
		name string
		last store.KnownFact
		want bool
	}{
		{name: "no message", want: true},
		{name: "stored", last: store.KnownFact{AccountID: account, ExternalID: "stored"}, want: true},
		{name: "removed by retention", last: store.KnownFact{AccountID: account, ExternalID: "removed"}, want: true},
		{name: "erased", last: store.KnownFact{AccountID: account, ExternalID: "erased", Erased: hashOfErased}, want: true},
		{name: "lost", last: store.KnownFact{AccountID: account, ExternalID: "lost"}, want: false},
		{name: "of another account", last: store.KnownFact{AccountID: account + 1, ExternalID: "stored"}, want: false},
	}
	for _, tt := range tests {
		before := must(store.LoadWatermark(t.Context(), pool, account))(t)
		if got := must(store.SaveWatermark(t.Context(), pool, account, before, []byte(tt.name), tt.last))(t); got != tt.want {
			t.Errorf("%s: saved is %t, want %t", tt.name, got, tt.want)
		}
	}
}
