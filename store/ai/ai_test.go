package ai_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/ai"
	"parley/store/storetest"
)

// account is a pool with an account that may ask a model.
func account(t *testing.T) (*pgxpool.Pool, store.AccountID) {
	t.Helper()
	pool := storetest.DB(t)
	if _, err := pool.Exec(t.Context(), `INSERT INTO accounts (id, name, kind, side) VALUES (100, 'mail', 'email', 'channel')`); err != nil {
		t.Fatal(err)
	}
	return pool, 100
}

func today(t *testing.T, pool *pgxpool.Pool) []ai.DayTokens {
	t.Helper()
	list, err := ai.TokensToday(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// However many processes ask at once, a day costs no more than it may, and what doesn't fit is counted as refused.
func TestTokensOfADay(t *testing.T) {
	t.Parallel()
	pool, id := account(t)
	var fitting atomic.Int64
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			_, ok, err := ai.ReserveTokens(t.Context(), pool, id, 300, 2000)
			if err != nil {
				t.Error(err)
			}
			if ok {
				fitting.Add(1)
			}
		})
	}
	all.Wait()
	if got := today(t, pool); fitting.Load() != 6 || len(got) != 1 || got[0] != (ai.DayTokens{Account: id, Tokens: 1800, Refused: 34}) {
		t.Errorf("%d fit: %+v", fitting.Load(), got)
	}
	if _, ok, err := ai.ReserveTokens(t.Context(), pool, id, 5000, 0); !ok || err != nil {
		t.Errorf("without a limit: %v, %v", ok, err)
	}
}

// What is settled after midnight belongs to the day on which it was reserved; the new day begins with nothing.
func TestTokensOverMidnight(t *testing.T) {
	t.Parallel()
	pool, id := account(t)
	day, ok, err := ai.ReserveTokens(t.Context(), pool, id, 1500, 2000)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE clock SET ahead = '24 hours'`); err != nil {
		t.Fatal(err)
	}
	if got := today(t, pool); len(got) != 0 {
		t.Errorf("the new day begins with %+v, want none", got)
	}
	next, ok, err := ai.ReserveTokens(t.Context(), pool, id, 1500, 2000)
	if err != nil || !ok || next.Sub(day) != 24*time.Hour {
		t.Fatal(next, ok, err)
	}
	if err := ai.SettleTokens(t.Context(), pool, id, day, -1400); err != nil {
		t.Fatal(err)
	}
	if got := today(t, pool); got[0].Tokens != 1500 {
		t.Errorf("yesterday's were taken off today: %+v", got)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE clock SET ahead = '92 days'`); err != nil {
		t.Fatal(err)
	}
	if err := ai.ForgetTokens(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM ai_tokens`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d days are kept, %v", left, err)
	}
}
