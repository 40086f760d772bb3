package store_test

import (
	"encoding/json"
	"testing"

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
