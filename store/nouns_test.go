package store_test

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// No id is given twice, however many processes take ids at once.
func TestIDsAreUnique(t *testing.T) {
	t.Parallel()
	const takers, batches, batchSize = 4, 5, 300
	pool := storetest.Reused(t)

	var mu sync.Mutex
	seen := map[int64]bool{}
	var group sync.WaitGroup
	for range takers {
		group.Go(func() {
			var ids store.IDs
			for range batches {
				if err := ids.Ensure(context.Background(), pool, batchSize); err != nil {
					t.Error(err)
				}
				mu.Lock()
				for range batchSize {
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
	if want := takers * batches * batchSize; len(seen) != want {
		t.Errorf("%d ids were given, want %d", len(seen), want)
	}
}

// insertNewcomer does what a process does when it hears of a customer: it stores her identity, and a contact for it
// if the identity is new. It returns the contact that the customer has then.
func insertNewcomer(pool *pgxpool.Pool, newcomer store.Identity) (store.ContactID, error) {
	ctx := context.Background()
	var stored []store.Identity
	err := store.InTx(ctx, pool, func(tx pgx.Tx) error {
		var p store.Pipeline
		if err := p.UpsertIdentities(&stored, []store.Identity{newcomer}); err != nil {
			return err
		}
		if err := p.Run(ctx, tx); err != nil {
			return err
		}
		if len(stored) != 1 {
			return fmt.Errorf("%d identities, want 1", len(stored))
		}

		if stored[0].ID != newcomer.ID { // another process has stored her
			return nil
		}
		return store.InsertContacts(ctx, tx, stored)
	})
	if err != nil {
		return 0, err
	}
	return stored[0].ContactID, nil
}

// If several processes hear of a new customer at once, they find the same identity and contact.
func TestIdentityRace(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	account := channelAccount(t, pool, "a")

	var mu sync.Mutex
	found := map[store.ContactID]bool{}
	var group sync.WaitGroup
	for i := range store.IdentityID(8) {
		group.Go(func() {
			contact, err := insertNewcomer(pool, store.Identity{
				ID:        100 + i,
				AccountID: account,
				Key:       "kim",
				Name:      fmt.Sprint("Kim ", i),
				ContactID: store.ContactID(200 + i),
			})
			if err != nil {
				t.Error(err)
				return
			}

			mu.Lock()
			defer mu.Unlock()
			found[contact] = true
		})
	}
	group.Wait()

	if len(found) != 1 {
		t.Errorf("one newcomer has the contacts %v, want one", found)
	}
	for _, table := range []string{"identities", "contacts"} {
		var n int
		check(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
		if n != 1 {
			t.Errorf("there are %d %s, want 1", n, table)
		}
	}
}

// kimID is the identity of newKim.
const kimID = store.IdentityID(1)

// newKim makes a customer with the key "kim".
func newKim(t *testing.T, pool *pgxpool.Pool, account store.AccountID) {
	t.Helper()
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (1, 'Kim')`)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES ($1, $2, 'kim', 1)`, kimID, account)
}

// kimsConversation returns a conversation with Kim. If it is exclusive, as those of a chat are, the customer has only
// one open at a time.
func kimsConversation(account store.AccountID, id store.ConversationID, status string, exclusive bool) store.Conversation {
	identity := kimID
	return store.Conversation{
		ID:                id,
		AccountID:         account,
		IdentityID:        &identity,
		Kind:              "customer",
		Status:            status,
		Exclusive:         exclusive,
		LastMessage:       store.LastMessage{LastAt: time.Now()},
		ConversationTimes: store.ConversationTimes{CreatedAt: time.Now()},
	}
}

// A customer of a chat has only one open conversation. Conversations that have ended don't count.
// Requirement R-021: One open conversation for each customer of a chat.
func TestOneOpenConversation(t *testing.T) {
	t.Parallel()
	const exclusive = true
	pool := storetest.Reused(t)
	account := channelAccount(t, pool, "a")
	newKim(t, pool, account)

	insert := func(id store.ConversationID, status string) error {
		return store.InsertConversations(t.Context(), pool, []store.Conversation{kimsConversation(account, id, status, exclusive)})
	}
	check(t, insert(1, "open"))

	for i, status := range []string{"open", "pending", "snoozed"} {
		if insert(store.ConversationID(10+i), status) == nil {
			t.Errorf("a second conversation that is %s was stored beside an open one", status)
		}
	}
	for i, status := range []string{"resolved", "closed"} {
		if err := insert(store.ConversationID(20+i), status); err != nil {
			t.Errorf("a second conversation that is %s: %v", status, err)
		}
	}
}

// storedAt is a time in microseconds, as the database keeps it.
func storedAt() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 123456000, time.UTC) }

// mustConversation reads a conversation. It fails the test if there is none.
func mustConversation(t *testing.T, pool *pgxpool.Pool, id store.ConversationID) store.Conversation {
	t.Helper()
	list := must(store.Conversations(t.Context(), pool, id))(t)
	if len(list) != 1 {
		t.Fatalf("found %d conversations with the id %d, want 1", len(list), id)
	}
	return list[0]
}

// awkwardConversation has values that may be spoiled by quoting, or by reading lists and JSON.
func awkwardConversation(account store.AccountID) store.Conversation {
	day, previous, at := "2026-11-20", store.ConversationID(7), storedAt()
	return store.Conversation{
		ID:                1,
		AccountID:         account,
		Kind:              "automatic",
		Status:            "open",
		Subject:           `"quotes" \ and ` + "\u2028 \U0001F525",
		Assignees:         []store.AgentID{3, 1, 2},
		Tags:              []string{"a,b", "{c}"},
		Participants:      []store.Participant{{Key: "kim@x.test", Name: "Kim", Role: "to", New: true}},
		Refs:              []string{"1", ""},
		Collection:        store.Collection{Day: &day},
		PreviousID:        &previous,
		ConversationTimes: store.ConversationTimes{SnoozedUntil: &at, CreatedAt: at},
		LastMessage:       store.LastMessage{LastAt: at},
	}
}

func TestConversationIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	want := awkwardConversation(channelAccount(t, pool, "a"))
	check(t, store.InsertConversations(t.Context(), pool, []store.Conversation{want}))

	got := mustConversation(t, pool, 1)
	if got.SnoozedUntil == nil {
		t.Fatal("SnoozedUntil: got nil")
	}
	tests := []struct {
		field     string
		got, want any
	}{
		{field: "Subject", got: got.Subject, want: want.Subject},
		{field: "Assignees", got: got.Assignees, want: want.Assignees},
		{field: "Tags", got: got.Tags, want: want.Tags},
		{field: "Participants", got: got.Participants, want: want.Participants},
		{field: "Refs", got: got.Refs, want: want.Refs},
		{field: "Day", got: got.Day, want: want.Day},
		{field: "PreviousID", got: got.PreviousID, want: want.PreviousID},
		{field: "SnoozedUntil", got: got.SnoozedUntil.UTC(), want: storedAt()},
		{field: "LastAt", got: got.LastAt.UTC(), want: storedAt()},
		{field: "WaitingSince", got: got.WaitingSince, want: (*time.Time)(nil)},
	}

	for _, tt := range tests {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s: got %#v, want %#v", tt.field, tt.got, tt.want)
		}
	}
}

func TestMessageIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	check(t, store.InsertConversations(t.Context(), pool, []store.Conversation{awkwardConversation(channelAccount(t, pool, "a"))}))

	want := store.Message{
		ID:             5,
		ConversationID: 1,
		Direction:      store.DirectionIn,
		Fate:           store.FateIn,
		Text:           "a\r\nb\t'; DROP TABLE x; --",
		MessageExtras: store.MessageExtras{
			Notices: []string{"n"},
			Files:   []store.FileRef{{Name: "x", SizeBytes: 1 << 40, Inline: true}},
		},
		SaidAt:    storedAt(),
		CreatedAt: storedAt(),
	}
	check(t, store.InsertMessages(t.Context(), pool, []store.Message{want}))

	list := must(store.Messages(t.Context(), pool, 5))(t)
	if len(list) != 1 {
		t.Fatalf("found %d messages, want 1", len(list))
	}
	got := list[0]
	if got.Text != want.Text {
		t.Errorf("Text: got %q, want %q", got.Text, want.Text)
	}
	if !reflect.DeepEqual(got.Files, want.Files) {
		t.Errorf("Files: got %+v, want %+v", got.Files, want.Files)
	}
	if got.AgentID != nil {
		t.Errorf("AgentID: got %v, want nil", got.AgentID)
	}
}

// ParkedMessages returns some parked replies of each conversation, those of the oldest events, however many other
// conversations have.
func TestParkedMessages(t *testing.T) {
	t.Parallel()
	pool, at := storetest.Reused(t), time.Now()
	account := channelAccount(t, pool, "a")
	for id := range store.ConversationID(3) {
		c := store.Conversation{ID: 1 + id, AccountID: account, Kind: "customer", Status: "open",
			LastMessage: store.LastMessage{LastAt: at}, ConversationTimes: store.ConversationTimes{CreatedAt: at}}
		check(t, store.InsertConversations(t.Context(), pool, []store.Conversation{c}))
	}

	park := func(id store.MessageID, conversation store.ConversationID, event store.EventID, reason store.Reason) store.Message {
		return store.Message{ID: id, ConversationID: conversation, Direction: store.DirectionNote, Fate: store.FateParked,
			Reason: reason, EventID: event, SaidAt: at, CreatedAt: at}
	}
	check(t, store.InsertMessages(t.Context(), pool, []store.Message{
		park(20, 1, 0, "window"), park(19, 2, 1, "window"), park(18, 3, 2, "window"),
		park(17, 1, 3, "window"), park(16, 2, 4, "window"), park(15, 3, 5, "window"),
		park(14, 1, 6, "window"), park(13, 2, 7, "window"), park(12, 3, 8, "window"),
		park(1, 1, 0, "other"),
	}))

	const perConversation = 2
	var p store.Pipeline
	var found []store.Message
	p.ParkedMessages(&found, []store.ConversationID{1, 2, 4}, "window", perConversation)
	check(t, p.Run(t.Context(), pool))

	got := map[store.ConversationID][]store.MessageID{}
	for _, m := range found {
		got[m.ConversationID] = append(got[m.ConversationID], m.ID)
	}
	want := map[store.ConversationID][]store.MessageID{1: {20, 17}, 2: {19, 16}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}
