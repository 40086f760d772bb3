package outbound

import (
	"cmp"
	"strings"

	"parley/bridge"
	"parley/store"
)

// FormerPrefix begins a key that its customer no longer uses: a phone number, for instance, may now be
// somebody else's.
const FormerPrefix = "former:"

// plainKey returns a key as people know it.
func plainKey(key string) string {
	if rest, former := strings.CutPrefix(key, FormerPrefix); former {
		if _, plain, ok := strings.Cut(rest, ":"); ok {
			return plain
		}
	}
	return key
}

// RefOf names whoever has an identity.
func RefOf(i *store.Identity) bridge.PartyRef {
	key := plainKey(i.Key)
	return bridge.PartyRef{Name: cmp.Or(i.Name, key), Address: key}
}

// Roles of a conversation's participants.
const (
	RoleTo = "to" // replies are addressed to it
	RoleCc = "cc" // it gets a copy of replies
	// RoleCopied is the role of who got the customer's mail in copy; replies go to the sender only. Such a
	// participant is New too, so that versions of Parley that don't know the role send it nothing.
	RoleCopied = "copied"
)

// Addressed returns whom a reply goes to and who gets a copy. Both sending and whatever shows recipients
// call it, so that people see who will get the reply.
func Addressed(list []store.Participant) (to, cc []store.Participant) {
	for _, p := range list {
		switch {
		case p.New:
		case p.Role == RoleTo:
			to = append(to, p)
		default:
			cc = append(cc, p)
		}
	}
	return to, cc
}
