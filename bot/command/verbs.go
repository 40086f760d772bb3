package command

import (
	"slices"
	"strings"
	"sync"

	"parley/bridge"
)

// shape says how the rest of a line after a verb's word is read.
type shape int

const (
	shapeNothing   shape = iota // must be empty
	shapeText                   // Parsed.Text
	shapeNote                   // Args.Note
	shapePeople                 // Args.Agents or Args.Team, then Args.Note
	shapeTags                   // Args.Tags
	shapeTime                   // Args.Until, in words
	shapeAddresses              // Args.Addresses, "-" removes
	shapeList                   // Args.List
	shapeFind                   // Args.Conversation, else Args.Note
	shapeTopic                  // Args.Note: a word that help is about
	shapePage                   // Args.Page, counted from 1 as typed
	shapeStart                  // Args.Account, which may be left out, Args.Recipient, then Text
)

// Usage explains a verb.
type Usage struct {
	Verb     bridge.Verb
	Words    []string // as typed after "!", the usual one first
	Form     string   // "!snooze TIME"
	Sentence string   // what it does
	Examples []string
	Emoji    []string // shortcodes that do the same
	Button   string   // label of the button that does the same, "" if none
	Slash    bool     // also elsewhere: "@Parley #12 …"
	Everyday bool     // a short help names it
	Hidden   bool     // a list of all verbs leaves it out: it has only a button

	shape   shape
	missing string // said when the arguments are missing; "" = none needed
	lone    bool   // the word alone, without "!", is taken for a slip
}

// All explains every verb that can be typed, in the order of a help page. The list is
// the caller's; what it holds is not to be changed.
func All() []Usage { return slices.Clone(usages()) }

var usages = sync.OnceValue(explain) //nolint:gochecknoglobals // a table that never changes; made for each button it cost 5 % of all time

func explain() []Usage {
	all := append(append(talkVerbs(), ownerVerbs()...), stateVerbs()...)
	all = append(append(all, mailVerbs()...), clickVerbs()...)
	for i := range all {
		for _, e := range emojiVerbs() {
			if e.verb == all[i].Verb {
				all[i].Emoji = append(all[i].Emoji, e.names...)
			}
		}
	}
	return all
}

// Help explains one verb by any of its words, with or without "!" or "/".
func Help(word string) (Usage, bool) {
	word = strings.TrimLeft(strings.ToLower(strings.TrimSpace(word)), "!/")
	for _, u := range usages() {
		for _, w := range u.Words {
			if w == word {
				return u, true
			}
		}
	}
	return Usage{}, false
}

func talkVerbs() []Usage {
	return []Usage{
		{
			Verb: bridge.VerbReply, Words: []string{"reply", "answer", promoWord}, Form: "!reply TEXT",
			Sentence: "Sends the text to the customer, whoever holds the conversation.",
			Examples: []string{"!reply Your parcel is on its way.", "@Parley reply: Your parcel is on its way.", "!promo Lamps are 10 % off this week."},
			Button:   "Reply", Slash: true, Everyday: true, shape: shapeText, missing: "Say what to send: !reply Your parcel is on its way.", lone: true,
		},
		{
			Verb: bridge.VerbNote, Words: []string{"note", "n"}, Form: "!note TEXT",
			Sentence: "Keeps the text inside. The customer never sees it.",
			Examples: []string{"note: asked the warehouse", "// asked the warehouse", "!n asked the warehouse"},
			Button:   "Note", Slash: true, Everyday: true, shape: shapeText, missing: "Say what to note: !note asked the warehouse", lone: true,
		},
		{
			Verb: bridge.VerbTemplate, Words: []string{"template", "tpl"}, Form: "!template [NAME]",
			Sentence: "Sends an approved template, also when the reply window is closed.",
			Examples: []string{"!template", "!template order update", "@Parley #12 template"},
			Button:   "Send template", Slash: true, shape: shapeNote, lone: true,
		},
		{
			Verb: bridge.VerbNew, Words: []string{"new", "start"}, Form: "!new [ACCOUNT] ADDRESS TEXT",
			Sentence: "Begins a conversation with a customer.",
			Examples: []string{"@Parley new ann@example.org Your lamp is repaired.", "@Parley new sms +49 171 5550100 Your lamp is repaired."},
			Button:   "Start conversation", Slash: true, shape: shapeStart, missing: "Say to whom and what: @Parley new ann@example.org Your lamp is repaired.",
		},
		{
			Verb: bridge.VerbUndo, Words: []string{"undo", "u"}, Form: "!undo",
			Sentence: "Takes back your last reply while it waits.",
			Examples: []string{"!undo"}, Button: "Undo", shape: shapeNothing, Everyday: true, lone: true,
		},
	}
}

func ownerVerbs() []Usage {
	return []Usage{
		{
			Verb: bridge.VerbTake, Words: []string{"take", "accept", "claim"}, Form: "!take",
			Sentence: "Makes the conversation yours.",
			Examples: []string{"!take"}, Button: "Take", Slash: true, Everyday: true, shape: shapeNothing, lone: true,
		},
		{
			Verb: bridge.VerbAssign, Words: []string{"assign", "a", "t", "transfer"}, Form: "!assign @WHO or #TEAM [NOTE]",
			Sentence: "Hands it to somebody or to a team; with + somebody joins.",
			Examples: []string{"!assign @ann", "!assign me +@bob", "!assign #billing wants a refund", "!t @ann knows this customer"},
			Button:   "Assign", Slash: true, Everyday: true, shape: shapePeople, missing: "Say to whom: !assign @ann, or !assign #billing", lone: true,
		},
		{
			Verb: bridge.VerbUnassign, Words: []string{"unassign", "release"}, Form: "!unassign",
			Sentence: "Puts it back to Unassigned.",
			Examples: []string{"!unassign"}, Button: "Unassign", Slash: true, shape: shapeNothing, lone: true,
		},
		{
			Verb: bridge.VerbTag, Words: []string{"tag", "label"}, Form: "!tag TAG, TAG",
			Sentence: "Adds tags. New ones are created.",
			Examples: []string{"!tag billing", "!tag billing, late delivery"},
			Button:   "Tag", Slash: true, Everyday: true, shape: shapeTags, missing: "Say which tags: !tag billing, late delivery", lone: true,
		},
		{
			Verb: bridge.VerbUntag, Words: []string{"untag", "unlabel"}, Form: "!untag TAG, TAG",
			Sentence: "Removes tags.",
			Examples: []string{"!untag billing"}, Slash: true, shape: shapeTags, missing: "Say which tags: !untag billing", lone: true,
		},
		{
			Verb: bridge.VerbTopic, Words: []string{"topic", "subject"}, Form: "!topic TEXT",
			Sentence: "Names what the conversation is about.",
			Examples: []string{"!topic Broken lamp, order 1042"}, Button: "Topic", Slash: true, shape: shapeNote, missing: "Say the topic: !topic Broken lamp, order 1042", lone: true,
		},
	}
}

func stateVerbs() []Usage {
	return []Usage{
		{
			Verb: bridge.VerbPending, Words: []string{"pending", "wait"}, Form: "!pending",
			Sentence: "Marks it as waiting for the customer.",
			Examples: []string{"!pending"}, Button: "Pending", Slash: true, shape: shapeNothing, lone: true,
		},
		{
			Verb: bridge.VerbSnooze, Words: []string{"snooze", "s", "z"}, Form: "!snooze TIME",
			Sentence: "Hides it until then; it comes back to its owner.",
			Examples: []string{"!snooze 2h", "!snooze tomorrow", "!snooze monday", "!snooze friday 14:00", "!snooze 24.12. 9:00"},
			Button:   "Snooze", Slash: true, Everyday: true, shape: shapeTime, missing: "Say until when: !snooze 2h, !snooze tomorrow, !snooze friday 14:00", lone: true,
		},
		{
			Verb: bridge.VerbWake, Words: []string{"wake", "unsnooze"}, Form: "!wake",
			Sentence: "Ends the snooze now.",
			Examples: []string{"!wake"}, Button: "Wake", Slash: true, shape: shapeNothing, lone: true,
		},
		{
			Verb: bridge.VerbResolve, Words: []string{"resolve", "r", "done"}, Form: "!resolve [NOTE]",
			Sentence: "Ends it as solved. A note stays inside.",
			Examples: []string{"!resolve", "!resolve refunded 12.50", "!r"},
			Button:   "Resolve", Slash: true, Everyday: true, shape: shapeNote, lone: true,
		},
		{
			Verb: bridge.VerbReopen, Words: []string{"reopen", "unresolve"}, Form: "!reopen",
			Sentence: "Opens a resolved conversation again, for the same owner.",
			Examples: []string{"!reopen"}, Button: "Reopen", Slash: true, shape: shapeNothing, lone: true,
		},
		{
			Verb: bridge.VerbClose, Words: []string{"close"}, Form: "!close",
			Sentence: "Ends it without an answer. For admins.",
			Examples: []string{"!close"}, Button: "Close conversation", Slash: true, shape: shapeNothing, lone: true,
		},
	}
}

func mailVerbs() []Usage {
	return []Usage{
		{
			Verb: bridge.VerbCC, Words: []string{"cc"}, Form: "!cc ADDRESS",
			Sentence: "Adds somebody to the copies of your replies; with - somebody gets no more.",
			Examples: []string{"!cc bob@shop.example", "!cc -bob@shop.example"},
			Button:   "Recipients", Slash: true, shape: shapeAddresses, missing: "Say which address: !cc bob@shop.example", lone: true,
		},
		{
			Verb: bridge.VerbTo, Words: []string{"to"}, Form: "!to ADDRESS",
			Sentence: "Sets who gets your replies from now on.",
			Examples: []string{"!to bob@shop.example", "!to bob@shop.example, eve@shop.example"},
			Button:   "Recipients", Slash: true, shape: shapeAddresses, missing: "Say which address: !to bob@shop.example", lone: true,
		},
		{
			Verb: bridge.VerbAllow, Words: []string{"allow"}, Form: "!allow ADDRESS",
			Sentence: "Lets somebody who joined the mail get replies too.",
			Examples: []string{"!allow bob@shop.example"}, Button: "Allow", Slash: true, shape: shapeAddresses, missing: "Say which address: !allow bob@shop.example", lone: true,
		},
		{
			Verb: bridge.VerbHistory, Words: []string{"history", "log"}, Form: "!history [PAGE]",
			Sentence: "Lists what was done, by whom and when.",
			Examples: []string{"!history", "!history 2"}, Button: "History", Slash: true, shape: shapePage, lone: true,
		},
		{
			Verb: bridge.VerbWhy, Words: []string{"why"}, Form: "!why",
			Sentence: "Explains what Parley decided last, and why.",
			Examples: []string{"!why"}, Slash: true, shape: shapeTopic, lone: true,
		},
		{
			Verb: bridge.VerbList, Words: []string{"list", "inbox"}, Form: "!list mine",
			Sentence: "Lists conversations: mine, unassigned, team, all, snoozed, resolved or closed.",
			Examples: []string{"@Parley mine", "@Parley unassigned", "!list all"}, Slash: true, Everyday: true, shape: shapeList, lone: true,
		},
		{
			Verb: bridge.VerbFind, Words: []string{"show", "find", "open", "more", "details"}, Form: "!show [#NUMBER or WORDS]",
			Sentence: "Shows all that is known of a conversation, or looks for one.",
			Examples: []string{"!show", "@Parley #12", "@Parley find lamp"},
			Button:   "More", Slash: true, Everyday: true, shape: shapeFind, lone: true,
		},
		{
			Verb: bridge.VerbTemplates, Words: []string{"templates"}, Form: "!templates",
			Sentence: "Lists the templates and what providers say of them. Admins change them there.",
			Examples: []string{"!templates", "@Parley templates"}, Slash: true, shape: shapeNothing, lone: true,
		},
		{
			Verb: bridge.VerbHelp, Words: []string{"help", "?"}, Form: "!help [COMMAND]",
			Sentence: "Lists the everyday commands, all of them, or explains one.",
			Examples: []string{"!help", "!help all", "!help snooze", "@Parley help"}, Slash: true, shape: shapeTopic, lone: true,
		},
	}
}

// clickVerbs answer a question that Parley asked; typed, they are about the newest one.
func clickVerbs() []Usage {
	return []Usage{
		{Verb: bridge.VerbSend, Words: []string{"send"}, Form: "!send", Sentence: "Sends what was kept inside or held back last.", Examples: []string{"!send"}, Button: "Send to customer", lone: true},
		{Verb: bridge.VerbKeep, Words: []string{"keep"}, Form: "!keep", Sentence: "Keeps inside what was held back last.", Examples: []string{"!keep"}, Button: "Keep inside", lone: true},
		{Verb: bridge.VerbDrop, Words: []string{"drop", "discard"}, Form: "!drop", Sentence: "Gives up what was held back or failed last. It is not sent.", Examples: []string{"!drop"}, Button: "Drop", lone: true},
		{Verb: bridge.VerbSendAgain, Words: []string{"sendagain", "again", "retry"}, Form: "!again", Sentence: "Sends again what failed or may not have arrived.", Examples: []string{"!again"}, Button: "Send again"},
		{Verb: bridge.VerbMarkSent, Words: []string{"marksent"}, Form: "!marksent", Sentence: "Marks as delivered what you have looked for and found.", Examples: []string{"!marksent"}, Button: "Mark as sent", lone: true},
		{Verb: bridge.VerbTemplateEdit, Words: []string{"templateedit"}, Form: "!templateedit", Sentence: "Makes or changes a template.", Examples: []string{"!templateedit"}, Button: "Edit", Hidden: true},
		{Verb: bridge.VerbTemplateDelete, Words: []string{"templatedelete"}, Form: "!templatedelete", Sentence: "Deletes a template.", Examples: []string{"!templatedelete"}, Button: "Delete", Hidden: true},
		{Verb: bridge.VerbLeave, Words: []string{"leave"}, Form: "!leave", Sentence: "Stops the reminder: the reply window may close unanswered.", Examples: []string{"!leave"}, Button: "Leave it"},
		{Verb: bridge.VerbPromote, Words: []string{"promote"}, Form: "!promote", Sentence: "Turns an automatic mail into a conversation.", Examples: []string{"!promote"}, Button: "Make a conversation", lone: true},
		{Verb: bridge.VerbSilence, Words: []string{"silence", "mute"}, Form: "!silence", Sentence: "Stops posts about an automatic sender.", Examples: []string{"!silence"}, Button: "Silence sender", lone: true},
		{Verb: bridge.VerbBlock, Words: []string{"block"}, Form: "!block", Sentence: "Passes over later automatic mail of an automatic sender.", Examples: []string{"!block"}, Button: "Block sender", lone: true},
		{Verb: bridge.VerbUnblock, Words: []string{"unblock"}, Form: "!unblock ADDRESS", Sentence: "Lets automatic mail of a blocked sender come again.", Examples: []string{"!unblock news@shop.example"}, Button: "Unblock sender",
			shape: shapeAddresses, missing: "Say which address: !unblock news@shop.example"},
	}
}

// promoWord is the word of a reply that is promotional.
const promoWord = "promo"

// plainAnswer says that a verb's word may well be a whole answer to a customer: alone
// it is no slip.
func plainAnswer(word string) bool {
	switch word {
	case "done", "more", "details", "open", "again", "retry", "answer", "claim", "release", "accept":
		return true
	}
	return len(word) < 2
}

// listName gives the list that a word stands for.
func listName(word string) (string, bool) {
	switch word {
	case "mine", "my", "me":
		return "mine", true
	case "unassigned", "queue", "new":
		return "unassigned", true
	case "team", "all", "snoozed", "resolved", "closed":
		return word, true
	}
	return "", false
}
