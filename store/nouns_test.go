package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/storetest"
)

// A lease belongs to one holder until its time is over or it is given back.
func TestLease(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	take := func(holder string, seconds float64) bool {
		t.Helper()
		return must(store.TakeLease(t.Context(), pool, "sweep", holder, seconds))(t)
	}
	if !take("a", 60) || take("b", 60) || !take("a", 60) {
		t.Fatal("a lease must belong to its first holder, who may renew it")
	}
	if !must(store.TakeLease(t.Context(), pool, "other", "b", 60))(t) {
		t.Error("another name is another lease")
	}
	exec(t, pool, `UPDATE leases SET until = clock_timestamp() - interval '1 s' WHERE name = 'sweep'`)
	if !take("b", 60) || take("a", 60) {
		t.Error("a lease that ended is free for one")
	}
	check(t, store.DropLease(t.Context(), pool, "sweep", "a"))
	if take("a", 60) {
		t.Error("somebody else's lease was given back")
	}
	check(t, store.DropLease(t.Context(), pool, "sweep", "b"))
	if !take("a", 60) {
		t.Error("a lease that was given back isn't free")
	}
}

// A lease that several want at once goes to one.
func TestLeaseRace(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	var group sync.WaitGroup
	got := make(chan bool, 20)
	for i := range 20 {
		group.Go(func() {
			ok, err := store.TakeLease(context.Background(), pool, "x", fmt.Sprint(i), 60)
			if err != nil {
				t.Error(err)
			}
			got <- ok
		})
	}
	group.Wait()
	close(got)
	n := 0
	for ok := range got {
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d holders, want 1", n)
	}
}

// Ids are never given twice, however many take them.
func TestIDs(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	var mu sync.Mutex
	var group sync.WaitGroup
	seen := map[int64]bool{}
	for range 4 {
		group.Go(func() {
			var ids store.IDs
			for range 5 {
				if err := ids.Ensure(context.Background(), pool, 300); err != nil {
					t.Error(err)
				}
				mu.Lock()
				for range 300 {
					id := ids.Next()
					if seen[id] {
						t.Errorf("%d was given twice", id)
					}
					seen[id] = true
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(seen) != 4*5*300 {
		t.Errorf("%d ids, want %d", len(seen), 4*5*300)
	}
	defer func() {
		if recover() == nil {
			t.Error("an id came from nowhere")
		}
	}()
	new(store.IDs).Next()
}

// Two that write to a newcomer at once find the same identity and contact.
func TestIdentityRace(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := must(store.SaveAccount(t.Context(), pool, store.Account{Name: "a", Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct"}))(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	found := map[store.ContactID]bool{}
	for i := range store.IdentityID(8) {
		group.Go(func() {
			err := store.InTx(context.Background(), pool, func(tx pgx.Tx) error {
				ctx := context.Background()
				var p store.Pipeline
				var rows []store.Identity
				err := p.UpsertIdentities(&rows, []store.Identity{
					{ID: 100 + i, AccountID: account, Key: "kim", Name: fmt.Sprint("Kim ", i), ContactID: store.ContactID(200 + i)}})
				if err != nil {
					return err
				}
				if err := p.Run(ctx, tx); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				for _, r := range rows {
					found[r.ContactID] = true
					if r.ID == 100+i {
						err = store.InsertContacts(ctx, tx, rows)
					}
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(found) != 1 {
		t.Errorf("%d contacts for one newcomer, want 1", len(found))
	}
	if got := row(t, pool, `SELECT (SELECT count(*) FROM identities), (SELECT count(*) FROM contacts)`); got != "(1,1)" {
		t.Errorf("identities and contacts: %s, want (1,1)", got)
	}
}

// A chat has one open conversation per customer; ended ones don't count.
//
func TestOneOpenConversation(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := must(store.SaveAccount(t.Context(), pool, store.Account{Name: "a", Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct"}))(t)
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (1, 'Kim')`)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (1, $1, 'kim', 1)`, account)
	identity := store.IdentityID(1)
	make := func(id store.ConversationID, status string, exclusive bool) error {
		return store.InsertConversations(t.Context(), pool, []store.Conversation{{ID: id, AccountID: account, IdentityID: &identity, Kind: "customer",
			Status: status, Exclusive: exclusive, LastAt: time.Now(), CreatedAt: time.Now()}})
	}
	check(t, make(1, "open", true))
	for i, status := range []string{"open", "pending", "snoozed"} {
		if make(store.ConversationID(10+i), status, true) == nil {
			t.Errorf("a second conversation is %s", status)
		}
	}
	check(t, make(2, "resolved", true))
	check(t, make(3, "closed", true))
	check(t, make(4, "open", false))
	var p store.Pipeline
	var got []store.ConversationID
	var open []store.ConversationID
	p.LatestOf(&got, []store.AccountID{account, account}, []string{"kim", "nobody"})
	p.OpenOf(&open, []store.AccountID{account, account}, []string{"kim", "nobody"})
	check(t, p.Run(t.Context(), pool))
	if slices.Sort(got); !slices.Equal(got, []store.ConversationID{1, 4}) {
		t.Errorf("the newest, and the open one of the chat, are %v, want %v", got, []store.ConversationID{1, 4})
	}
	if slices.Sort(open); !slices.Equal(open, []store.ConversationID{1, 4}) {
		t.Errorf("open are %v, want %v", open, []store.ConversationID{1, 4})
	}
}

// Conversations, messages and deliveries come back as they were written, whatever is in them.
func TestRowsRoundTrip(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := must(store.SaveAccount(t.Context(), pool, store.Account{Name: "a", Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct"}))(t)
	at := time.Date(2026, 11, 20, 9, 30, 0, 123456000, time.UTC)
	day, previous := "2026-11-20", store.ConversationID(7)
	c := store.Conversation{ID: 1, AccountID: account, Kind: "automatic", Status: "open", Subject: `"quotes" \ and ` + "\u2028 \U0001F525", Assignees: []store.AgentID{3, 1, 2},
		Tags: []string{"a,b", "{c}"}, Participants: []store.Participant{{Key: "kim@x.test", Name: "Kim", Role: "to", New: true}}, Refs: []string{"1", ""}, Day: &day,
		PreviousID: &previous, SnoozedUntil: &at, LastAt: at, CreatedAt: at}
	check(t, store.InsertConversations(t.Context(), pool, []store.Conversation{c}))
	got := must(store.Conversations(t.Context(), pool, 1))(t)[0]
	if got.Subject != c.Subject || !slices.Equal(got.Assignees, c.Assignees) || !slices.Equal(got.Tags, c.Tags) || !slices.Equal(got.Participants, c.Participants) ||
		!slices.Equal(got.Refs, c.Refs) || *got.Day != day || *got.PreviousID != 7 || !got.SnoozedUntil.Equal(at) || !got.LastAt.Equal(at) || got.WaitingSince != nil {
		t.Errorf("conversation %+v", got)
	}
	got.SnoozedUntil, got.Tags, got.Subject = nil, nil, "new"
	check(t, store.UpdateConversations(t.Context(), pool, []store.Conversation{got}))
	if got = must(store.Conversations(t.Context(), pool, 1))(t)[0]; got.SnoozedUntil != nil || len(got.Tags) != 0 || got.Subject != "new" {
		t.Errorf("changed conversation %+v", got)
	}
	m := store.Message{ID: 5, ConversationID: 1, Direction: store.DirectionIn, Fate: store.FateIn, Text: "a\r\nb\t'; DROP TABLE x; --", Notices: []string{"n"},
		Files: []store.FileRef{{Name: "x", SizeBytes: 1 << 40, Inline: true}}, SaidAt: at, CreatedAt: at}
	check(t, store.InsertMessages(t.Context(), pool, []store.Message{m}))
	back := must(store.Messages(t.Context(), pool, 5))(t)[0]
	if back.Text != m.Text || len(back.Files) != 1 || back.Files[0].SizeBytes != 1<<40 || !back.Files[0].Inline || back.AgentID != nil {
		t.Errorf("message %+v", back)
	}
}

// The master key is bound to the database by its first use; several keys open, the first seals.
func TestMasterKey(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	old, fresh := store.NewMasterKey(), store.NewMasterKey()
	sealer := func(keys string) *store.Sealer { return must(store.NewSealer(keys))(t) }
	if has := must(store.HasMasterKey(t.Context(), pool))(t); has {
		t.Error("a fresh database has a key")
	}
	check(t, store.CheckMasterKey(t.Context(), pool, sealer(old)))
	if err := store.CheckMasterKey(t.Context(), pool, sealer(fresh)); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	for _, keys := range []string{fresh + "," + old, old + "," + fresh, fresh + "," + old} { // two processes, and a third
		check(t, store.CheckMasterKey(t.Context(), pool, sealer(keys)))
	}
	for _, lacking := range []string{old, fresh} { // each of them has sealed something
		if err := store.CheckMasterKey(t.Context(), pool, sealer(lacking)); !errors.Is(err, store.ErrWrongKey) {
			t.Errorf("one key of two: %v", err)
		}
	}
	if n := len(must(store.KeyChecks(t.Context(), pool))(t)); n != 2 {
		t.Errorf("%d check values of two keys, want 2", n)
	}
	sealed := sealer(old).Seal("accounts/a", []byte("secret"))
	if bytes.Contains(sealed, []byte("secret")) {
		t.Error("it isn't sealed")
	}
	if got := must(sealer(fresh+","+old).Open("accounts/a", sealed))(t); string(got) != "secret" {
		t.Errorf("opened %q", got)
	}
	for place, keys := range map[string]string{"accounts/b": old, "accounts/a": fresh} {
		if _, err := sealer(keys).Open(place, sealed); !errors.Is(err, store.ErrWrongKey) {
			t.Errorf("opened at %s: %v", place, err)
		}
	}
	first := must(store.TokenKeys(t.Context(), pool, sealer(old), "token"))(t)
	again := must(store.TokenKeys(t.Context(), pool, sealer(old), "token"))(t)
	if len(first) != 1 || len(first[0]) != 32 || !bytes.Equal(first[0], again[0]) {
		t.Error("token keys change")
	}
	for _, bad := range []string{"", "short", "!!", old + ",x"} {
		if _, err := store.NewSealer(bad); err == nil {
			t.Errorf("%q is no key", bad)
		}
	}
}

// Parley's clock is the database's plus what tests moved it.
func TestClock(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	before := must(store.Now(t.Context(), pool))(t)
	check(t, store.MoveClock(t.Context(), pool, 36*time.Hour))
	check(t, store.MoveClock(t.Context(), pool, -time.Hour))
	if ahead := must(store.Ahead(t.Context(), pool))(t); ahead != 35*time.Hour {
		t.Errorf("ahead by %s, want %s", ahead, 35*time.Hour)
	}
	if moved := must(store.Now(t.Context(), pool))(t).Sub(before); moved < 35*time.Hour || moved > 35*time.Hour+time.Minute {
		t.Errorf("moved by %s", moved)
	}
}

// Of each conversation some parked replies are given, however many others have some.
func TestParkedMessages(t *testing.T) {
	t.Parallel()
	pool, at := storetest.DB(t), time.Now()
	account := must(store.SaveAccount(t.Context(), pool, store.Account{Name: "a", Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct", Rate: 1}))(t)
	var conversations []store.Conversation
	for id := range store.ConversationID(3) {
		conversations = append(conversations, store.Conversation{ID: 1 + id, AccountID: account, Kind: "customer", Status: "open", LastAt: at, CreatedAt: at})
	}
	check(t, store.InsertConversations(t.Context(), pool, conversations))
	var rows []store.Message
	for i := range int64(9) {
		rows = append(rows, store.Message{ID: store.MessageID(20 - i), ConversationID: store.ConversationID(1 + i%3), Direction: store.DirectionNote, Fate: store.FateParked, Reason: "window", EventID: store.EventID(i), SaidAt: at, CreatedAt: at})
	}
	rows = append(rows, store.Message{ID: 1, ConversationID: 1, Direction: store.DirectionNote, Fate: store.FateParked, Reason: "other", SaidAt: at, CreatedAt: at})
	check(t, store.InsertMessages(t.Context(), pool, rows))
	var p store.Pipeline
	var found []store.Message
	p.ParkedMessages(&found, []store.ConversationID{1, 2, 4}, "window", 2)
	check(t, p.Run(t.Context(), pool))
	got := map[store.ConversationID][]store.MessageID{}
	for _, m := range found {
		got[m.ConversationID] = append(got[m.ConversationID], m.ID)
	}
	if !slices.Equal(got[1], []store.MessageID{20, 17}) || !slices.Equal(got[2], []store.MessageID{19, 16}) || len(got) != 2 {
		t.Errorf("found %v", got)
	}
}
