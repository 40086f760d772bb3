package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// What an agent types in a conversation's thread may be a reply to the customer ("It left today") or a remark
// to colleagues ("I have no idea, have you?"). Say stores the text and does what Speak decides about it: it
// stays inside (among colleagues), it leaves for the customer, or its author is asked. A reply is held for some
// seconds before it leaves, so that it can be taken back.

// minHold is the minimum time that a reply is held after an edit.
const minHold = 5 * time.Second

func sayVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbSay, IsSpeech: true},
	}
}

func replyVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbReply, IsSpeech: true}}
}

func noteVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbNote, IsSpeech: true},
	}
}

func unknownVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbUnknown, IsSpeech: true}}
}

// Say applies a text that was typed in a conversation's thread.
// Errors: the database's.
func (w *work) Say(ctx context.Context, tx pgx.Tx, r Request) error {
	c := r.Conversation
	known := w.Posts.At(r.PostKey())
	if known != nil && known.Kind != EarlyMessage {
		return nil // the chat has already reported this message in another way
	}
	changedHands, err := w.Log.ChangedHands(ctx, tx, r)
	if err != nil {
		return err
	}

	m := w.Messages.AddByPerson(r)
	post := w.Posts.Remember(store.Post{
		AccountID:      r.Surface,
		Channel:        r.Place.Channel,
		Message:        r.Place.Message,
		ConversationID: c.ID,
		MessageID:      m.ID,
		Kind:           HumanMessage,
	})
	if known != nil && w.applyEarly(&r, m, post, known) {
		if m.Fate == store.FateAsk {
			w.askAboutAnswer(r, m)
		}
		return nil
	}

	// Find a reason to ask the author before the text leaves.
	var doubt bridge.Reason
	mayBeOutdated := w.HasMovedOn(c, r.Action) && !answersOwnReply(w, r)
	switch {
	case changedHands || mayBeOutdated:
		doubt = bridge.ReasonLate
	case r.Edited:
		doubt = bridge.ReasonFoundEdited
	}

	if doubt == "" {
		other, why, err := otherGreeted(ctx, tx, w, r)
		if err != nil {
			return err
		}
		if other.ID != 0 {
			askAboutGreeting(w, c, m, other, why)
			w.askAboutAnswer(r, m)
			return nil
		}
	}
	w.decideFate(r, m, doubt)
	return nil
}

// answersOwnReply reports whether the last reply to the customer was typed by the same author before this text.
// The text then continues that reply, however late both are applied.
func answersOwnReply(w *work, r Request) bool {
	c, a := r.Conversation, r.Action
	last := w.Messages.LastSaid(c, func(m *Message) bool {
		return m.Direction == store.DirectionOut && !m.IsAutomaticReply() && m.Place != a.Place.Message
	})
	if last == nil || !isByAuthorOf(r, last) || c.LastFrom != store.FromAgent {
		return false
	}
	if last.Place == "" {
		return false // it came from a form, which may have been submitted after the text was typed
	}
	typed := Time(last.Place) // zero in chats whose message ids aren't times
	return typed.Before(Time(a.Order))
}

// decideFate does what Speak decides about a text. If doubt isn't "", a text that would leave is parked
// instead: its author has to click first.
func (w *work) decideFate(r Request, m *Message, doubt bridge.Reason) {
	c := r.Conversation
	decision, reason := Speak(w.speechOf(r))
	m.Reason = reason
	switch decision {
	case Inside:
		w.leaveInside(r, m)
	case SpeechAsk:
		m.Fate = store.FateAsk
		w.Ask(c, m, r.Action, reason)
	case Out:
		switch {
		case doubt != "":
			w.Park(c, m, doubt)
		case w.MustBeTaken(c):
			w.AskToTake(c, m)
		default:
			w.SendToCustomer(r, m, r.Order)
		}
	}
	w.askAboutAnswer(r, m)
}

// leaveInside keeps a text among colleagues for the reason in m.Reason. It tells the author if that may be a surprise.
func (w *work) leaveInside(r Request, m *Message) {
	c, reason := r.Conversation, m.Reason
	m.Fate = store.FateInside
	isOfAgent := r.Actor.Kind == bridge.ActorPerson || reason == bridge.ReasonForeignAgent || reason == bridge.ReasonNote
	if isOfAgent {
		w.Mark(c, m, bridge.MarkInside)
	}
	if reason == bridge.ReasonNote {
		w.Log.Note(c, r.Agent, m)
	}

	isToldOnce := reason == bridge.ReasonNotAnAgent || reason == bridge.ReasonExplicitMode || reason == bridge.ReasonForeignAgent
	if isToldOnce && w.wasToldBefore(c, m) {
		return // otherwise Parley and another bot could answer each other forever
	}

	if reason == bridge.ReasonNotAssignee { // from the second time on, the mark on the message is enough
		w.TellOnce(r, bridge.Line{
			Content: &bridge.InsideLine{Why: bridge.Because(reason)},
			Verbs:   []bridge.Verb{bridge.VerbSend},
			Args:    bridge.Args{Conversation: c.ID, Message: m.ID},
		})
		return
	}

	if bridge.ConsequencesOf(reason).MustTellAuthor {
		w.TellInside(c, m, reason)
	}
}

// wasToldBefore reports whether a recent text of the same author in this conversation stayed inside for the same reason.
func (w *work) wasToldBefore(c *Conversation, m *Message) bool {
	return slices.ContainsFunc(w.Messages.Latest(c), func(before store.Message) bool {
		isSameCase := before.AuthorUser == m.AuthorUser && before.Reason == m.Reason
		return isSameCase && before.ID != m.ID
	})
}

// speechOf collects everything that Speak needs to decide about a text.
func (w *work) speechOf(r Request) Speech {
	s := w.Settings(r.Conversation)
	remark := w.remarkBefore(r)
	return Speech{
		Author: Author{
			Kind:       r.Actor.Kind,
			IsAgent:    r.Agent != nil,
			MayReply:   r.Agent != nil && w.Verbs.Authorize(r.Agent, bridge.VerbReply) == nil,
			IsAssignee: r.Agent != nil && r.Conversation.IsAssignee(r.Agent.ID),
		},
		Text: TypedText{
			Verb:           r.Verb,
			Marker:         r.Marker,
			IsExplicit:     r.Explicit,
			MentionsBot:    r.MentionsBot,
			MentionsPeople: len(r.Mentions) > 0,
			Names:          namingOf(w.Dir, r.Agent, r.Raw),
			QuotesOther:    w.quotesOther(r),
			GreetsCustomer: w.greetsCustomer(r.Conversation, r.Text, remark),
			HasText:        r.Text != "" || r.Rich != nil,
			HasFiles:       len(r.Files) > 0,
		},
		Status:        r.Conversation.BridgeStatus(),
		InLeftThread:  w.isInLeftThread(r.Conversation, r.Surface, r.Place),
		InDailyThread: r.Conversation.Kind == store.KindAutomatic,
		Account: AccountRules{
			OnlyWatches:     r.Conversation.Account.Mode == store.ModeWatch,
			ReplyMode:       r.Conversation.Account.ReplyMode,
			AnyAgentReplies: s.WhoReplies == "any_agent",
			MustConfirm:     s.ConfirmSend,
		},
		HasOwner:      len(r.Conversation.Assignees) > 0,
		FollowsRemark: remark != nil,
	}
}

// quotesOther reports whether a text quotes or forwards something other than a customer's message, so that it may
// be meant for colleagues: a text that a person typed, a line of Parley's, or a message that Parley doesn't know.
func (w *work) quotesOther(r Request) bool {
	return r.Forwards || slices.ContainsFunc(r.Quotes, func(id string) bool {
		p := w.Posts.At(PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: id})
		return p == nil || !showsCustomersWords(bridge.PostKind(p.Kind))
	})
}

// showsCustomersWords reports whether posts of a kind show what a customer wrote or sent.
func showsCustomersWords(kind bridge.PostKind) bool {
	return kind == bridge.PostRoot || kind == bridge.PostSaid || kind == bridge.PostFiles
}

// isInLeftThread reports whether a text was typed in a thread that the conversation has left, because it was
// handed over to another team or because the thread's first message (its root) was posted again. It is false
// for forms, which name their conversation.
func (w *work) isInLeftThread(c *Conversation, surface store.AccountID, at bridge.Place) bool {
	t := c.Threads[surface]
	isBelowRoot := at.Thread != "" && at.Thread != at.Message
	if !isBelowRoot || at.Message == "" {
		return false
	}
	return t == nil || at.Thread != t.Root || c.Home(w.Dir) != t
}

// isByAuthorOf reports whether r and m have the same author, even in different chats.
func isByAuthorOf(r Request, m *Message) bool {
	if r.Agent != nil && m.AgentID != nil {
		return *m.AgentID == r.Agent.ID
	}
	return m.AuthorUser == r.Actor.ID
}

// KeepMistypedCommand keeps a mistyped command (r.Args.Slip) inside once somebody clicks the button with the
// correct command. It does nothing for other actions.
func (w *work) KeepMistypedCommand(r Request) {
	m := w.Messages.Get(r.Args.Slip)
	if m == nil || m.ConversationID != r.Conversation.ID {
		return
	}
	if m.Fate == store.FateAsk && w.Authorize(r, r.Verb) == nil {
		m.SetFate(store.FateInside, bridge.ReasonCommand)
		w.Mark(r.Conversation, m, bridge.MarkInside)
	}
}

// KeepCommand stores a typed command as a message that stays inside.
func (w *work) KeepCommand(r Request) {
	w.PartApplied = true
	r.Text = cmp.Or(r.Text, r.Raw)
	if !w.Posts.IsShownInThread(r) {
		m := w.Messages.AddOutsideThread(r)
		m.Reason = bridge.ReasonCommand
		return
	}

	m := w.Messages.AddByPerson(r)
	m.Reason = bridge.ReasonCommand
	w.Posts.Remember(store.Post{
		AccountID:      r.Surface,
		Channel:        r.Place.Channel,
		Message:        r.Place.Message,
		ConversationID: r.Conversation.ID,
		MessageID:      m.ID,
		Kind:           HumanMessage,
	})
}
