// Package owners finds the account that a fact is for. Several phone numbers or pages of one app share a callback, so that facts
// for one account arrive at another. A fact names its number or page by the provider's id, its owner. Facts for owners that are
// no account's are set aside: they go into quarantine.
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

// maxExternalID is the longest name of a fact, in bytes.
const maxExternalID = 500

// unowned begins the name of a fact that is no account's.
const unowned = "unowned:"

// Table knows which account has which of the provider's ids.
type Table struct {
	accounts map[key]store.AccountID
	secrets  map[store.AccountID]string // with which the provider signs the callbacks for an account
}

// Secret returns the secret of an account with which the provider signs callbacks for it: the value of channels.Spec.SignedBy.
type Secret func(store.Account, channels.Spec) string

// key is a kind of accounts and an id of its provider.
type key struct{ kind, owner string }

// New reads the ids from the accounts' settings. Of several accounts with the same id one has it: an account at work before
// a paused one, and an older one before a newer one. (An account that was taken out stays, paused, as long as it has
// conversations; its number may belong to another account since.) secret is needed for Split and HaveSameSecret.
func New(accounts []store.Account, specs []channels.Spec, secret Secret) Table {
	t := Table{accounts: map[key]store.AccountID{}, secrets: map[store.AccountID]string{}}
	accounts = slices.SortedFunc(slices.Values(accounts), func(a, b store.Account) int {
		if a.Paused != b.Paused {
			if a.Paused {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.ID, b.ID)
	})
	for _, s := range specs {
		if s.Owner == "" {
			continue
		}

		for _, a := range accounts {
			if a.Side != store.SideChannel || a.Kind != s.Kind {
				continue
			}

			var config channels.Config
			if json.Unmarshal(a.Config, &config) != nil || config[s.Owner] == "" {
				continue // settings that can't be read have no id; that account doesn't work at all
			}

			id := key{kind: a.Kind, owner: config[s.Owner]}
			if s.Sources != nil {
				id.owner = s.Sources(config)[s.Owner]
			}

			t.accounts[id] = cmp.Or(t.accounts[id], a.ID)
			if secret != nil {
				t.secrets[a.ID] = secret(a, s)
			}
		}
	}

	return t
}

// Find returns the account of a kind that has the provider's id, or 0 if none has it.
func (t Table) Find(kind, owner string) store.AccountID { return t.accounts[key{kind, owner}] }

// SecretOf returns the secret with which callbacks for an account are signed. ok is false for an account without a shared callback.
func (t Table) SecretOf(account store.AccountID) (secret string, ok bool) {
	secret, ok = t.secrets[account]
	return secret, ok
}

// Share is what one account gets of a callback.
type Share struct {
	Account store.AccountID
	Facts   []channels.Fact
}

// Split gives each account its facts, in their order. These stay with the account that was called:
//   - facts that name no owner;
//   - facts for an unknown owner, set aside with a sentence in which idName says what the ids are, such as "Phone number ID". If
//     idName is "", they aren't set aside (channels.Spec.KeepsUnowned);
//   - facts for an account with another secret than the called one's, set aside: whoever signed them need not be that account's
//     provider.
func (t Table) Split(called store.Account, idName string, facts []channels.Fact) []Share {
	var shares []Share
	indexes := map[store.AccountID]int{} // in shares
	for _, f := range facts {
		account := called.ID
		switch owner := t.Find(called.Kind, f.Owner); {
		case f.Owner == "":
		case owner == 0 && idName == "":
		case owner == 0:
			f = setAside(f, fmt.Sprintf("it is for %s %q, which is no account's here: add the account with parley apply, then parley replay it",
				idName, f.Owner))
		case !t.HaveSameSecret(owner, called.ID):
			f = setAside(f, fmt.Sprintf("it is for %q, the id of another account, and is signed with a secret that isn't that account's: "+
				"if both belong to one app, give them the same secret, then parley replay it", f.Owner))
		default:
			account = owner
		}

		i, ok := indexes[account]
		if !ok {
			i = len(shares)
			indexes[account] = i
			shares = append(shares, Share{Account: account})
		}

		shares[i].Facts = append(shares[i].Facts, f)
	}

	return shares
}

// HaveSameSecret reports whether callbacks for two accounts are signed with the same secret.
func (t Table) HaveSameSecret(a, b store.AccountID) bool {
	return a == b || hmac.Equal([]byte(t.secrets[a]), []byte(t.secrets[b]))
}

// setAside returns a fact that goes into quarantine for this reason. Its name, such as "unowned:105500000000001:wamid.HBg", tells
// Parse for which id it came. A name that would become too long is replaced by its hash.
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

// Parse reads the name of a fact that Split set aside. owner is the id for which the fact came, original the name that the fact
// had before, or its hash. ok is false for all other facts.
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
