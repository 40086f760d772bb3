package judge

import (
	"slices"
	"time"
)

// judgeCase is a way to spoil the good world, and what the verdict is to find. The counts of
// what was said are not compared.
type judgeCase struct {
	name  string
	spoil func(*World, *Testimony)
	want  Verdict
}

func threadCases() []judgeCase {
	dora := Mark{Said, 2, 1}
	return []judgeCase{
		{name: "all kept", spoil: func(*World, *Testimony) {}},
		{name: "mail in no thread", spoil: func(w *World, _ *Testimony) { w.Threads[1].Posts[1].Marks = nil }, want: Verdict{Lost: 1}},
		{name: "mail posted twice", spoil: func(w *World, _ *Testimony) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, Post{TS: "10", Name: "Dora", Marks: []Mark{dora}})
		}, want: Verdict{Doubled: 1}},
		{name: "mail twice in one post", spoil: func(w *World, _ *Testimony) {
			w.Threads[1].Posts[1].Marks = MarksIn("said-c002-1\n\nsaid-c002-1")
		}, want: Verdict{Doubled: 1}},
		{name: "mail shown twice, and it says so", spoil: func(w *World, _ *Testimony) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, Post{TS: "10", Name: "Dora", Again: true, Marks: []Mark{dora}})
		}, want: Verdict{Twice: 1}},
		{name: "mail shown three times, and one says so", spoil: func(w *World, _ *Testimony) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, Post{TS: "10", Name: "Dora", Again: true, Marks: []Mark{dora}},
				Post{TS: "11", Name: "Dora", Marks: []Mark{dora}})
		}, want: Verdict{Twice: 1, Doubled: 1}},
		{name: "mail twice in one post that says so", spoil: func(w *World, _ *Testimony) {
			w.Threads[1].Posts[1].Marks, w.Threads[1].Posts[1].Again = []Mark{dora, dora}, true
		}, want: Verdict{Doubled: 1}},
		{name: "mail shown twice, the first attempt last", spoil: func(w *World, _ *Testimony) {
			w.Threads[1].Posts[1].Again = true
			w.Threads[1].Posts = append(w.Threads[1].Posts, Post{TS: "10", Name: "Dora", Marks: []Mark{dora}})
		}, want: Verdict{Twice: 1}},
		{name: "one line posted twice, and it says so", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "10", Token: "c.0", Again: true})
		}, want: Verdict{Twice: 1}},
		{name: "one line posted three times, and one says so", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "10", Token: "c.0", Again: true}, Post{TS: "11", Token: "c.0"})
		}, want: Verdict{Twice: 1, Doubled: 1}},
		{name: "one delivery posted twice", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "10", Token: "c.0"})
		}, want: Verdict{Doubled: 1}},
		{name: "mails posted in the wrong order", spoil: func(w *World, _ *Testimony) {
			p := w.Threads[0].Posts
			p[1].Marks, p[6].Marks = p[6].Marks, p[1].Marks
		}, want: Verdict{Reordered: 1}},
		{name: "texts of which the phone told late, in the wrong order", spoil: func(w *World, t *Testimony) {
			p := w.Threads[0].Posts
			p[1].Marks, p[6].Marks = p[6].Marks, p[1].Marks
			t.Excused[Mark{Said, 1, 1}] = true
		}, want: Verdict{Excused: 1}},
		{name: "mail in a second thread", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts = w.Threads[0].Posts[:6]
			w.Threads = append(w.Threads, Thread{Root: "20", Card: "Support", Posts: []Post{{TS: "21", Name: "Cara", Marks: []Mark{{Said, 1, 5}}}}})
		}, want: Verdict{Scattered: 1}},
		{name: "mail in another customer's thread", spoil: func(w *World, _ *Testimony) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, w.Threads[0].Posts[6])
			w.Threads[0].Posts = w.Threads[0].Posts[:6]
		}, want: Verdict{Leaked: 1, Scattered: 1}},
	}
}

func boxCases() []judgeCase {
	return []judgeCase{
		{name: "reply reached nobody", spoil: func(w *World, _ *Testimony) { w.Boxes[0].Inbox = w.Boxes[0].Inbox[1:] }, want: Verdict{Lost: 1}},
		{name: "reply of which nobody told Parley", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts[2].Untold = true
			w.Boxes[0].Inbox = w.Boxes[0].Inbox[1:]
		}, want: Verdict{Untold: 1}},
		{name: "reply twice, though nobody told Parley", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts[4].Untold = true
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, w.Boxes[0].Inbox[1])
		}, want: Verdict{Doubled: 1}},
		{name: "reply twice", spoil: func(w *World, _ *Testimony) {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, w.Boxes[0].Inbox[1])
		}, want: Verdict{Doubled: 1}},
		{name: "reply twice in one mail", spoil: func(w *World, _ *Testimony) {
			w.Boxes[0].Inbox[0].Marks = MarksIn("out-c001-2\n\nout-c001-2")
		}, want: Verdict{Doubled: 1}},
		{name: "replies in the wrong order", spoil: func(w *World, _ *Testimony) { slices.Reverse(w.Boxes[0].Inbox) }, want: Verdict{Reordered: 1}},
		{name: "order of what the platform told late", spoil: func(w *World, t *Testimony) {
			slices.Reverse(w.Boxes[0].Inbox)
			t.Excused[Mark{Out, 1, 2}] = true
		}, want: Verdict{Excused: 1}},
		{name: "internal text in a mailbox", spoil: func(w *World, _ *Testimony) {
			w.Boxes[0].Inbox[0].Marks = append(w.Boxes[0].Inbox[0].Marks, Mark{Inside, 1, 3})
		}, want: Verdict{Leaked: 1}},
		{name: "another customer's reply", spoil: func(w *World, _ *Testimony) {
			w.Boxes[1].Inbox = append(w.Boxes[1].Inbox, Letter{ID: "z", Marks: []Mark{{Out, 1, 4}}})
		}, want: Verdict{Leaked: 1}},
		{name: "another customer's words, quoted", spoil: func(w *World, _ *Testimony) {
			w.Boxes[1].Inbox = append(w.Boxes[1].Inbox, Letter{ID: "z", Marks: []Mark{{Said, 1, 1}}})
		}, want: Verdict{Leaked: 1}},
		{name: "deleted in the hold", spoil: func(w *World, _ *Testimony) {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, Letter{ID: "z", Marks: []Mark{{Gone, 1, 9}}})
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "8", Marks: []Mark{{Gone, 1, 9}}})
		}, want: Verdict{Late: 1}},
		{name: "deleted in the hold, which the platform could not tell, and a line says so", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, Letter{ID: "z", Marks: []Mark{{Gone, 1, 9}}})
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "8", Marks: []Mark{{Gone, 1, 9}}})
			t.Excused[Mark{Gone, 1, 9}] = true
		}, want: Verdict{Excused: 1}},
		{name: "deleted in the hold, which the platform could not tell, and nobody says so", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, Letter{ID: "z", Marks: []Mark{{Gone, 1, 9}}})
			t.Excused[Mark{Gone, 1, 9}] = true
		}, want: Verdict{Excused: 1, Lost: 1}},
		{name: "deleted, and the platform never told it", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, Letter{ID: "z", Marks: []Mark{{Gone, 1, 9}}})
			t.Excused[Mark{Gone, 1, 9}], t.Never["5.1"] = true, true
		}, want: Verdict{Excused: 1, Untold: 1}},
	}
}

// clickCases: a click excuses one more copy, and one place in the order, of one reply.
func clickCases() []judgeCase {
	first, second := Mark{Out, 1, 2}, Mark{Out, 1, 4}
	again := func(w *World, n int) {
		for range n {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, Letter{ID: "again", Marks: []Mark{first}})
		}
	}
	return []judgeCase{
		{name: "a second copy, asked for where nobody could tell", spoil: func(w *World, t *Testimony) {
			again(w, 1)
			t.Clicks[first] = Clicks{Sent: 1, Again: 1}
		}},
		{name: "a third copy, though one was asked for", spoil: func(w *World, t *Testimony) {
			again(w, 2)
			t.Clicks[first] = Clicks{Sent: 1, Again: 1}
		}, want: Verdict{Doubled: 1}},
		{name: "a second copy of what was asked about and sent once", spoil: func(w *World, t *Testimony) {
			again(w, 1)
			t.Clicks[first] = Clicks{Sent: 1}
		}, want: Verdict{Doubled: 1}},
		{name: "two copies in one mail, though one was asked for", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox[0].Marks = []Mark{first, first}
			t.Clicks[first] = Clicks{Sent: 1, Again: 1}
		}, want: Verdict{Doubled: 1}},
		{name: "the place of what a click sent", spoil: func(w *World, t *Testimony) {
			slices.Reverse(w.Boxes[0].Inbox)
			t.Clicks[first] = Clicks{Sent: 1}
		}},
		{name: "the place of a first copy, of which a click made a second", spoil: func(w *World, t *Testimony) {
			slices.Reverse(w.Boxes[0].Inbox)
			again(w, 1)
			t.Clicks[first] = Clicks{Sent: 1, Again: 1}
		}, want: Verdict{Reordered: 1}},
		{name: "all was asked about, clicked, sent three times and out of order", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox = []Letter{{ID: "x", Marks: []Mark{second, {Fixed, 1, 6}}}, {ID: "y", Marks: []Mark{second}}, {ID: "z", Marks: []Mark{second, first}}}
			t.Clicks[first], t.Clicks[second] = Clicks{Sent: 1}, Clicks{Sent: 1}
		}, want: Verdict{Doubled: 1}},
	}
}

// careCases: who waits must be in somebody's hands, and the card must say in whose.
func careCases() []judgeCase {
	handed := Record{At: time.Unix(100, 0), Did: ActHandOver, Root: "1", ID: "7.1", Team: OtherTeam}
	hand := func(w *World, t *Testimony, r Record) {
		t.Said = append(t.Said, r)
		w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: r.ID, User: "U1"})
	}
	const billing, owned, supported = "Customer 001 Unassigned · Billing", "Customer 001 Ann Lee · Billing", "Customer 001 Unassigned · Support"
	return []judgeCase{
		{name: "a bounce that nobody was told of", spoil: func(w *World, _ *Testimony) { w.Threads[1].Posts = w.Threads[1].Posts[:3] }, want: Verdict{Lost: 1}},
		{name: "a bounce of what nobody told Parley", spoil: func(w *World, _ *Testimony) {
			w.Threads[1].Posts[2].Untold = true
			w.Threads[1].Posts = w.Threads[1].Posts[:3]
		}, want: Verdict{Untold: 1}},
		{name: "the card names nobody", spoil: func(w *World, _ *Testimony) { w.Threads[0].Card = "Customer 001 Unassigned" }, want: Verdict{Forgotten: 1}},
		{name: "the card names another team", spoil: func(w *World, _ *Testimony) { w.Threads[0].Card = billing }, want: Verdict{Forgotten: 1}},
		{name: "handed over", spoil: func(w *World, t *Testimony) {
			w.Threads[0].Card = billing
			hand(w, t, handed)
		}},
		{name: "handed over, and the card names the team of before", spoil: func(w *World, t *Testimony) { hand(w, t, handed) }, want: Verdict{Forgotten: 1}},
		{name: "handed over, and the card names the owner of before", spoil: func(w *World, t *Testimony) {
			w.Threads[0].Card = owned
			hand(w, t, handed)
		}, want: Verdict{Forgotten: 1}},
		{name: "handed over, and taken by a click", spoil: func(w *World, t *Testimony) {
			w.Threads[0].Card, t.Answered["1"] = owned, true
			hand(w, t, handed)
		}},
		{name: "handed over, of which Parley was told late", spoil: func(w *World, t *Testimony) {
			w.Threads[0].Card, t.Late["7.1"] = "Customer 001 Ann Lee · Support", true
			hand(w, t, handed)
		}},
		{name: "put back, and the card names the owner of before", spoil: func(w *World, t *Testimony) {
			w.Threads[0].Card = "Customer 001 Ann Lee · Support"
			hand(w, t, Record{At: time.Unix(100, 0), Did: ActUnassign, Root: "1", ID: "7.1"})
		}, want: Verdict{Forgotten: 1}},
		{name: "put back", spoil: func(w *World, t *Testimony) {
			w.Threads[0].Card = supported
			hand(w, t, Record{At: time.Unix(100, 0), Did: ActUnassign, Root: "1", ID: "7.1"})
		}},
		{name: "a waiting customer's conversation is resolved", spoil: func(w *World, _ *Testimony) { w.Threads[0].Card = "Customer 001 · Resolved" }, want: Verdict{Forgotten: 1}},
		{name: "resolved before the customer's words were shown", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Card = "Customer 001 · Resolved"
			w.Threads[0].Posts[5].Resolve = true
		}, want: Verdict{Unseen: 1}},
		{name: "a resolved conversation whose customer was answered", spoil: func(w *World, t *Testimony) {
			w.Threads[0].Card = "Customer 001 · Resolved"
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "8", User: "U1", Marks: []Mark{{Out, 1, 7}}})
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, Letter{ID: "z", Marks: []Mark{{Out, 1, 7}}})
			t.Said = append(t.Said, Record{Did: ActType, Mark: Mark{Out, 1, 7}, Root: "1", ID: "8"})
		}},
	}
}

// editBack lets the author of a reply to a mailbox that is gone correct it.
func editBack(w *World, t *Testimony) {
	m := Mark{Fixed, 2, 3}
	w.Threads[1].Posts[2].Marks = append(w.Threads[1].Posts[2].Marks, m)
	t.Said = append(t.Said, Record{Did: ActEdit, Mark: m, Conv: 2, Root: "8", ID: "9.1"})
}

// ledgerCases: everything that was said must be seen, and nothing else.
func ledgerCases() []judgeCase {
	return []judgeCase{
		{name: "nothing was said and nothing was seen", spoil: func(w *World, t *Testimony) { *w, t.Said = World{}, nil }, want: Verdict{Unaccounted: 1}},
		{name: "nothing was seen at all", spoil: func(w *World, t *Testimony) { *w, t.Said = World{}, t.Said[:3] }, want: Verdict{Unaccounted: 3}},
		{name: "a mailbox is missing", spoil: func(w *World, _ *Testimony) { w.Boxes = w.Boxes[:1] }, want: Verdict{Unaccounted: 1}},
		{name: "a thread is missing", spoil: func(w *World, _ *Testimony) { w.Threads = w.Threads[:1] }, want: Verdict{Unaccounted: 1, Lost: 1}},
		{name: "a phone forgot what was written", spoil: func(w *World, _ *Testimony) { w.Boxes[0].Wrote = w.Boxes[0].Wrote[:1] }, want: Verdict{Unaccounted: 1}},
		{name: "a remark is gone", spoil: func(w *World, _ *Testimony) { w.Threads[0].Posts = slices.Delete(w.Threads[0].Posts, 3, 4) }, want: Verdict{Unaccounted: 1}},
		{name: "a deleted reply still stands there", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "5.1", User: "U1", Marks: []Mark{{Gone, 1, 9}}})
		}, want: Verdict{Unaccounted: 1}},
		{name: "words that nobody said", spoil: func(w *World, _ *Testimony) { w.Threads[0].Posts[0].Marks = []Mark{{Inside, 1, 99}} }, want: Verdict{Unaccounted: 1}},
		{name: "an edit that the thread doesn't show", spoil: func(w *World, _ *Testimony) { w.Threads[0].Posts[4].Marks = []Mark{{Out, 1, 4}} }, want: Verdict{Unaccounted: 1}},
		{name: "an edit that did not reach the customer, and nobody says so", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox[1].Marks = []Mark{{Out, 1, 4}}
			t.LateEdits["5"] = true
			w.Threads[0].Posts = slices.Delete(w.Threads[0].Posts, 5, 6)
		}, want: Verdict{Lost: 1}},
		{name: "an edit told in time that did not reach the customer, and a line quotes what was sent", spoil: func(w *World, _ *Testimony) {
			w.Boxes[0].Inbox[1].Marks = []Mark{{Out, 1, 4}}
		}, want: Verdict{Lost: 1}},
		{name: "an edit told too late, and a line quotes what was sent", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox[1].Marks = []Mark{{Out, 1, 4}}
			t.LateEdits["5"] = true
		}},
		{name: "an edit after the clock ended the hold, and a line quotes what was sent", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox[1].Marks = []Mark{{Out, 1, 4}}
			t.Excused[Mark{Out, 1, 4}] = true
		}},
		{name: "an edit told too late of a reply that reached nobody", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox = w.Boxes[0].Inbox[:1]
			t.LateEdits["5"] = true
		}, want: Verdict{Lost: 2}},
		{name: "an edit that was kept, and a line keeps the new words", spoil: func(w *World, _ *Testimony) {
			w.Boxes[0].Inbox[1].Marks = []Mark{{Out, 1, 4}}
			w.Threads[0].Posts[5].Marks = []Mark{{Fixed, 1, 6}}
		}},
		{name: "an edit of what came back, and a line says that it did", spoil: editBack},
		{name: "an edit of what came back, and no line says so", spoil: func(w *World, t *Testimony) {
			editBack(w, t)
			w.Threads[1].Posts = w.Threads[1].Posts[:3]
		}, want: Verdict{Lost: 2}},
		{name: "an edit of which nobody told Parley", spoil: func(w *World, t *Testimony) {
			w.Boxes[0].Inbox[1].Marks = []Mark{{Out, 1, 4}}
			t.Never["5"] = true
		}, want: Verdict{Untold: 1}},
		{name: "an edit of a reply of which nobody told Parley", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts[4].Untold = true
			w.Boxes[0].Inbox = w.Boxes[0].Inbox[:1]
		}, want: Verdict{Untold: 2}},
		{name: "a command that the thread doesn't show", spoil: func(_ *World, t *Testimony) {
			t.Said = append(t.Said, Record{Did: ActResolve, Root: "1", ID: "77"})
		}, want: Verdict{Unaccounted: 1}},
		{name: "a phone still sends", spoil: func(w *World, _ *Testimony) { w.Boxes[1].Waiting = 2 }, want: Verdict{Lost: 2}},
	}
}
