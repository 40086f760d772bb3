// Package viewtest holds one of everything that surfaces show, so that each renders the
// same facts.
package viewtest

import (
	"maps"
	"strings"
	"time"

	"parley/bot/view"
	"parley/bridge"
)

// Samples are the people and places of a surface, in its own ids.
type Samples struct {
	Ann, Ben    bridge.AgentRef
	Root, Other bridge.Place // roots of two conversations
}

// When is the moment of all samples.
func When() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }

// Facts of a conversation that Ann has.
func (s Samples) Facts() bridge.Facts {
	return bridge.Facts{
		ID: 12, Status: bridge.StatusOpen, Subject: "Printer <on> *fire*", ChannelKind: "email", ChannelName: "E-mail", ChannelIcon: "email",
		Account: "support-mail", AccountMode: "live", Team: "Support", Contact: bridge.PartyRef{Name: "Eve & Co", Address: "eve@example.org"},
		To:   []bridge.PartyRef{{Name: "Eve & Co", Address: "eve@example.org"}},
		Tags: []bridge.Tag{{Name: "vip", Color: "#dd2e44"}}, CreatedAt: When(), LastAt: When(), WaitingSince: When(), Zone: time.UTC,
		Assignees: []bridge.AgentRef{s.Ann}, LastPreview: "It burns", LastFrom: "customer",
		Root: s.Root, Viewer: s.Ann,
	}
}

// Lines are one of each kind, by a name for it.
func (s Samples) Lines() map[string]bridge.Line {
	lines := s.tellingLines()
	maps.Copy(lines, s.showingLines())
	return lines
}

// tellingLines tell of what happened to a message or a conversation.
func (s Samples) tellingLines() map[string]bridge.Line {
	ann := s.Ann
	kept := "Dear <!channel>, *see* [x](https://x.test)\n\n- one\n- two"
	return map[string]bridge.Line{
		"assigned":    {Kind: bridge.LineAssigned, By: ann, Mentions: []bridge.AgentRef{s.Ben}},
		"unassigned":  {Kind: bridge.LineUnassigned, By: ann},
		"handed_over": {Kind: bridge.LineHandedOver, By: ann, Args: bridge.Args{Team: "Billing"}},
		"handed_here": {Kind: bridge.LineUnassigned, By: ann, Mentions: []bridge.AgentRef{s.Ben}, Args: bridge.Args{Team: "Billing"}, Text: "a refund", Left: s.Other},
		"woke":        {Kind: bridge.LineWoke, Mentions: []bridge.AgentRef{ann}},
		"reopened":    {Kind: bridge.LineReopened, Mentions: []bridge.AgentRef{ann}},
		"continued":   {Kind: bridge.LineContinued, Other: s.Facts()},
		"resolved":    {Kind: bridge.LineResolved, By: ann, Text: "refunded", Verbs: []bridge.Verb{bridge.VerbReopen}},
		"snoozed":     {Kind: bridge.LineSnoozed, By: ann, Until: When(), Verbs: []bridge.Verb{bridge.VerbWake}},
		"ask":         {Kind: bridge.LineAsk, Mentions: []bridge.AgentRef{ann}, Reason: "It looks like a command.", Text: kept, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}, Args: bridge.Args{Message: 7}},
		"slip": {Kind: bridge.LineAsk, Verb: bridge.VerbUnknown, Mentions: []bridge.AgentRef{ann}, Reason: "There is no command “!assing”. Did you mean !assign?", Text: "!assing @ben", Verbs: []bridge.Verb{bridge.VerbKeep, bridge.VerbSend},
			Args: bridge.Args{Message: 7}, Meant: &bridge.Meant{Verb: bridge.VerbAssign, Args: bridge.Args{Conversation: 12, Slip: 7, Agents: []string{"@ben"}}, Names: []string{"Ben"}}},
		"send_as": {Kind: bridge.LineSendAs, By: ann, Customer: s.Facts().Contact, Text: kept, Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Message: 7, Sure: true}},
		"sent_as": {Kind: bridge.LineDone, Verb: bridge.VerbSend, By: s.Ben, Mentions: []bridge.AgentRef{ann}, Customer: s.Facts().Contact, Text: kept, Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Message: 7}},
		"noted":   {Kind: bridge.LineDone, Verb: bridge.VerbNote, By: ann, Mentions: []bridge.AgentRef{s.Ben}, Text: kept},
		"inside":  {Kind: bridge.LineInside, Mentions: []bridge.AgentRef{ann}, Reason: "You are not assigned.", Text: kept, Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Message: 7}},
		"parked":  {Kind: bridge.LineParked, Mentions: []bridge.AgentRef{ann}, Reason: "Found late.", Text: kept, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}, Args: bridge.Args{Message: 7}},
		"texts":   {Kind: bridge.LineTexts, Mentions: []bridge.AgentRef{ann}, Count: 4, Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Message: 7}},
		"evening": {Kind: bridge.LineEvening, Zone: "Europe/Berlin", Rows: []bridge.Facts{{ID: 12, Status: bridge.StatusOpen, Contact: bridge.PartyRef{Name: "Kim"}, Templates: true, WindowUntil: When(), LastPreview: "Still there?"},
			{ID: 13, Status: bridge.StatusOpen, Contact: bridge.PartyRef{Name: "Lou"}, WindowUntil: When()}}},
		"offered":       {Kind: bridge.LineOffered, Mentions: []bridge.AgentRef{ann}, Text: kept, Until: When(), Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}, Args: bridge.Args{Message: 7}},
		"parked_window": {Kind: bridge.LineParked, Mentions: []bridge.AgentRef{ann}, Reason: "window", Text: kept, Until: When(), Verbs: []bridge.Verb{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}, Args: bridge.Args{Message: 7}},
		"failed":        {Kind: bridge.LineFailed, Mentions: []bridge.AgentRef{ann}, Reason: "The mailbox is full.", Hint: "Try another address.", Text: kept, Verbs: []bridge.Verb{bridge.VerbSendAgain}, Args: bridge.Args{Delivery: 9}},
		"retrying":      {Kind: bridge.LineRetrying, Mentions: []bridge.AgentRef{ann}, Reason: "The server doesn't answer.", Since: When(), Text: kept},
		"delayed":       {Kind: bridge.LineDelayed, Reason: "Their server still tries."},
		"unclear":       {Kind: bridge.LineUnclear, Mentions: []bridge.AgentRef{ann}, Text: kept, Verbs: []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent}, Args: bridge.Args{Delivery: 9}},
		"edit_late":     {Kind: bridge.LineEditLate, Mentions: []bridge.AgentRef{ann}, Text: kept, Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Message: 7}},
		"delete_late":   {Kind: bridge.LineDeleteLate, Mentions: []bridge.AgentRef{ann}},
		"undone":        {Kind: bridge.LineUndone, Mentions: []bridge.AgentRef{ann}, Text: kept},
		"top_level": {Kind: bridge.LineTopLevel, Mentions: []bridge.AgentRef{ann}, Text: kept, Args: bridge.Args{Typed: &bridge.Place{Channel: s.Root.Channel, Message: s.Root.Message}},
			Rows: []bridge.Facts{s.Facts(), {ID: 13, Contact: bridge.PartyRef{Name: "Lou <b> with a very long name"}}}},
		"chosen":       {Kind: bridge.LineTopLevel, By: ann, Text: kept, Other: bridge.Facts{ID: 13, Root: s.Other}, Outcome: &bridge.Outcome{State: bridge.OutcomeChosen, By: ann}},
		"not_mapped":   {Kind: bridge.LineNotMapped, Mentions: []bridge.AgentRef{ann}, Text: kept},
		"participant":  {Kind: bridge.LineParticipant, Customer: bridge.PartyRef{Name: "Mallory", Address: "m@example.org"}, Verbs: []bridge.Verb{bridge.VerbAllow}, Args: bridge.Args{Addresses: []string{"m@example.org"}}},
		"recipients":   {Kind: bridge.LineRecipients, Text: "eve@example.org"},
		"automatic":    {Kind: bridge.LineAutomatic, Customer: bridge.PartyRef{Name: "News", Address: "n@example.org"}, Text: "Weekly", Verbs: []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}, Args: bridge.Args{Message: 7}},
		"collected":    {Kind: bridge.LineCollected, Customer: bridge.PartyRef{Name: "Kim", Address: "kim@example.org"}, Text: "Offer 11", Hint: "Buy now.", Count: 2, Verbs: []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}, Args: bridge.Args{Message: 7}},
		"bounce_other": {Kind: bridge.LineBounceOther, Reason: "No such user."},
		"quarantine":   {Kind: bridge.LineQuarantine, Reason: "not readable"},
		"refused":      {Kind: bridge.LineRefused, Verb: bridge.VerbClose, Reason: "Only admins may.", Hint: "Ask one."},
		"decided":      {Kind: bridge.LineDecided, Verb: bridge.VerbSend, Outcome: &bridge.Outcome{State: bridge.OutcomeSent, By: s.Ben, At: When()}},
		"settled":      {Kind: bridge.LineAsk, Mentions: []bridge.AgentRef{ann}, Text: kept, Outcome: &bridge.Outcome{State: bridge.OutcomeRead, By: s.Ben, At: When()}},
		"unchanged":    {Kind: bridge.LineUnchanged, Verb: bridge.VerbTake},
		"done":         {Kind: bridge.LineDone, Verb: bridge.VerbTag, Text: "vip"},
		"help":         {Kind: bridge.LineHelp},
		"history":      {Kind: bridge.LineHistory, Log: []bridge.LogRow{{At: When(), Actor: "Ann", What: "assigned", Detail: "to Ben"}}},
		"why":          {Kind: bridge.LineWhy, Text: "Ann is *assigned*."},
		"why_texts": {Kind: bridge.LineWhy, Decided: []bridge.Decided{{At: When(), By: s.Ben, Text: "He never *pays*", Fate: "inside", Reason: "not_assignee"}, {At: When(), By: ann, Text: "note?", Fate: "ask", Reason: "for_colleagues"},
			{At: When(), By: ann, Text: "Hello", Fate: "out", Reason: "assignee"}}, Log: []bridge.LogRow{{At: When(), Actor: "Ann", What: "assigned", Detail: "Ben: knows this customer"}}},
	}
}

// showingLines show what is kept, and what came from the customer's side.
func (s Samples) showingLines() map[string]bridge.Line {
	ann := s.Ann
	kept := "Dear <!channel>, *see* [x](https://x.test)\n\n- one\n- two"
	return map[string]bridge.Line{
		"list":         {Kind: bridge.LineList, Text: "mine", Args: bridge.Args{List: "mine"}, Rows: []bridge.Facts{s.Facts()}},
		"list_found":   {Kind: bridge.LineList, Text: "find", Args: bridge.Args{List: "find", Note: "lamp"}, Rows: []bridge.Facts{s.Facts()}, More: true},
		"list_nothing": {Kind: bridge.LineList, Text: "find", Args: bridge.Args{List: "find", Note: "lamp"}},
		"details":      {Kind: bridge.LineDetails},
		"account":      {Kind: bridge.LineAccount, Reason: "The password is wrong.", Hint: "Enter it again."},
		"template":     {Kind: bridge.LineTemplate, Verb: bridge.VerbTemplates, Templates: Stock().List[1:], Verbs: []bridge.Verb{bridge.VerbTemplateEdit}, Args: bridge.Args{Template: &bridge.TemplateArgs{ID: 8}}},
		"templates":    {Kind: bridge.LineTemplates, Templates: Stock().List, Verbs: []bridge.Verb{bridge.VerbTemplateEdit}},
		"rerooted":     {Kind: bridge.LineRerooted},
		"exists":       {Kind: bridge.LineExists, Mentions: []bridge.AgentRef{ann}, Other: s.Facts(), Text: kept},
		"reacted":      {Kind: bridge.LineReacted, Text: "👍🏽", Hint: "On its way <!channel>"},
		"changed":      {Kind: bridge.LineChanged, Text: "To Hamburg", Hint: "To Berlin"},
		"deleted":      {Kind: bridge.LineDeleted, Hint: "To Berlin"},
		"identity":     {Kind: bridge.LineIdentity, Text: "+4915112345678", Reason: "+4917098765432"},
		"same_person":  {Kind: bridge.LineSamePerson, Other: bridge.Facts{ID: 13, Root: s.Other}},
		"opted_out":    {Kind: bridge.LineOptedOut, Text: "STOP"},
		"opted_in":     {Kind: bridge.LineOptedIn, Text: "START"},
		"parts":        {Kind: bridge.LineParts, Text: "2"},
	}
}

// replying are Ben, since two minutes, and Ann.
func (s Samples) replying() []bridge.Replying {
	return []bridge.Replying{{By: s.Ben, Since: When().Add(-2 * time.Minute)}, {By: s.Ann, Since: When()}}
}

// Cards are one of everything that is posted or shown in a window, by a name for it.
func (s Samples) Cards() map[string]view.Card {
	f := s.Facts()
	resolved, unassigned, long, replying := f, f, f, f
	replying.Replying = s.replying()
	resolved.Status, resolved.Next, resolved.NextAt = bridge.StatusResolved, 15, s.Other
	unassigned.Assignees, unassigned.Tags = nil, nil
	long.Subject = strings.Repeat("very <long> *subject* ", 200)
	said := bridge.Said{MessageID: 7, From: f.Contact, At: When(),
		Text:    "# Title\n\n**Help** me & _you_ <b>now</b> `code`\n\n1. a\n   - b\n2. c\n\n> quoted\n\n```\nx\n```\n\n|a|b|\n|-|-|\n|1|2|\n\n[bank.test](https://evil.test) <https://x.test> ![pic](https://x.test/p.png)",
		Notices: []string{"Encrypted part left out."}, Files: []string{"a.pdf", "b.pdf"}, Original: "https://p.test/files/1", Quoted: "On Monday:\n- x", ShowQuote: true}
	ways := view.Ways{Signs: []string{"!", "@Parley "}, Elsewhere: []string{"@Parley "}}
	cards := map[string]view.Card{
		"root": view.Root(f), "root_resolved": view.Root(resolved), "root_unassigned": view.Root(unassigned), "root_long": view.Root(long), "root_replying": view.Root(replying),
		"said": view.Said(said, time.UTC), "files": view.Files(said.From, []string{"a.pdf", "b <c>.pdf"}, nil), "details": view.Details(f),
		"list": view.List(bridge.Listing{ListQuery: bridge.ListQuery{List: "mine"}, Rows: []bridge.Facts{f, unassigned}, More: true}, time.UTC), "history": view.History(f, bridge.History{Rows: s.Lines()["history"].Log, More: true}),
		"help": view.Help("", ways), "help_all": view.Help("all", ways), "help_snooze": view.Help("snooze", ways), "problem": view.Problem(&bridge.Problem{Code: "x", Text: "It is *resolved*.", Hint: "Reopen it."}),
	}
	for name, l := range s.Lines() {
		cards["line_"+name], _ = view.Post(bridge.Post{Kind: bridge.PostLine, Line: &l, Facts: f}, ways)
	}
	for kind, r := range Riches() {
		cards["line_rich_"+string(kind)] = view.Line(bridge.Line{Kind: bridge.LineDone, Verb: bridge.VerbReply, By: s.Ann, Text: "Which *one*?", Quoted: "Do you <have> lamps?",
			Rich: r, Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Message: 7}}, f)
	}
	return cards
}
