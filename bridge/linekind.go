package bridge

// A Line is a remark of Parley's own in a conversation's thread. This file lists the kinds of lines and the struct that
// holds the fields of each kind: a line of kind LineSnoozed has a SnoozedLine, which says until when. To add a kind, add a
// constant and a row of contents here, and a renderer in bot/view.

// LineKind is the kind of a line.
type LineKind string

// Kind implements LineContent: a kind without fields of its own is itself the content.
func (k LineKind) Kind() LineKind { return k }

// The comments on the kinds below name the common fields of Line that a kind uses. An asterisk marks lines which say that a
// customer did not get a message. They mention its author and repeat its text.

// Kinds of lines about changes of a conversation's owner or state.
const (
	LineAssigned   LineKind = "assigned"    // By assigned it to Mentions; Text = note
	LineRouted     LineKind = "routed"      // a rule assigned it to Mentions
	LineUnassigned LineKind = "unassigned"  // By put it back, or handed it to Args.Team; Text = note
	LineHandedOver LineKind = "handed_over" // By handed it to Args.Team: it continues at the facts' Root, or Elsewhere
	LineOops       LineKind = "oops"        // By wants back what was sent: Text
	LineVisible    LineKind = "visible"     // By let only some people read it, or all again
	LineLate       LineKind = "late"        // a target has passed; mentions the owners, or the team
	LineWoke       LineKind = "woke"        // the snooze is over
	LineReopened   LineKind = "reopened"    // by By, or by the customer if By is zero
	LineContinued  LineKind = "continued"   // the customer wrote again, which started Other
	LineResolved   LineKind = "resolved"    // By did Verb (VerbResolve …; VerbUnblock: Text = what isn't shown); Text = note
	LineSnoozed    LineKind = "snoozed"     // By snoozed it
	LineEnded      LineKind = "ended"       // it ended by itself
)

// Kinds of lines about a text that somebody typed or wrote in a form.
const (
	LineAsk       LineKind = "ask"        // * not sent without a click
	LineInside    LineKind = "inside"     // * kept inside; offers to send it, unless the conversation continues in Other
	LineSendAs    LineKind = "send_as"    // asks the reader to confirm sending Text, which By wrote
	LineTopLevel  LineKind = "top_level"  // * not sent, because it was typed outside all threads, at Args.Typed
	LineNotMapped LineKind = "not_mapped" // * not sent, because its author isn't an agent
	LineParked    LineKind = "parked"     // * kept until a decision, or until the customer writes
	LineOffered   LineKind = "offered"    // * was parked for the reply window, which is open now; Other = where it was written
	LineUndone    LineKind = "undone"     // * taken back before it was sent
	LineDone      LineKind = "done"       // By did Verb with Args; Text = the text of the form
	LineTexts     LineKind = "texts"      // a long text counts as several
	LineAside     LineKind = "aside"      // begins the thread of a question aside, by By; Text = the question
	LineExists    LineKind = "exists"     // * no conversation was started, because Other is already open
)

// Kinds of lines about a reply that was sent, or was to be sent.
const (
	LineFailed     LineKind = "failed"      // * a recipient did not get it
	LineRetrying   LineKind = "retrying"    // * attempts to send it fail, and continue
	LineDelayed    LineKind = "delayed"     // the recipient's server has it and keeps trying to deliver it
	LineUnclear    LineKind = "unclear"     // * the result is unknown
	LineEditLate   LineKind = "edit_late"   // * edited after it was sent
	LineDeleteLate LineKind = "delete_late" // deleted after it was sent
	LineParts      LineKind = "parts"       // the sent reply counted as several texts
)

// Kinds of lines about customers and their mails.
const (
	LineParticipant LineKind = "participant"  // Customer or Args.Addresses were added to the mail: allow them?
	LineRecipients  LineKind = "recipients"   // who gets replies now
	LineAutomatic   LineKind = "automatic"    // an automatic mail, in a daily thread
	LineCollected   LineKind = "collected"    // a mail of Customer, who opened an unusual number of conversations
	LineForwarded   LineKind = "forwarded"    // By passed on a mail of Customer; Text = what they wrote above it
	LineBounceOther LineKind = "bounce_other" // a bounce that we can't match with a reply
	LineReacted     LineKind = "reacted"      // Customer reacted to a message
	LineChanged     LineKind = "changed"      // Customer changed a message; Text = its new text
	LineDeleted     LineKind = "deleted"      // Customer deleted a message
	LineIdentity    LineKind = "identity"     // Customer has a new address
	LineSamePerson  LineKind = "same_person"  // Other has the same customer
	LineOptedOut    LineKind = "opted_out"    // Customer refuses messages; Text = the customer's words
	LineOptedIn     LineKind = "opted_in"     // Customer accepts messages again; Text = the customer's words
)

// Kinds of answers to a verb. Where Other is set, they are about Other instead of the thread's conversation.
const (
	LineRefused   LineKind = "refused"   // Verb was refused
	LineDecided   LineKind = "decided"   // Verb came too late: the earlier decision is in Outcome
	LineUnchanged LineKind = "unchanged" // Verb had nothing to change
	LineHelp      LineKind = "help"      // the verbs
	LineHistory   LineKind = "history"   // the log
	LineWhy       LineKind = "why"       // the last decisions
	LineTimeline  LineKind = "timeline"  // how long the conversation waited for whom
	LineProfile   LineKind = "profile"   // what is known of the customer
	LineChat      LineKind = "chat"      // where the chat with a colleague is; Other = what it is about
	LineRecords   LineKind = "records"   // records to which the customer can be linked; Args.Note = the words that they were found by
	LineList      LineKind = "list"      // a page of a list, or of search results
	LineDetails   LineKind = "details"   // all facts
	LineTemplates LineKind = "templates" // all templates
	LineCanned    LineKind = "canned"    // all canned replies
	LineStats     LineKind = "stats"     // the week's figures of the reader's teams
	LinePresence  LineKind = "presence"  // the reader's presence and room
)

// Kinds of lines that Parley posts by itself.
const (
	LineAnalysis    LineKind = "analysis"     // the result of an analysis of the customer's message; Args.Tags = suggested tags
	LineAutoReplied LineKind = "auto_replied" // the account answered Customer by itself; Text = what it said
	LineWritten     LineKind = "written"      // a text for colleagues by a machine, which By requested if set
	LineEvening     LineKind = "evening"      // reply windows that close before a team is back
	LineBoard       LineKind = "board"        // what presses in the channel
	LineAccount     LineKind = "account"      // an account stopped working or works again
	LineTemplate    LineKind = "template"     // Verb VerbTemplate: choose one; VerbTemplates: a provider's decision about one
	LineQuarantine  LineKind = "quarantine"   // something arrived that we could not read
	LineAutomated   LineKind = "automated"    // an automation did something; Text = its note
)

// ContentOf returns an empty content for a kind: a pointer to its struct, the kind itself if it has no fields, or an
// UnknownLine if this version doesn't know the kind. For LineDone and LineTemplate, the content also depends on the verb.
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

// contents has a constructor for the content of each kind, which is nil for kinds without fields of their own.
var contents = map[LineKind]func() LineContent{ //nolint:gochecknoglobals // a table
	LineAssigned:    nil,
	LineRouted:      newContent[RoutedLine],
	LineUnassigned:  newContent[UnassignedLine],
	LineHandedOver:  nil,
	LineOops:        newContent[OopsLine],
	LineVisible:     newContent[VisibleLine],
	LineLate:        newContent[LateLine],
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
	LineForwarded:   nil,
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
	LineProfile:     newContent[ProfileLine],
	LineChat:        newContent[ChatLine],
	LineRecords:     newContent[RecordsLine],
	LineList:        newContent[ListLine],
	LineDetails:     nil,
	LineTexts:       newContent[TextsLine],
	LineEvening:     newContent[EveningLine],
	LineBoard:       newContent[BoardLine],
	LineStats:       newContent[StatsLine],
	LinePresence:    newContent[PresenceLine],
	LineAutomated:   newContent[AutomatedLine],
	LineAccount:     newContent[AccountLine],
	LineTemplate:    newContent[ChooseTemplateLine],
	LineTemplates:   newContent[TemplatesLine],
	LineCanned:      newContent[CannedLine],
	LineExists:      nil,
	LineAside:       newContent[AsideLine],
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
	LineAutoReplied: newContent[AutoRepliedLine],
	LineEnded:       newContent[EndedLine],
}

// verbContents has constructors for contents that also depend on the line's verb. They take precedence over contents.
var verbContents = map[LineKind]map[Verb]func() LineContent{ //nolint:gochecknoglobals // a table
	LineTemplate: {VerbTemplates: newContent[VerdictLine]},
	LineDone: {
		VerbReply:          newContent[RepliedLine],
		VerbNew:            newContent[BegunLine],
		VerbTemplate:       newContent[BegunLine],
		VerbTag:            newContent[TaggedLine],
		VerbSeveral:        newContent[SeveralLine],
		VerbEmail:          newContent[EmailedLine],
		VerbAsk:            newContent[AskedLine],
		VerbKeep:           newContent[KeptLine],
		VerbSilence:        newContent[SendersLine],
		VerbUnsilence:      newContent[SendersLine],
		VerbTemplateEdit:   newContent[TemplateChangedLine],
		VerbTemplateDelete: newContent[TemplateChangedLine],
	},
}

// newContent is the constructor of a content type C.
func newContent[C any, P interface {
	*C
	LineContent
}]() LineContent {
	return P(new(C))
}
