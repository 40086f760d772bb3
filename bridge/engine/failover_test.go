package engine_test

import "testing"

// endSessions ends the sessions that apply events, as a failover does. They are those with an advisory lock.
const endSessions = `
	SELECT count(pg_terminate_backend(pid, 10000))
	FROM (SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS sessions`

// A standby that lagged takes over: it lacks the commit that made the account's gate (its budget of sendings), and that by which
// ids were reserved, so that it will reserve the same ids for another replica. Replies still leave, and a message gets no
// id of those that were reserved before.
func TestFailoverToStandbyThatLagged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.reply(w.openThread(), "One")
	w.waitSent(1)
	w.waitDrained()
	w.customerWrites("max", "Good morning")
	w.reply(w.waitThread("Good morning"), "Two") // from now on the process knows the id of the account's gate
	w.waitSent(2)
	w.waitDrained()

	if n := w.count(endSessions); n == 0 {
		t.Fatal("no session applies events")
	}
	w.exec(`DELETE FROM lanes`)
	w.exec(`DELETE FROM gates`)
	const next = 1 << 40 // by this the ids that are reserved from now on are known from those that were reserved before
	w.exec(`SELECT setval('ids', $1)`, next)

	w.customerWrites("lou", "Is anybody there?")
	w.reply(w.waitThread("Is anybody there?"), "We are back")
	w.waitSent(3)
	if n := w.count(`SELECT count(*) FROM messages WHERE text = 'Is anybody there?' AND id < $1`, next); n != 0 {
		t.Error("a message has an id that was reserved before the failover")
	}
}
