package owners_test

import (
	"reflect"
	"strings"
	"testing"

	"parley/channels"
	"parley/cmd/parley/owners"
	"parley/store"
)

func table() owners.Table {
	account := func(id store.AccountID, kind, config string) store.Account {
		return store.Account{ID: id, Side: "channel", Kind: kind, Config: []byte(config)}
	}
	return owners.New([]store.Account{
		account(9, "dove", `{"number":"111"}`), account(3, "dove", `{"number":"111"}`), account(4, "dove", `{"number":"222"}`),
		account(5, "hawk", `{"number":"222"}`), account(6, "owl", `{"number":"333"}`), account(7, "dove", `broken`), account(8, "dove", `{"number":""}`),
		{ID: 10, Side: "surface", Kind: "dove", Config: []byte(`{"number":"444"}`)},
	}, []channels.Spec{{Kind: "dove", Owner: "number"}, {Kind: "hawk", Owner: "number"}, {Kind: "owl"}}, nil)
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, owner string
		want        store.AccountID
	}{{"dove", "111", 3}, {"dove", "222", 4}, {"hawk", "222", 5}, {"hawk", "111", 0}, {"owl", "333", 0}, {"dove", "444", 0}, {"dove", "", 0}} {
		if got := table().Find(c.kind, c.owner); got != c.want {
			t.Errorf("%s %s is account %d, want %d", c.kind, c.owner, got, c.want)
		}
	}
}

// An account that is paused, as one is that was taken out but has conversations, leaves its number to one that is at work;
// where there is no other, it keeps what comes.
func TestPausedLeavesItsNumber(t *testing.T) {
	t.Parallel()
	account := func(id store.AccountID, number string, paused bool) store.Account {
		return store.Account{ID: id, Side: "channel", Kind: "dove", Config: []byte(`{"number":"` + number + `"}`), Paused: paused}
	}
	for name, list := range map[string][]store.Account{
		"older first":   {account(3, "111", true), account(9, "111", false), account(12, "111", false), account(4, "222", true), account(5, "222", true)},
		"younger first": {account(12, "111", false), account(9, "111", false), account(3, "111", true), account(5, "222", true), account(4, "222", true)},
	} {
		table := owners.New(list, []channels.Spec{{Kind: "dove", Owner: "number"}}, nil)
		if got := table.Find("dove", "111"); got != 9 {
			t.Errorf("%s: the number that has a new account is account %d's", name, got)
		}
		if got := table.Find("dove", "222"); got != 4 {
			t.Errorf("%s: the number of a paused account is account %d's", name, got)
		}
	}
}

// Each account gets its own facts in their order; what is nobody's stays, named.
func TestSplit(t *testing.T) {
	t.Parallel()
	fact := func(id, owner string) channels.Fact {
		return channels.Fact{ExternalID: id, OrderKey: "k", Owner: owner}
	}
	long := strings.Repeat("x", 500)
	shares := table().Split(store.Account{ID: 4, Kind: "dove"}, "the number", []channels.Fact{
		fact("a", "111"), fact("b", "222"), fact("c", ""), fact("d", "111"), fact("e:1", "5:5 5"), fact(long, "5"),
	})
	got := map[store.AccountID][]string{}
	for _, s := range shares {
		for _, f := range s.Facts {
			got[s.Account] = append(got[s.Account], f.ExternalID)
			if len(f.ExternalID) > 500 {
				t.Errorf("a name of %d bytes", len(f.ExternalID))
			}
			aside := strings.Contains(f.Quarantine, `the number "`+f.Owner+`"`)
			if owner, own, ok := owners.Parse(f.ExternalID); ok != aside || ok && (owner != f.Owner || own == "") {
				t.Errorf("%.40s, set aside with %q, is read as %q %v", f.ExternalID, f.Quarantine, owner, ok)
			}
		}
	}
	if len(got[4]) == 4 {
		got[4] = got[4][:3] // the last is hashed
	}
	if want := map[store.AccountID][]string{3: {"a", "d"}, 4: {"b", "c", "unowned:5%3A5+5:e:1"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("split into %v, want %v", got, want)
	}
	bad := channels.Fact{ExternalID: "z", Owner: "6", Quarantine: "can't be split"}
	if f := table().Split(store.Account{ID: 4, Kind: "dove"}, "x", []channels.Fact{bad})[0].Facts[0]; f.Quarantine != "can't be split" {
		t.Errorf("its own reason became %q", f.Quarantine)
	}
	for _, id := range []string{"", "m:1", "unowned:5", "unowned:%zz:1"} {
		if _, _, ok := owners.Parse(id); ok {
			t.Errorf("%q was set aside", id)
		}
	}
}

// A number of a messaging service that isn't an account's stays with the account that was called; that of another account goes
// there, however its admin wrote it.
func TestSplitOfAService(t *testing.T) {
	t.Parallel()
	account := func(id store.AccountID, number string) store.Account {
		return store.Account{ID: id, Side: "channel", Kind: "dove", Config: []byte(`{"number":"` + number + `"}`)}
	}
	plain := func(c channels.Config) map[string]string {
		return map[string]string{"number": strings.ReplaceAll(c["number"], " ", "")}
	}
	called := account(3, "111")
	table := owners.New([]store.Account{called, account(4, "2 2 2")}, []channels.Spec{{Kind: "dove", Owner: "number", Sources: plain, KeepsUnowned: true}}, nil)
	facts := []channels.Fact{{ExternalID: "a", Owner: "222"}, {ExternalID: "b", Owner: "333"}, {ExternalID: "c"}}
	want := []owners.Share{{Account: 4, Facts: facts[:1]}, {Account: 3, Facts: facts[1:]}}
	if got := table.Split(called, "", facts); !reflect.DeepEqual(got, want) {
		t.Errorf("split into %+v, want %+v", got, want)
	}
}

// Whoever can sign for one account, with a secret of its own, reaches no other account by its callback.
func TestSplitByAnotherSecret(t *testing.T) {
	t.Parallel()
	account := func(id store.AccountID, number string) store.Account {
		return store.Account{ID: id, Side: "channel", Kind: "dove", Config: []byte(`{"number":"` + number + `"}`)}
	}
	trial, sibling, other := account(3, "111"), account(4, "222"), account(5, "333")
	secrets := map[store.AccountID]string{trial.ID: "trial", sibling.ID: "trial", other.ID: "production"}
	secretOf := func(a store.Account, _ channels.Spec) string { return secrets[a.ID] }
	for _, keepsUnowned := range []bool{false, true} {
		spec := channels.Spec{Kind: "dove", Owner: "number", KeepsUnowned: keepsUnowned}
		table := owners.New([]store.Account{trial, sibling, other}, []channels.Spec{spec}, secretOf)

		shares := table.Split(trial, "the number", []channels.Fact{{ExternalID: "a", Owner: "222"}, {ExternalID: "b", Owner: "333"}})

		if len(shares) != 2 {
			t.Fatalf("got shares for %d accounts, want 2: %+v", len(shares), shares)
		}
		if got := shares[0]; got.Account != sibling.ID || got.Facts[0].Quarantine != "" {
			t.Errorf("with the same secret: got %+v, want the fact at account %d", got, sibling.ID)
		}
		got := shares[1]
		if got.Account != trial.ID || !strings.Contains(got.Facts[0].Quarantine, "signed with a secret that isn't that account's") {
			t.Errorf("with another secret: got %+v, want the fact set aside at account %d", got, trial.ID)
		}
		if owner, own, ok := owners.Parse(got.Facts[0].ExternalID); !ok || owner != "333" || own != "b" {
			t.Errorf("its name %q is read as %q, %q, want 333, b", got.Facts[0].ExternalID, owner, own)
		}
	}
}
