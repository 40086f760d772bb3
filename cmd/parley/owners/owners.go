// Package owners finds the account that a fact is for. A fact is one thing that a provider told Parley, such as a message, stored
// under an id so that it counts once. The phone numbers or pages of one app share a callback, so facts for one account arrive
// at another. A fact names its number or page by the provider's id, its owner. Facts for owners that are no account's are set
// aside: they go into quarantine, where an admin sees them.
//
// What does not belong here: reading callbacks (a channel's), storing facts (the engine's).
package owners

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"parley/channels"
	"parley/store"
)

const (
	maxExternalID = 500        // the longest id of a fact, in bytes
	unowned       = "unowned:" // begins the id of a fact that was set aside
)

// Table knows which account has which of the provider's ids.
type Table struct {
	accounts map[key]store.AccountID
	secrets  map[store.AccountID]string // with which the provider signs the callbacks for an account
}

// Secret returns the secret with which the provider signs callbacks for an account: the value of channels.Spec.SignedBy.
type Secret func(store.Account, channels.Spec) string

// key is a kind of accounts and an id of its provider.
type key struct{ kind, owner string }

// New reads the ids from the accounts' settings. If several accounts have the same id, an account at work comes before a paused
// one, and an older one before a newer one. (An account that was taken out stays, paused, as long as it has conversations, and
// its number may belong to another account by now.) secret may be nil if neither Split nor HaveSameSecret is called.
func New(accounts []store.Account, specs []channels.Spec, secret Secret) Table {
	t := Table{accounts: map[key]store.AccountID{}, secrets: map[store.AccountID]string{}}
	byKind := map[string]channels.Spec{} // those with owners
	for _, s := range specs {
		if s.Owner != "" {
			byKind[s.Kind] = s
		}
	}

	for _, a := range slices.SortedFunc(slices.Values(accounts), comparePrecedence) {
		s, hasOwner := byKind[a.Kind]
		if !hasOwner || a.Side != store.SideChannel {
			continue
		}
		owner, ok := ownerOf(a, s)
		if !ok {
			continue
		}

		id := key{kind: a.Kind, owner: owner}
		t.accounts[id] = cmp.Or(t.accounts[id], a.ID) // the first account keeps the id
		if secret != nil {
			t.secrets[a.ID] = secret(a, s)
		}
	}
	return t
}

// comparePrecedence sorts accounts at work before paused ones, and older ones before newer ones.
func comparePrecedence(a, b store.Account) int {
	if a.Paused == b.Paused {
		return cmp.Compare(a.ID, b.ID)
	}
	if a.Paused {
		return 1
	}
	return -1
}

// ownerOf returns the provider's id that an account's settings name. ok is false if they name none, or can't be read. In the latter
// case the account doesn't work at all.
func ownerOf(a store.Account, s channels.Spec) (owner string, ok bool) {
	var config channels.Config
	if json.Unmarshal(a.Config, &config) != nil || config[s.Owner] == "" {
		return "", false
	}
	if s.Sources != nil {
		return s.Sources(config)[s.Owner], true
	}
	return config[s.Owner], true
}

// Find returns the account of a kind that has the provider's id, or 0 if none has it.
func (t Table) Find(kind, owner string) store.AccountID { return t.accounts[key{kind, owner}] }

// SecretOf returns the secret with which callbacks for an account are signed. ok is false for an account that New gave none.
func (t Table) SecretOf(account store.AccountID) (secret string, ok bool) {
	secret, ok = t.secrets[account]
	return secret, ok
}

// Share has the facts of one callback that are for one account.
type Share struct {
	Account store.AccountID
	Facts   []channels.Fact
}

// Split shares the facts of a callback out among the accounts that they are for, and keeps their order. The callback came to the
// account called.
//
//	the fact                                       goes to
//	names no owner                                 called
//	is for an unknown owner                        called, set aside; not set aside if idName is ""
//	is for an account with another secret          called, set aside: whoever signed it need not be that account's provider
//	is for an account with the secret of called    that account
//
// idName says in the reason what the ids are, such as "Phone number ID". It is "" for channels.Spec.KeepsUnowned.
func (t Table) Split(called store.Account, idName string, facts []channels.Fact) []Share {
	var shares []Share
	indexes := map[store.AccountID]int{} // in shares
	for _, f := range facts {
		account, f := t.assign(called, idName, f)
		i, isKnown := indexes[account]
		if !isKnown {
			i = len(shares)
			indexes[account] = i
			shares = append(shares, Share{Account: account})
		}
		shares[i].Facts = append(shares[i].Facts, f)
	}
	return shares
}

// assign returns the account to which a fact goes, by the table above Split, and the fact, set aside where the table says so.
func (t Table) assign(called store.Account, idName string, f channels.Fact) (store.AccountID, channels.Fact) {
	account := t.Find(called.Kind, f.Owner)
	switch {
	case f.Owner == "" || account == 0 && idName == "":
		return called.ID, f
	case account == 0:
		return called.ID, setAside(f, fmt.Sprintf(
			"it is for %s %q, which is no account's here: add the account with parley apply, then parley replay it", idName, f.Owner))
	case !t.HaveSameSecret(account, called.ID):
		return called.ID, setAside(f, fmt.Sprintf(
			"it is for %q, the id of another account, and is signed with a secret that isn't that account's: "+
				"if both belong to one app, give them the same secret, then parley replay it", f.Owner))
	}
	return account, f
}

// HaveSameSecret reports whether callbacks for two accounts are signed with the same secret.
func (t Table) HaveSameSecret(a, b store.AccountID) bool {
	return a == b || hmac.Equal([]byte(t.secrets[a]), []byte(t.secrets[b]))
}

// setAside returns a fact that goes into quarantine for this reason. From its id, such as "unowned:105500000000001:wamid.HBg", Parse
// reads for which owner it came. If that would be too long, a hash takes the place of the fact's own id.
func setAside(f channels.Fact, reason string) channels.Fact {
	f.Quarantine = cmp.Or(f.Quarantine, reason)
	head := unowned + url.QueryEscape(f.Owner) + ":"
	if len(head)+len(f.ExternalID) > maxExternalID {
		sum := sha256.Sum256([]byte(f.ExternalID))
		f.ExternalID = hex.EncodeToString(sum[:])
	}
	f.ExternalID = head + f.ExternalID
	return f
}

// Parse reads the id of a fact that Split set aside. owner is the provider's id for which the fact came. original is the id that
// the fact had before, or its hash. ok is false for all other facts.
func Parse(externalID string) (owner, original string, ok bool) {
	rest, ok := strings.CutPrefix(externalID, unowned)
	if !ok {
		return "", "", false
	}
	escaped, original, ok := strings.Cut(rest, ":")
	owner, err := url.QueryUnescape(escaped)
	if !ok || err != nil {
		return "", "", false
	}
	return owner, original, true
}
