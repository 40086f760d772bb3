package torture

import (
	"fmt"
	"slices"
	"strings"
)

// world is what the emulators show once everything is quiet.
type world struct {
	Threads []thread
	Boxes   []box
}

// thread is one thread of the support channel, oldest post first.
type thread struct {
	Root  string
	Card  string // what our root shows; "" = it is somebody else's
	Posts []post
}

// post is one message in the chat.
type post struct {
	TS    string
	User  string // of a person; "" = ours
	Name  string // of a customer, where we post in his name
	Token string // the delivery that made it; "" = none
	Marks []mark

	Buttons map[string]string // what clicks on ours name, by verb
	Resolve bool              // a person's command that ends the conversation
	Again   bool              // of ours: it says that it may be there twice, and nobody may look
	Untold  bool              // of a person: the platform gave up telling Parley, who may not look
}

// box is one customer's mailbox.
type box struct {
	Conv  int
	Wrote []mark // in the order in which the company's mailbox took it
	Inbox []letter
	// Waiting are texts that the customer's phone has not sent yet.
	Waiting int
}

// letter is a mail that a customer received.
type letter struct {
	ID    string // Message-ID
	Marks []mark
}

// Verdict is the oracle's judgement by the definitions of the design.
type Verdict struct {
	Mails     int `json:"mails"`   // written by customers
	Replies   int `json:"replies"` // typed by agents, for the customer
	Inside    int `json:"inside"`  // typed, not for the customer
	Lost      int `json:"lost"`
	Doubled   int `json:"doubled"`
	Reordered int `json:"reordered"`
	Leaked    int `json:"leaked"`
	Scattered int `json:"scattered"` // mails of one conversation outside its thread
	Ambiguous int `json:"ambiguous"` // nobody could tell: decided by the oracle's agent
	Clicked   int `json:"clicked"`   // asked or parked, sent by the oracle's agent
	Late      int `json:"late"`      // deleted during the hold, yet received
	Forgotten int `json:"forgotten"` // the customer spoke last, and the card names neither owner nor queue
	// Unseen counts customers who wait in a resolved conversation, as their words came
	// into the thread only after it was resolved. It breaks no promise of the design.
	Unseen  int `json:"unseen"`
	Excused int `json:"excused"` // received though deleted, or out of order: the platform could not tell of it within the hold
	Twice   int `json:"twice"`   // customers' messages and lines shown twice, marked as such, where Parley may not look
	Untold  int `json:"untold"`  // replies of which the platform gave up telling Parley, who may not look
	Backs   int `json:"backs"`   // replies that came back, as the thread says
	// Findings says what is behind each count, at most a few dozen.
	Findings []string `json:"findings,omitempty"`
}

// Bad says that a promise was broken.
func (v *Verdict) Bad() bool {
	return v.Lost+v.Doubled+v.Reordered+v.Leaked+v.Scattered+v.Late+v.Forgotten > 0
}

func (v *Verdict) find(count *int, format string, args ...any) {
	const most = 40
	*count++
	if len(v.Findings) < most {
		v.Findings = append(v.Findings, fmt.Sprintf(format, args...))
	}
}

// judge compares what was said with what arrived. byClick holds the replies that left
// by a person's request: their place in the order, and a second copy after Send again,
// are what that person asked for. excused holds deletions and replies of which Parley could
// not know within the hold.
func judge(w world, byClick, excused map[mark]bool) Verdict {
	var v Verdict
	judgeThreads(&v, w, excused)
	judgeCare(&v, w)
	replies, untold := map[int][]mark{}, map[mark]bool{}
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Marks {
				switch {
				case p.User == "":
				case m.Kind == inside:
					v.Inside++
				case m.Kind == out:
					v.Replies++
					replies[m.Conv] = append(replies[m.Conv], m)
					untold[m] = untold[m] || p.Untold
				}
			}
		}
	}
	for _, b := range w.Boxes {
		judgeBox(&v, b, replies[b.Conv], byClick, excused, untold)
	}
	return v
}

// judgeThreads looks for each mail, once, in the one thread of its conversation.
func judgeThreads(v *Verdict, w world, excused map[mark]bool) {
	home := map[int]string{}
	seen := map[mark]int{}
	again := map[mark]bool{}
	judgeTokens(v, w)
	for _, t := range w.Threads {
		owner := 0
		last := 0
		for _, p := range t.Posts {
			if p.User != "" || p.Name == "" {
				continue
			}
			for _, m := range p.Marks {
				if m.Kind != said {
					continue
				}
				again[m] = again[m] || p.Again
				if seen[m]++; seen[m] > 1 && again[m] {
					v.Twice++
					continue
				}
				if seen[m] > 1 {
					v.find(&v.Doubled, "%s is shown %d times, now at %s", m, seen[m], p.TS)
					continue
				}
				switch {
				case owner == 0:
					owner = m.Conv
				case owner != m.Conv:
					v.find(&v.Leaked, "%s of customer %d stands in the thread of customer %d", m, m.Conv, owner)
				}
				if m.N < last && !excused[m] {
					v.find(&v.Reordered, "%s stands after number %d in its thread", m, last)
				}
				last = m.N
				if home[m.Conv] == "" {
					home[m.Conv] = t.Root
				} else if home[m.Conv] != t.Root {
					v.find(&v.Scattered, "%s stands in the thread %s, not in %s", m, t.Root, home[m.Conv])
				}
			}
		}
	}
	for _, b := range w.Boxes {
		for range b.Waiting {
			v.find(&v.Lost, "the phone of customer %d still sends", b.Conv)
		}
		for _, m := range b.Wrote {
			v.Mails++
			if seen[m] == 0 {
				v.find(&v.Lost, "%s was mailed and stands in no thread", m)
			}
		}
	}
}

// judgeTokens looks for deliveries that made more than one post.
func judgeTokens(v *Verdict, w world) {
	tokens := map[string]string{}
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			if p.Token == "" {
				continue
			}
			if first, twice := tokens[p.Token]; twice && p.Again {
				v.Twice++
			} else if twice {
				v.find(&v.Doubled, "the posts %s and %s come from one delivery", first, p.TS)
			}
			tokens[p.Token] = p.TS
		}
	}
}

// judgeCare looks at each thread as the people of the team do: is it said what failed, and
// is somebody named for the customer who waits?
func judgeCare(v *Verdict, w world) {
	for _, t := range w.Threads {
		told := map[mark]bool{}
		for _, p := range t.Posts {
			for _, m := range p.Marks {
				told[m] = told[m] || m.Kind == back && p.User == ""
			}
		}
		waits, resolved := mark{}, false
		for _, p := range t.Posts {
			resolved = resolved || p.Resolve
			for _, m := range p.Marks {
				switch {
				case m.Kind == back && p.User != "":
					v.Backs++
					if !told[m] {
						v.find(&v.Lost, "%s came back and its author was not told", m)
					}
				case m.Kind == said && p.Name != "" && p.User == "":
					waits = m
				case m.Kind == out && p.User != "":
					waits = mark{}
				}
			}
		}
		switch {
		case waits == (mark{}) || cared(t.Card):
		case resolved && strings.Contains(t.Card, "Resolved"):
			v.Unseen++
		default:
			v.find(&v.Forgotten, "the customer of %s waits, and the card shows neither owner nor queue: %q", waits, t.Card)
		}
	}
}

// cared says whether the card of an open conversation names an owner or a team: those of a
// resolved one name neither.
func cared(card string) bool {
	return slices.ContainsFunc([]string{"Support", "Ann Lee", "Ben Katz"}, func(name string) bool { return strings.Contains(card, name) })
}

// judgeBox checks what a customer received against what was to reach him.
func judgeBox(v *Verdict, b box, replies []mark, byClick, excused, untold map[mark]bool) {
	got := map[mark]int{}
	var order []mark
	for _, l := range b.Inbox {
		for _, m := range l.Marks {
			switch {
			case m.Kind == inside:
				v.find(&v.Leaked, "%s was typed for inside and reached customer %d", m, b.Conv)
			case m.Kind == gone && excused[m]:
				v.Excused++
			case m.Kind == gone:
				v.find(&v.Late, "%s was deleted during the hold and reached the customer", m)
			case m.Conv != b.Conv:
				v.find(&v.Leaked, "%s reached customer %d", m, b.Conv)
			case m.Kind == out:
				if got[m]++; got[m] == 1 {
					order = append(order, m)
				}
			}
		}
	}
	for _, m := range replies {
		switch n := got[m]; {
		case n == 0 && untold[m]:
			v.Untold++
		case n == 0:
			v.find(&v.Lost, "%s was typed and reached nobody", m)
		case n > 1 && !byClick[m]:
			v.find(&v.Doubled, "%s reached the customer %d times", m, n)
		}
	}
	for m := range got {
		if !slices.Contains(replies, m) {
			v.find(&v.Leaked, "%s reached the customer and stands in no thread of his", m)
		}
	}
	place := func(m mark) int { return slices.Index(replies, m) }
	last := -1
	for _, m := range order {
		if byClick[m] || place(m) < 0 {
			continue
		}
		if place(m) < last && excused[m] {
			v.Excused++
			continue
		}
		if place(m) < last {
			v.find(&v.Reordered, "%s reached the customer after %s", m, replies[last])
		}
		last = max(last, place(m))
	}
}
