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
