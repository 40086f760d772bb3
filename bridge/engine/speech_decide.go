package engine

import (
	"parley/bridge"
	"parley/store"
)

// A text that an agent typed may need a decision by an agent: it isn't clear whether it is for the customer
// (its fate is "ask"), it can't leave now ("parked"), or it failed. A line in the thread then has buttons: Send
// sends the text, Keep leaves it among colleagues, Drop discards it. This file applies these buttons, and the
// typed commands of the same names.

func sendVerb() useCase {
	return useCase{
		Rules: Rules{
			Name:         bridge.VerbSend,
			Final:        true,
			NamesMessage: true,
			CanApply:     func(_ *store.Conversation, m *store.Message) bool { return CanBeSent(m) },
		},
		Do: (*work).decideMessage,
	}
}

func sendThereVerb() useCase {
	return useCase{
		Rules: Rules{
			Name:         bridge.VerbSendThere,
			NamesMessage: true,
			CanApply:     func(_ *store.Conversation, m *store.Message) bool { return CanBeSent(m) },
		},
		Do: (*work).decideMessage,
	}
}

func keepVerb() useCase {
	return useCase{
		Rules: Rules{
			Name:         bridge.VerbKeep,
			TakesBack:    true,
			NamesMessage: true,
			CanApply:     canBeKept,
			Deed:         store.DeedKeptInside,
		},
		Do: (*work).decideMessage,
	}
}

func dropVerb() useCase {
	return useCase{
		Rules: Rules{
			Name:         bridge.VerbDrop,
			NamesMessage: true,
			CanApply:     canBeDropped,
			Deed:         store.DeedKeptInside,
		},
		Do: (*work).decideMessage,
	}
}

// canBeKept reports whether a text waits for a decision, or is queued and can still be stopped.
func canBeKept(_ *store.Conversation, m *store.Message) bool {
	return m.Fate == store.FateAsk || m.Fate == store.FateParked || m.Fate == store.FateWaiting
}

// canBeDropped reports whether a typed !drop may mean a text. That includes a failed one, which keepOrDrop then
// refuses. Otherwise !drop would pick an older text instead.
func canBeDropped(c *store.Conversation, m *store.Message) bool {
	return canBeKept(c, m) || m.Fate == store.FateFailed
}

// decideMessage applies Send, Keep and Drop.
func (w *work) decideMessage(r Request) {
	c, a := r.Conversation, r.Action
	if a.Verb == bridge.VerbSend && a.Args.Typed != nil {
		w.sendChannelText(r)
		return
	}

	m := w.MessageOfAction(r)
	isOfConversation := m != nil && m.ConversationID == c.ID
	if !isOfConversation || m.AuthorUser == "" {
		w.Refuse(r, "unknown_message", "I don't know which message you mean.", "Use the button under the message.")
		return
	}
	if a.Verb == bridge.VerbSendThere {
		w.sendThere(r, m)
		return
	}
	if w.KeepForWindow(r, m) {
		return
	}
	if a.Verb == bridge.VerbSend {
		w.sendKept(r, m)
		return
	}
	w.keepOrDrop(r, m)
}

// sendThere sends a text to the customer of the conversation that Args.Note names, in whose thread it is shown.
func (w *work) sendThere(r Request, m *Message) {
	into := w.NamedConversation(r)
	if into == nil || w.refuseOtherWords(r, m) || w.refuseUnsendable(r.About(into), m) {
		return
	}
	if !w.Outbox.IsUnsent(m) {
		w.Refuse(r, "sent_partly", "A part of it has left for this customer.", "Write it again there.")
		return
	}
	w.Messages.Move(m, into)
	r.Verb, r.Args.Sure = bridge.VerbSend, true // the author's name is in the line
	r = r.About(into)
	w.sendKept(r, m)
	if m.Fate != store.FateWaiting {
		return
	}
	w.Line(into, bridge.Line{
		Content: &bridge.RepliedLine{},
		Verb:    bridge.VerbReply,
		By:      w.Dir.Ref(r.Surface, *m.AgentID),
		Text:    m.Text,
		Files:   UploadedNames(&m.Message),
		Verbs:   []bridge.Verb{bridge.VerbUndo},
		Args:    bridge.Args{Conversation: into.ID, Message: m.ID},
	})
}

// keepOrDrop applies Keep and Drop to a text that is queued or waits for a decision.
func (w *work) keepOrDrop(r Request, m *Message) {
	c := r.Conversation
	hasButton := r.Args.Message != 0 // false for a typed command
	if r.Verb == bridge.VerbDrop && m.Fate == store.FateFailed && !hasButton {
		w.Refuse(r, "failed", "That reply has failed and isn't sent again by itself.", "To drop another text, use the button under it.")
		return
	}

	wasLeaving := m.Fate == store.FateWaiting
	switch m.Fate {
	case store.FateWaiting:
		if !takeBack(w.Outbox, m) {
			w.refuseTooLate(r, m)
			return
		}
		if w.askAboutUnclear(c, m) {
			return
		}
	case store.FateAsk, store.FateParked:
	default:
		w.RefuseDecided(r, m)
		return
	}

	m.Direction, m.Fate = store.DirectionNote, store.FateInside
	m.Dirty = true
	w.NoteDecision(m, r.Agent, ByFate)
	if r.Verb == bridge.VerbDrop {
		m.Fate = store.FateDropped
	}

	w.Log.Did(r, Detail{Message: m.ID})
	if wasLeaving || w.Outbox.PartsOf(m).HaveLeftPartly() {
		if m.Reason != bridge.ReasonRevived { // this reason must stay, because the chat can't be asked about the text
			m.Reason = bridge.ReasonUndone
		}
		TellWhatArrived(w.Writer, c, m)
	}
	if wasLeaving { // it had counted as an answer to the customer
		w.Messages.AwaitAnswerAgain(c)
	}
	w.Mark(c, m, bridge.MarkInside)
	w.Confirm(r, bridge.Line{})
}

// sendKept applies Send. It either refuses, asks the agent who clicked for a confirmation, or sends the text. That
// agent becomes an owner of the conversation if the account allows another one.
func (w *work) sendKept(r Request, m *Message) {
	if w.refuseOtherWords(r, m) {
		return
	}
	if m.Fate == store.FateWaiting && isWaitingForChat(w.Outbox, m) {
		w.sendAsItStands(r, m)
		return
	}
	if w.refuseUnsendable(r, m) {
		return
	}
	isColleagues := *m.AgentID != r.Agent.ID
	if isColleagues && !r.Args.Sure {
		w.askSendAs(r, m)
		return
	}

	isUnsent := w.Outbox.IsUnsent(m) // false if a part of it has left or may have left
	if w.refuseRemainder(r, m, isUnsent) {
		return
	}
	if !w.takeForReply(r, m) {
		return
	}

	w.NoteDecision(m, r.Agent, ByFate)
	mayBeDeleted := m.Reason == bridge.ReasonDeletedLate || m.Reason == bridge.ReasonRevived
	m.Reason = bridge.ReasonClicked
	if mayBeDeleted { // the chat may no longer have the text, so an attempt doesn't compare it with the chat
		m.Reason = bridge.ReasonRevived
	}

	if isUnsent {
		w.cancelWaiting(m)
		w.SendToCustomer(r, m, w.FormOrder())
	} else {
		w.sendRemainder(r, m)
	}

	if isColleagues && m.Fate == store.FateWaiting {
		w.tellSentAs(r, m)
	}
}

// refuseUnsendable refuses to send a text that was decided already, isn't for the customer, or can't be sent at
// the moment, and reports whether it did. If it returns false, the text's author is an agent.
func (w *work) refuseUnsendable(r Request, m *Message) bool {
	if !isSendable(m.Fate) || m.Reason == bridge.ReasonDeleted {
		w.RefuseDecided(r, m)
		return true
	}
	if m.Reason == bridge.ReasonCommand {
		w.Refuse(r, bridge.ReasonCommand, "It is a command: commands stay inside.", "Type what the customer is to get.")
		return true
	}
	if w.refuseColleagueText(r, m) || w.refuseKept(r, m) {
		return true
	}
	if IsEmpty(&m.Message) {
		w.Refuse(r, bridge.ReasonEmpty, "There is no text to send.", "Type in the conversation's thread what the customer is to get.")
		return true
	}
	return false
}

// isWaitingForChat reports whether a queued reply waits because its chat is down: before a reply leaves, Parley
// asks the chat whether it was edited or deleted there.
func isWaitingForChat(o *Outbox, m *Message) bool {
	d := o.FirstPartOf(m)
	if d == nil {
		return false
	}
	isUnsent := d.State == store.Queued || d.State == store.Sending
	return isUnsent && IsWaitingForChat(d.ErrorText)
}

// sendAsItStands sends a reply that waits for its chat (isWaitingForChat) without asking the chat, because an agent
// has checked the reply. Later replies follow in order.
func (w *work) sendAsItStands(r Request, m *Message) {
	if w.refuseKept(r, m) {
		return
	}
	isColleagues := *m.AgentID != r.Agent.ID
	if isColleagues && !r.Args.Sure {
		w.askSendAs(r, m)
		return
	}

	d := w.Outbox.FirstPartOf(m)
	if l := w.Outbox.Lanes[d.LaneID]; l.LeasedUntil != nil {
		w.Refuse(r, "busy", "Parley is asking the chat just now.", "Click again in a minute.")
		return
	}

	w.NoteDecision(m, r.Agent, ByFate)
	m.Reason, m.Dirty = bridge.ReasonRevived, true // an attempt doesn't ask the chat about such a reply
	d.JoinKey, d.Dirty = "", true                  // alone: nobody has checked the texts that would have left with it
	w.Outbox.MakeDue(d)

	w.Log.ByAgent(r.Conversation, r.Agent, store.DeedSentAsItStood, Detail{Message: m.ID})

	if isColleagues {
		w.tellSentAs(r, m)
	}
}

// refuseKept refuses to send a text for reasons that don't depend on its words, such as a closed conversation,
// and reports whether it did.
func (w *work) refuseKept(r Request, m *Message) bool {
	switch {
	case !r.Conversation.BridgeStatus().Open():
		w.Refuse(r, bridge.ReasonNotOpen, "This conversation is "+r.Conversation.Status+".", w.Conversations.HintAfterEnd(r.Conversation))
	case r.Conversation.Account.Mode == store.ModeWatch:
		w.Refuse(r, bridge.ReasonWatch, "This account only watches: nothing is sent.", "An admin can switch it to live.")
	case m.AgentID == nil:
		w.Refuse(r, bridge.ReasonNotAnAgent, "Its author isn't an agent.", "Copy the text and send it as your own.")
	default:
		return w.RefuseWhileClosed(r, m)
	}
	return true
}

// askSendAs asks the agent who clicked to confirm a colleague's text, because the customer gets it in the colleague's name.
func (w *work) askSendAs(r Request, m *Message) {
	c, surface := r.Conversation, r.Surface
	line := bridge.Line{
		Content:  bridge.LineSendAs,
		By:       w.Dir.Ref(surface, *m.AgentID),
		Text:     m.Text,
		Files:    UploadedNames(&m.Message),
		Customer: c.Customer(),
		Verbs:    []bridge.Verb{bridge.VerbSend},
		Args:     bridge.Args{Conversation: c.ID, Message: m.ID, SendArgs: bridge.SendArgs{Sure: true}},
	}
	if m.AccountID == surface {
		line.SourceRef = bridge.Place{Channel: m.Channel, Message: m.Place}
	}
	w.Whisper(r, line)
}

// tellSentAs posts in the thread who sends a colleague's text, with an Undo button, so that its author notices.
func (w *work) tellSentAs(r Request, m *Message) {
	w.LineAbout(r.Conversation, m, bridge.Line{
		Content: bridge.LineDone,
		Verb:    bridge.VerbSend,
		By:      w.Dir.Ref(r.Surface, r.Agent.ID),
		Text:    m.Text,
		Files:   UploadedNames(&m.Message),
		Verbs:   []bridge.Verb{bridge.VerbUndo},
		Args:    bridge.Args{Conversation: r.Conversation.ID, Message: m.ID},
	})
}
