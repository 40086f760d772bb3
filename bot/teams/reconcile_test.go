package teams

import (
	"fmt"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/channels"
)

// sendWithLostAnswer sends a post that Teams makes, but whose answer is lost.
func (w *world) sendWithLostAnswer(p bridge.Post) {
	w.t.Helper()
	w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultDrop, After: true, Times: 1})
	wantEqual(w.t, "class of the lost answer", w.mustFail(p).Class, channels.Ambiguous)
}

// customerByNumber and customerByName are the same customer. Only her number is known at first, and later her name.
func customerByNumber() bridge.PartyRef {
	return bridge.PartyRef{Name: "+15550100", Address: "+15550100"}
}

func customerByName() bridge.PartyRef {
	return bridge.PartyRef{Name: "Cara Lind", Address: "+15550100"}
}

// namedPost is a post that shows the customer's name.
type namedPost struct {
	kind  bridge.PostKind
	fill  func(p *bridge.Post, customer bridge.PartyRef) // fills in what the post shows
	alter func(*bridge.Post)                             // makes the post show something else
}

func namedPosts() []namedPost {
	return []namedPost{
		{
			kind: bridge.PostSaid,
			fill: func(p *bridge.Post, customer bridge.PartyRef) {
				p.Said = &bridge.Said{
					MessageID: 1, From: customer, Text: "Help\nI wait.",
					Then: []bridge.Said{{From: customerByNumber(), Text: "Now"}},
				}
			},
			alter: func(p *bridge.Post) { p.Said.Text = "Helper" },
		},
		{
			kind: bridge.PostFiles,
			fill: func(p *bridge.Post, customer bridge.PartyRef) {
				p.Said = &bridge.Said{MessageID: 1, From: customer}
				p.Files = []channels.File{fileWith("plan.pdf", "application/pdf", []byte("plan"))}
				p.Missing = []bridge.Missing{{Name: "film.mp4", Reason: "it expired"}}
			},
			alter: func(p *bridge.Post) { p.Files[0].Name = "plan2.pdf" },
		},
		{
			kind: bridge.PostLine,
			fill: func(p *bridge.Post, customer bridge.PartyRef) {
				p.Line = &bridge.Line{Content: &bridge.ReactedLine{Emoji: "👍", Message: "On its way"}, Customer: customer}
			},
			alter: func(p *bridge.Post) { p.Line.Content = &bridge.ReactedLine{Emoji: "👍", Message: "On its way back"} },
		},
	}
}

// newNamedPost makes a namedPost that shows this name.
func (w *world) newNamedPost(n namedPost, customer bridge.PartyRef) bridge.Post {
	p := w.newPost(n.kind, string(n.kind))
	p.Facts.Contact = customer
	n.fill(&p, customer)
	return p
}

// forEachNamedPost runs a check for each kind of namedPost.
func forEachNamedPost(t *testing.T, check func(*testing.T, *world, namedPost)) {
	t.Helper()
	for _, n := range namedPosts() {
		t.Run(string(n.kind), func(t *testing.T) {
			t.Parallel()
			check(t, newThreadWorld(t), n)
		})
	}
}

// A post that is already recorded isn't taken for another one with the same words.
func TestReconcileDoesNotTakeARecordedPost(t *testing.T) {
	t.Parallel()
	forEachNamedPost(t, func(_ *testing.T, w *world, n namedPost) {
		w.sendWithLostAnswer(w.newNamedPost(n, customerByNumber()))
		sent := w.wantReconciled(w.newNamedPost(n, customerByName()), channels.Landed)
		w.desk.Own(w.channel, sent.Message)
		other := w.newNamedPost(n, customerByName())
		other.Token = "another"
		w.wantReconciled(other, channels.Absent)
	})
}

// A post isn't taken for another one that says something else.
func TestReconcileDoesNotTakeAPostWithOtherWords(t *testing.T) {
	t.Parallel()
	forEachNamedPost(t, func(_ *testing.T, w *world, n namedPost) {
		w.sendWithLostAnswer(w.newNamedPost(n, customerByNumber()))
		other := w.newNamedPost(n, customerByName())
		other.Token = "another"
		n.alter(&other)
		w.wantReconciled(other, channels.Absent)
	})
}

// Each part of a card is found, although most parts have no button and Graph doesn't show a card as it was sent. It is
// found even if the card's contents have changed since.
func TestReconcilePartsOfACard(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	p := w.newPost(bridge.PostLine, "long")
	p.Line = &bridge.Line{
		Content: &bridge.AskLine{},
		Text:    strings.Repeat("a long story, told again\n\n", 2000),
		Verbs:   []bridge.Verb{bridge.VerbSend},
		Args:    bridge.Args{Message: 7},
	}

	for more := true; more; p.Part++ {
		w.sendWithLostAnswer(p)
		changed := p
		changed.Facts.Subject = "Printer works"
		sent := w.wantReconciled(changed, channels.Landed)
		thread := w.fake.Thread(w.channel, w.root) // none of the parts is recorded
		wantEqual(t, fmt.Sprintf("message of part %d", p.Part), sent.Message, thread[len(thread)-1].ID)
		more = sent.More
	}
	if p.Part < 3 {
		t.Errorf("got %d parts, want at least 3, as this test shows little with fewer", p.Part)
	}
	w.wantNoProblems()
}
