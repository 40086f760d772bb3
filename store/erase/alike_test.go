package erase_test

import (
	"slices"
	"strings"
	"testing"

	"parley/store"
	"parley/store/erase"
)

// Who may be the same person as the zebra is named before the zebra is erased: whoever has the zebra's name, address or number,
// and whoever one of them names in what was said. Everybody else is left alone.
func TestFindAlike(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (14, 'sms', 'sms', 'channel')`)
	others := []struct{ name, key, writes, want string }{
		{"Zebra Name", "+15550001111", "Hello", "has the same name"},
		{"Zed", "+4915112" + "1000", "Hello", "has the same address or number"},
		{"Kim", "kim@home.example", "Hello", "is named in this customer's conversations"},
		{"Lou", "+4930555012345", "Hello", "is named in this customer's conversations"},
		{"Max", "+15550002222", "My mail is ZEBRA@shop.example.", "names this customer's address or number in #5004"},
		{"Moe", "+15550003333", "Call 0151 12-1000, please", "names this customer's address or number in #5005"},
		{"Nia", "+15550004444", "joann-zebra@shop.example.org, 0151 1210009", ""},
		{store.ErasedName, "erased:5007", "", ""},
	}
	exec(t, pool, `UPDATE messages SET text = 'Or write to Kim@Home.example, or call 030 / 5550 12345' WHERE id = 1011`)
	for i, o := range others {
		exec(t, pool, `INSERT INTO contacts (id, name) VALUES ($1, $2)`, 5000+i, o.name)
		exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES ($1::bigint, 14, $2, $1)`, 5000+i, o.key)
		exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at)
			VALUES ($1::bigint, 14, $1, 'open', now(), now())`, 5000+i)
		exec(t, pool, `INSERT INTO messages (id, conversation_id, direction, fate, text, said_at, created_at)
			VALUES ($1::bigint, $1, 'in', 'in', $2, now(), now())`, 5000+i, o.writes)
	}

	got := map[store.ContactID]string{}
	for _, a := range must(erase.FindAlike(t.Context(), pool, []store.ContactID{zebra().contact()}))(t) {
		got[a.ID] = strings.Join(a.Why, "; ")
		want := []string{"sms: " + others[a.ID-5000].key}
		if a.Latest != store.ConversationID(a.ID) || !slices.Equal(a.Addresses, want) {
			t.Errorf("%s is shown as %+v", others[a.ID-5000].name, a)
		}
	}
	for i, o := range others {
		if why := got[store.ContactID(5000+i)]; why != o.want {
			t.Errorf("%s: %q, want %q", o.name, why, o.want)
		}
	}
}
