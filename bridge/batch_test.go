package bridge_test

import (
	"fmt"
	"testing"
)

// sameBatch opens a conversation of ann's whose facts from both sides are applied together where
// they wait together.
func (w *world) sameBatch() (customer, thread string) {
	w.t.Helper()
	for i := 0; ; i++ {
		customer = fmt.Sprint("kim", i)
		w.writes(customer, "Hello, "+customer)
		thread = w.thread("Hello, " + customer)
		w.fate(w.reply(thread, "On it, "+customer), "out")
		if w.count(`SELECT count(DISTINCT (hashtext(e.order_key) & 2147483647) % 4) FROM (
			SELECT DISTINCT ON (account_id) order_key FROM events WHERE account_id IN ($1, $2) ORDER BY account_id, id DESC) AS e`, w.accounts[chat], w.surface) == 1 {
			w.settled()
			return customer, thread
		}
	}
}

// A reply is judged by all that was said before it, also by what is applied together with it.
func TestReplyAfterTheCustomerInOneBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	customer, thread := w.sameBatch()
	held := must(w.pool.Begin(t.Context()))(t)
	must(held.Exec(t.Context(), `SELECT id FROM shards FOR UPDATE`))(t)
	waiting := func(n int) {
		w.eventually("facts wait", func() bool { return w.count(`SELECT count(*) FROM pending`) == n })
	}
	w.chat.Say("ben", support, thread, "I know them")
	waiting(1)
	w.writes(customer, "Hurry")
	waiting(2)
	reply := w.reply(thread, "Coming")
	waiting(3)
	check(t, held.Rollback(t.Context()))
	w.fate(reply, "out")
}
