package teams

import (
	"fmt"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/channels"
)

// reconcileLost makes a post of which the answer is lost, and returns what is found of it after change was applied to it.
func (w *world) reconcileLost(p bridge.Post, change func(*bridge.Post)) (channels.Outcome, bridge.Sent) {
	w.t.Helper()
	w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultDrop, After: true, Times: 1})
	wantEqual(w.t, "class of the lost answer", w.mustFail(p).Class, channels.Ambiguous)
	change(&p)
	outcome, sent, err := w.surface.Reconcile(w.ctx(), p)
	must(w.t, err)
	return outcome, sent
}

// A post that names the customer is found although the customer is called otherwise by then, and isn't taken for one that says
// something else.
func TestReconcileAfterNameBecameKnown(t *testing.T) {
	t.Parallel()
	unknown, known := bridge.PartyRef{Name: "+15550100", Address: "+15550100"}, bridge.PartyRef{Name: "Cara Lind", Address: "+15550100"}
	for kind, tt := range map[bridge.PostKind]struct {
		fill  func(*bridge.Post) // with what the post shows
		alter func(*bridge.Post) // so that it shows something else
	}{
		bridge.PostSaid: {
			fill: func(p *bridge.Post) {
				p.Said = &bridge.Said{MessageID: 1, From: unknown, Text: "Help\nI wait.", Then: []bridge.Said{{From: unknown, Text: "Now"}}}
			},
			alter: func(p *bridge.Post) { p.Said.Text = "Helper" },
		},
		bridge.PostFiles: {
			fill: func(p *bridge.Post) {
				p.Said = &bridge.Said{MessageID: 1, From: unknown}
				p.Files = []channels.File{fileWith("plan.pdf", "application/pdf", []byte("plan"))}
				p.Missing = []bridge.Missing{{Name: "film.mp4", Reason: "it expired"}}
			},
			alter: func(p *bridge.Post) { p.Files[0].Name = "plan2.pdf" },
		},
		bridge.PostLine: {
			fill: func(p *bridge.Post) {
				p.Line = &bridge.Line{Content: &bridge.ReactedLine{Emoji: "👍", Message: "On its way"}, Customer: unknown}
			},
			alter: func(p *bridge.Post) { p.Line.Content = &bridge.ReactedLine{Emoji: "👍", Message: "On its way back"} },
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newTalk(t)
			p := w.newPost(kind, string(kind))
			p.Facts.Contact = unknown
			tt.fill(&p)
			outcome, sent := w.reconcileLost(p, func(p *bridge.Post) {
				p.Facts.Contact = known
				if p.Said != nil {
					p.Said.From = known
				}
				if p.Line != nil {
					p.Line.Customer = known
				}
			})
			wantEqual(t, "found under another name", outcome, channels.Landed)

			// Once it is recorded, it isn't taken for another post with the same words, nor for one with others.
			w.desk.Own(w.channel, sent.Message)
			other := p
			other.Token = "another"
			w.wantReconciled(other, channels.Absent)
			outcome, _ = w.reconcileLost(other, tt.alter)
			wantEqual(t, "found of other words", outcome, channels.Absent)
		})
	}
}

// Every part of a card is found, though most have no button and Graph doesn't show a card as it was sent, and also if what it says has
// changed since.
func TestReconcileParts(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	p := w.newPost(bridge.PostLine, "long")
	p.Line = &bridge.Line{Content: &bridge.AskLine{}, Text: strings.Repeat("a long story, told again\n\n", 2000),
		Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Message: 7}}
	for more := true; more; p.Part++ {
		outcome, sent := w.reconcileLost(p, func(p *bridge.Post) { p.Facts.Subject = "Printer works" })
		if outcome != channels.Landed {
			t.Fatalf("found of part %d: %v, want %v", p.Part, outcome, channels.Landed)
		}
		thread := w.fake.Thread(w.channel, w.root) // none of the parts is recorded
		wantEqual(t, fmt.Sprintf("message of part %d", p.Part), sent.Message, thread[len(thread)-1].ID)
		more = sent.More
	}
	if p.Part < 3 {
		t.Errorf("got %d parts, want at least 3: else this test shows little", p.Part)
	}
	w.wantNoProblems()
}
