package outbound

import (
	"cmp"

	"parley/bridge"
	"parley/store"
)

// A customer is known by keys: addresses, phone numbers or ids of a provider. When a key moves to another
// customer, the former one keeps it with a prefix.

// FormerPrefix begins a key that its customer no longer uses.
const FormerPrefix = store.FormerPrefix

// plainKey returns a key without FormerPrefix.
func plainKey(key string) string {
	plain, _ := store.PlainKey(key)
	return plain
}

// RefOf returns a customer's name and address for display. A missing name is replaced by the address.
func RefOf(i *store.Identity) bridge.PartyRef {
	if i.IsErased() {
		return bridge.PartyRef{Name: store.ErasedName}
	}
	key := plainKey(i.Key)
	return bridge.PartyRef{Name: cmp.Or(i.Name, key), Address: key}
}

// Roles of a conversation's participants.
const (
	RoleTo = "to" // replies are addressed to this participant
	RoleCc = "cc" // this participant gets a copy of replies
	// RoleCopied is for somebody who got the customer's mail in copy, if replies go to the sender only. Such a participant
	// is also New, so that versions of Parley that don't know the role send nothing there.
	RoleCopied = "copied"
)

// RecipientsOf returns the participants who get a reply (to) and a copy of it (cc). Participants who are New get
// nothing. Both the sending and the display of recipients use it, so that agents see who will really get the
// reply.
func RecipientsOf(list []store.Participant) (to, cc []store.Participant) {
	for _, p := range list {
		if p.New {
			continue
		}
		if p.Role == RoleTo {
			to = append(to, p)
		} else {
			cc = append(cc, p)
		}
	}
	return to, cc
}
