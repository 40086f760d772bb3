package erase_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
	"parley/store/storetest"
)

// shopAccount is the account of a shop's own system, which identifies customers by ids.
const shopAccount = 13

// shop makes the contacts 1 to 6, who have keys of all kinds. Each has a conversation and a thread.
func shop(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	office(t, pool)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES ($1, 'shop', 'http', 'channel')`, shopAccount)
	for i, who := range []struct {
		account   int
		key, name string
	}{
		{account: shopAccount, key: "u-17", name: "Una"},
		{account: mailAccount, key: "ann@shop.example", name: "Ann Weber"},
		{account: chatAccount, key: "+4915112345", name: "Phil"},
		{account: mailAccount, key: "user@shop.example", name: "User"},
		{account: chatAccount, key: "+4917012345", name: "Fung"},
		{account: shopAccount, key: "Kunde-Ä9", name: "Kim"},
	} {

		id := i + 1 // of the contact, the identity and the conversation
		exec(t, pool, `INSERT INTO contacts (id, name) VALUES ($1, $2)`, id, who.name)
		exec(t, pool, `
			INSERT INTO identities (id, account_id, key, name, contact_id)
			VALUES ($1, $2, $3, $4, $1)`, id, who.account, who.key, who.name)
		exec(t, pool, `
			INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at)
			VALUES ($1, $2, $1, 'open', now(), now())`, id, who.account)
		exec(t, pool, `INSERT INTO threads (conversation_id, account_id, channel, root) VALUES ($1, $2, 'C1', $3)`, id, slack, threadOf(id))
		exec(t, pool, `
			INSERT INTO posts (account_id, channel, message, conversation_id, kind)
			VALUES ($1, 'C1', $2, $3, 'root')`, slack, threadOf(id), id)
	}
	return pool
}

// threadOf returns the id of the first message of a conversation's thread.
func threadOf(conversation int) string { return fmt.Sprintf("17001%d.000100", conversation) }

// quarantined is an event that could not be applied. It is left when the contact is erased if it belongs to another
// customer.
type quarantined struct {
	name     string // its external id, too
	payload  string
	isLarge  bool // the payload is stored in a file
	wantLeft bool
}

// quarantine stores events that could not be applied.
func quarantine(t testing.TB, pool *pgxpool.Pool, account store.AccountID, queue string, events []quarantined) {
	t.Helper()
	for _, q := range events {
		e := store.NewEvent{
			AccountID:  account,
			ExternalID: q.name,
			OrderKey:   store.OrderKey(account, queue),
			Payload:    []byte(q.payload),
			Quarantine: "odd",
		}
		if q.isLarge {
			e.Payload, e.Blob = nil, must(blob.Put(t.Context(), pool, []byte(q.payload)))(t)
		}
		if stored := must(store.InsertEvents(t.Context(), pool, []store.NewEvent{e}))(t); len(stored) != 1 {
			t.Fatalf("%s is not stored", q.name)
		}
	}
}

// eraseContact erases a contact, without asking chats to take anything away.
func eraseContact(t testing.TB, pool *pgxpool.Pool, contact store.ContactID) erase.Options {
	t.Helper()
	o := newOptions(t, pool)
	o.Ask = nil
	id := must(erase.Begin(t.Context(), o, []store.ContactID{contact}, "ann"))(t)
	must(erase.Run(t.Context(), o, id))(t)
	return o
}

// hasEvent returns whether an event is still there.
func hasEvent(t testing.TB, pool *pgxpool.Pool, name string) (exists bool) {
	t.Helper()
	check(t, pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM events WHERE external_id = $1)`, name).Scan(&exists))
	return exists
}

// checkLeft checks which of the events an erasure has left.
func checkLeft(t *testing.T, pool *pgxpool.Pool, events []quarantined) {
	t.Helper()
	for _, q := range events {
		if got := hasEvent(t, pool, q.name); got != q.wantLeft {
			t.Errorf("%s is left: %t, want %t: %s", q.name, got, q.wantLeft, q.payload)
		}
	}
}

// checkErased stores events in a new shop, erases a contact, and checks which events are left.
func checkErased(t *testing.T, account store.AccountID, queue string, contact store.ContactID, events []quarantined) {
	t.Helper()
	pool := shop(t)
	quarantine(t, pool, account, queue, events)
	eraseContact(t, pool, contact)
	checkLeft(t, pool, events)
}

// fromShop returns a message in the format of the shop's own system.
func fromShop(customer string) string {
	return `{"type":"message","id":"m","from":{"id":"` + customer + `"},"text":"Hi"}`
}

// The erased contact's key may be the beginning or end of another customer's key, or a common word in another account.
// Events of others that are in quarantine stay.
// Requirement R-276: Erase and export a person.
func TestKeysInOthersKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		account store.AccountID
		queue   string
		event   quarantined
	}{
		// Longer key.
		{account: shopAccount, queue: "customer:u-170", event: quarantined{name: "message:longer", payload: fromShop("u-170"), wantLeft: true}},
		// Id like the key.
		{account: shopAccount, queue: "customer:u-170", event: quarantined{name: "message:u-17", payload: fromShop("u-170"), wantLeft: true}},
		// In the contact's queue.
		{account: shopAccount, queue: "customer:u-17", event: quarantined{name: "message:own", payload: "not even JSON"}},
		// In another queue.
		{account: shopAccount, queue: "unreadable", event: quarantined{name: "x:own", payload: fromShop("u-17")}},
		// Key with a beginning.
		{account: shopAccount, queue: "unreadable", event: quarantined{name: "x:other", payload: fromShop("my-u-17"), wantLeft: true}},
		// Key in another account.
		{account: mailAccount, queue: "mails", event: quarantined{name: "elsewhere", payload: `{"part":"u-17"}`, wantLeft: true}},
	}

	pool := shop(t)
	var all []quarantined
	for _, tt := range tests {
		quarantine(t, pool, tt.account, tt.queue, []quarantined{tt.event})
		all = append(all, tt.event)
	}
	eraseContact(t, pool, 1)
	checkLeft(t, pool, all)
}

// Keys of a shop are case-sensitive, also outside ASCII. Another customer's key may differ from the contact's in case only.
// Requirement R-276: Erase and export a person.
func TestKeysInAnotherCase(t *testing.T) {
	t.Parallel()
	own := []quarantined{{name: "message:unreadable", payload: "not even JSON"}}
	others := []quarantined{{name: "message:other", payload: fromShop("kunde-ä9"), wantLeft: true}}
	anywhere := []quarantined{
		{name: "x:own", payload: fromShop("Kunde-Ä9")},
		{name: "x:escaped", payload: fromShop(`Kunde-\u00c49`)},
		{name: "x:file", payload: fromShop("Kunde-Ä9"), isLarge: true},
		{name: "x:other", payload: fromShop("KUNDE-Ä9"), wantLeft: true},
		{name: "x:other file", payload: fromShop("KUNDE-Ä9"), isLarge: true, wantLeft: true},
	}
	pool := shop(t)
	quarantine(t, pool, shopAccount, "customer:Kunde-Ä9", own)
	quarantine(t, pool, shopAccount, "customer:kunde-ä9", others)
	quarantine(t, pool, shopAccount, "unreadable", anywhere)
	eraseContact(t, pool, 6)
	checkLeft(t, pool, slices.Concat(own, others, anywhere))
}

// An email address is found in each form that mails, forms and JSON give it, and not as a part of another address.
// Requirement R-276: Erase and export a person.
func TestFormsOfAnAddress(t *testing.T) {
	t.Parallel()
	checkErased(t, mailAccount, "strange", 2, []quarantined{
		{name: "mail", payload: "From: Ann <ann@shop.example>"},
		{name: "mail in capitals", payload: "Reply-To:Ann@Shop.Example.\r\n"},
		{name: "brackets escaped in JSON", payload: `{"from":"\u003cann@shop.example\u003e"}`},
		{name: "line feed escaped in JSON", payload: `{"text":"I am\nann@shop.example"}`},
		{name: "form", payload: "From=%3Cann%40shop.example%3E"},
		{name: "blank in a form", payload: "Body=write+to+ann%40shop.example"},
		{name: "quoted-printable mail", payload: "=3Cann@shop.example=3E"},
		{name: "typographic quotes", payload: "„ann@shop.example“"},
		{name: "file", payload: "To: ann@shop.example", isLarge: true},
		{name: "other with a beginning", payload: "From: Jo <joann@shop.example>", wantLeft: true},
		{name: "other with a beginning and a dot", payload: "From: <jo.ann@shop.example>", wantLeft: true},
		{name: "other with a longer domain", payload: "To: ann@shop.example.org", wantLeft: true},
		{name: "other with a longer word", payload: "To: ann@shop.examples", wantLeft: true},
		{name: "other with a plus in a form", payload: "From=jo%2Bann%40shop.example", wantLeft: true},
		{name: "other in a file", payload: "From: joann@shop.example", isLarge: true, wantLeft: true},
	})
}

// A phone number is found in each form that forms and JSON give it, and not as a part of a longer number.
// Requirement R-276: Erase and export a person.
func TestFormsOfANumber(t *testing.T) {
	t.Parallel()
	checkErased(t, chatAccount, "strange", 3, []quarantined{
		{name: "JSON", payload: `{"from":"4915112345"}`},
		{name: "form", payload: "From=whatsapp%3A%2B4915112345&To=1"},
		{name: "two zeros", payload: "call 004915112345"},
		{name: "plus", payload: `{"text":"tel:+4915112345."}`},
		{name: "typographic quotes", payload: "„4915112345“"},
		{name: "longer one", payload: `{"from":"49151123456"}`, wantLeft: true},
		{name: "with a beginning in a form", payload: "From=whatsapp%3A%2B14915112345", wantLeft: true},
		{name: "within a message's id", payload: "174915112345.000100", wantLeft: true},
	})
}

// A name in a text is found where a word can begin. Chats and Parley write such texts in ASCII, with escapes. The name isn't
// found behind other letters, or in the fields in which a chat names its people.
// Requirement R-276: Erase and export a person.
func TestNamesInASCII(t *testing.T) {
	t.Parallel()
	checkErased(t, slack, "C2:1.000200", 2, []quarantined{
		{name: "beginning", payload: `{"text":"Ann Weber called"}`},
		{name: "behind a line feed", payload: `{"text":"Please call:\nAnn Weber"}`},
		{name: "in typographic quotes", payload: `{"text":"She is \u201eAnn Weber\u201c"}`},
		{name: "behind an emoji", payload: `{"text":"\ud83d\udc64Ann Weber"}`},
		{name: "in italics", payload: `{"text":"_Ann Weber_"}`},
		{name: "in markup", payload: `{"body":{"content":"\u003cp\u003eAnn Weber\u003c/p\u003e"}}`},
		{name: "in an input of a form", payload: `{"value":{"form":{"verb":"note"},"t:note":"Ann Weber is angry"}}`},
		{name: "behind a backslash", payload: `{"text":"C:\\Ann Weber"}`},
		{name: "in the name of a file", payload: `{"attachments":[{"name":"Order of Ann Weber (1).pdf"}]}`},
		{name: "other with a beginning", payload: `{"text":"Joann Weber called"}`, wantLeft: true},
		{name: "other with an ending", payload: `{"text":"Ann Webers"}`, wantLeft: true},
		{name: "other behind an escaped letter", payload: `{"text":"Mari\u00e4Ann Weber"}`, wantLeft: true},
		{name: "name of a person in the chat", payload: `{"from":{"name":"Ann Weber"},"text":"Hi"}`, wantLeft: true},
		{name: "the same beside a file", payload: `{"from":{"name":"Ann Weber"},"attachments":[{"name":"list.pdf"}]}`, wantLeft: true},
	})
}
