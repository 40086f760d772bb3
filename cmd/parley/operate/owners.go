package operate

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
	maxExternalID = 500        // of a fact's id, in bytes
	unowned       = "unowned:" // prefix of the id of a quarantined fact
)

// Table maps owners to accounts. It is immutable, and safe for concurrent use.
type Table struct {
	accounts map[key]store.AccountID
	secrets  map[store.AccountID]string // the secrets with which the provider signs an account's callbacks
}

// Secret returns the secret with which the provider signs callbacks for an account: the value of channels.Spec.SignedBy.
type Secret func(store.Account, channels.Spec) string

// key is a kind of account, such as "whatsapp", and an owner. Owners are unique only within a kind.
type key struct{ kind, owner string }

// NewOwners reads the owners from the accounts' settings. If several accounts have the same owner, an active account takes
// precedence over a paused one, and an older one over a newer one. (A removed account remains, paused, while it has
// conversations; its phone number may belong to another account by then.) secret may be nil if neither Split nor
// HaveSameSecret is called.
func NewOwners(accounts []store.Account, specs []channels.Spec, secret Secret) Table {
	t := Table{accounts: map[key]store.AccountID{}, secrets: map[store.AccountID]string{}}
	byKind := map[string]channels.Spec{} // kinds of accounts that have owners
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

// comparePrecedence sorts active accounts before paused ones, and then older ones (with smaller ids) first.
func comparePrecedence(a, b store.Account) int {
	if a.Paused == b.Paused {
		return cmp.Compare(a.ID, b.ID)
	}
	if a.Paused {
		return 1
	}
	return -1
}

// ownerOf returns the owner in an account's settings. ok is false if there is none, or if the settings are unreadable, in
// which case the account doesn't work at all.
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

// Find returns the account of a kind that has an owner, or 0 if there is none.
func (t Table) Find(kind, owner string) store.AccountID { return t.accounts[key{kind, owner}] }

// SecretOf returns the secret with which an account's callbacks are signed. ok is false if New didn't store one.
func (t Table) SecretOf(account store.AccountID) (secret string, ok bool) {
	secret, ok = t.secrets[account]
	return secret, ok
}

// Share is the facts of one callback that go to one account.
type Share struct {
	Account store.AccountID
	Facts   []channels.Fact
}

// Split groups the facts of a callback by the accounts that they go to, in order. called is the account whose callback URL
// was called.
//
//	the fact's owner                     goes to
//	none                                 called
//	unknown                              called, quarantined (not quarantined if idName is "")
//	an account with another secret       called, quarantined: the signer may not be that account's provider
//	an account with called's secret      that account
//
// idName is the name of the owner ids in the quarantine reason, such as "Phone number ID". It is "" for kinds with
// channels.Spec.KeepsUnowned.
func (t Table) Split(called store.Account, idName string, facts []channels.Fact) []Share {
	var shares []Share
	indexes := map[store.AccountID]int{} // positions in shares
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

// assign returns the account that a fact goes to, and the fact, quarantined if the table above Split says so.
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

// setAside returns a fact marked for quarantine. Its new id keeps the owner for Parse: "unowned:105500000000001:wamid.HBg". If
// that would be too long, the original id is replaced by its hash.
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

// Parse splits the id of a fact that Split quarantined into its owner and its original id (or the hash of it). ok is false
// for all other facts.
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
