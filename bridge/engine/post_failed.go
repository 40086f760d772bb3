package engine

import (
	"fmt"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/inbound"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/store"
)

// postFailed tells people what could not be posted, since a message that nobody sees would be lost.
func (w *work) postFailed(c *book.Conversation, f own.Fact) {
	kind := bridge.PostKind(f.Post)
	if kind == bridge.PostDouble { // it is no post, but the search for a root that may be there twice
		threads.Doubles{Writer: w.Writer}.GiveUp(c, f.Account)
		return
	}

	d := w.Outbox.Deliveries[f.Delivery]
	if postSaidElsewhere(w, c, d, f) {
		return
	}

	w.Log.ByParley(c, store.DeedNotPosted, book.Detail{Message: f.Message, Text: f.Post, Why: bridge.InWords(f.Text)})
	if d != nil && d.DecodedPayload().Changes != 0 {
		w.insight.PostUnchanged(c, d)
		return // the line that it was to change stands
	}

	explain := fmt.Sprintf("parley explain '#%d'", c.ID)
	switch kind {
	case bridge.PostSaid, bridge.PostFiles: // the thread can still say so
		w.Line(c, bridge.Line{Content: &bridge.QuarantineLine{
			Account: c.Account.Name,
			Trouble: f.Text,
			Hint:    "The original is kept: " + explain,
		}})
	case bridge.PostRoot, bridge.PostLine: // a further line would probably fail too: the admins are told
		w.TellCondition(own.Fact{
			Account: f.Account,
			Text:    fmt.Sprintf("Something for conversation #%d could not be posted: %s", c.ID, f.Text),
			Hint:    explain,
		}, threads.NoPage)
	case bridge.PostCard, bridge.PostMark, bridge.PostEphemeral, bridge.PostErased, bridge.PostDouble: // nothing that was said is missing
	}
}

// postSaidElsewhere posts what a customer said or changed again, after the post d failed (f):
//   - in the other chat in which the conversation goes on;
//   - in the same chat, if the post failed only because the conversation was elsewhere, the conversation is back by now, and no part
//     of the post is there.
//
// In all other cases, also if d shows nothing of the customer, it returns false.
func postSaidElsewhere(w *work, c *book.Conversation, d *book.Delivery, f own.Fact) bool {
	home := c.Home(w.Dir)
	if d == nil || home == nil {
		return false
	}
	isBack := f.Hint == outbound.GoesOnElsewhere && d.Part == 0
	if home.AccountID == f.Account && !isBack {
		return false
	}
	if !outbound.ShowsSaid(&d.Delivery) {
		return false
	}

	c.Unshown = true
	p, kind, m := d.DecodedPayload(), bridge.PostKind(d.Kind), w.Messages.Rows[d.MessageID]
	if kind == bridge.PostLine {
		w.Line(c, *p.Line)
		return true
	}

	isLate := m != nil && inbound.IsLate(m, w.DatabaseNow)
	w.PostTo(c, home, kind, d.MessageID, outbound.Payload{Quote: p.Quote, Answers: p.Answers, Dated: isLate, Files: p.Files, Only: p.Only})
	if m != nil && kind == bridge.PostFiles {
		w.AllowUpload(w.SurfaceLane(c, home, kind), home, m)
	}
	return true
}
