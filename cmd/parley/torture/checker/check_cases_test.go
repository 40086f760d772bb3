package checker

import (
	"slices"
	"time"
)

// checkCase is a way to spoil the good world, and what the verdict is to find. The counts of
// what was said are not compared.
type checkCase struct {
	name  string
	spoil func(*Observation, *Expectation)
	want  Verdict
}

func threadCases() []checkCase {
	dora := Marker{Inbound, 2, 1}
	return []checkCase{
		{name: "all kept", spoil: func(*Observation, *Expectation) {}},
		{name: "mail in no thread", spoil: func(w *Observation, _ *Expectation) { w.Threads[1].Posts[1].Markers = nil }, want: Verdict{Lost: 1}},
		{name: "mail posted twice", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, Post{ID: "10", CustomerName: "Dora", Markers: []Marker{dora}})
		}, want: Verdict{Doubled: 1}},
		{name: "mail twice in one post", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[1].Posts[1].Markers = MarkersIn("inbound-c002-1\n\ninbound-c002-1")
		}, want: Verdict{Doubled: 1}},
		{name: "mail shown twice, and it says so", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, Post{ID: "10", CustomerName: "Dora", MaybeCopy: true, Markers: []Marker{dora}})
		}, want: Verdict{MarkedCopies: 1}},
		{name: "mail shown three times, and one says so", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, Post{ID: "10", CustomerName: "Dora", MaybeCopy: true, Markers: []Marker{dora}},
				Post{ID: "11", CustomerName: "Dora", Markers: []Marker{dora}})
		}, want: Verdict{MarkedCopies: 1, Doubled: 1}},
		{name: "mail twice in one post that says so", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[1].Posts[1].Markers, w.Threads[1].Posts[1].MaybeCopy = []Marker{dora, dora}, true
		}, want: Verdict{Doubled: 1}},
		{name: "mail shown twice, the first attempt last", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[1].Posts[1].MaybeCopy = true
			w.Threads[1].Posts = append(w.Threads[1].Posts, Post{ID: "10", CustomerName: "Dora", Markers: []Marker{dora}})
		}, want: Verdict{MarkedCopies: 1}},
		{name: "one line posted twice, and it says so", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "10", Token: "c.0", MaybeCopy: true})
		}, want: Verdict{MarkedCopies: 1}},
		{name: "one line posted three times, and one says so", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "10", Token: "c.0", MaybeCopy: true}, Post{ID: "11", Token: "c.0"})
		}, want: Verdict{MarkedCopies: 1, Doubled: 1}},
		{name: "one delivery posted twice", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "10", Token: "c.0"})
		}, want: Verdict{Doubled: 1}},
		{name: "mails posted in the wrong order", spoil: func(w *Observation, _ *Expectation) {
			p := w.Threads[0].Posts
			p[1].Markers, p[6].Markers = p[6].Markers, p[1].Markers
		}, want: Verdict{Reordered: 1}},
		{name: "texts of which the phone told late, in the wrong order", spoil: func(w *Observation, t *Expectation) {
			p := w.Threads[0].Posts
			p[1].Markers, p[6].Markers = p[6].Markers, p[1].Markers
			t.Excused[Marker{Inbound, 1, 1}] = true
		}, want: Verdict{Excused: 1}},
		{name: "mail in a second thread", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts = w.Threads[0].Posts[:6]
			w.Threads = append(w.Threads, Thread{Root: "20", Card: "Support", Posts: []Post{{ID: "21", CustomerName: "Cara", Markers: []Marker{{Inbound, 1, 5}}}}})
		}, want: Verdict{Scattered: 1}},
		{name: "mail in another customer's thread", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, w.Threads[0].Posts[6])
			w.Threads[0].Posts = w.Threads[0].Posts[:6]
		}, want: Verdict{Leaked: 1, Scattered: 1}},
	}
}

func boxCases() []checkCase {
	return []checkCase{
		{name: "reply reached nobody", spoil: func(w *Observation, _ *Expectation) { w.Mailboxes[0].Received = w.Mailboxes[0].Received[1:] }, want: Verdict{Lost: 1}},
		{name: "reply of which nobody told Parley", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts[2].EventLost = true
			w.Mailboxes[0].Received = w.Mailboxes[0].Received[1:]
		}, want: Verdict{EventsLost: 1}},
		{name: "reply twice, though nobody told Parley", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts[4].EventLost = true
			w.Mailboxes[0].Received = append(w.Mailboxes[0].Received, w.Mailboxes[0].Received[1])
		}, want: Verdict{Doubled: 1}},
		{name: "reply twice", spoil: func(w *Observation, _ *Expectation) {
			w.Mailboxes[0].Received = append(w.Mailboxes[0].Received, w.Mailboxes[0].Received[1])
		}, want: Verdict{Doubled: 1}},
		{name: "reply twice in one mail", spoil: func(w *Observation, _ *Expectation) {
			w.Mailboxes[0].Received[0].Markers = MarkersIn("outbound-c001-2\n\noutbound-c001-2")
		}, want: Verdict{Doubled: 1}},
		{name: "replies in the wrong order", spoil: func(w *Observation, _ *Expectation) { slices.Reverse(w.Mailboxes[0].Received) }, want: Verdict{Reordered: 1}},
		{name: "order of what the platform told late", spoil: func(w *Observation, t *Expectation) {
			slices.Reverse(w.Mailboxes[0].Received)
			t.Excused[Marker{Outbound, 1, 2}] = true
		}, want: Verdict{Excused: 1}},
		{name: "internal text in a mailbox", spoil: func(w *Observation, _ *Expectation) {
			w.Mailboxes[0].Received[0].Markers = append(w.Mailboxes[0].Received[0].Markers, Marker{Internal, 1, 3})
		}, want: Verdict{Leaked: 1}},
		{name: "another customer's reply", spoil: func(w *Observation, _ *Expectation) {
			w.Mailboxes[1].Received = append(w.Mailboxes[1].Received, Message{ID: "z", Markers: []Marker{{Outbound, 1, 4}}})
		}, want: Verdict{Leaked: 1}},
		{name: "another customer's words, quoted", spoil: func(w *Observation, _ *Expectation) {
			w.Mailboxes[1].Received = append(w.Mailboxes[1].Received, Message{ID: "z", Markers: []Marker{{Inbound, 1, 1}}})
		}, want: Verdict{Leaked: 1}},
		{name: "deleted in the hold", spoil: func(w *Observation, _ *Expectation) {
			w.Mailboxes[0].Received = append(w.Mailboxes[0].Received, Message{ID: "z", Markers: []Marker{{Deleted, 1, 9}}})
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "8", Markers: []Marker{{Deleted, 1, 9}}})
		}, want: Verdict{ReceivedDeleted: 1}},
		{name: "deleted in the hold, which the platform could not tell, and a line says so", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received = append(w.Mailboxes[0].Received, Message{ID: "z", Markers: []Marker{{Deleted, 1, 9}}})
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "8", Markers: []Marker{{Deleted, 1, 9}}})
			t.Excused[Marker{Deleted, 1, 9}] = true
		}, want: Verdict{Excused: 1}},
		{name: "deleted in the hold, which the platform could not tell, and nobody says so", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received = append(w.Mailboxes[0].Received, Message{ID: "z", Markers: []Marker{{Deleted, 1, 9}}})
			t.Excused[Marker{Deleted, 1, 9}] = true
		}, want: Verdict{Excused: 1, Lost: 1}},
		{name: "deleted, and the platform never told it", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received = append(w.Mailboxes[0].Received, Message{ID: "z", Markers: []Marker{{Deleted, 1, 9}}})
			t.Excused[Marker{Deleted, 1, 9}], t.LostEvents["5.1"] = true, true
		}, want: Verdict{Excused: 1, EventsLost: 1}},
	}
}

// clickCases: a click excuses one more copy, and one place in the order, of one reply.
func clickCases() []checkCase {
	first, second := Marker{Outbound, 1, 2}, Marker{Outbound, 1, 4}
	again := func(w *Observation, n int) {
		for range n {
			w.Mailboxes[0].Received = append(w.Mailboxes[0].Received, Message{ID: "again", Markers: []Marker{first}})
		}
	}
	return []checkCase{
		{name: "a second copy, asked for where nobody could tell", spoil: func(w *Observation, t *Expectation) {
			again(w, 1)
			t.Clicks[first] = Clicks{Sends: 1, Resends: 1}
		}},
		{name: "a third copy, though one was asked for", spoil: func(w *Observation, t *Expectation) {
			again(w, 2)
			t.Clicks[first] = Clicks{Sends: 1, Resends: 1}
		}, want: Verdict{Doubled: 1}},
		{name: "a second copy of what was asked about and sent once", spoil: func(w *Observation, t *Expectation) {
			again(w, 1)
			t.Clicks[first] = Clicks{Sends: 1}
		}, want: Verdict{Doubled: 1}},
		{name: "two copies in one mail, though one was asked for", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received[0].Markers = []Marker{first, first}
			t.Clicks[first] = Clicks{Sends: 1, Resends: 1}
		}, want: Verdict{Doubled: 1}},
		{name: "the place of what a click sent", spoil: func(w *Observation, t *Expectation) {
			slices.Reverse(w.Mailboxes[0].Received)
			t.Clicks[first] = Clicks{Sends: 1}
		}},
		{name: "the place of a first copy, of which a click made a second", spoil: func(w *Observation, t *Expectation) {
			slices.Reverse(w.Mailboxes[0].Received)
			again(w, 1)
			t.Clicks[first] = Clicks{Sends: 1, Resends: 1}
		}, want: Verdict{Reordered: 1}},
		{name: "all was asked about, clicked, sent three times and out of order", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received = []Message{{ID: "x", Markers: []Marker{second, {Edited, 1, 6}}}, {ID: "y", Markers: []Marker{second}}, {ID: "z", Markers: []Marker{second, first}}}
			t.Clicks[first], t.Clicks[second] = Clicks{Sends: 1}, Clicks{Sends: 1}
		}, want: Verdict{Doubled: 1}},
	}
}

// careCases: who waits must be in somebody's hands, and the card must say in whose.
func careCases() []checkCase {
	handed := Operation{At: time.Unix(100, 0), Kind: OpHandOver, Root: "1", ID: "7.1", Team: OtherTeam}
	hand := func(w *Observation, t *Expectation, r Operation) {
		t.History = append(t.History, r)
		w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: r.ID, Author: "U1"})
	}
	const billing, owned, supported = "Customer 001 Unassigned · Billing", "Customer 001 Ann Lee · Billing", "Customer 001 Unassigned · Support"
	return []checkCase{
		{name: "a bounce that nobody was told of", spoil: func(w *Observation, _ *Expectation) { w.Threads[1].Posts = w.Threads[1].Posts[:3] }, want: Verdict{Lost: 1}},
		{name: "a bounce of what nobody told Parley", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[1].Posts[2].EventLost = true
			w.Threads[1].Posts = w.Threads[1].Posts[:3]
		}, want: Verdict{EventsLost: 1}},
		{name: "the card names nobody", spoil: func(w *Observation, _ *Expectation) { w.Threads[0].Card = "Customer 001 Unassigned" }, want: Verdict{Forgotten: 1}},
		{name: "the card names another team", spoil: func(w *Observation, _ *Expectation) { w.Threads[0].Card = billing }, want: Verdict{Forgotten: 1}},
		{name: "handed over", spoil: func(w *Observation, t *Expectation) {
			w.Threads[0].Card = billing
			hand(w, t, handed)
		}},
		{name: "handed over, and the card names the team of before", spoil: func(w *Observation, t *Expectation) { hand(w, t, handed) }, want: Verdict{Forgotten: 1}},
		{name: "handed over, and the card names the owner of before", spoil: func(w *Observation, t *Expectation) {
			w.Threads[0].Card = owned
			hand(w, t, handed)
		}, want: Verdict{Forgotten: 1}},
		{name: "handed over, and taken by a click", spoil: func(w *Observation, t *Expectation) {
			w.Threads[0].Card, t.ActedIn["1"] = owned, true
			hand(w, t, handed)
		}},
		{name: "handed over, of which Parley was told late", spoil: func(w *Observation, t *Expectation) {
			w.Threads[0].Card, t.LateEvents["7.1"] = "Customer 001 Ann Lee · Support", true
			hand(w, t, handed)
		}},
		{name: "put back, and the card names the owner of before", spoil: func(w *Observation, t *Expectation) {
			w.Threads[0].Card = "Customer 001 Ann Lee · Support"
			hand(w, t, Operation{At: time.Unix(100, 0), Kind: OpUnassign, Root: "1", ID: "7.1"})
		}, want: Verdict{Forgotten: 1}},
		{name: "put back", spoil: func(w *Observation, t *Expectation) {
			w.Threads[0].Card = supported
			hand(w, t, Operation{At: time.Unix(100, 0), Kind: OpUnassign, Root: "1", ID: "7.1"})
		}},
		{name: "a waiting customer's conversation is resolved", spoil: func(w *Observation, _ *Expectation) { w.Threads[0].Card = "Customer 001 · Resolved" }, want: Verdict{Forgotten: 1}},
		{name: "resolved before the customer's words were shown", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Card = "Customer 001 · Resolved"
			w.Threads[0].Posts[5].IsResolve = true
		}, want: Verdict{ResolvedUnseen: 1}},
		{name: "a resolved conversation whose customer was answered", spoil: func(w *Observation, t *Expectation) {
			w.Threads[0].Card = "Customer 001 · Resolved"
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "8", Author: "U1", Markers: []Marker{{Outbound, 1, 7}}})
			w.Mailboxes[0].Received = append(w.Mailboxes[0].Received, Message{ID: "z", Markers: []Marker{{Outbound, 1, 7}}})
			t.History = append(t.History, Operation{Kind: OpPost, Marker: Marker{Outbound, 1, 7}, Root: "1", ID: "8"})
		}},
	}
}

// editBack lets the author of a reply to a mailbox that is gone correct it.
func editBack(w *Observation, t *Expectation) {
	m := Marker{Edited, 2, 3}
	w.Threads[1].Posts[2].Markers = append(w.Threads[1].Posts[2].Markers, m)
	t.History = append(t.History, Operation{Kind: OpEdit, Marker: m, Conversation: 2, Root: "8", ID: "9.1"})
}

// ledgerCases: everything that was said must be seen, and nothing else.
func ledgerCases() []checkCase {
	return []checkCase{
		{name: "nothing was said and nothing was seen", spoil: func(w *Observation, t *Expectation) { *w, t.History = Observation{}, nil }, want: Verdict{Unaccounted: 1}},
		{name: "nothing was seen at all", spoil: func(w *Observation, t *Expectation) { *w, t.History = Observation{}, t.History[:3] }, want: Verdict{Unaccounted: 3}},
		{name: "a mailbox is missing", spoil: func(w *Observation, _ *Expectation) { w.Mailboxes = w.Mailboxes[:1] }, want: Verdict{Unaccounted: 1}},
		{name: "a thread is missing", spoil: func(w *Observation, _ *Expectation) { w.Threads = w.Threads[:1] }, want: Verdict{Unaccounted: 1, Lost: 1}},
		{name: "a phone forgot what was written", spoil: func(w *Observation, _ *Expectation) { w.Mailboxes[0].Sent = w.Mailboxes[0].Sent[:1] }, want: Verdict{Unaccounted: 1}},
		{name: "a remark is gone", spoil: func(w *Observation, _ *Expectation) { w.Threads[0].Posts = slices.Delete(w.Threads[0].Posts, 3, 4) }, want: Verdict{Unaccounted: 1}},
		{name: "a deleted reply still stands there", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "5.1", Author: "U1", Markers: []Marker{{Deleted, 1, 9}}})
		}, want: Verdict{Unaccounted: 1}},
		{name: "words that nobody said", spoil: func(w *Observation, _ *Expectation) { w.Threads[0].Posts[0].Markers = []Marker{{Internal, 1, 99}} }, want: Verdict{Unaccounted: 1}},
		{name: "an edit that the thread doesn't show", spoil: func(w *Observation, _ *Expectation) { w.Threads[0].Posts[4].Markers = []Marker{{Outbound, 1, 4}} }, want: Verdict{Unaccounted: 1}},
		{name: "an edit that did not reach the customer, and nobody says so", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received[1].Markers = []Marker{{Outbound, 1, 4}}
			t.LateEdits["5"] = true
			w.Threads[0].Posts = slices.Delete(w.Threads[0].Posts, 5, 6)
		}, want: Verdict{Lost: 1}},
		{name: "an edit told in time that did not reach the customer, and a line quotes what was sent", spoil: func(w *Observation, _ *Expectation) {
			w.Mailboxes[0].Received[1].Markers = []Marker{{Outbound, 1, 4}}
		}, want: Verdict{Lost: 1}},
		{name: "an edit told too late, and a line quotes what was sent", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received[1].Markers = []Marker{{Outbound, 1, 4}}
			t.LateEdits["5"] = true
		}},
		{name: "an edit after the clock ended the hold, and a line quotes what was sent", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received[1].Markers = []Marker{{Outbound, 1, 4}}
			t.Excused[Marker{Outbound, 1, 4}] = true
		}},
		{name: "an edit told too late of a reply that reached nobody", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received = w.Mailboxes[0].Received[:1]
			t.LateEdits["5"] = true
		}, want: Verdict{Lost: 2}},
		{name: "an edit that was kept, and a line keeps the new words", spoil: func(w *Observation, _ *Expectation) {
			w.Mailboxes[0].Received[1].Markers = []Marker{{Outbound, 1, 4}}
			w.Threads[0].Posts[5].Markers = []Marker{{Edited, 1, 6}}
		}},
		{name: "an edit of what came back, and a line says that it did", spoil: editBack},
		{name: "an edit of what came back, and no line says so", spoil: func(w *Observation, t *Expectation) {
			editBack(w, t)
			w.Threads[1].Posts = w.Threads[1].Posts[:3]
		}, want: Verdict{Lost: 2}},
		{name: "an edit of which nobody told Parley", spoil: func(w *Observation, t *Expectation) {
			w.Mailboxes[0].Received[1].Markers = []Marker{{Outbound, 1, 4}}
			t.LostEvents["5"] = true
		}, want: Verdict{EventsLost: 1}},
		{name: "an edit of a reply of which nobody told Parley", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts[4].EventLost = true
			w.Mailboxes[0].Received = w.Mailboxes[0].Received[:1]
		}, want: Verdict{EventsLost: 2}},
		{name: "a command that the thread doesn't show", spoil: func(_ *Observation, t *Expectation) {
			t.History = append(t.History, Operation{Kind: OpResolve, Root: "1", ID: "77"})
		}, want: Verdict{Unaccounted: 1}},
		{name: "a phone still sends", spoil: func(w *Observation, _ *Expectation) { w.Mailboxes[1].Unsent = 2 }, want: Verdict{Lost: 2}},
	}
}
