package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

const (
	lease = time.Minute // longer than any of these tests
	many  = 9           // more requests than any of these tests makes
)

// queryCount gives the number that sql selects.
func queryCount(t *testing.T, pool *pgxpool.Pool, sql string) (n int) {
	t.Helper()
	check(t, pool.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

// addRequest asks for a text of a conversation, as if it had been asked for so long ago.
func addRequest(t *testing.T, pool *pgxpool.Pool, conversation store.ConversationID, name string, ago time.Duration) {
	t.Helper()
	now := storetest.Must(store.Now(t.Context(), pool))(t)
	check(t, store.AddRequests(t.Context(), pool, []store.AIRequest{{
		ConversationID: conversation,
		Name:           name,
		Ask:            []byte(`{"Task":"summarise"}`),
		AskedAt:        now.Add(-ago),
	}}))
}

// claimAtMost claims requests that are due.
func claimAtMost(t *testing.T, pool *pgxpool.Pool, most int) []store.AIRequest {
	t.Helper()
	return storetest.Must(store.ClaimRequests(t.Context(), pool, most, lease))(t)
}

// claimOne claims all requests that are due, of which there has to be one.
func requestClaimOne(t *testing.T, pool *pgxpool.Pool) store.AIRequest {
	t.Helper()
	list := claimAtMost(t, pool, many)
	if len(list) != 1 {
		t.Fatalf("%d requests were claimed, want 1: %+v", len(list), list)
	}
	return list[0]
}

// checkNothingIsDue checks that no request can be claimed.
func checkNothingIsDue(t *testing.T, pool *pgxpool.Pool, when string) {
	t.Helper()
	if list := claimAtMost(t, pool, many); len(list) != 0 {
		t.Errorf("%s: claimed %+v, want none", when, list)
	}
}

// expireLeases ends all claims, as if their processes had died.
func requestExpireLeases(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE text_requests SET leased_until = clock_timestamp() - interval '1 second' WHERE leased_until IS NOT NULL`)
}

// newFact is an event that tells an answer.
func newFact(name string) store.NewEvent {
	return store.NewEvent{AccountID: store.SystemAccount, ExternalID: name, OrderKey: name, Payload: []byte("{}")}
}

// newFailure is an event that tells why there is no answer.
func newFailure(json.RawMessage) (store.NewEvent, error) { return newFact("failure"), nil }

// listConversations gives the conversations of requests, sorted.
func listConversations(list []store.AIRequest) (ids []store.ConversationID) {
	for _, r := range list {
		ids = append(ids, r.ConversationID)
	}
	slices.Sort(ids)
	return ids
}

func TestClaimHandsOutWhatWasAsked(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	addRequest(t, pool, 1, "summary", 0)
	got := requestClaimOne(t, pool)
	if got.Attempt != 1 {
		t.Errorf("it is attempt %d, want 1", got.Attempt)
	}
	if want := `{"Task": "summarise"}`; string(got.Ask) != want { // as PostgreSQL writes it
		t.Errorf("what is asked is %s, want %s", got.Ask, want)
	}
}

// Two requests are the same if they have the same conversation and the same name.
func TestTheSameIsAskedOnceWhileItWaits(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	addRequest(t, pool, 1, "summary", 20*time.Second)
	addRequest(t, pool, 1, "summary", 19*time.Second)
	addRequest(t, pool, 1, "translation", 0)
	addRequest(t, pool, 2, "summary", 0)

	got := listConversations(claimAtMost(t, pool, many))
	if want := []store.ConversationID{1, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("requests of conversations %v were claimed, want %v", got, want)
	}
}

func TestFinishForgetsTheWords(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	addRequest(t, pool, 1, "summary", 0)
	addRequest(t, pool, 1, "translation", 0)
	addRequest(t, pool, 2, "summary", 0)
	for _, r := range claimAtMost(t, pool, many) {
		check(t, store.FinishRequest(t.Context(), pool, r, newFact(fmt.Sprint(r.ConversationID, r.Name))))
	}
	if n := queryCount(t, pool, `SELECT count(*) FROM text_requests WHERE done_at IS NOT NULL AND ask = '{}'`); n != 3 {
		t.Errorf("%d requests are done and without their words, want 3", n)
	}
}

// For ten seconds after its answer a request isn't asked anew, because that would be a double click.
func TestAnsweredRequestIsAskedAnewAfterTenSeconds(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	addRequest(t, pool, 1, "summary", 20*time.Second)
	first := requestClaimOne(t, pool)
	check(t, store.FinishRequest(t.Context(), pool, first, newFact("answer")))

	addRequest(t, pool, 1, "summary", 0)
	checkNothingIsDue(t, pool, "asked again at once")

	exec(t, pool, `UPDATE text_requests SET done_at = done_at - interval '11 seconds'`)
	addRequest(t, pool, 1, "summary", 0)
	again := requestClaimOne(t, pool)
	if again.Attempt != 1 {
		t.Errorf("asked anew: it is attempt %d, want 1", again.Attempt)
	}
	if again.Epoch <= first.Epoch {
		t.Errorf("asked anew: its epoch is %d, want more than %d", again.Epoch, first.Epoch)
	}
}

// A request that failed is asked anew at once. One that was asked before it failed is that of a double click.
func TestFailedRequestIsAskedAnewAtOnce(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	addRequest(t, pool, 1, "summary", time.Second)
	check(t, store.FailRequest(t.Context(), pool, requestClaimOne(t, pool), newFailure))

	addRequest(t, pool, 1, "summary", time.Second)
	checkNothingIsDue(t, pool, "asked before it failed")

	addRequest(t, pool, 1, "summary", 0)
	requestClaimOne(t, pool)
	if n := queryCount(t, pool, `SELECT count(*) FROM events WHERE external_id = 'failure'`); n != 1 {
		t.Errorf("%d facts tell the failure, want 1", n)
	}
}

// A request was removed while its text was written, as an erasure does, and somebody asked for the same again. The text may
// repeat the words of whoever was erased: it isn't journalled, and neither it nor a failure ends the second request's claim.
func TestTextOfARemovedRequest(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), storetest.Reused(t)
	addRequest(t, pool, 1, "summary", 5*time.Second)
	removed := requestClaimOne(t, pool)
	exec(t, pool, `DELETE FROM text_requests`)
	addRequest(t, pool, 1, "summary", 0)
	second := requestClaimOne(t, pool)

	check(t, store.RetryRequest(ctx, pool, removed, 0))
	checkNothingIsDue(t, pool, "after the failure of a removed request")
	check(t, store.PostponeRequest(ctx, pool, removed, 0))
	checkNothingIsDue(t, pool, "after a removed request was put off")
	check(t, store.DropRequest(ctx, pool, removed))
	check(t, store.FinishRequest(ctx, pool, removed, newFact("removed")))
	check(t, store.FinishRequest(ctx, pool, second, newFact("second")))
	if n := queryCount(t, pool, `SELECT count(*) FROM events WHERE external_id = 'removed'`); n != 0 {
		t.Errorf("%d facts tell what was written for the removed request, want none", n)
	}
	if n := queryCount(t, pool, `SELECT count(*) FROM events WHERE external_id = 'second'`); n != 1 {
		t.Errorf("%d facts tell what was written for the second request, want 1", n)
	}
}

func TestExpiredClaimIsTakenOver(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	addRequest(t, pool, 1, "summary", 0)
	requestClaimOne(t, pool)
	requestExpireLeases(t, pool)
	if taken := requestClaimOne(t, pool); taken.Attempt != 2 {
		t.Errorf("it is attempt %d, want 2", taken.Attempt)
	}
}

func TestLostClaimChangesNothing(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	addRequest(t, pool, 1, "summary", 0)
	lost := requestClaimOne(t, pool)
	requestExpireLeases(t, pool)
	requestClaimOne(t, pool) // by somebody else

	check(t, store.FinishRequest(t.Context(), pool, lost, newFact("late")))
	check(t, store.DropRequest(t.Context(), pool, lost))
	check(t, store.RetryRequest(t.Context(), pool, lost, 0))
	check(t, store.PostponeRequest(t.Context(), pool, lost, 0))
	if n := queryCount(t, pool, `SELECT count(*) FROM events WHERE external_id = 'late'`); n != 0 {
		t.Errorf("%d facts of the lost claim are stored, want none", n)
	}
	checkNothingIsDue(t, pool, "after all that the lost claim tried")
	if n := queryCount(t, pool, `SELECT count(*) FROM text_requests WHERE done_at IS NULL`); n != 1 {
		t.Errorf("%d requests are open, want the 1 of the other claim", n)
	}
}
