package engine

import (
	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// asForwarded returns a mail that an agent passes on as a mail of its author, who gets the answer. A mail in somebody else's name,
// and one that belongs to a conversation already, stays as it is.
func (it *InboundUseCases) asForwarded(a *store.Account, in channels.Inbound) channels.Inbound {
	isOwnWords := !isByPerson(in) || in.Disowned || !it.Caps(a.ID).Threads || it.agentOf(in.From) == nil
	if isOwnWords || it.ConversationOf(a, in) != nil {
		return in
	}
	f, ok := ReadForward(in.Text, in.Subject)
	author := channels.Party{Key: bridge.AddressKey(f.Address), Name: f.Name}
	isOwn := author.Key == bridge.AddressKey(in.Envelope.Via) || it.agentOf(author) != nil
	saysNothing := f.Text == "" && len(in.Attachments) == 0
	if !ok || isOwn || saysNothing {
		return in
	}
	it.People.Admit(a.ID, author, channels.Party{})
	in.Forwarded = &channels.Forwarded{By: in.From, Note: f.Note}
	in.From, in.Text, in.Subject = author, f.Text, SubjectWithoutMarks(in.Subject)
	in.Envelope.To, in.Envelope.Cc, in.Envelope.ReplyTo = nil, nil, nil // they got the agent's mail, not this one
	return in
}

// showForwarded tells the agents who has passed a mail on, with what they wrote above it.
func (it *InboundUseCases) showForwarded(p placement, in channels.Inbound) {
	if in.Forwarded == nil {
		return
	}
	line := bridge.Line{
		Content:  bridge.LineForwarded,
		By:       it.Dir.Ref(0, it.agentOf(in.Forwarded.By).ID),
		Customer: partyOf(in),
		Text:     in.Forwarded.Note,
		Args:     bridge.Args{Conversation: p.conversation.ID},
	}
	if p.begins {
		p.conversation.SetTrait(bridge.TraitForwarder, in.Forwarded.By.Key)
		line.Verbs = []bridge.Verb{bridge.VerbForwarder}
	}
	it.Line(p.conversation, line)
}

func forwarderVerb() Case[*InboundUseCases] {
	return Case[*InboundUseCases]{
		Rules: Rules{Name: bridge.VerbForwarder, NeedsOpen: true, Deed: store.DeedReaddressed},
		Do:    (*InboundUseCases).giveToForwarder,
	}
}

// giveToForwarder makes the agent who passed a mail on its customer.
func (it *InboundUseCases) giveToForwarder(r Request) {
	c := r.Conversation
	sender := it.People.At(NameKey{Account: c.AccountID, Name: c.Traits[bridge.TraitForwarder]})
	if sender == nil {
		it.Refuse(r, "not_forwarded", "Nobody has forwarded this mail, or it was changed already.", "!to chooses who gets the replies.")
		return
	}
	c.SetTrait(bridge.TraitForwarder, "")
	c.Identity, c.IdentityID = sender, &sender.ID
	c.Participants = []store.Participant{{Key: sender.Key, Name: sender.Name, Role: RoleTo, Chosen: true}}
	c.Touch()
	it.Log.Did(r, Detail{Text: sender.Key})
	it.Line(c, bridge.Line{
		Content: bridge.LineDone, Verb: r.Verb, By: it.Dir.Ref(r.Surface, r.Agent.ID), Args: bridge.Args{Conversation: c.ID},
	})
	c.RefreshCard()
}
