package book

import (
	"errors"
	"slices"
	"testing"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// keysOfPeople returns People that hold customers, each with the keys of one list. Those of isNew are made by the batch.
func keysOfPeople(customers [][]string, isNew ...string) *People {
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

// A customer changes the number. However many forms the number had, and whatever is known of them, the customer's keys lead to one
// customer, and to nobody else who has got one of them meanwhile.
func TestKeysOfAChange(t *testing.T) {
	t.Parallel()
	phone := func(keys ...string) channels.Party { return channels.Party{Key: keys[0], Also: keys[1:]} }
	user := func(keys ...string) channels.Party {
		return channels.Party{Key: keys[0], Also: keys[1:], Lasting: true}
	}
	for name, c := range map[string]struct {
		known         [][]string
		fresh         []string
		now, previous channels.Party
		one, apart    []string // keys that lead to the customer of now.Key, and such that don't
	}{
		"nobody knows the customer":       {nil, []string{"+1219", "+521", "+52"}, phone("+1219"), phone("+521", "+52"), []string{"+521", "+52"}, nil},
		"the new number is another's":     {[][]string{{"US.b", "+1219"}}, []string{"US.a", "+49"}, user("US.a", "+1219"), phone("+49"), []string{"+49"}, []string{"US.b"}},
		"id and number are two customers": {[][]string{{"US.a"}, {"+49"}}, []string{"+48"}, phone("+48"), user("US.a", "+49"), []string{"US.a", "+49"}, nil},
		"told late": {[][]string{{"US.a"}, {"US.b", "+49"}}, []string{"US.a2", "+48"}, user("US.a2", "+48"), user("US.a", "+49"),
			[]string{"US.a", "+48"}, []string{"US.b", "+49"}},
		"told late, the id stays": {[][]string{{"US.a"}, {"US.b", "+49"}}, []string{"+48"}, user("US.a", "+48"), phone("+49"),
			[]string{"+48"}, []string{"US.b", "+49"}},
		"told after the first words": {[][]string{{"US.a2", "+48"}, {"US.a", "+49", "+47"}}, nil, user("US.a2", "+48"), user("US.a", "+49"),
			[]string{"US.a", "+48", "+49", "+47"}, nil},
		"forms of one number": {[][]string{{"US.a", "+521"}}, []string{"+1219", "+52"}, phone("+1219"), phone("+521", "+52"), []string{"US.a", "+521", "+52"}, nil},
	} {
		all := slices.Clone(c.known)
		for _, key := range c.fresh {
			all = append(all, []string{key})
		}
		ps := keysOfPeople(all, c.fresh...)
		n := NewWanted(1)
		n.AddParty(1, c.now, c.previous)
		ps.linkIdentities(n.parties.same)
		who := ps.ByAddress[NameKey{1, c.now.Key}]
		if who == nil && c.now.Key != "+1219" {
			t.Errorf("%s: nobody has the new key", name)
		}
		for _, key := range c.one {
			if ps.ByAddress[NameKey{1, key}] != who {
				t.Errorf("%s: %s is somebody else", name, key)
			}
		}
		for _, key := range c.apart {
			if got := ps.ByAddress[NameKey{1, key}]; got == nil || got == who {
				t.Errorf("%s: %s is the same customer", name, key)
			}
		}
	}
}

// An event whose sender's key is always taken by somebody else goes into quarantine: what is behind it doesn't stand still.
func TestSenderWithoutKey(t *testing.T) {
	t.Parallel()
	ps := newPeople(&Moment{Event: store.Event{ID: 7}})
	sender := channels.Inbound{From: channels.Party{Key: "+49"}}
	_, err := ps.CustomerOf(&store.Account{ID: 1}, sender)
	if _, waits := errors.AsType[*NotYet](err); !waits {
		t.Errorf("at first: %v", err)
	}
	ps.Waits = maxMakings
	_, err = ps.CustomerOf(&store.Account{ID: 1}, sender)
	if refused, ok := errors.AsType[*relay.EventError](err); !ok || refused.EventID != 7 {
		t.Errorf("after many times: %v", err)
	}
}
