package torture

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// healthyRun is what people saw in a run of three conversations without any fault. Each customer wrote three times and got three
// replies, of which the last two came in one message, and now waits.
func healthyRun() (Observation, Expectation) {
	var o Observation
	e := Expectation{Clicks: map[Marker]Clicks{}, Excused: map[Marker]bool{}}
	for c := 1; c <= 3; c++ {
		root := fmt.Sprint(c, "00")
		t := Thread{Root: root, Card: "Ann Lee · Support", Posts: []Post{{ID: root}}}
		b := Mailbox{Conversation: c}
		for n, kind := range []string{Inbound, Outbound, Inbound, Internal, Outbound, Outbound, Inbound} {
			m, p := Marker{kind, c, n + 1}, Post{ID: fmt.Sprint(c, "0", n+1)}
			p.Markers = []Marker{m}
			if kind == Inbound {
				p.CustomerName = "Customer"
				b.Sent = append(b.Sent, m)
				e.History = append(e.History, Operation{Kind: OpWrite, Marker: m, Conversation: c})
			} else {
				p.Author = "U1"
				e.History = append(e.History, posted(m, root, p.ID))
			}
			t.Posts = append(t.Posts, p)
		}
		b.Received = []Message{
			{ID: "x", Markers: []Marker{outboundTo(c, 2)}},
			{ID: "y", Markers: []Marker{outboundTo(c, 5), outboundTo(c, 6)}},
		}
		o.Threads, o.Mailboxes = append(o.Threads, t), append(o.Mailboxes, b)
	}
	return o, e
}

// customersPosts returns where a thread shows messages of its customer.
func customersPosts(t Thread) (places []int) {
	for i, p := range t.Posts {
		if p.isFromCustomer() {
			places = append(places, i)
		}
	}
	return places
}

// Whatever goes wrong with any message of a healthy run, on its way to the agents or to the customer, is counted as what it is. A
// break is made at each place where it is possible: at the n-th one of conversation c. It returns false where there is none.
func TestEachBreakIsSeen(t *testing.T) {
	t.Parallel()
	forgotten := func(v Verdict) int { return v.Forgotten }
	lost := func(v Verdict) int { return v.Lost }
	doubled := func(v Verdict) int { return v.Doubled }
	reordered := func(v Verdict) int { return v.Reordered }
	leaked := func(v Verdict) int { return v.Leaked }
	inThread := func(change func(o *Observation, t *Thread, shown []int, n int)) func(*Observation, *Expectation, int, int) bool {
		return func(o *Observation, _ *Expectation, c, n int) bool {
			shown := customersPosts(o.Threads[c])
			if n >= len(shown) {
				return false
			}
			change(o, &o.Threads[c], shown, n)
			return true
		}
	}
	atCustomer := func(change func(o *Observation, b *Mailbox, c, n int)) func(*Observation, *Expectation, int, int) bool {
		return func(o *Observation, _ *Expectation, c, n int) bool {
			if n >= len(o.Mailboxes[c].Received) {
				return false
			}
			change(o, &o.Mailboxes[c], c, n)
			return true
		}
	}
	onCard := func(card string) func(*Observation, *Expectation, int, int) bool {
		return func(o *Observation, e *Expectation, c, n int) bool {
			o.Threads[c].Card = card
			e.History[len(e.History)/len(o.Threads)*(c+1)-1].WhileSnoozed = true // the customer's last message
			return n == 0
		}
	}

	for _, tt := range []struct {
		name   string
		count  func(Verdict) int
		broken func(o *Observation, e *Expectation, c, n int) bool
		places int
	}{
		{name: "lost on the way to the agents", count: lost, places: 9, broken: inThread(
			func(_ *Observation, t *Thread, shown []int, n int) {
				t.Posts = slices.Delete(t.Posts, shown[n], shown[n]+1)
			})},
		{name: "lost on the way to the customer", count: lost, places: 6, broken: atCustomer(
			func(_ *Observation, b *Mailbox, _, n int) { b.Received = slices.Delete(b.Received, n, n+1) })},
		{name: "doubled in the thread", count: doubled, places: 9, broken: inThread(
			func(_ *Observation, t *Thread, shown []int, n int) { t.Posts = append(t.Posts, t.Posts[shown[n]]) })},
		{name: "doubled at the customer", count: doubled, places: 6, broken: atCustomer(
			func(_ *Observation, b *Mailbox, _, n int) { b.Received = append(b.Received, b.Received[n]) })},
		{name: "neighbours swapped in the thread", count: reordered, places: 6, broken: func(o *Observation, _ *Expectation, c, n int) bool {
			posts, shown := o.Threads[c].Posts, customersPosts(o.Threads[c])
			if n+1 >= len(shown) {
				return false
			}
			posts[shown[n]], posts[shown[n+1]] = posts[shown[n+1]], posts[shown[n]]
			return true
		}},
		{name: "neighbours swapped at the customer", count: reordered, places: 3, broken: func(o *Observation, _ *Expectation, c, n int) bool {
			received := o.Mailboxes[c].Received
			if n+1 >= len(received) {
				return false
			}
			received[n], received[n+1] = received[n+1], received[n]
			return true
		}},
		{name: "neighbours swapped in a message", count: reordered, places: 3, broken: func(o *Observation, _ *Expectation, c, n int) bool {
			slices.Reverse(o.Mailboxes[c].Received[1].Markers)
			return n == 0
		}},
		{name: "a neighbour that a click sent comes early", count: reordered, places: 3, broken: func(o *Observation, e *Expectation, c, n int) bool {
			slices.Reverse(o.Mailboxes[c].Received)
			e.Clicks[outboundTo(c+1, 5)] = Clicks{Sends: 1}
			e.Clicks[outboundTo(c+1, 6)] = Clicks{Sends: 1}
			return n == 0
		}},
		{name: "neighbours that clicks sent swapped", count: reordered, places: 3, broken: func(o *Observation, e *Expectation, c, n int) bool {
			slices.Reverse(o.Mailboxes[c].Received)
			first := time.Unix(1_700_000_000, 0)
			e.Clicks[outboundTo(c+1, 2)] = Clicks{Sends: 1, SentAt: first}
			for _, number := range []int{5, 6} {
				e.Clicks[outboundTo(c+1, number)] = Clicks{Sends: 1, SentAt: first.Add(time.Second)}
			}
			return n == 0
		}},
		{name: "leaked into another thread", count: leaked, places: 9, broken: inThread(
			func(o *Observation, t *Thread, shown []int, n int) {
				other := &o.Threads[(slices.IndexFunc(o.Threads, func(x Thread) bool { return x.Root == t.Root })+1)%len(o.Threads)]
				other.Posts = append(other.Posts, t.Posts[shown[n]])
			})},
		{name: "leaked to another customer", count: leaked, places: 6, broken: atCustomer(
			func(o *Observation, b *Mailbox, c, n int) {
				other := &o.Mailboxes[(c+1)%len(o.Mailboxes)]
				other.Received = append(other.Received, b.Received[n])
			})},
		{name: "a note leaked to the customer", count: leaked, places: 6, broken: atCustomer(
			func(_ *Observation, b *Mailbox, c, n int) {
				b.Received[n].Markers = append(b.Received[n].Markers, Marker{Internal, c + 1, 4})
			})},
		{name: "nobody is named", count: forgotten, places: 3, broken: onCard("Customer")},
		{name: "left snoozed", count: forgotten, places: 3, broken: onCard("Support · Snoozed until tomorrow")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if healthy := Check(healthyRun()); len(healthy.Violations) > 0 {
				t.Fatalf("the healthy run has violations: %q", healthy.Violations)
			}
			places := 0
			for c := range 3 {
				for n := range 3 {
					o, e := healthyRun()
					if !tt.broken(&o, &e, c, n) {
						continue
					}
					places++
					if v := Check(o, e); tt.count(v) == 0 {
						t.Errorf("not seen at place %d of conversation %d; violations %q", n, c+1, v.Violations)
					}
				}
			}
			if places != tt.places {
				t.Errorf("it was broken at %d places, want %d", places, tt.places)
			}
		})
	}
}
