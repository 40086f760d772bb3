package engine

import (
	"fmt"

	"parley/bridge"
	"parley/store"
)

// postFailed handles a post that Parley has given up: it could not be delivered to the agents' chat (the surface). It makes sure that
// nothing a customer said goes unnoticed. For example, if the post of a customer's message was refused, it posts a line in the thread
// that says so. f is the event that reports the failure.
func (w *work) postFailed(c *Conversation, f Fact) {
	kind := bridge.PostKind(f.Post)
	if kind == bridge.PostDouble { // not a post, but the search for a duplicate of the thread's first message
		Doubles{Writer: w.Writer}.GiveUp(c, f.Account)
		return
	}

	d := w.Outbox.Delivery(f.Delivery)
	if d != nil && len(ListedInDigest(&d.Delivery)) > 0 {
		TellDigestLost(w, c)
		return
	}
	if postSaidElsewhere(w, c, d, f) {
		return
	}

	if w.askFailed(c, f) {
		return
	}

	w.Log.ByParley(c, store.DeedNotPosted, Detail{Message: f.Message, Text: f.Post, Why: bridge.InWords(f.Text)})
	isEdit := d != nil && d.DecodedPayload().Changes != 0
	if isEdit {
		w.PostUnchanged(c, d)
		return
	}

	explain := fmt.Sprintf("parley explain '#%d'", c.ID)
	switch kind {
	case bridge.PostSaid, bridge.PostFiles: // report it in the thread
		w.Line(c, bridge.Line{Content: &bridge.QuarantineLine{
			Account: c.Account.Name,
			Trouble: f.Text,
			Hint:    "The original is kept: " + explain,
		}})
	case bridge.PostRoot, bridge.PostLine: // another line would probably fail too, so notify the admins
		w.TellCondition(Fact{
			Account: f.Account,
			Text:    fmt.Sprintf("Something for conversation #%d could not be posted: %s", c.ID, f.Text),
			Hint:    explain,
		}, NoPage)
	case bridge.PostCard, bridge.PostMark, bridge.PostEphemeral, bridge.PostErased, bridge.PostDouble: // nothing that was said is missing
	}
}

// postSaidElsewhere posts a customer's words again after their post d has failed, if agents now work on the conversation elsewhere. It
// posts them
//   - in the other chat to which the conversation has moved;
//   - in the same chat, if the post failed only because the conversation had moved away, it has moved back since, and no part of the
//     post was delivered.
//
// Otherwise, or if d contains nothing of the customer's, it returns false. d may be nil.
func postSaidElsewhere(w *work, c *Conversation, d *Delivery, f Fact) bool {
	home := c.Home(w.Dir)
	if d == nil || home == nil {
		return false
	}
	hasMovedAway := home.AccountID != f.Account
	hasMovedBack := f.Hint == GoesOnElsewhere && d.Part == 0
	if !hasMovedAway && !hasMovedBack {
		return false
	}
	if !ShowsSaid(&d.Delivery) {
		return false
	}

	c.Unshown = true
	p, kind, m := d.DecodedPayload(), bridge.PostKind(d.Kind), w.Messages.Get(d.MessageID)
	if kind == bridge.PostLine {
		w.Line(c, *p.Line)
		return true
	}

	isLate := m != nil && IsLate(m, w.DatabaseNow)
	again := Payload{Quote: p.Quote, Subject: p.Subject, Answers: p.Answers, Dated: isLate, Files: p.Files, Only: p.Only}
	w.PostTo(c, home, kind, d.MessageID, again)
	if m != nil && kind == bridge.PostFiles {
		w.AllowUpload(w.SurfaceLane(c, home, kind), home, &m.Message)
	}
	return true
}
