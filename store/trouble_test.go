package store_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// endTrouble ends the trouble of sending, as a success does that came after the trouble was noted. seenUntil is the
// end of the trouble that the success knows of. It is nil if it knows of none.
func endTrouble(t *testing.T, pool *pgxpool.Pool, account store.AccountID, seenUntil *time.Time) store.EndedTrouble {
	t.Helper()
	return storetest.Must(store.EndTrouble(t.Context(), pool, account, "send", seenUntil))(t)
}

// checkTroubleEnded checks that the trouble was known and has ended.
func checkTroubleEnded(t *testing.T, when string, got store.EndedTrouble) {
	t.Helper()
	if !got.WasKnown {
		t.Errorf("%s: no trouble has ended", when)
	}
	if got.HasOthers {
		t.Errorf("%s: the account still has a trouble", when)
	}
	if got.Lasts != nil {
		t.Errorf("%s: the trouble lasts until %s, want that it has ended", when, got.Lasts)
	}
}

// checkTroubleLasts checks that the trouble goes on, and returns its end.
func checkTroubleLasts(t *testing.T, when string, got store.EndedTrouble) *time.Time {
	t.Helper()
	if got.WasKnown {
		t.Errorf("%s: the trouble has ended", when)
	}
	if !got.HasOthers {
		t.Errorf("%s: the account has no trouble any more", when)
	}
	if got.Lasts == nil {
		t.Fatalf("%s: the trouble has no end", when)
	}
	return got.Lasts
}

// newTroubledAccount makes an account that can't send for two hours, because its mailbox has used up a day's quota.
func newTroubledAccount(t *testing.T) (*pgxpool.Pool, store.AccountID) {
	t.Helper()
	pool := storetest.Reused(t)
	account := storetest.Must(store.EnsureSurface(t.Context(), pool, "test"))(t)
	storetest.Must(store.TakeLeases(t.Context(), pool, []string{"one"}, "one", leaseSeconds))(t)
	noteTrouble(t, pool, account, 2*time.Hour)
	return pool, account
}

// noteTrouble records that sending fails. If lasts is 0, the trouble ends with the next success.
func noteTrouble(t *testing.T, pool *pgxpool.Pool, account store.AccountID, lasts time.Duration) {
	t.Helper()
	storetest.Must(store.NoteTrouble(t.Context(), pool, account, "send", "one", lasts))(t)
}

// If a mail leaves within the two hours, admins are still told about the quota. A success after these two hours ends
// the trouble.
func TestTroubleLastsAsLongAsItWasNoted(t *testing.T) {
	t.Parallel()
	pool, account := newTroubledAccount(t)
	until := checkTroubleLasts(t, "a success within the two hours", endTrouble(t, pool, account, nil))

	earlier := until.Add(-3 * time.Hour)
	storetest.Exec(t, pool, `UPDATE leases SET until = $1 WHERE name LIKE 'trouble:%'`, earlier)
	got := endTrouble(t, pool, account, &earlier)
	if !got.WasKnown {
		t.Error("a success after the time has ended no trouble")
	}
	if got.Lasts != nil {
		t.Errorf("after a success after the time the trouble lasts until %s, want that it has ended", got.Lasts)
	}
}

// If access was revoked meanwhile, that is another trouble, which only a later success ends.
func TestAnotherTroubleIsEndedByALaterSuccess(t *testing.T) {
	t.Parallel()
	pool, account := newTroubledAccount(t)
	quota := checkTroubleLasts(t, "a success within the two hours", endTrouble(t, pool, account, nil))
	noteTrouble(t, pool, account, 0)
	checkTroubleLasts(t, "a success from before the other trouble", endTrouble(t, pool, account, quota))
	checkTroubleEnded(t, "a success after it", endTrouble(t, pool, account, nil))
}
