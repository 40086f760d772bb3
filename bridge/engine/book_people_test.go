package engine

import (
	"errors"
	"slices"
	"testing"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// peopleWithKeys returns People with some customers, each with the keys of one list. The batch makes the keys in isNew.
func peopleWithKeys(customers [][]string, isNew ...string) *People {
	ps := newPeople(&Moment{})
	id := store.IdentityID(0)
	for _, keys := range customers {
		root := id + 1
		for _, key := range keys {
			id++
			row := &store.Identity{ID: id, AccountID: 1, Key: key}
			if id != root {
				row.SameAs = &root
			}
			ps.AddIdentity(row)
			ps.newIdentity[id] = slices.Contains(isNew, key)
		}
	}
	return ps
}

// If a customer's number changes, all keys of that customer lead to one customer, in whatever forms the number is known.
// A key that belongs to somebody else meanwhile leads to that other customer.
func TestKeysOfAChange(t *testing.T) {
	t.Parallel()
	const changedForm = "+1219" // the new number in the form of the provider
	phone := func(keys ...string) channels.Party { return channels.Party{Key: keys[0], Also: keys[1:]} }
	user := func(keys ...string) channels.Party {
		return channels.Party{Key: keys[0], Also: keys[1:], Lasting: true}
	}
	for name, c := range map[string]struct {
		known         [][]string // the keys of each known customer
		fresh         []string   // keys that the batch makes
		now, previous channels.Party
		same, others  []string // keys that lead to the customer with now.Key, and keys of others
	}{
		"nobody knows the customer": {
			fresh: []string{"+1219", "+521", "+52"},
			now:   phone("+1219"), previous: phone("+521", "+52"),
			same: []string{"+521", "+52"},
		},
		"the new number is another's": {
			known: [][]string{{"US.b", "+1219"}}, fresh: []string{"US.a", "+49"},
			now: user("US.a", "+1219"), previous: phone("+49"),
			same: []string{"+49"}, others: []string{"US.b"},
		},
		"id and number are two customers": {
			known: [][]string{{"US.a"}, {"+49"}}, fresh: []string{"+48"},
			now: phone("+48"), previous: user("US.a", "+49"),
			same: []string{"US.a", "+49"},
		},
		"told late": {
			known: [][]string{{"US.a"}, {"US.b", "+49"}}, fresh: []string{"US.a2", "+48"},
			now: user("US.a2", "+48"), previous: user("US.a", "+49"),
			same: []string{"US.a", "+48"}, others: []string{"US.b", "+49"},
		},
		"told late, the id stays": {
			known: [][]string{{"US.a"}, {"US.b", "+49"}}, fresh: []string{"+48"},
			now: user("US.a", "+48"), previous: phone("+49"),
			same: []string{"+48"}, others: []string{"US.b", "+49"},
		},
		"told after the first words": {
			known: [][]string{{"US.a2", "+48"}, {"US.a", "+49", "+47"}},
			now:   user("US.a2", "+48"), previous: user("US.a", "+49"),
			same: []string{"US.a", "+48", "+49", "+47"},
		},
		"forms of one number": {
			known: [][]string{{"US.a", "+521"}}, fresh: []string{"+1219", "+52"},
			now: phone("+1219"), previous: phone("+521", "+52"),
			same: []string{"US.a", "+521", "+52"},
		},
	} {

		customers := slices.Clone(c.known)
		for _, key := range c.fresh {
			customers = append(customers, []string{key})
		}

		ps := peopleWithKeys(customers, c.fresh...)
		n := NewPrefetch(1)
		n.AddParty(1, c.now, c.previous)
		ps.linkIdentities(n.parties.same)

		who := ps.ByAddress[NameKey{1, c.now.Key}]
		if who == nil && c.now.Key != changedForm {
			t.Errorf("%s: nobody has the new key %s", name, c.now.Key)
		}
		for _, key := range c.same {
			if got := ps.ByAddress[NameKey{1, key}]; got != who {
				t.Errorf("%s: %s leads to %+v, want the customer with the new key, %+v", name, key, got, who)
			}
		}
		for _, key := range c.others {
			if got := ps.ByAddress[NameKey{1, key}]; got == nil || got == who {
				t.Errorf("%s: %s leads to %+v, want somebody else than %+v", name, key, got, who)
			}
		}
	}
}

// If the key of an event's sender is taken by somebody else again and again, the event goes into quarantine, so that the
// events behind it can be applied.
func TestSenderWithoutKey(t *testing.T) {
	t.Parallel()
	ps := newPeople(&Moment{Event: store.Event{ID: 7}})
	sender := channels.Inbound{From: channels.Party{Key: "+49"}}
	_, err := ps.CustomerOf(&store.Account{ID: 1}, sender)
	if _, waits := errors.AsType[*NotYet](err); !waits {
		t.Errorf("at first the event fails with %v, want one that waits", err)
	}
	ps.Waits = maxCustomerRetries
	_, err = ps.CustomerOf(&store.Account{ID: 1}, sender)
	if refused, ok := errors.AsType[*relay.EventError](err); !ok || refused.EventID != 7 {
		t.Errorf("after %d times it fails with %v, want event 7 refused", maxCustomerRetries, err)
	}
}
