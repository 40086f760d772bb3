package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// An account begins when it is set up. Put right before the first look it keeps that moment;
// pointed elsewhere afterwards it begins there anew.
func TestWhenAnAccountBegins(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	save := func(folder, signature string) string {
		t.Helper()
		config := json.RawMessage(`{"folder": "` + folder + `"}`)
		must(store.SaveAccount(t.Context(), pool, store.Account{Name: "a", Kind: "test", Side: "channel", Mode: "live",
			ReplyMode: "direct", Signature: signature, Config: config}))(t)
		for _, a := range must(store.ListAccounts(t.Context(), pool))(t) {
			if a.Name == "a" && a.BeginsAt != nil {
				return a.BeginsAt.String()
			}
		}
		t.Fatal("the account does not know when it begins")
		return ""
	}
	made := save("Wrong", "")
	if corrected := save("INBOX", ""); corrected != made {
		t.Errorf("put right before a first look it begins at %s, not at %s", corrected, made)
	}
	exec(t, pool, `UPDATE accounts SET watermark = 'x' WHERE name = 'a'`)
	if signed := save("INBOX", "Regards"); signed != made {
		t.Errorf("another signature moves the beginning from %s to %s", made, signed)
	}
	if moved := save("Archive", "Regards"); moved == made {
		t.Errorf("another folder begins at %s, when the first one did", moved)
	}
}

// A mailbox has used up a day's quota: a mail that leaves after an hour's pause doesn't end what admins were told. Once that time is
// over, it does, unless its access was revoked meanwhile: that is another trouble, which only a later success ends.
func TestTroubleThatLasts(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	id := must(store.EnsureSurface(t.Context(), pool, "test"))(t)
	must(store.TakeLeases(t.Context(), pool, []string{"one"}, "one", 600))(t)
	var quota *time.Time
	for _, c := range []struct {
		noted bool
		lasts time.Duration
		since bool // it was seen to work before
		ends  bool
	}{{true, 2 * time.Hour, false, false}, {true, 0, true, false}, {false, 0, false, true}} {
		if c.noted {
			must(store.NoteTrouble(t.Context(), pool, id, "send", "one", c.lasts))(t)
		}
		var before *time.Time
		if c.since {
			before = quota
		}
		wasKnown, hasOthers, until, err := store.EndTrouble(t.Context(), pool, id, "send", before)
		if err != nil || wasKnown != c.ends || hasOthers == c.ends || (until == nil) != c.ends {
			t.Errorf("a trouble that lasts %s: ended %v, fails still %v, lasts until %v, %v", c.lasts, wasKnown, hasOthers, until, err)
		}
		quota = until
	}
	must(store.NoteTrouble(t.Context(), pool, id, "send", "one", 2*time.Hour))(t)
	_, _, until, err := store.EndTrouble(t.Context(), pool, id, "send", nil)
	check(t, err)
	storetest.Exec(t, pool, `UPDATE leases SET until = $1 WHERE name LIKE 'trouble:%'`, until.Add(-3*time.Hour)) // the time is over
	over := until.Add(-3 * time.Hour)
	if wasKnown, _, until, err := store.EndTrouble(t.Context(), pool, id, "send", &over); err != nil || !wasKnown || until != nil {
		t.Errorf("once it is over: ended %v, lasts until %v, %v", wasKnown, until, err)
	}
}
