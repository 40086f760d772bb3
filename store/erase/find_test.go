package erase_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/erase"
)

// find finds contacts by a text. An address in it has no letters beyond ASCII.
func find(t *testing.T, pool *pgxpool.Pool, text string) []erase.Contact {
	t.Helper()
	return must(erase.FindContacts(t.Context(), pool, text, strings.ToLower(text)))(t)
}

// A contact is found by an address, phone number or id in each form in which people write it.
func TestFindByWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	for _, tt := range []struct {
		name string
		text string
		want int // contacts
	}{
		{name: "address in another case", text: "Zebra@Shop.example", want: 1},
		{name: "number with blanks", text: "+49 151 121000", want: 1},
		{name: "number without plus", text: "4915112-1000", want: 1},
		{name: "number of the contact", text: "1001", want: 1},
		{name: "unknown address", text: "nobody@shop.example", want: 0},
		{name: "part of a number", text: "12", want: 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if found := find(t, pool, tt.text); len(found) != tt.want {
				t.Errorf("Find(%q) = %+v, want %d contacts", tt.text, found, tt.want)
			}
		})
	}
}

// A search for an address finds all contacts who have it.
func TestFindGivesAllWhoMayBeMeant(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (5001, 11, $1, 2001)`, zebra().address())
	found := find(t, pool, zebra().address())
	if len(found) != 2 {
		t.Fatalf("%d contacts have the address, want 2: %+v", len(found), found)
	}
	if found[0].Conversations != 2 {
		t.Errorf("the first has %d conversations, want 2", found[0].Conversations)
	}
}

// Keys of a shop are case-sensitive. A search doesn't find a key with the same letters in another case.
func TestFindKeepsTheCaseOfKeys(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES ($1, 'shop', 'http', 'channel')`, shopAccount)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (5001, $1, 'u-z', 2001),
			(5002, $1, 'z@elsewhere', 2001)`, shopAccount)
	for text, want := range map[string]int{"U-Z": 0, "u-z": 1, "Z@elsewhere": 0, "z@elsewhere": 1} {
		if found := find(t, pool, text); len(found) != want {
			t.Errorf("Find(%q) = %+v, want %d contacts", text, found, want)
		}
	}
}

// The id of a contact may also be a key of somebody else. A search for the number finds both, and one for "contact:" with
// the number only the contact.
func TestFindByIDAlone(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (5001, 11, '1001', 2001)`)
	if found := find(t, pool, "1001"); len(found) != 2 {
		t.Errorf("the number means %+v, want 2 contacts", found)
	}
	if found := find(t, pool, "contact:1001"); len(found) != 1 || found[0].ID != zebra().contact() {
		t.Errorf("the id means %+v, want contact 1001 alone", found)
	}
}

// An earlier version left a contact without identities after merging two contacts. It isn't found by its number.
func TestFindGivesNoContactWithoutIdentities(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (7777, 'Otter')`)
	if found := find(t, pool, "7777"); len(found) > 0 {
		t.Errorf("found is %+v, want none", found)
	}
}
