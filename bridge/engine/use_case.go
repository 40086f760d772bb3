package engine

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/reply"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/workflow"
)

// useCase says where a verb may be used, and what does it.
type useCase struct {
	open bool // only for a conversation that is not over
	mail bool // also in a daily thread, in which mails are sorted
	none bool // the verb is about no conversation, wherever it is used

	// do applies the verb to a conversation. Verbs with neither do nor read are done before a conversation
	// is looked for, or are words that somebody says.
	do func(*work, book.Request)
	// read is used in place of do where the verb needs more of the database than the batch has read.
	read func(*work, context.Context, pgx.Tx, book.Request) error
}

// useCases makes the table of verbs.
func useCases() map[bridge.Verb]*useCase {
	return map[bridge.Verb]*useCase{
		bridge.VerbNew:            {none: true},
		bridge.VerbHelp:           {none: true},
		bridge.VerbList:           {none: true},
		bridge.VerbTemplates:      {none: true},
		bridge.VerbTemplateEdit:   {none: true},
		bridge.VerbTemplateDelete: {none: true},
		bridge.VerbTemplate:       {read: useTemplate},
		bridge.VerbTake:           {open: true, do: byWorkflow((*workflow.UseCases).Assign)},
		bridge.VerbAssign:         {open: true, do: byWorkflow((*workflow.UseCases).Assign)},
		bridge.VerbUnassign:       {open: true, do: byWorkflow((*workflow.UseCases).Assign)},
		bridge.VerbTag:            {do: byWorkflow((*workflow.UseCases).Tag)},
		bridge.VerbUntag:          {do: byWorkflow((*workflow.UseCases).Tag)},
		bridge.VerbTopic:          {do: byWorkflow((*workflow.UseCases).Topic)},
		bridge.VerbRename:         {do: byWorkflow((*workflow.UseCases).Rename)},
		bridge.VerbPriority:       {do: byWorkflow((*workflow.UseCases).SetPriority)},
		bridge.VerbPending:        {open: true, do: byWorkflow((*workflow.UseCases).PauseOrWake)},
		bridge.VerbSnooze:         {open: true, do: byWorkflow((*workflow.UseCases).PauseOrWake)},
		bridge.VerbWake:           {open: true, do: byWorkflow((*workflow.UseCases).PauseOrWake)},
		bridge.VerbResolve:        {do: byWorkflow((*workflow.UseCases).EndOrReopen)},
		bridge.VerbReopen:         {do: byWorkflow((*workflow.UseCases).EndOrReopen)},
		bridge.VerbClose:          {do: byWorkflow((*workflow.UseCases).EndOrReopen)},
		bridge.VerbUndo:           {do: bySpeech((*speech.UseCases).Undo)},
		bridge.VerbCC:             {do: byReplies((*reply.UseCases).ChangeRecipients)},
		bridge.VerbTo:             {do: byReplies((*reply.UseCases).ChangeRecipients)},
		bridge.VerbAllow:          {do: byReplies((*reply.UseCases).ChangeRecipients)},
		bridge.VerbSend:           {do: bySpeech((*speech.UseCases).DecideMessage)},
		bridge.VerbKeep:           {do: bySpeech((*speech.UseCases).DecideMessage)},
		bridge.VerbDrop:           {do: bySpeech((*speech.UseCases).DecideMessage)},
		bridge.VerbSendAgain:      {do: bySpeech((*speech.UseCases).DecideDelivery)},
		bridge.VerbMarkSent:       {do: bySpeech((*speech.UseCases).DecideDelivery)},
		bridge.VerbLeave:          {do: byWorkflow((*workflow.UseCases).Leave)},
		bridge.VerbPromote:        {mail: true, read: sortAutomatic},
		bridge.VerbSilence:        {mail: true, read: sortAutomatic},
		bridge.VerbBlock:          {mail: true, read: sortAutomatic},
		bridge.VerbUnblock:        {mail: true, read: sortAutomatic},
	}
}

// madeUseCases keeps the table: nobody changes it. It can't be a sync.OnceValue, because what is done
// for a verb asks for the table: Go refuses such a circle.
var madeUseCases atomic.Pointer[map[bridge.Verb]*useCase] //nolint:gochecknoglobals // a table that never changes

func allUseCases() map[bridge.Verb]*useCase {
	if all := madeUseCases.Load(); all != nil {
		return *all
	}
	all := useCases()
	madeUseCases.Store(&all)
	return all
}

// useCaseOf gives a verb's entry in the table; an empty one for verbs that have none, such as plain words.
func useCaseOf(verb bridge.Verb) *useCase {
	if u := allUseCases()[verb]; u != nil {
		return u
	}
	return &useCase{}
}

func byWorkflow(do func(*workflow.UseCases, book.Request)) func(*work, book.Request) {
	return func(w *work, r book.Request) { do(w.workflow, r) }
}

func bySpeech(do func(*speech.UseCases, book.Request)) func(*work, book.Request) {
	return func(w *work, r book.Request) { do(w.speech, r) }
}

func byReplies(do func(*reply.UseCases, book.Request)) func(*work, book.Request) {
	return func(w *work, r book.Request) { do(w.replies, r) }
}

func useTemplate(w *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
	return w.templates.UseTemplate(ctx, tx, r)
}

func sortAutomatic(w *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
	return w.intake.SortAutomatic(ctx, tx, r)
}
