// Package owners finds the account that a fact is for, where several numbers or pages
// share one callback, and sets aside facts for numbers and pages that are no account's.
//
// What does not belong here: reading callbacks (a channel's), storing facts (the engine's).
package owners

import (
	"cmp"
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
type Table struct{ accounts map[key]store.AccountID }

type key struct{ kind, owner string }

// New reads the ids from the accounts' settings. Of two accounts with the same id the one at work has it: one that was
// taken out stays paused where it has conversations, and its number may have another account since. Of two at
// work, or two that are paused, the older one has it.
func New(accounts []store.Account, specs []channels.Spec) Table {
	t := Table{accounts: map[key]store.AccountID{}}
	accounts = slices.SortedFunc(slices.Values(accounts), func(a, b store.Account) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID))
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
			if json.Unmarshal(a.Config, &config) != nil || config[s.Owner] == "" { // it can't be opened either
				continue
			}
			k := key{kind: a.Kind, owner: config[s.Owner]}
			t.accounts[k] = cmp.Or(t.accounts[k], a.ID)
		}
	}
	return t
}

// rank sorts accounts at work before paused ones.
func rank(a store.Account) int {
	if a.Paused {
		return 1
	}
	return 0
}

// Find gives the account of a kind that has the provider's id; 0 = none.
func (t Table) Find(kind, owner string) store.AccountID { return t.accounts[key{kind, owner}] }

// Share is what one account gets of a callback.
type Share struct {
	Account store.AccountID
	Facts   []channels.Fact
}

// Split gives each account its facts, in their order. A fact for an unknown id stays with
// the account that was called, set aside with a sentence that names the id.
func (t Table) Split(called store.Account, name string, facts []channels.Fact) []Share {
	var shares []Share
	at := map[store.AccountID]int{}
	for _, f := range facts {
		account := called.ID
		if f.Owner != "" {
			account = t.Find(called.Kind, f.Owner)
			if account == 0 {
				account = called.ID
				f = setAside(f, name)
			}
		}
		i, ok := at[account]
		if !ok {
			i = len(shares)
			at[account], shares = i, append(shares, Share{Account: account})
		}
		shares[i].Facts = append(shares[i].Facts, f)
	}
	return shares
}

// setAside names a fact so that Parse finds whom it was for.
func setAside(f channels.Fact, name string) channels.Fact {
	if f.Quarantine == "" {
		f.Quarantine = fmt.Sprintf("it is for %s %q, which is no account's here: add the account with parley apply, then parley replay it", name, f.Owner)
	}
	head := unowned + url.QueryEscape(f.Owner) + ":"
	if len(head)+len(f.ExternalID) > maxExternalID {
		sum := sha256.Sum256([]byte(f.ExternalID))
		f.ExternalID = hex.EncodeToString(sum[:])
	}
	f.ExternalID = head + f.ExternalID
	return f
}

// Parse reads the name of a fact that Split set aside: owner is the id for which the fact came, own
// is its name before. ok is false for all other facts.
func Parse(externalID string) (owner, own string, ok bool) {
	rest, ok := strings.CutPrefix(externalID, unowned)
	if !ok {
		return "", "", false
	}
	escaped, own, ok := strings.Cut(rest, ":")
	owner, err := url.QueryUnescape(escaped)
	if !ok || err != nil {
		return "", "", false
	}
	return owner, own, true
}
