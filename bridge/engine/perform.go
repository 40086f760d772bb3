package engine

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/assist"
	"parley/bridge/engine/book"
	"parley/bridge/engine/reply"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/workflow"
	"parley/store"
	"parley/store/channelmove"
)

// useCase says where a verb may be used, what has to be read for it, and what applies it. A verb is what a person asks for, by a
// command, a button, a form or an emoji.
type useCase struct {
	needsOpen      bool // the verb may only be used in a conversation that is not over
	final          bool // the verb settles the customer's latest words: found late, it is refused if there are later ones
	inDailyThread  bool // the verb may also be used in a day's thread, in which mails are sorted
	noConversation bool // the verb is about no conversation, wherever it is used

	// needsLatest means that the conversation's latest messages are to be read, and the replies that wait.
	needsLatest bool
	// wants adds what else the batch has to read for the verb; nil if there is nothing else.
	wants func(*work, *book.Prefetch, book.Request)

	isSpeech bool // somebody says something, to the customer or to colleagues: applySpeech applies it
	// doFirst applies what happened to a message or a channel, whoever did it. It is called before the conversation is looked for.
	doFirst func(*work, context.Context, pgx.Tx, book.Request) error
	// doAnywhere applies a verb that needs no conversation.
	doAnywhere func(*work, context.Context, pgx.Tx, book.Request) error
	// do applies the verb to a conversation.
	do func(*work, book.Request)
	// doInTx takes the place of do where the verb needs more of the database than the batch has read.
	doInTx func(*work, context.Context, pgx.Tx, book.Request) error
}

// useCases makes the table of verbs; see allUseCases.
func useCases() map[bridge.Verb]*useCase {
	return map[bridge.Verb]*useCase{
		bridge.VerbSay:            {isSpeech: true, needsLatest: true, wants: wantTold},
		bridge.VerbReply:          {isSpeech: true, needsLatest: true},
		bridge.VerbNote:           {isSpeech: true, needsLatest: true},
		bridge.VerbUnknown:        {isSpeech: true, needsLatest: true},
		bridge.VerbEdit:           {needsLatest: true, wants: wantAnswered, doFirst: editText},
		bridge.VerbDelete:         {needsLatest: true, wants: wantDeleted, doFirst: deleteText},
		bridge.VerbReact:          {doFirst: ignore}, // emoji that are verbs arrive as those verbs
		bridge.VerbUnreact:        {doFirst: ignore},
		bridge.VerbMoveChannel:    {doFirst: moveChannel},
		bridge.VerbNew:            {noConversation: true, wants: (*work).wantStart, doAnywhere: (*work).start},
		bridge.VerbHelp:           {noConversation: true, doAnywhere: (*work).answerHelp},
		bridge.VerbList:           {noConversation: true, doAnywhere: (*work).answer},
		bridge.VerbStats:          {noConversation: true, doAnywhere: (*work).answer},
		bridge.VerbFind:           {doAnywhere: (*work).answer},
		bridge.VerbHistory:        {doAnywhere: (*work).answer},
		bridge.VerbWhy:            {doAnywhere: (*work).answer},
		bridge.VerbTimeline:       {doAnywhere: (*work).answer},
		bridge.VerbAI:             {do: byAssist((*assist.UseCases).Ask)},
		bridge.VerbTemplates:      {noConversation: true, doAnywhere: administerTemplates},
		bridge.VerbTemplateEdit:   {noConversation: true, doAnywhere: administerTemplates},
		bridge.VerbTemplateDelete: {noConversation: true, doAnywhere: administerTemplates},
		bridge.VerbTemplate:       {needsLatest: true, doInTx: useTemplate},
		bridge.VerbTake:           {needsOpen: true, do: byWorkflow((*workflow.UseCases).Assign)},
		bridge.VerbAssign:         {needsLatest: true, wants: wantAgentsElsewhere, needsOpen: true, do: byWorkflow((*workflow.UseCases).Assign)},
		bridge.VerbUnassign:       {needsLatest: true, needsOpen: true, do: byWorkflow((*workflow.UseCases).Assign)},
		bridge.VerbTag:            {wants: wantTags, do: byWorkflow((*workflow.UseCases).Tag)},
		bridge.VerbUntag:          {do: byWorkflow((*workflow.UseCases).Tag)},
		bridge.VerbTopic:          {do: byWorkflow((*workflow.UseCases).Topic)},
		bridge.VerbRename:         {do: byWorkflow((*workflow.UseCases).Rename)},
		bridge.VerbPriority:       {do: byWorkflow((*workflow.UseCases).SetPriority)},
		bridge.VerbAnalysis:       {do: byWorkflow((*workflow.UseCases).SwitchAnalysis)},
		bridge.VerbPending:        {final: true, wants: wantEnd, needsOpen: true, do: byWorkflow((*workflow.UseCases).SetPending)},
		bridge.VerbSnooze:         {final: true, wants: wantEnd, needsLatest: true, needsOpen: true, do: byWorkflow((*workflow.UseCases).Snooze)},
		bridge.VerbWake:           {needsLatest: true, needsOpen: true, do: byWorkflow((*workflow.UseCases).Wake)},
		bridge.VerbResolve:        {final: true, wants: wantEnd, do: byWorkflow((*workflow.UseCases).End)},
		bridge.VerbReopen:         {needsLatest: true, doInTx: reopen},
		bridge.VerbClose:          {final: true, wants: wantEnd, do: byWorkflow((*workflow.UseCases).End)},
		bridge.VerbUndo:           {needsLatest: true, wants: wantUndo, do: bySpeech((*speech.UseCases).Undo)},
		bridge.VerbCC:             {needsLatest: true, do: byReplies((*reply.UseCases).ChangeRecipients)},
		bridge.VerbTo:             {needsLatest: true, do: byReplies((*reply.UseCases).ChangeRecipients)},
		bridge.VerbAllow:          {needsLatest: true, do: byReplies((*reply.UseCases).ChangeRecipients)},
		bridge.VerbSend:           {final: true, needsLatest: true, do: bySpeech((*speech.UseCases).DecideMessage)},
		bridge.VerbKeep:           {needsLatest: true, wants: wantAnswered, do: bySpeech((*speech.UseCases).DecideMessage)},
		bridge.VerbDrop:           {needsLatest: true, wants: wantAnswered, do: bySpeech((*speech.UseCases).DecideMessage)},
		bridge.VerbSendAgain:      {needsLatest: true, do: bySpeech((*speech.UseCases).DecideDelivery)},
		bridge.VerbMarkSent:       {needsLatest: true, do: bySpeech((*speech.UseCases).DecideDelivery)},
		bridge.VerbLeave:          {do: byWorkflow((*workflow.UseCases).LeaveUnanswered)},
		bridge.VerbPromote:        {needsLatest: true, inDailyThread: true, doInTx: sortAutomatic},
		bridge.VerbSilence:        {needsLatest: true, inDailyThread: true, doInTx: sortAutomatic},
		bridge.VerbBlock:          {needsLatest: true, inDailyThread: true, doInTx: sortAutomatic},
		bridge.VerbUnblock:        {needsLatest: true, inDailyThread: true, doInTx: sortAutomatic},
	}
}

// allUseCases is the table, made once.
var allUseCases = sync.OnceValue(useCases) //nolint:gochecknoglobals // a table that never changes

// useCaseOf returns a verb's entry in the table. For a verb that has none it returns an empty one.
func useCaseOf(verb bridge.Verb) *useCase {
	if u := allUseCases()[verb]; u != nil {
		return u
	}
	return &useCase{}
}

// perform applies a command: it checks whether this agent may use the verb here, and calls its use case.
func (w *work) perform(ctx context.Context, tx pgx.Tx, r book.Request) error {
	use := useCaseOf(r.Verb)
	if use.doAnywhere != nil {
		return use.doAnywhere(w, ctx, tx, r)
	}
	if r.Conversation == nil && r.IsEmoji() {
		return nil // an emoji under a message of no conversation is meant for people
	}
	if r.Conversation == nil {
		return w.answerWithoutConversation(ctx, tx, r)
	}
	if problem := commandProblem(w, r, use); problem != nil {
		refuseFor(w, r, problem)
		return nil
	}

	whispers := w.Whispers
	if use.do != nil {
		use.do(w, r)
	}
	if use.doInTx != nil {
		if err := use.doInTx(w, ctx, tx, r); err != nil {
			return err
		}
	}
	w.confirmElsewhere(r, whispers)
	return nil
}

// confirmElsewhere tells somebody who gave a command from elsewhere that it was done: the card and the lines that show it are in
// the conversation's thread. It does nothing if that person was answered already. before is the number of whispers before the command.
func (w *work) confirmElsewhere(r book.Request, before int) {
	if w.Whispers == before && w.Posts.IsAskedElsewhere(r) {
		w.Confirm(r, bridge.Line{Args: r.Args})
	}
}

// commandProblem returns why a verb can't be used now in its conversation by whoever asks, or nil if it can.
func commandProblem(w *work, r book.Request, use *useCase) *bridge.Problem {
	c := r.Conversation
	if problem := w.Authorize(r, r.Verb); problem != nil {
		return problem
	}

	switch {
	case c.Kind == store.KindAutomatic && !use.inDailyThread:
		collected := "automatic mail"
		if c.Collects != nil {
			collected = "mails of people who opened very many conversations"
		}
		return &bridge.Problem{
			Code: bridge.ReasonAutomatic,
			Text: "This thread collects " + collected + ": it isn't a conversation.",
			Hint: "Make one of a mail first: its button under the mail, or @Parley promote",
		}
	case use.needsOpen && !c.BridgeStatus().Open():
		return &bridge.Problem{
			Code: bridge.ReasonNotOpen,
			Text: "This conversation is " + c.Status + ".",
			Hint: w.Conversations.HintAfterEnd(c),
		}
	case use.final && hasTime(r.Action) && w.wroteSince(r):
		return &bridge.Problem{
			Code: "moved_on",
			Text: "The customer has written since you asked for this.",
			Hint: "Read it, then decide again.",
		}
	}
	return nil
}

// refuseFor tells whoever asked for something why it isn't done.
func refuseFor(w *work, r book.Request, problem *bridge.Problem) {
	w.Refuse(r, problem.Code, problem.Text, problem.Hint)
}

// wroteSince reports whether a verb was found late and the customer has written since somebody asked for it, even if a colleague has
// answered that: whoever asked has read neither.
func (w *work) wroteSince(r book.Request) bool {
	if r.Conversation.LastFrom == store.FromCustomer {
		return w.WasTypedBefore(r.Action, r.Conversation.LastAt)
	}
	last := w.Messages.LastOfCustomer(r.Conversation)
	return last != nil && w.WasTypedBefore(r.Action, last.CreatedAt)
}

// answerWithoutConversation answers a verb that needs a conversation, where nobody knows which one is meant.
func (w *work) answerWithoutConversation(ctx context.Context, tx pgx.Tx, r book.Request) error {
	handled, err := w.speech.ChannelTexts.AskAgain(ctx, tx, r)
	if handled || err != nil {
		return err
	}
	if r.Args.Conversation != 0 {
		refuseFor(w, r, noSuchConversation(r.Args.Conversation))
		return nil
	}
	w.Refuse(r, "no_conversation", "That is not in a conversation's thread.", "Say which one: #12, or use the thread's buttons.")
	return nil
}

func byWorkflow(do func(*workflow.UseCases, book.Request)) func(*work, book.Request) {
	return func(w *work, r book.Request) { do(w.workflow, r) }
}

func byAssist(do func(*assist.UseCases, book.Request)) func(*work, book.Request) {
	return func(w *work, r book.Request) { do(w.assist, r) }
}

func bySpeech(do func(*speech.UseCases, book.Request)) func(*work, book.Request) {
	return func(w *work, r book.Request) { do(w.speech, r) }
}

func byReplies(do func(*reply.UseCases, book.Request)) func(*work, book.Request) {
	return func(w *work, r book.Request) { do(w.replies, r) }
}

func editText(w *work, _ context.Context, _ pgx.Tx, r book.Request) error {
	w.speech.Edit(r)
	return nil
}

func deleteText(w *work, _ context.Context, _ pgx.Tx, r book.Request) error {
	return w.speech.Delete(r)
}

func ignore(*work, context.Context, pgx.Tx, book.Request) error { return nil }

func moveChannel(_ *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
	return channelmove.Begin(ctx, tx, r.Surface, r.Place.Channel, r.Args.Note)
}

func administerTemplates(w *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
	return w.templates.Administer(ctx, tx, r)
}

func useTemplate(w *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
	return w.templates.UseTemplate(ctx, tx, r)
}

func sortAutomatic(w *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
	return w.intake.SortAutomatic(ctx, tx, r)
}

func reopen(w *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
	return w.workflow.Reopen(ctx, tx, r)
}
