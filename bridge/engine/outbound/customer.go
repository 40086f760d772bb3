package outbound

import (
	"cmp"

	"parley/bridge"
	"parley/store"
)

// FormerPrefix begins a key that its customer no longer uses.
const FormerPrefix = store.FormerPrefix

// plainKey returns a key as people know it.
func plainKey(key string) string {
	plain, _ := store.PlainKey(key)
	return plain
}

// RefOf names, for people, whoever has an identity.
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
	// RoleCopied is the role of somebody who got the customer's mail in copy, where replies go to the sender only. Such a
	// participant is New, too, so that versions of Parley that don't know the role send nothing there.
	RoleCopied = "copied"
)

// RecipientsOf returns to whom a reply goes and who gets a copy. Sending and everything that shows recipients call it, so that
// people see who will really get the reply. Participants who are New get nothing.
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
