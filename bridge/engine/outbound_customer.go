package engine

import (
	"cmp"
	"slices"

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

// RefIn is like RefOf, but with the phone number by which people know the customer in a conversation.
func RefIn(c *store.Conversation, i *store.Identity) bridge.PartyRef {
	key := plainKey(i.Key)
	if phone := PhoneOf(c, key); phone != "" && !i.IsErased() {
		return bridge.PartyRef{Name: cmp.Or(i.Name, phone), Address: key, Phone: phone}
	}
	return RefOf(i)
}

// IsStranger reports whether somebody who wrote in a conversation of several people is neither its customer, who may be nil, nor
// gets its replies.
func IsStranger(c *store.Conversation, customer, author *store.Identity) bool {
	if c.Kind != store.KindCustomer || c.Exclusive || c.IdentityID == nil || *c.IdentityID == author.ID || author.IsErased() {
		return false
	}
	if customer != nil && customer.Root() == author.Root() {
		return false // it is the customer with another key
	}
	key := plainKey(author.Key)
	return !slices.ContainsFunc(c.Participants, func(p store.Participant) bool { return p.Key == key && !p.New })
}

// PhoneOf returns the phone number of the participant who has a key, or "" if the key is a number or no other is known.
func PhoneOf(c *store.Conversation, key string) string {
	for _, p := range c.Participants {
		if p.Key == key {
			return p.Phone
		}
	}
	return ""
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
