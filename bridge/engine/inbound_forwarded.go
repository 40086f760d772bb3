package engine

import (
	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// asForwarded returns a mail that an agent passes on as a mail of its author, who gets the answer. A mail in somebody else's name,
// and one that belongs to a conversation already, stays as it is.
func (w *work) asForwarded(a *store.Account, in channels.Inbound) channels.Inbound {
	isOwnWords := !isByPerson(in) || in.Disowned || !w.Caps(a.ID).Threads || w.agentOf(in.From) == nil
	if isOwnWords || w.ConversationOf(a, in) != nil {
		return in
	}
	f, ok := ReadForward(in.Text, in.Subject)
	author := channels.Party{Key: bridge.AddressKey(f.Address), Name: f.Name}
	isOwn := author.Key == bridge.AddressKey(in.Envelope.Via) || w.agentOf(author) != nil
	saysNothing := f.Text == "" && len(in.Attachments) == 0
	if !ok || isOwn || saysNothing {
		return in
	}
	w.People.Admit(a.ID, author, channels.Party{})
	in.Forwarded = &channels.Forwarded{By: in.From, Note: f.Note}
	in.From, in.Text, in.Subject = author, f.Text, SubjectWithoutMarks(in.Subject)
	in.Envelope.To, in.Envelope.Cc, in.Envelope.ReplyTo = nil, nil, nil // they got the agent's mail, not this one
	return in
}

// showForwarded tells the agents who has passed a mail on, with what they wrote above it.
func (w *work) showForwarded(p placement, in channels.Inbound) {
	if in.Forwarded == nil {
		return
	}
	line := bridge.Line{
		Content:  bridge.LineForwarded,
		By:       w.Dir.Ref(0, w.agentOf(in.Forwarded.By).ID),
		Customer: partyOf(in),
		Text:     in.Forwarded.Note,
		Args:     bridge.Args{Conversation: p.conversation.ID},
	}
	if p.begins {
		p.conversation.SetTrait(bridge.TraitForwarder, in.Forwarded.By.Key)
		line.Verbs = []bridge.Verb{bridge.VerbForwarder}
	}
	w.Line(p.conversation, line)
}

func forwarderVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbForwarder, NeedsOpen: true, Deed: store.DeedReaddressed},
		Do:    (*work).giveToForwarder,
	}
}

// giveToForwarder makes the agent who passed a mail on its customer.
func (w *work) giveToForwarder(r Request) {
	c := r.Conversation
	sender := w.People.At(NameKey{Account: c.AccountID, Name: c.Traits[bridge.TraitForwarder]})
	if sender == nil {
		w.Refuse(r, "not_forwarded", "Nobody has forwarded this mail, or it was changed already.", "!to chooses who gets the replies.")
		return
	}
	c.SetTrait(bridge.TraitForwarder, "")
	c.Identity, c.IdentityID = sender, &sender.ID
	c.Participants = []store.Participant{{Key: sender.Key, Name: sender.Name, Role: RoleTo, Chosen: true}}
	c.Touch()
	w.Log.Did(r, Detail{Text: sender.Key})
	w.Line(c, bridge.Line{
		Content: bridge.LineDone, Verb: r.Verb, By: w.Dir.Ref(r.Surface, r.Agent.ID), Args: bridge.Args{Conversation: c.ID},
	})
	c.RefreshCard()
}
