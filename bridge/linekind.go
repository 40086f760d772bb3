package bridge

// This file lists the kinds of lines (see Line), and says which struct holds the fields of each kind: a LineSnoozed
// has a SnoozedLine, which says until when. A new kind is a constant and a row of contents here, and its words in
// bot/view.

// LineKind says what a line is about. bot/view has the words.
type LineKind string

// Kind implements LineContent: a kind without fields of its own is itself the content.
func (k LineKind) Kind() LineKind { return k }

// The comments on the kinds below name the common fields of Line that a kind uses; its other fields are in its content. "*" means that a
// customer did not get something: the line mentions the author and repeats the text.

// Kinds of lines about what colleagues did with a conversation, or what happened to it by itself.
const (
	LineAssigned   LineKind = "assigned"    // By assigned it to Mentions; Text = note
	LineUnassigned LineKind = "unassigned"  // By put it back, or handed it to Args.Team; Text = note
	LineHandedOver LineKind = "handed_over" // By handed it to Args.Team: it goes on at the facts' Root, or Elsewhere
	LineWoke       LineKind = "woke"        // the snooze is over
	LineReopened   LineKind = "reopened"    // by the customer or By
	LineContinued  LineKind = "continued"   // the customer wrote again: see Other
	LineResolved   LineKind = "resolved"    // By did Verb, resolve or close; Text = note
	LineSnoozed    LineKind = "snoozed"     // By; confirmation with Wake
)

// Kinds of lines about a text that somebody typed or wrote in a form.
const (
	LineAsk       LineKind = "ask"        // * not sent without a click
	LineInside    LineKind = "inside"     // * stayed inside; may be sent, unless the customer goes on in Other
	LineSendAs    LineKind = "send_as"    // asks somebody who wants to send Text, which By wrote, whether they are sure
	LineTopLevel  LineKind = "top_level"  // * typed in the channel, where Args.Typed is: reached nobody
	LineNotMapped LineKind = "not_mapped" // * the author isn't an agent
	LineParked    LineKind = "parked"     // * found late, the conversation moved on
	LineOffered   LineKind = "offered"    // * parked for the reply window, which is open now; Other = where it was written
	LineUndone    LineKind = "undone"     // * taken back in the hold
	LineDone      LineKind = "done"       // By did Verb with Args; Text = the words that were written for it
	LineTexts     LineKind = "texts"      // a long text counts as several
	LineExists    LineKind = "exists"     // * nothing was begun: there is Other already
)

// Kinds of lines about a reply that left, or was to leave.
const (
	LineFailed     LineKind = "failed"      // * the customer didn't get it, or another recipient
	LineRetrying   LineKind = "retrying"    // * still being tried
	LineDelayed    LineKind = "delayed"     // the other side's server still tries
	LineUnclear    LineKind = "unclear"     // * nobody knows: Send again / Mark as sent
	LineEditLate   LineKind = "edit_late"   // * edited after it was sent
	LineDeleteLate LineKind = "delete_late" // deleted after it was sent: the customer has it, or may
	LineParts      LineKind = "parts"       // what was sent counts as several texts
)

// Kinds of lines about customers and their mails.
const (
	LineParticipant LineKind = "participant"  // Customer or Args.Addresses are new in the mail: allow?
	LineRecipients  LineKind = "recipients"   // who gets replies now
	LineAutomatic   LineKind = "automatic"    // one automatic mail in the daily thread
	LineCollected   LineKind = "collected"    // one mail of Customer, who opened very many conversations
	LineBounceOther LineKind = "bounce_other" // a bounce of something we can't match
	LineReacted     LineKind = "reacted"      // Customer reacted to a message
	LineChanged     LineKind = "changed"      // Customer changed a message: it says Text now
	LineDeleted     LineKind = "deleted"      // Customer deleted a message
	LineIdentity    LineKind = "identity"     // Customer is reached at another address now
	LineSamePerson  LineKind = "same_person"  // the customer of Other is the same
	LineOptedOut    LineKind = "opted_out"    // Customer wants no messages; Text = what was written
	LineOptedIn     LineKind = "opted_in"     // Customer wants messages again; Text = what was written
)

// Kinds of answers to what somebody asked for.
const (
	LineRefused   LineKind = "refused"   // Verb changed nothing
	LineDecided   LineKind = "decided"   // Verb changed nothing, since Outcome came first
	LineUnchanged LineKind = "unchanged" // Verb had nothing to do: it is so already
	LineHelp      LineKind = "help"      // the verbs
	LineHistory   LineKind = "history"   // what was done to the conversation, or to Other
	LineWhy       LineKind = "why"       // what was decided in the conversation, or in Other
	LineTimeline  LineKind = "timeline"  // where the time of the conversation went, or of Other
	LineList      LineKind = "list"      // a page of a list, or of what was found
	LineDetails   LineKind = "details"   // all facts of the conversation, or of Other
	LineTemplates LineKind = "templates" // all templates
	LineStats     LineKind = "stats"     // how the week of the reader's teams was
)

// Kinds of lines that Parley posts by itself.
const (
	LineAnalysis   LineKind = "analysis"   // what an analysis found in what the customer wrote; Args.Tags = suggested tags
	LineWritten    LineKind = "written"    // a text that By asked for, or that is made by itself; never for the customer
	LineEvening    LineKind = "evening"    // windows that close before a team is back
	LineWeek       LineKind = "week"       // how a team's week was
	LineAccount    LineKind = "account"    // an account's condition changed
	LineTemplate   LineKind = "template"   // Verb VerbTemplate: choose one; VerbTemplates: a verdict on one
	LineQuarantine LineKind = "quarantine" // something arrived that we could not read
)

// ContentOf returns an empty content for a kind: a pointer to its struct, the kind itself if it has no fields, or an
// UnknownLine if this version doesn't know the kind. For LineDone and LineTemplate it depends on the verb, too.
func ContentOf(kind LineKind, verb Verb) LineContent {
	if makeContent, ok := verbContents[kind][verb]; ok {
		return makeContent()
	}
	makeContent, isKnown := contents[kind]
	if !isKnown {
		return &UnknownLine{Name: kind}
	}
	if makeContent == nil { // the kind has no fields of its own
		return kind
	}
	return makeContent()
}

// contents has the function that makes the content of each kind. It is nil for kinds without fields of their own.
var contents = map[LineKind]func() LineContent{ //nolint:gochecknoglobals // a table
	LineAssigned:    nil,
	LineUnassigned:  newContent[UnassignedLine],
	LineHandedOver:  nil,
	LineWoke:        newContent[WokeLine],
	LineReopened:    nil,
	LineContinued:   nil,
	LineResolved:    nil,
	LineSnoozed:     newContent[SnoozedLine],
	LineAsk:         newContent[AskLine],
	LineInside:      newContent[InsideLine],
	LineSendAs:      nil,
	LineParked:      newContent[ParkedLine],
	LineOffered:     newContent[OfferedLine],
	LineFailed:      newContent[FailedLine],
	LineRetrying:    newContent[RetryingLine],
	LineDelayed:     newContent[DelayedLine],
	LineUnclear:     newContent[UnclearLine],
	LineEditLate:    newContent[EditLateLine],
	LineDeleteLate:  newContent[DeleteLateLine],
	LineUndone:      newContent[UndoneLine],
	LineTopLevel:    newContent[TopLevelLine],
	LineNotMapped:   nil,
	LineParticipant: nil,
	LineRecipients:  newContent[RecipientsLine],
	LineAutomatic:   newContent[AutomaticLine],
	LineCollected:   newContent[CollectedLine],
	LineBounceOther: newContent[BounceOtherLine],
	LineQuarantine:  newContent[QuarantineLine],
	LineRefused:     newContent[RefusedLine],
	LineDecided:     nil,
	LineUnchanged:   nil,
	LineDone:        nil,
	LineHelp:        newContent[HelpLine],
	LineHistory:     newContent[HistoryLine],
	LineWhy:         newContent[WhyLine],
	LineTimeline:    newContent[TimelineLine],
	LineList:        newContent[ListLine],
	LineDetails:     nil,
	LineTexts:       newContent[TextsLine],
	LineEvening:     newContent[EveningLine],
	LineWeek:        newContent[WeekLine],
	LineStats:       newContent[StatsLine],
	LineAccount:     newContent[AccountLine],
	LineTemplate:    newContent[ChooseTemplateLine],
	LineTemplates:   newContent[TemplatesLine],
	LineExists:      nil,
	LineReacted:     newContent[ReactedLine],
	LineChanged:     newContent[ChangedLine],
	LineDeleted:     newContent[DeletedLine],
	LineIdentity:    newContent[IdentityLine],
	LineSamePerson:  nil,
	LineOptedOut:    newContent[OptedOutLine],
	LineOptedIn:     nil,
	LineParts:       newContent[PartsLine],
	LineAnalysis:    newContent[AnalysisLine],
	LineWritten:     newContent[WrittenLine],
}

// verbContents has the contents that depend on the line's verb as well. It is asked before contents.
var verbContents = map[LineKind]map[Verb]func() LineContent{ //nolint:gochecknoglobals // a table
	LineTemplate: {VerbTemplates: newContent[VerdictLine]},
	LineDone: {
		VerbReply:          newContent[RepliedLine],
		VerbNew:            newContent[BegunLine],
		VerbTemplate:       newContent[BegunLine],
		VerbTag:            newContent[TaggedLine],
		VerbKeep:           newContent[KeptLine],
		VerbSilence:        newContent[SendersLine],
		VerbBlock:          newContent[SendersLine],
		VerbUnblock:        newContent[SendersLine],
		VerbTemplateEdit:   newContent[TemplateChangedLine],
		VerbTemplateDelete: newContent[TemplateChangedLine],
	},
}

// newContent makes the zero content of a type.
func newContent[C any, P interface {
	*C
	LineContent
}]() LineContent {
	return P(new(C))
}
