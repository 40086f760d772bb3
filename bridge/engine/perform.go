package engine

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// This file performs commands, and has the table of all verbs. A command is something that an agent asks for in a chat, such as "!take"
// or a click on "Resolve"; its verb selects the use case that carries it out. Texts are not commands: see action.go.

// useCases lists the use cases of all verbs.
func useCases() []useCase {
	return append(presenceVerbs(), []useCase{
		newVerb(),
		emailVerb(),
		askVerb(),
		oopsVerb(),
		helpVerb(),
		cannedVerb(),
		cannedListVerb(),
		cannedEditVerb(),
		listVerb(),
		nextVerb(),
		todayVerb(),
		chatVerb(),
		severalVerb(),
		statsVerb(),
		findVerb(),
		historyVerb(),
		notesVerb(),
		whyVerb(),
		timelineVerb(),
		profileVerb(),
		reactVerb(),
		unreactVerb(),
		moveChannelVerb(),
		takeVerb(),
		assignVerb(),
		unassignVerb(),
		visibleVerb(),
		tagVerb(),
		untagVerb(),
		tagMessagesVerb(),
		topicVerb(),
		renameVerb(),
		customerVerb(),
		aboutVerb(),
		linkVerb(),
		unlinkVerb(),
		priorityVerb(),
		pinVerb(),
		unpinVerb(),
		analysisVerb(),
		pendingVerb(),
		readVerb(),
		snoozeVerb(),
		wakeVerb(),
		resolveVerb(),
		reopenVerb(),
		closeVerb(),
		mergeVerb(),
		unmergeVerb(),
		archiveVerb(),
		blockVerb(),
		workflowDeleteVerb(),
		leaveVerb(),
		sayVerb(),
		replyVerb(),
		noteVerb(),
		unknownVerb(),
		editVerb(),
		deleteVerb(),
		undoVerb(),
		sendVerb(),
		sendThereVerb(),
		keepVerb(),
		dropVerb(),
		sendAgainVerb(),
		markSentVerb(),
		templateVerb(),
		templatesVerb(),
		templateEditVerb(),
		templateDeleteVerb(),
		promoteVerb(),
		forwarderVerb(),
		splitVerb(),
		silenceVerb(),
		unsilenceVerb(),
		unblockVerb(),
		{Rules: Rules{Name: bridge.VerbCC}, Do: (*work).changeRecipients},
		{Rules: Rules{Name: bridge.VerbTo}, Do: (*work).changeRecipients},
		{Rules: Rules{Name: bridge.VerbAllow}, Do: (*work).changeRecipients},
		{Rules: Rules{Name: bridge.VerbAI, Deed: store.DeedAskedForText}, Do: (*work).askForText},
	}...)
}

// allUseCases returns the use cases by verb. It makes the table once.
var allUseCases = sync.OnceValue(func() map[bridge.Verb]*useCase { //nolint:gochecknoglobals // a table that never changes
	all := map[bridge.Verb]*useCase{}
	for _, use := range useCases() {
		all[use.Name] = &use
	}
	return all
})

// verbRules returns the rules of all verbs, for packages that check permissions but don't carry out verbs.
func verbRules() Table {
	table := Table{}
	for name, use := range allUseCases() {
		table[name] = &use.Rules
	}
	return table
}

// useCaseOf returns the use case of a verb. For an unknown verb it returns an empty one; it never returns nil.
func useCaseOf(name bridge.Verb) *useCase {
	if use := allUseCases()[name]; use != nil {
		return use
	}
	return &useCase{}
}

// perform checks whether the agent may use the command's verb here, and calls its use case. If not, the agent is told why, and
// perform returns nil.
func (w *work) perform(ctx context.Context, tx pgx.Tx, r Request) error {
	use := useCaseOf(r.Verb)
	if use.DoAnywhere != nil {
		return use.DoAnywhere(w, ctx, tx, r)
	}
	if r.Conversation == nil && r.IsEmoji() {
		return nil // emoji on messages outside conversations are meant for people
	}
	if r.Conversation == nil {
		return w.answerWithoutConversation(ctx, tx, r)
	}
	if problem := commandProblem(w, r, use); problem != nil {
		refuseFor(w, r, problem)
		return nil
	}

	whispersBefore := w.Whispers
	if use.Do != nil {
		use.Do(w, r)
	}
	if use.DoInTx != nil {
		if err := use.DoInTx(w, ctx, tx, r); err != nil {
			return err
		}
	}
	w.confirmElsewhere(r, whispersBefore)
	return nil
}

// confirmElsewhere confirms a command to an agent who gave it outside the conversation's thread, and so can't see its effect there. It
// does nothing if the agent was answered already. whispersBefore is the number of whispers (posts that only one person sees) before
// the command.
func (w *work) confirmElsewhere(r Request, whispersBefore int) {
	wasAnswered := w.Whispers != whispersBefore
	if !wasAnswered && w.Posts.IsAskedElsewhere(r) {
		w.Confirm(r, bridge.Line{Args: r.Args})
	}
}

// commandProblem returns why the actor can't use a verb in its conversation now, or nil.
func commandProblem(w *work, r Request, use *useCase) *bridge.Problem {
	c := r.Conversation
	if problem := w.Authorize(r, r.Verb); problem != nil {
		return problem
	}

	switch {
	case c.Kind == store.KindAutomatic && !use.InDailyThread:
		collected := "automatic mail"
		if c.Collects != nil {
			collected = "mails of people who opened very many conversations"
		}
		return &bridge.Problem{
			Code: bridge.ReasonAutomatic,
			Text: "This thread collects " + collected + ": it isn't a conversation.",
			Hint: "Make one of a mail first: its button under the mail, or @Parley promote",
		}
	case use.NeedsOpen && !c.BridgeStatus().Open():
		return &bridge.Problem{
			Code: bridge.ReasonNotOpen,
			Text: "This conversation is " + c.Status + ".",
			Hint: w.Conversations.HintAfterEnd(c),
		}
	case use.Final && (HasTime(r.Action) && w.wroteSince(r) || isBehindForm(r)):
		return &bridge.Problem{
			Code: "moved_on",
			Text: "The customer has written since you asked for this.",
			Hint: "Read it, then decide again.",
		}
	}
	return nil
}

// isBehindForm reports whether the customer wrote after the form for several conversations was opened, which shows none of their texts.
func isBehindForm(r Request) bool {
	c := r.Conversation
	return r.Several && !r.OpenedAt.IsZero() && c.LastFrom == store.FromCustomer && c.LastAt.After(r.OpenedAt)
}

// wroteSince reports whether the customer has written since a command was typed, if the command arrived late. It doesn't matter whether
// a colleague has answered: the author of the command has read neither.
func (w *work) wroteSince(r Request) bool {
	if r.Conversation.LastFrom == store.FromCustomer {
		return w.WasTypedBefore(r.Action, r.Conversation.LastAt)
	}
	last := w.Messages.LastOfCustomer(r.Conversation)
	return last != nil && w.WasTypedBefore(r.Action, last.CreatedAt)
}

// answerWithoutConversation answers a command that needs a conversation but doesn't identify one.
func (w *work) answerWithoutConversation(ctx context.Context, tx pgx.Tx, r Request) error {
	isHandled, err := w.AskAgain(ctx, tx, r)
	if isHandled || err != nil {
		return err
	}
	if r.Args.Conversation != 0 {
		refuseFor(w, r, noSuchConversation(r.Args.Conversation))
		return nil
	}
	w.Refuse(r, "no_conversation", "That is not in a conversation's thread.", "Say which one: #12, or use the thread's buttons.")
	return nil
}
