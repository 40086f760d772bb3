package teams

import (
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/channels"
)

// lost makes a post of which the answer is lost, and gives what is found of it after since
// changed what is known.
func (w *world) lost(p bridge.Post, since func(*bridge.Post)) (channels.Outcome, bridge.Sent) {
	w.t.Helper()
	w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultDrop, After: true, Times: 1})
	if se := w.refused(p); se.Class != channels.Ambiguous {
		w.t.Fatal(se)
	}
	since(&p)
	outcome, sent, err := w.s.Reconcile(within(w.t), p)
	must(w.t, err)
	return outcome, sent
}

// TestNameBecomesKnown: whatever names the customer is found again when the customer is called
// otherwise by then, and isn't taken for what says something else.
func TestNameBecomesKnown(t *testing.T) {
	t.Parallel()
	w, d, root, _ := talk(t)
	unknown, known := bridge.PartyRef{Name: "+15550100", Address: "+15550100"}, bridge.PartyRef{Name: "Cara Lind", Address: "+15550100"}
	post := func(kind bridge.PostKind) bridge.Post {
		p := bridge.Post{Kind: kind, Token: string(kind), Attempt: 1, FirstAttemptAt: time.Now(), Place: bridge.Place{Channel: w.channel, Thread: root}, Facts: sampleFacts()}
		p.Facts.Contact = unknown
		return p
	}
	said := post(bridge.PostSaid)
	said.Said = &bridge.Said{MessageID: 1, From: unknown, Text: "Help\nI wait.", Then: []bridge.Said{{From: unknown, Text: "Now"}}}
	files := post(bridge.PostFiles)
	files.Said = &bridge.Said{MessageID: 1, From: unknown}
	files.Files = []channels.File{fileOf("plan.pdf", "application/pdf", []byte("plan"))}
	files.Missing = []bridge.Missing{{Name: "film.mp4", Reason: "it expired"}}
	line := post(bridge.PostLine)
	line.Line = &bridge.Line{Content: &bridge.ReactedLine{Emoji: "👍", Message: "On its way"}, Customer: unknown}
	for _, c := range []struct {
		post  bridge.Post
		other func(*bridge.Post)
	}{
		{said, func(p *bridge.Post) { p.Said.Text = "Helper" }},
		{files, func(p *bridge.Post) { p.Files[0].Name = "plan2.pdf" }},
		{line, func(p *bridge.Post) { p.Line.Content = &bridge.ReactedLine{Emoji: "👍", Message: "On its way back"} }},
	} {
		outcome, sent := w.lost(c.post, func(p *bridge.Post) {
			p.Facts.Contact = known
			if p.Said != nil {
				p.Said.From = known
			}
			if p.Line != nil {
				p.Line.Customer = known
			}
		})
		if outcome != channels.Landed || sent.Message == "" {
			t.Errorf("%s: %v %+v", c.post.Kind, outcome, sent)
		}
		d.Own(w.channel, sent.Message)
		other := c.post
		other.Token = "another"
		if outcome, _, err := w.s.Reconcile(within(t), other); outcome != channels.Absent || err != nil {
			t.Errorf("%s: what is recorded is taken for another: %v, %v", c.post.Kind, outcome, err)
		}
		if outcome, _ = w.lost(other, c.other); outcome != channels.Absent {
			t.Errorf("%s: other words are taken for it: %v", c.post.Kind, outcome)
		}
	}
}

// TestCardFound: every part of a card is found again, though most have no button and Graph
// doesn't give a card as it was sent; and what it says may have changed since.
func TestCardFound(t *testing.T) {
	t.Parallel()
	w, _, root, _ := talk(t)
	p := bridge.Post{Kind: bridge.PostLine, Token: "long", Attempt: 1, FirstAttemptAt: time.Now(), Place: bridge.Place{Channel: w.channel, Thread: root}, Facts: sampleFacts(),
		Line: &bridge.Line{Content: &bridge.AskLine{}, Text: strings.Repeat("a long story, told again\n\n", 2000), Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Message: 7}}}
	for more := true; more; p.Part++ {
		outcome, sent := w.lost(p, func(p *bridge.Post) { p.Facts.Subject = "Printer works" })
		if outcome != channels.Landed {
			t.Fatalf("part %d: %v", p.Part, outcome)
		}
		if thread := w.fake.Thread(w.channel, root); thread[len(thread)-1].ID != sent.Message { // none is recorded
			t.Errorf("part %d is taken for another", p.Part)
		}
		more = sent.More
	}
	if p.Part < 3 {
		t.Errorf("%d parts", p.Part)
	}
	w.noProblems()
}
