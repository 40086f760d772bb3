package engine_test

import (
	"fmt"
	"testing"

	"parley/store"
)

// Another name lasts: a later conversation has it. A profile has the record, notes, and what was said before. A link is made by hand alone,
// and taken back.
// Requirement R-192: Another name.
// Requirement R-193: A profile.
// Requirement R-195: Notes on a profile.
// Requirement R-196: Linked to a customer's record.
func TestCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new"}})
	w.addMembers("ann", "ben")
	lamps := w.addCustomer(store.Customer{Name: "Berlin Lamps"}, "office@lamps.example")
	first := w.openThread()
	w.chat.Say("ann", support, first, "!rename Kim of the lamps")
	called := func(id int, name string) {
		w.eventually(fmt.Sprint(id, " is called ", name), func() bool {
			return w.count(`SELECT count(*) FROM conversations WHERE id = $1 AND concat_ws(' of ', traits ->> 'name', traits ->> 'record') = $2`, id, name) == 1
		})
	}
	called(1, "Kim of the lamps")
	w.chat.Say("ann", support, first, "!about pays by invoice")
	w.chat.Say("ann", support, first, "!customer salesman: nobody@acme.test")
	w.waitWhisper("ann", "No agent has the address")
	w.chat.Say("ann", support, first, "!customer town: Berlin")
	w.eventually("the town is known", func() bool {
		return w.count(`SELECT count(*) FROM customer_records WHERE fields ->> 'town' = 'Berlin'`) == 1
	})
	w.chat.Say("ann", support, first, "!resolve")
	w.waitCard(first, "resolved")

	w.customerWrites("kim", "Once more. My colleagues are office@lamps.example")
	second := w.waitThread("Once more")
	called(2, "Kim of the lamps")
	w.chat.Say("ben", support, second, "!profile")
	wantWords(t, "the profile", w.waitWhisper("ben", "invoice").Plain(), "Kim of the lamps", "Berlin", "kim", "Once more", "Hello", "Ann")

	w.chat.Say("ben", support, second, "!link")
	wantWords(t, "what is offered", w.waitWhisper("ben", "[records]").Plain(), "Berlin Lamps", "office@lamps.example")
	wantEqual(t, "addresses before somebody chooses", w.count(`SELECT count(*) FROM customer_addresses WHERE record_id = $1`, lamps), 1)
	w.chat.Say("ben", support, second, fmt.Sprint("!link ", lamps))
	called(2, "Kim of the lamps of Berlin Lamps")
	w.chat.Say("ben", support, second, "!unlink")
	w.eventually("it is unlinked", func() bool {
		return w.count(`SELECT count(*) FROM customer_addresses WHERE record_id = $1`, lamps) == 1
	})

	w.chat.Say("ann", support, second, "!rename Kim")
	w.eventually("the name is forgotten", func() bool { return w.count(`SELECT count(*) FROM customer_addresses WHERE name <> ''`) == 0 })
}
