package engine

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
)

// useCase says who may use a verb, where, and what does it.
type useCase struct {
	admins *bridge.Problem // what agents who are no admins are told; nil = every agent may use the verb
	open   bool            // only for a conversation that is not over
	mail   bool            // also in a daily thread, in which mails are sorted
	none   bool            // the verb is about no conversation, wherever it is used

	// do applies the verb to a conversation. Verbs with neither do nor read are done before a conversation
	// is looked for, or are words that somebody says.
	do func(*work, request)
	// read is used in place of do where the verb needs more of the database than the batch has read.
	read func(*work, context.Context, pgx.Tx, request) error
}

// useCases makes the table of verbs.
func useCases() map[bridge.Verb]*useCase {
	forTemplates := &bridge.Problem{Code: "not_allowed", Text: "Only admins change templates.", Hint: "Ask one of them."}
	toClose := &bridge.Problem{Code: "not_allowed", Text: "Only admins close conversations.", Hint: "Resolve it instead: !resolve"}
	return map[bridge.Verb]*useCase{
		bridge.VerbNew:            {none: true},
		bridge.VerbHelp:           {none: true},
		bridge.VerbList:           {none: true},
		bridge.VerbTemplates:      {none: true},
		bridge.VerbTemplateEdit:   {none: true, admins: forTemplates},
		bridge.VerbTemplateDelete: {none: true, admins: forTemplates},
		bridge.VerbTemplate:       {read: (*work).useTemplate},
		bridge.VerbTake:           {open: true, do: (*work).assign},
		bridge.VerbAssign:         {open: true, do: (*work).assign},
		bridge.VerbUnassign:       {open: true, do: (*work).assign},
		bridge.VerbTag:            {do: (*work).tag},
		bridge.VerbUntag:          {do: (*work).tag},
		bridge.VerbTopic:          {do: (*work).topic},
		bridge.VerbRename:         {do: (*work).rename},
		bridge.VerbPriority:       {do: (*work).setPriority},
		bridge.VerbPending:        {open: true, do: (*work).pauseOrWake},
		bridge.VerbSnooze:         {open: true, do: (*work).pauseOrWake},
		bridge.VerbWake:           {open: true, do: (*work).pauseOrWake},
		bridge.VerbResolve:        {do: (*work).endOrReopen},
		bridge.VerbReopen:         {do: (*work).endOrReopen},
		bridge.VerbClose:          {do: (*work).endOrReopen, admins: toClose},
		bridge.VerbUndo:           {do: (*work).undo},
		bridge.VerbCC:             {do: (*work).changeRecipients},
		bridge.VerbTo:             {do: (*work).changeRecipients},
		bridge.VerbAllow:          {do: (*work).changeRecipients},
		bridge.VerbSend:           {do: (*work).decideMessage},
		bridge.VerbKeep:           {do: (*work).decideMessage},
		bridge.VerbDrop:           {do: (*work).decideMessage},
		bridge.VerbSendAgain:      {do: (*work).decideDelivery},
		bridge.VerbMarkSent:       {do: (*work).decideDelivery},
		bridge.VerbLeave:          {do: (*work).leave},
		bridge.VerbPromote:        {mail: true, read: (*work).sortAutomatic},
		bridge.VerbSilence:        {mail: true, read: (*work).sortAutomatic},
		bridge.VerbBlock:          {mail: true, read: (*work).sortAutomatic},
		bridge.VerbUnblock:        {mail: true, read: (*work).sortAutomatic},
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
