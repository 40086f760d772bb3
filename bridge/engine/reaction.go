package engine

import (
	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// quoteRunes is how much of a message is quoted in a line about it.
const quoteRunes = 80

// quoteOf shortens what a message says, to name it.
func quoteOf(m *store.Message) string {
	text := preview(m.Text)
	if text == "" && len(m.Files) > 0 {
		text = m.Files[0].Name
	}
	if r := []rune(text); len(r) > quoteRunes {
		text = string(r[:quoteRunes-1]) + "…"
	}
	return text
}

// answers tells which message a customer's message answers.
func (w *work) answers(a *store.Account, in channels.Inbound) *bridge.Answered {
	if in.Answered == "" {
		return nil
	}
	m, _ := w.named(a, in.Answered)
	if m == nil {
		return &bridge.Answered{}
	}
	return &bridge.Answered{Text: quoteOf(&m.Message), ByUs: m.Direction == store.DirectionOut, ByOwner: m.Direction == store.DirectionIn}
}

// customerReacts shows a customer's reaction to a message by one line, which is changed when the
// customer changes the reaction or takes it back.
func (w *work) customerReacts(a *store.Account, in channels.Inbound) error {
	i, err := w.people.customerOf(a, in)
	if err != nil || i == nil {
		return err
	}
	m, c := w.named(a, in.Target)
	if c == nil {
		c = w.convs.latestOf(i)
	}
	k := reactionKey{a.ID, in.Target, i.ID}
	known, before := w.messages.reactions[k]
	if c == nil || c.home(w.dir) == nil || known.Emoji == in.Emoji {
		return nil // nobody sees where, or nothing changes
	}
	reacted := &bridge.ReactedLine{Emoji: in.Emoji}
	if m != nil {
		reacted.Message = quoteOf(&m.Message)
	}
	line := bridge.Line{Content: reacted, Customer: outbound.RefOf(i)}
	d := w.outbox.deliveries[known.DeliveryID]
	switch {
	case before && d != nil && in.Emoji == "" && d.payload().Changes == 0 && w.outbox.cancel(d):
		w.messages.reactions[k] = store.Reaction{AccountID: a.ID, Target: in.Target, IdentityID: i.ID}
		w.messages.reacted[k] = true
		return nil // nobody saw it
	case before && d != nil && w.outbox.holdable(d):
		d.revise(line)
	case before && d != nil:
		d = w.postTo(c, c.home(w.dir), bridge.PostLine, 0, outbound.Payload{Line: &line, Changes: d.ID})
	default:
		d = w.postTo(c, c.home(w.dir), bridge.PostLine, 0, outbound.Payload{Line: &line})
	}
	w.messages.reactions[k] = store.Reaction{AccountID: a.ID, Target: in.Target, IdentityID: i.ID, Emoji: in.Emoji, DeliveryID: d.ID}
	w.messages.reacted[k] = true
	return nil
}

// revise changes a line that still waits to be posted.
func (d *delivery) revise(line bridge.Line) {
	p := d.payload()
	p.Line = &line
	d.setPayload(p)
}
