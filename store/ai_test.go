package store_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// account is the account that asks a model in these tests.
const account = store.AccountID(100)

// noLimit is a limit of 0 tokens a day.
const noLimit = 0

func newAccount(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	storetest.Exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES ($1, 'mail', 'email', 'channel')`, account)
	return pool
}

// checkToday compares what is counted of the present day.
func checkToday(t *testing.T, pool *pgxpool.Pool, want ...store.AITokens) {
	t.Helper()
	got := storetest.Must(store.AITokensToday(t.Context(), pool))(t)
	if !slices.Equal(got, want) {
		t.Errorf("today's tokens are %+v, want %+v", got, want)
	}
}

// mustReserve reserves tokens, and returns the day of which they are.
func mustReserve(t *testing.T, pool *pgxpool.Pool, tokens, limit int) time.Time {
	t.Helper()
	day, ok, err := store.ReserveAITokens(t.Context(), pool, account, tokens, limit)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		t.Fatalf("%d tokens don't fit within %d", tokens, limit)
	}
	return day
}

// setClock sets how far Parley's clock is ahead.
func setClock(t *testing.T, pool *pgxpool.Pool, ahead time.Duration) {
	t.Helper()
	storetest.Exec(t, pool, `UPDATE clock SET ahead = $1`, ahead)
}

// However many processes ask at once, a day's tokens stay within the limit. Requests that don't fit are counted as refused.
func TestTokensOfADay(t *testing.T) {
	t.Parallel()
	const processes, tokens, limit = 40, 300, 2000
	const wantFitting = limit / tokens
	pool := newAccount(t)
	var fitting atomic.Int64
	var group sync.WaitGroup
	for range processes {
		group.Go(func() {
			_, ok, err := store.ReserveAITokens(t.Context(), pool, account, tokens, limit)
			if err != nil {
				t.Error(err)
			}
			if ok {
				fitting.Add(1)
			}
		})
	}
	group.Wait()
	if n := fitting.Load(); n != wantFitting {
		t.Errorf("%d reservations fit, want %d", n, wantFitting)
	}
	checkToday(t, pool, store.AITokens{Account: account, Tokens: wantFitting * tokens, Refused: processes - wantFitting})
}

func TestTokensWithoutALimit(t *testing.T) {
	t.Parallel()
	pool := newAccount(t)
	mustReserve(t, pool, 1800, 2000)
	mustReserve(t, pool, 5000, noLimit)
}

func TestNewDayBeginsWithNoTokens(t *testing.T) {
	t.Parallel()
	pool := newAccount(t)
	yesterday := mustReserve(t, pool, 1500, 2000)
	setClock(t, pool, 24*time.Hour)
	checkToday(t, pool)
	today := mustReserve(t, pool, 1500, 2000)
	if got, want := today.Sub(yesterday), 24*time.Hour; got != want {
		t.Errorf("the new day is %s after the one before, want %s", got, want)
	}
}

// Tokens that are settled after midnight belong to the day on which they were reserved.
func TestTokensSettledAfterMidnight(t *testing.T) {
	t.Parallel()
	pool := newAccount(t)
	yesterday := mustReserve(t, pool, 1500, 2000)
	setClock(t, pool, 24*time.Hour)
	mustReserve(t, pool, 1500, 2000)
	storetest.Check(t, store.SettleAITokens(t.Context(), pool, account, yesterday, -1400))
	checkToday(t, pool, store.AITokens{Account: account, Tokens: 1500})
}

func TestForgetTokens(t *testing.T) {
	t.Parallel()
	pool := newAccount(t)
	mustReserve(t, pool, 1500, 2000)
	setClock(t, pool, 92*24*time.Hour)
	storetest.Check(t, store.ForgetAITokens(t.Context(), pool))
	var days int
	storetest.Check(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM ai_tokens`).Scan(&days))
	if days != 0 {
		t.Errorf("%d days are kept, want none", days)
	}
}
