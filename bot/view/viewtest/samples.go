// Package viewtest has a sample of every card and form that Parley shows in a chat. The renderers of Slack and Teams run
// their golden tests over the same samples, so that a new kind of card can't be forgotten in one of them:
//
//	for name, card := range viewtest.InSlack().Cards() {
//		compareWithGolden(t, name, render(card))
//	}
//
// Many texts contain characters that a chat could take for markup ("<!channel>", "*see*"), to test that they are escaped.
package viewtest

import (
	"maps"
	"strings"
	"time"

	"parley/bot/view"
	"parley/bridge"
)

// Samples makes the samples for one chat. Its fields hold that chat's ids.
type Samples struct {
	Ann, Ben    bridge.AgentRef // two agents
	Root, Other bridge.Place    // the first messages of two conversations' threads

	EmojiOnPostsOnly bool // as in view.CommandSyntax
}

// InSlack returns the samples with ids of Slack.
func InSlack() Samples {
	return Samples{
		Ann: bridge.AgentRef{ID: 1, Name: "Ann", User: "U0ANN"}, Ben: bridge.AgentRef{ID: 2, Name: "Ben", User: "U0BEN"},
		Root:  bridge.Place{Channel: "C0SUPPORT", Message: "1700000000.000100"},
		Other: bridge.Place{Channel: "C1", Thread: "1700000002.000100", Message: "1700000002.000100"},
	}
}

const (
	sampleConversation = 12
	otherConversation  = 13
	sampleMessage      = 7
)

// When returns the time of everything in the samples.
func When() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }

// Facts returns the facts of an open mail conversation, which Ann owns.
func (s Samples) Facts() bridge.Facts {
	return bridge.Facts{
		ID:      sampleConversation,
		Status:  bridge.StatusOpen,
		Subject: "Printer <on> *fire*",
		Account: bridge.Account{
			Name: "support-mail", Mode: bridge.ModeLive,
			ChannelKind: "email", ChannelName: "E-mail", ChannelIcon: "email",
		},
		People:      bridge.People{Team: "Support", Assignees: []bridge.AgentRef{s.Ann}},
		Contact:     bridge.PartyRef{Name: "Eve & Co", Address: "eve@example.org"},
		Recipients:  bridge.Recipients{To: []bridge.PartyRef{{Name: "Eve & Co", Address: "eve@example.org"}}},
		Tags:        []bridge.Tag{{Name: "vip", Color: "#dd2e44"}},
		Times:       bridge.Times{CreatedAt: When(), WaitingSince: When()},
		LastMessage: bridge.LastMessage{At: When(), Preview: "It burns", From: "customer"},
		Zone:        time.UTC,
		Thread:      bridge.Thread{Root: s.Root},
		Viewer:      s.Ann,
	}
}

// Lines returns one or more lines of each kind, by a name for each. A line is a remark of Parley's own in a conversation's
// thread, such as "Ann took this."
func (s Samples) Lines() map[string]bridge.Line {
	lines := s.stateLines()
	maps.Copy(lines, s.fateLines())
	maps.Copy(lines, s.answerLines())
	maps.Copy(lines, s.showingLines())
	maps.Copy(lines, s.analysisLines())
	maps.Copy(lines, s.writtenLines())
	return lines
}

// typed is a text of an agent. None of it may be rendered as a mention or a link.
const typed = "Dear <!channel>, *see* [x](https://x.test)\n\n- one\n- two"

// stateLines returns lines about the owners and the state of a conversation.
func (s Samples) stateLines() map[string]bridge.Line {
	ann := s.Ann
	return map[string]bridge.Line{
		"assigned": {Content: bridge.LineAssigned, By: ann, Mentions: []bridge.AgentRef{s.Ben}},
		"routed":   {Content: &bridge.RoutedLine{Agent: s.Ben.Name, Rule: "least_load", Team: "Support"}, Mentions: []bridge.AgentRef{s.Ben}},
		"covered": {Content: &bridge.RoutedLine{Agent: s.Ben.Name, Rule: bridge.ByCover, Word: "Ann Lee"},
			Mentions: []bridge.AgentRef{s.Ben}},
		"unassigned": {Content: &bridge.UnassignedLine{}, By: ann},
		"given_back": {Content: &bridge.UnassignedLine{Former: "Ben Katz", Absent: bridge.AbsentAway, Until: When()}},
		"oops": {Content: &bridge.OopsLine{State: bridge.OutcomeRead, To: []string{"Carla Diaz"}, Channel: "E-mail"}, By: ann,
			Text: "It is 500", Verbs: []bridge.Verb{bridge.VerbReply}},
		"visible":     {Content: &bridge.VisibleLine{To: []string{"Ann Lee", "Ben Katz"}}, By: ann},
		"visible_all": {Content: &bridge.VisibleLine{}, By: ann},
		"handed_over": {Content: bridge.LineHandedOver, By: ann, Args: bridge.Args{Team: "Billing"}},
		"handed_here": {Content: &bridge.UnassignedLine{Left: s.Other}, By: ann, Mentions: []bridge.AgentRef{s.Ben},
			Args: bridge.Args{Team: "Billing"}, Text: "a refund"},
		"automated": {Content: &bridge.AutomatedLine{Name: "Urgent to the lead", Did: []string{"assigned it to Ann Lee", "told #leads"}}},
		"late":      {Content: &bridge.LateLine{Due: When()}, Mentions: []bridge.AgentRef{ann}, Verbs: []bridge.Verb{bridge.VerbReply}},
		"woke":      {Content: &bridge.WokeLine{}, Mentions: []bridge.AgentRef{ann}},
		"reopened":  {Content: bridge.LineReopened, Mentions: []bridge.AgentRef{ann}},
		"continued": {Content: bridge.LineContinued, Other: s.Facts()},
		"resolved":  {Content: bridge.LineResolved, By: ann, Text: "refunded", Verbs: []bridge.Verb{bridge.VerbReopen}},
		"forwarded": {Content: bridge.LineForwarded, By: ann, Customer: bridge.PartyRef{Name: "Kim", Address: "kim@example.org"},
			Text: "Please handle.", Verbs: []bridge.Verb{bridge.VerbForwarder}},
		"ended": {Content: &bridge.EndedLine{Why: bridge.CloseInactivity, Hours: 24}, Verbs: []bridge.Verb{bridge.VerbReopen}},
		"auto_replied": {
			Content: &bridge.AutoRepliedLine{On: "closed"}, Text: "We open Monday 09:00.", Args: bridge.Args{Message: sampleMessage},
			Outcome: &bridge.Outcome{State: bridge.OutcomeSent, At: When()},
		},
		"snoozed": {Content: &bridge.SnoozedLine{Until: When()}, By: ann, Verbs: []bridge.Verb{bridge.VerbWake}},
	}
}

// aboutTyped returns a line that tells Ann what happened to a text of hers. It has a button for each verb.
func (s Samples) aboutTyped(content bridge.LineContent, verbs ...bridge.Verb) bridge.Line {
	return bridge.Line{
		Content:  content,
		Mentions: []bridge.AgentRef{s.Ann},
		Text:     typed,
		Verbs:    verbs,
		Args:     bridge.Args{Message: sampleMessage},
	}
}

// fateLines returns lines about what happened to a message of an agent: it was sent, kept, refused, and so on.
func (s Samples) fateLines() map[string]bridge.Line {
	ann, toAnn, args := s.Ann, []bridge.AgentRef{s.Ann}, bridge.Args{Message: sampleMessage}
	other := bridge.Facts{ID: otherConversation, Thread: bridge.Thread{Root: s.Other}}
	return map[string]bridge.Line{
		"ask": s.aboutTyped(&bridge.AskLine{Why: bridge.InWords("It looks like a command.")}, bridge.VerbSend, bridge.VerbKeep),
		"ask_other": {Content: &bridge.AskLine{Why: bridge.Because(bridge.ReasonGreetsOther)}, Mentions: toAnn, Text: typed,
			Other: other, Verbs: []bridge.Verb{bridge.VerbKeep, bridge.VerbSend}},
		"slip": {Content: &bridge.AskLine{Why: bridge.InWords("There is no command “!assing”. Did you mean !assign?"), Meant: meantAssign()},
			Verb: bridge.VerbUnknown, Mentions: toAnn, Text: "!assing @ben", Verbs: []bridge.Verb{bridge.VerbKeep, bridge.VerbSend}, Args: args},
		"send_as": {Content: bridge.LineSendAs, By: ann, Customer: s.Facts().Contact, Text: typed,
			Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Message: sampleMessage, SendArgs: bridge.SendArgs{Sure: true}}},
		"sent_as": {Content: bridge.LineDone, Verb: bridge.VerbSend, By: s.Ben, Mentions: toAnn, Customer: s.Facts().Contact,
			Text: typed, Verbs: []bridge.Verb{bridge.VerbUndo}, Args: args},
		"noted":  {Content: bridge.LineDone, Verb: bridge.VerbNote, By: ann, Mentions: []bridge.AgentRef{s.Ben}, Text: typed},
		"inside": s.aboutTyped(&bridge.InsideLine{Why: bridge.InWords("You are not assigned.")}, bridge.VerbSend),
		"parked": s.aboutTyped(&bridge.ParkedLine{Why: bridge.InWords("Found late.")}, bridge.VerbSend, bridge.VerbDrop),
		"texts":  {Content: &bridge.TextsLine{Count: 4}, Mentions: toAnn, Verbs: []bridge.Verb{bridge.VerbUndo}, Args: args},
		"board": {Content: &bridge.BoardLine{Team: "Support", Zone: "Europe/Berlin", Lists: []bridge.BoardList{
			{Name: "Urgent", Count: 7, Rows: []bridge.Facts{{
				ID: sampleConversation, Status: bridge.StatusOpen, Contact: bridge.PartyRef{Name: "Kim"}, Subject: "No light",
				Times: bridge.Times{WaitingSince: When()},
			}}},
			{Name: "Waking today", Count: 1, Rows: []bridge.Facts{{
				ID: otherConversation, Status: bridge.StatusSnoozed, Contact: bridge.PartyRef{Name: "Lou"}, Times: bridge.Times{SnoozedUntil: When()},
			}}},
		}}},
		"evening": {Content: &bridge.EveningLine{Zone: "Europe/Berlin", Rows: []bridge.Facts{
			{
				ID: sampleConversation, Status: bridge.StatusOpen, Contact: bridge.PartyRef{Name: "Kim"},
				Window: bridge.Window{Templates: true, Until: When()}, LastMessage: bridge.LastMessage{Preview: "Still there?"},
			},
			{ID: otherConversation, Status: bridge.StatusOpen, Contact: bridge.PartyRef{Name: "Lou"}, Window: bridge.Window{Until: When()}},
		}}},
		"offered": s.aboutTyped(&bridge.OfferedLine{Until: When()}, bridge.VerbSend, bridge.VerbDrop),
		"parked_window": s.aboutTyped(&bridge.ParkedLine{Why: bridge.Because(bridge.ReasonWindow), Until: When()},
			bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop),
		"failed": {Content: &bridge.FailedLine{Trouble: "The mailbox is full.", Hint: "Try another address."},
			Mentions: toAnn, Text: typed, Verbs: []bridge.Verb{bridge.VerbSendAgain}, Args: bridge.Args{Delivery: 9}},
		"retrying": {Content: &bridge.RetryingLine{Trouble: "The server doesn't answer.", Since: When()}, Mentions: toAnn, Text: typed},
		"delayed":  {Content: &bridge.DelayedLine{Trouble: "Their server still tries."}},
		"unclear": {Content: &bridge.UnclearLine{}, Mentions: toAnn, Text: typed,
			Verbs: []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent}, Args: bridge.Args{Delivery: 9}},
		"edit_late": s.aboutTyped(&bridge.EditLateLine{}, bridge.VerbSend),
		"edit_late_corrected": {Content: &bridge.EditLateLine{Earlier: typed}, Text: "It leaves on *Tuesday*.",
			Verbs: []bridge.Verb{bridge.VerbUndo}, Args: args, Outcome: &bridge.Outcome{State: bridge.OutcomeWaiting, By: ann}},
		"edit_late_files": s.aboutTyped(&bridge.EditLateLine{
			OnlyFiles: true, Left: []string{"plan.pdf"}, Leaving: []string{"map.pdf"}, Failed: []string{"way.pdf"},
			Stopped: []string{"old <b>.pdf", "older.pdf"}, Added: []string{"new.pdf"},
		}),
		"delete_late": {Content: &bridge.DeleteLateLine{}, Mentions: toAnn},
		"undone":      {Content: &bridge.UndoneLine{}, Mentions: toAnn, Text: typed},
		"top_level": {
			Content: &bridge.TopLevelLine{Rows: []bridge.Facts{
				s.Facts(), {ID: otherConversation, Contact: bridge.PartyRef{Name: "Lou <b> with a very long name"}},
			}},
			Mentions: toAnn, Text: typed,
			Args: bridge.Args{SendArgs: bridge.SendArgs{Typed: &bridge.Place{Channel: s.Root.Channel, Message: s.Root.Message}}},
		},
		"chosen": {Content: &bridge.TopLevelLine{}, By: ann, Text: typed, Other: other,
			Outcome: &bridge.Outcome{State: bridge.OutcomeChosen, By: ann}},
		"not_mapped": {Content: bridge.LineNotMapped, Mentions: toAnn, Text: typed},
	}
}

// meantAssign returns the verb that Ann meant when she typed "!assing @ben".
func meantAssign() *bridge.Meant {
	args := bridge.Args{Conversation: sampleConversation, SendArgs: bridge.SendArgs{Slip: sampleMessage}, Agents: []string{"@ben"}}
	return &bridge.Meant{Verb: bridge.VerbAssign, Args: args, Names: []string{"Ben"}}
}

// sevenDays returns the figures of a busy week.
func sevenDays() bridge.SevenDays {
	return bridge.SevenDays{
		From: "2026-11-16", To: "2026-11-22", Waiting: 3, Unassigned: 1, Longest: 95 * time.Minute,
		Week: bridge.WeekFigures{
			New: 34, Reopened: 2, Resolved: 31, Answers: 30, Further: 12,
			First: 12 * time.Minute, Next: 9 * time.Minute, Ended: 4*time.Hour + 30*time.Minute,
			Medians: &bridge.WeekMedians{First: 7 * time.Minute, Next: 4 * time.Minute, Ended: 3 * time.Hour},
		},
		Before: bridge.WeekFigures{
			New: 40, Resolved: 41, Answers: 38, First: 15 * time.Minute, Ended: 5 * time.Hour,
			Medians: &bridge.WeekMedians{First: 8 * time.Minute, Next: -1, Ended: 4 * time.Hour},
		},
	}
}

// answerLines returns lines about incoming mail, and answers to commands.
func (s Samples) answerLines() map[string]bridge.Line {
	ann := s.Ann
	return map[string]bridge.Line{
		"participant": {Content: bridge.LineParticipant, Customer: bridge.PartyRef{Name: "Mallory", Address: "m@example.org"},
			Verbs: []bridge.Verb{bridge.VerbAllow}, Args: bridge.Args{Addresses: []string{"m@example.org"}}},
		"recipients": {Content: &bridge.RecipientsLine{To: "eve@example.org"}},
		"automatic": {Content: &bridge.AutomaticLine{Subject: "Weekly"}, Customer: bridge.PartyRef{Name: "News", Address: "n@example.org"},
			Verbs: []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}, Args: bridge.Args{Message: sampleMessage}},
		"collected": {Content: &bridge.CollectedLine{Subject: "Offer 11", Words: "Buy now.", Files: 2},
			Customer: bridge.PartyRef{Name: "Kim", Address: "kim@example.org"}, Verbs: []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence},
			Args: bridge.Args{Message: sampleMessage}},
		"bounce_other": {Content: &bridge.BounceOtherLine{Trouble: "No such user."}},
		"quarantine":   {Content: &bridge.QuarantineLine{Trouble: "not readable"}},
		"refused":      {Content: &bridge.RefusedLine{Why: bridge.InWords("Only admins may."), Hint: "Ask one."}, Verb: bridge.VerbClose},
		"decided": {Content: bridge.LineDecided, Verb: bridge.VerbSend,
			Outcome: &bridge.Outcome{State: bridge.OutcomeSent, By: s.Ben, At: When()}},
		"settled": {Content: &bridge.AskLine{}, Mentions: []bridge.AgentRef{ann}, Text: typed,
			Outcome: &bridge.Outcome{State: bridge.OutcomeRead, By: s.Ben, At: When()}},
		"unchanged": {Content: bridge.LineUnchanged, Verb: bridge.VerbTake},
		"done":      {Content: &bridge.TaggedLine{New: bridge.TagsCreated}, Verb: bridge.VerbTag, Args: bridge.Args{Tags: []string{"vip"}}},
		"emailed": {Content: &bridge.EmailedLine{Messages: 3, Notes: true}, Verb: bridge.VerbEmail, By: s.Ben, Other: s.Facts(),
			Args: bridge.Args{Addresses: []string{"bob@shop.example"}}},
		"email_failed": {Content: &bridge.EmailedLine{Trouble: "There is no such mailbox."}, Verb: bridge.VerbEmail, Other: s.Facts(),
			Mentions: []bridge.AgentRef{ann}, Args: bridge.Args{Addresses: []string{"bob@shop.example"}}},
		"asked": {Content: &bridge.AskedLine{Whom: "#warehouse"}, Verb: bridge.VerbAsk, By: s.Ben, Text: "Do we have it in red?"},
		"asked_failed": {Content: &bridge.AskedLine{Whom: "#attic", Trouble: "There is no such channel."}, Verb: bridge.VerbAsk,
			Mentions: []bridge.AgentRef{ann}},
		"answered": {Content: &bridge.AskedLine{Whom: "bob@shop.example", Answer: true}, Verb: bridge.VerbAsk,
			Mentions: []bridge.AgentRef{ann}, Text: "On Monday.",
			Customer: bridge.PartyRef{Name: "Bob's shop", Address: "bob@shop.example"}, Other: s.Facts()},
		"aside": {Content: &bridge.AsideLine{Said: []bridge.AsideSaid{{At: When(), Words: "Is it there in red?"}}},
			By: s.Ben, Text: "Do we have it in red?"},
		"aside_over": {Content: &bridge.AsideLine{Over: true}},
		"stats": {Content: &bridge.StatsLine{Weeks: []bridge.TeamWeek{
			{Team: "Support", SevenDays: sevenDays(), Link: "https://parley.test/settings/dashboard?team=1"},
			{Team: "Billing *and* <b>", SevenDays: bridge.SevenDays{From: "2026-11-16", To: "2026-11-22", Before: bridge.WeekFigures{New: 1}}},
		}, Left: 1, Missing: true}},
		"presence_away": {Content: &bridge.PresenceLine{Presence: bridge.PresenceAway, Until: "Mon 7 Dec 09:00", Cover: "Ben Katz",
			Open: 3, Capacity: 5}},
		"presence_back": {Content: &bridge.PresenceLine{Presence: bridge.PresenceAvailable, Open: 1, Rows: []bridge.Facts{s.Facts()}}},
		"presence":      {Content: &bridge.PresenceLine{Open: 6, Capacity: 5}},
		"help":          {Content: &bridge.HelpLine{}},
		"history":       {Content: &bridge.HistoryLine{Log: []bridge.LogRow{{At: When(), Actor: "Ann", What: "assigned", Detail: "to Ben"}}}},
		"why": {Content: &bridge.WhyLine{Log: []bridge.LogRow{
			{At: When(), Actor: "Ann", What: "snoozed", Detail: "2026-11-21 09:00 CET"}}}},
		"timeline": {Content: &bridge.TimelineLine{Wall: 27*time.Hour + 5*time.Minute, Open: 3 * time.Hour, Hours: true,
			Parts: []bridge.TimeSpent{
				{On: bridge.OnQueue, Wall: 25 * time.Minute, Open: 20 * time.Minute},
				{On: bridge.OnAgent, By: s.Ben, Wall: time.Hour + 40*time.Minute, Open: 100 * time.Minute},
				{On: bridge.OnCustomer, Wall: 24*time.Hour + 59*time.Minute + 20*time.Second, Open: time.Hour},
				{On: bridge.OnProvider, Wall: 40 * time.Second},
			}}},
		"chat":      {Other: s.Facts(), Content: &bridge.ChatLine{With: s.Ben}},
		"chat_self": {Content: &bridge.ChatLine{With: s.Ann, IsSelf: true}},
		"profile": {Content: &bridge.ProfileLine{Profile: bridge.Profile{
			Record: 7, Name: "Berlin *Lamps*", Salesman: "ben@acme.test", Brands: []string{"Bosch", "Braun"}, Assignees: []string{"ben@acme.test"},
			Fields: map[string]string{"town": "<!channel> Berlin"}, Addresses: []string{"@lamps.example", "Eve <eve@lamps.example>"}, Called: "Eve",
			Told:  []bridge.PartyRef{{Name: "E. *Adams*", Address: "eve@lamps.example"}},
			Links: []bridge.ProfileLink{{Name: "Shop", URL: "https://shop.example/c/eve%40lamps.example"}},
			Notes: []bridge.LogRow{{At: When(), Actor: "Ann", What: "noted", Detail: "pays <!channel> by invoice", IsChosen: true}},
			Rows:  []bridge.Facts{s.Facts()},
		}}},
		"profile_unknown": {Content: &bridge.ProfileLine{Profile: bridge.Profile{
			Told: []bridge.PartyRef{{Name: "Eve", Address: "eve@lamps.example"}}, Rows: []bridge.Facts{s.Facts()},
		}}},
		"records": {Args: bridge.Args{Note: "lamps"}, Content: &bridge.RecordsLine{Records: []bridge.RecordRef{
			{ID: 7, Name: "Berlin *Lamps*", Addresses: []string{"@lamps.example"}}, {ID: 8},
		}}},
		"records_none": {Content: &bridge.RecordsLine{}},
		"timeline_short": {Content: &bridge.TimelineLine{Wall: 40 * time.Second,
			Parts: []bridge.TimeSpent{{On: bridge.OnQueue, Wall: 40 * time.Second}}}},
		"why_asked": {Content: &bridge.WhyLine{Asked: []bridge.Asked{
			{
				At: When(), By: "gpt-4o-mini", Model: "gpt-4o-mini", Mood: "frustrated", Urgent: true, Because: "I need it *today*",
				Intents: []string{"order_status"}, Sent: "Where is it? <!channel> Call [PHONE_1_qwertzui], I need it *today*",
				Answered: `{"sentiment":"frustrated"}`, Requests: 1, Tokens: 912,
			},
			{
				At: When(), By: "offline", Instead: true, Model: "gpt-4o-mini", Mood: "neutral", Sent: "Hello",
				Failure: "timeout", Requests: 2, Tokens: 1400,
			},
		}}},
		"why_texts": {Content: &bridge.WhyLine{
			Decided: []bridge.Decided{
				{At: When(), By: s.Ben, Text: "He never *pays*", Fate: "inside", Reason: "not_assignee"},
				{At: When(), By: ann, Text: "note?", Fate: "ask", Reason: "for_colleagues"},
				{At: When(), By: ann, Text: "Hello", Fate: "out", Reason: "assignee"},
			},
			Log: []bridge.LogRow{{At: When(), Actor: "Ann", What: "assigned", Detail: "Ben: knows this customer"}},
		}},
	}
}

// showingLines returns answers that show stored data, and lines about what customers did besides writing.
func (s Samples) showingLines() map[string]bridge.Line {
	ann := s.Ann
	return map[string]bridge.Line{
		"list": {Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{s.Facts()},
			Chats: []bridge.Chat{{With: s.Ben, About: 12}, {With: s.Ann}}},
			Args: bridge.Args{ListArgs: bridge.ListArgs{List: "mine"}}},
		"list_found": {Content: &bridge.ListLine{List: "find", Rows: []bridge.Facts{s.Facts()}, More: true},
			Args: bridge.Args{ListArgs: bridge.ListArgs{List: "find"}, Note: "lamp"}},
		"list_nothing": {Content: &bridge.ListLine{List: "find"}, Args: bridge.Args{ListArgs: bridge.ListArgs{List: "find"}, Note: "lamp"}},
		"details":      {Content: bridge.LineDetails},
		"account": {Content: &bridge.AccountLine{Trouble: "The password is wrong.", Hint: "Enter it again.",
			Page: "https://help.acme.test/settings/mailboxes/support-mail"}},
		"model": {Content: &bridge.AccountLine{Account: "parley", Model: true,
			Trouble: "The provider's credit or quota is used up.", Hint: "Add credit."}},
		"template": {Content: &bridge.VerdictLine{Templates: Stock().List[1:]}, Verb: bridge.VerbTemplates,
			Verbs: []bridge.Verb{bridge.VerbTemplateEdit}, Args: bridge.Args{Template: &bridge.TemplateArgs{ID: 8}}},
		"templates":   {Content: &bridge.TemplatesLine{Templates: Stock().List}, Verbs: []bridge.Verb{bridge.VerbTemplateEdit}},
		"canned":      {Content: &bridge.CannedLine{Admin: true, List: Canned()}},
		"exists":      {Content: bridge.LineExists, Mentions: []bridge.AgentRef{ann}, Other: s.Facts(), Text: typed},
		"reacted":     {Content: &bridge.ReactedLine{Emoji: "👍🏽", Message: "On its way <!channel>"}},
		"changed":     {Content: &bridge.ChangedLine{Before: "To Berlin"}, Text: "To Hamburg"},
		"deleted":     {Content: &bridge.DeletedLine{Message: "To Berlin"}},
		"identity":    {Content: &bridge.IdentityLine{Now: "+4915112345678", Before: "+4917098765432"}},
		"same_person": {Content: bridge.LineSamePerson, Other: bridge.Facts{ID: otherConversation, Thread: bridge.Thread{Root: s.Other}}},
		"opted_out":   {Content: &bridge.OptedOutLine{}, Text: "STOP"},
		"opted_in":    {Content: bridge.LineOptedIn, Text: "START"},
		"parts":       {Content: &bridge.PartsLine{Count: 2}},
	}
}

// analysisLines returns lines about the findings of an analysis of the customer's messages.
func (s Samples) analysisLines() map[string]bridge.Line {
	fits := []bridge.TemplateRef{{ID: 7, Name: "Parcel on its way"}}
	found := func(l bridge.AnalysisLine, tags ...string) bridge.Line {
		return bridge.Line{Content: &l, Args: bridge.Args{Tags: tags}}
	}
	urgent := found(bridge.AnalysisLine{
		Sentiment: "negative", Before: "frustrated", Urgent: "we open at nine & nothing works", Intents: []string{"problem"},
		References: []bridge.ReferenceRef{
			{Name: "order", Number: "4711", Link: "https://shop.example/orders/4711"}, {Name: "invoice", Number: "F-2024/118"},
		},
	}, "Technical Issue", "VIP Customer")
	urgent.Mentions = []bridge.AgentRef{s.Ann}
	return map[string]bridge.Line{
		"analysis": found(bridge.AnalysisLine{Sentiment: "frustrated", Before: "neutral",
			Intents: []string{"order_status", "complaint"}}, "Complaint"),
		"analysis_fits": found(bridge.AnalysisLine{Sentiment: "neutral", Before: "neutral", Intents: []string{"order_status"}, Fits: fits}),
		"analysis_reply": found(bridge.AnalysisLine{Sentiment: "neutral", Before: "neutral", Intents: []string{"return"}, Suggested: 31,
			Sources: []bridge.SourceRef{{Title: "Returns", Link: "https://acme.test/returns"}, {Title: "Opening hours"}}}),
		"analysis_actions": found(bridge.AnalysisLine{Sentiment: "neutral", Before: "neutral", Intents: []string{"appointment"},
			Until: "2026-12-05", Fits: fits}),
		"analysis_urgent": urgent,
		"analysis_put": found(bridge.AnalysisLine{Sentiment: "negative", Before: "neutral", Intents: []string{"billing"},
			Tagged: []string{"Billing", "VIP Customer"}}),
		"analysis_calm":   found(bridge.AnalysisLine{Sentiment: "neutral", Before: "negative"}),
		"analysis_tagged": found(bridge.AnalysisLine{Sentiment: "neutral", Before: "neutral"}, "Billing"),
	}
}

// writtenLines returns lines with texts that a machine wrote, such as summaries.
func (s Samples) writtenLines() map[string]bridge.Line {
	args := bridge.Args{Conversation: sampleConversation}
	return map[string]bridge.Line{
		"written_summary": {Content: &bridge.WrittenLine{Task: "summarise", Language: "en", WrittenBy: "offline",
			Words: "- **Asked first:** “Where is order <4711>?”\n- **Mood:** frustrated"}, By: s.Ann},
		"written_degraded": {Content: &bridge.WrittenLine{Task: "summarise", Language: "en", WrittenBy: "offline", Degraded: true,
			Occasion: "hand_over", Words: "- **Asked first:** “Where is it?”"}},
		"written": {Content: &bridge.WrittenLine{Task: "explain", Language: "en", WrittenBy: "gpt-test",
			Question: "what did she order?", Words: "Two lamps, see https://shop.test/4711"}, By: s.Ann},
		"written_inbound": {Content: &bridge.WrittenLine{Task: "translate", Language: "en", WrittenBy: "gpt-test",
			Occasion: "message", Words: "My lamp is broken & I am sad."}},
		"written_reply": {Content: &bridge.WrittenLine{Task: "translate", Language: "ar", WrittenBy: "gpt-test", ForCustomer: true,
			Words: "طردك في الطريق *اليوم*"}, By: s.Ann, Args: args},
		"written_shorter": {Content: &bridge.WrittenLine{Task: "rephrase", Style: "shorter", WrittenBy: "gpt-test", ForCustomer: true,
			Words: "Sorry for the delay."}, By: s.Ann, Args: args},
	}
}

// replyingAgents returns Ben, who has been writing a reply for two minutes, and Ann, who has just begun.
func (s Samples) replyingAgents() []bridge.Replying {
	return []bridge.Replying{{By: s.Ben, Since: When().Add(-2 * time.Minute)}, {By: s.Ann, Since: When()}}
}

// Cards returns one or more samples of every card, by a name for each.
func (s Samples) Cards() map[string]view.Card {
	f := s.Facts()
	resolved, unassigned, long, replying, labelled := f, f, f, f, f
	labelled.Tags = append([]bridge.Tag{{Name: "Complaint", Color: "#b91c1c"}, {Name: "Escalated", Color: "#dc2626", Label: true}}, f.Tags...)
	replying.Replying = s.replyingAgents()
	resolved.Status, resolved.Next, resolved.NextAt = bridge.StatusResolved, 15, s.Other
	unassigned.Assignees, unassigned.Tags, unassigned.Unread = nil, nil, true
	long.Subject = strings.Repeat("very <long> *subject* ", 200)
	said := bridge.Said{
		MessageID: sampleMessage, From: f.Contact, At: When(), Subject: "Another *lamp*\n<!here>",
		Text: "# Title\n\n**Help** me & _you_ <b>now</b> `code`\n\n1. a\n   - b\n2. c\n\n> quoted\n\n```\nx\n```\n\n|a|b|\n|-|-|\n|1|2|\n\n" +
			"[bank.test](https://evil.test) <https://x.test> ![pic](https://x.test/p.png)",
		Notices: []string{"Encrypted part left out."}, Files: []string{"a.pdf", "b.pdf"},
		Original: "https://p.test/files/1", Quoted: "On Monday:\n- x", ShowQuote: true,
	}
	mine, log := bridge.ListQuery{List: "mine"}, s.Lines()["history"].Content.(*bridge.HistoryLine).Log

	syntax := view.CommandSyntax{Signs: []string{"!", "@Parley "}, SignsOutside: []string{"@Parley "}, EmojiOnPostsOnly: s.EmojiOnPostsOnly}
	cards := map[string]view.Card{
		"root":            view.Root(f),
		"root_resolved":   view.Root(resolved),
		"root_unassigned": view.Root(unassigned),
		"root_long":       view.Root(long),
		"root_replying":   view.Root(replying),
		"root_labelled":   view.Root(labelled),
		"list":            view.List(bridge.Listing{ListQuery: mine, Rows: []bridge.Facts{f, unassigned}, More: true}, time.UTC),
		"list_labelled":   view.List(bridge.Listing{ListQuery: mine, Rows: []bridge.Facts{labelled, f}}, time.UTC),
		"said":            view.Said(said, time.UTC),
		"files":           view.Files(said.From, []string{"a.pdf", "b <c>.pdf"}, nil),
		"details":         view.Details(f),
		"history":         view.History(f, bridge.History{Rows: log, More: true}),
		"help":            view.Help("", syntax),
		"help_all":        view.Help("all", syntax),
		"help_snooze":     view.Help("snooze", syntax),
		"problem":         view.Problem(&bridge.Problem{Code: "x", Text: "It is *resolved*.", Hint: "Reopen it."}, ""),
	}
	for name, l := range s.Lines() {
		cards["line_"+name], _ = view.Post(bridge.Post{Kind: bridge.PostLine, Line: &l, Facts: f}, syntax)
	}

	for kind, r := range Riches() {
		cards["line_rich_"+string(kind)] = view.Line(bridge.Line{Content: &bridge.RepliedLine{Answered: "Do you <have> lamps?"},
			Verb: bridge.VerbReply, By: s.Ann, Text: "Which *one*?",
			Rich: r, Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Message: sampleMessage}}, f)
	}

	return cards
}
