package engine

import (
	"cmp"
	"fmt"
	"slices"

	"parley/store"
)

// This file merges customers who turn out to be the same person. For example, a customer is known by a phone number, and a
// WhatsApp message arrives that names this number together with a user id: then both keys belong to one customer.
//
// Carriers reassign phone numbers to other people after some months, without notifying anybody. A lasting key, such as a
// user id, always stays with one person. So a shared phone number alone must not merge two customers.

// samePerson lists keys that an event shows to be one person's. keys has all of them, the one in use first.
type samePerson struct {
	account  store.AccountID
	keys     []string
	lasting  []string // the keys that are never reassigned
	previous []string // the keys that the person had before, if the provider reported a change; otherwise empty
}

// linkIdentities merges the customers that share a samePerson, and maps every key to its customer's root.
func (ps *People) linkIdentities(same []samePerson) {
	for _, i := range ps.Identities {
		ps.mapToRoot(i)
	}

	for _, person := range same {
		person = ps.withoutReassignedKeys(person)
		ps.releaseReassignedKeys(person)
		roots := ps.rootsOf(person)
		if len(roots) < 2 {
			continue
		}

		oldest := slices.MinFunc(roots, ps.compareAge)
		for _, root := range roots {
			if root != oldest {
				ps.uniteCustomers(oldest, root)
			}
		}
	}
}

// rootsOf returns the roots of all customers who have keys of a person, each once.
func (ps *People) rootsOf(person samePerson) []*store.Identity {
	var roots []*store.Identity
	for _, key := range person.keys {
		root := ps.ByAddress[NameKey{person.account, key}]
		if root != nil && !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	return roots
}

// withoutReassignedKeys removes those previous keys of a person that belong to another customer now. A provider may report a
// change of number so late that the number's next owner has already written to us.
func (ps *People) withoutReassignedKeys(person samePerson) samePerson {
	var reassigned []string
	for _, key := range person.previous {
		if ps.isReassigned(person, key) {
			reassigned = append(reassigned, key)
		}
	}

	isReassigned := func(key string) bool { return slices.Contains(reassigned, key) }
	person.keys = slices.DeleteFunc(slices.Clone(person.keys), isReassigned)
	person.previous = slices.DeleteFunc(slices.Clone(person.previous), isReassigned)
	return person
}

// isReassigned reports whether a previous key of a person belongs to another customer now. It does if:
//   - The key isn't a lasting one.
//   - The person is a known customer, by a lasting key.
//   - The customer who has the key is a different one, and has other keys besides.
func (ps *People) isReassigned(person samePerson, previous string) bool {
	holder := ps.RowOf(person.account, previous)
	if holder == nil || slices.Contains(person.lasting, previous) {
		return false
	}

	isKnownCustomer := false
	for _, key := range person.lasting {
		own := ps.RowOf(person.account, key)
		if own == nil || ps.newIdentity[own.Root()] {
			continue
		}
		if own.Root() == holder.Root() {
			return false // the person still has the key
		}
		isKnownCustomer = true
	}

	return isKnownCustomer && ps.otherKey(holder, person.keys) != nil
}

// releaseReassignedKeys takes from other customers those keys that now belong to the person. A customer loses a key if
// both conditions hold:
//   - The person is identified by a lasting key, or by a previous key that the provider reported, and the customer doesn't
//     have that key.
//   - The customer has other keys. A customer without any is merged with the person instead.
func (ps *People) releaseReassignedKeys(person samePerson) {
	if len(person.lasting) == 0 && len(person.previous) == 0 {
		return
	}

	var ownRoots []store.IdentityID
	for _, key := range slices.Concat(person.lasting, person.previous) {
		if root := ps.ByAddress[NameKey{person.account, key}]; root != nil {
			ownRoots = append(ownRoots, root.Root())
		}
	}

	for _, key := range person.keys {
		root := ps.ByAddress[NameKey{person.account, key}]
		if root == nil || slices.Contains(ownRoots, root.Root()) {
			continue
		}
		row := ps.RowOf(person.account, key)
		if row == nil {
			continue
		}
		if other := ps.otherKey(row, person.keys); other != nil {
			row.Name = other.Name // the row already has the name of the key's new owner
			ps.ReleaseKey(row)
		}
	}
}

// otherKey returns an identity of a row's customer whose key is in use and not listed. It returns nil if there is none.
func (ps *People) otherKey(row *store.Identity, listed []string) *store.Identity {
	for _, i := range ps.identitiesInUse(row.Root()) {
		if !slices.Contains(listed, i.Key) {
			return i
		}
	}
	return nil
}

// ReleaseKey records that a customer no longer has a key. It renames the key in the customer's row, so that somebody else
// can get a row with this key.
func (ps *People) ReleaseKey(i *store.Identity) {
	delete(ps.ByAddress, NameKey{i.AccountID, i.Key})
	// The id makes the new name unique: several customers may have had the key, one after the other.
	i.Key = fmt.Sprintf("%s%d:%s", FormerPrefix, i.ID, i.Key)
	ps.linksChanged[i.ID] = true
}

// compareAge sorts identities that were stored before this batch first, and otherwise sorts by id. Every replica gets the
// same order.
func (ps *People) compareAge(a, b *store.Identity) int {
	isNewA, isNewB := ps.newIdentity[a.ID], ps.newIdentity[b.ID]
	switch {
	case isNewA && !isNewB:
		return 1
	case isNewB && !isNewA:
		return -1
	default:
		return cmp.Compare(a.ID, b.ID)
	}
}

// uniteCustomers merges the customer with root other into the customer with root first, who gets all keys. If the customer
// has opted out of messages with any key, that counts for all keys.
func (ps *People) uniteCustomers(first, other *store.Identity) {
	if !ps.newIdentity[other.ID] {
		ps.United[other.ID] = first.ID
	}

	ps.uniteConsents(first, other)

	for _, id := range SortedKeys(ps.Identities) {
		if i := ps.Identities[id]; i.Root() == other.ID {
			i.SameAs, i.ContactID = &first.ID, first.ContactID
			ps.linksChanged[i.ID] = true
			ps.mapToRoot(i)
		}
	}
}
