package bridge

import (
	"slices"

	"parley/bridge/analysis"
)

// Values of settings that are on or off.
const (
	settingOn  = "on"
	settingOff = "off"
)

// Settings returns all settings of accounts, in the order in which they are written. The schema of parley.yaml, the settings
// pages and docs/settings.md are made from this table. To add a setting, add a row here, a field to AccountSettings, and a
// case to AccountSettings.set.
//
// In the texts, "plain text" is what an agent types into a thread without a command, and a "hold" is the time in which a
// reply can still be taken back.
func Settings() []Setting {
	return slices.Concat(replySettings(), statusSettings(), sendingSettings(), intakeSettings(), modelSettings(), findingSettings())
}

func onOff() []string { return []string{settingOn, settingOff} }
func offOn() []string { return []string{settingOff, settingOn} }

// replySettings are about who replies, and to whom.
func replySettings() []Setting {
	return []Setting{
		{
			Name:   "confirm_send",
			Label:  "Ask before a plain text is sent",
			Values: offOn(),
			Text:   "`on`: plain text of whoever replies waits for a click; what is sent by the form or with `!reply` does not.",
		},
		{
			Name:   "who_replies",
			Label:  "Whose plain text is a reply",
			Values: []string{"assignees", "any_agent"},
			Text:   "Whose plain text leaves while somebody owns the conversation: that of its owners, or that of every agent.",
		},
		{
			Name:   "reply_claims",
			Label:  "The first reply takes the conversation",
			Values: onOff(),
			Text: "Whether the first reply in an unassigned conversation takes it. `off`: the reply waits inside, with *Take and " +
				"send*, until its conversation is taken.",
		},
		{
			Name:   "multi_assignee",
			Label:  "Several owners of one conversation",
			Values: onOff(),
			Text:   "Whether a conversation may have several owners, of whom the first leads. `off`: assigning somebody replaces the owner.",
		},
		{
			Name:   "reply_to",
			Label:  "Who gets the reply to a mail",
			Values: []string{"all", "sender"},
			Text:   "Whether replies to a mail go to those in copy too. With `sender` the card names them as *gets no replies*.",
		},
	}
}

// statusSettings are about a conversation's status.
func statusSettings() []Setting {
	return []Setting{
		{
			Name:   "reply_after_resolve",
			Label:  "When a customer writes after it was resolved",
			Values: []string{"reopen", "new_linked"},
			Chat:   "new_linked",
			Text: "What a customer's message does after the conversation was resolved. `reopen`: for 30 days the conversation is " +
				"opened again, later a new one begins. `new_linked`: a new one begins at once, linked to it.",
		},
		{
			Name:   "resolve_confirm",
			Label:  "What the button Resolve does",
			Values: []string{"dialog", "instant"},
			Text: "What the button *Resolve* does: ask for a note, or resolve at once, with *Reopen* in sight. Typed, `!resolve` " +
				"acts at once in any case; a message's menu always asks.",
		},
		{
			Name:   "auto_pending",
			Label:  "After a reply, wait for the customer",
			Values: onOff(),
			Text: "Whether the conversation waits for the customer once a reply has left, unless somebody put it back, snoozed, " +
				"woke or reopened it meanwhile.",
		},
		{
			Name:   "wake_on_message",
			Label:  "A customer's message ends a snooze",
			Values: onOff(),
			Text:   "Whether a customer's message ends a snooze.",
		},
	}
}

// sendingSettings are about the sending of replies.
func sendingSettings() []Setting {
	return []Setting{
		{
			Name:   "receipts",
			Label:  "Marks on a reply that has left",
			Values: []string{"read", "sent", "failures"},
			Text: "Which marks a reply has once it left: up to *read*, *sent* alone, or none but a warning when it fails. Lines in " +
				"place of a reply, and the inbox page, tell up to *read* with the first alone.",
		},
		{
			Name:   "join_lines",
			Label:  "Lines typed in a row leave as one message",
			Values: onOff(),
			Text:   "Whether lines that somebody types within a hold leave as one message.",
		},
		{
			Name:   "outgoing",
			Label:  "Write first to unknown phone numbers",
			Values: offOn(),
			Text: "Whether agents may begin conversations with phone numbers from which nobody ever wrote. Mail, and people who " +
				"wrote before, may always be begun with.",
		},
	}
}

// intakeSettings are about incoming messages, and who may read them.
func intakeSettings() []Setting {
	return []Setting{
		{
			Name:   "all_tab",
			Label:  "Who may open the list All",
			Values: []string{"everyone", "permission"},
			Text: "Who may open the list *All*. `permission`: admins; others find there, if accounts differ, what those with " +
				"`everyone` have, and of the rest their own and their teams'.",
		},
		{
			Name:   "email_new_thread",
			Label:  "A mail that answers none",
			Values: []string{"separate", "join_open"},
			Text: "What a mail does that answers none that Parley knows: begin a conversation of its own, or `join_open`: join the " +
				"one that its sender has open, the latest, with its subject above it.",
		},
		{
			Name:   "collect_floods",
			Label:  "Collect a flood of mails in one thread",
			Values: onOff(),
			Text:   "Whether mails of somebody who opens very many conversations are collected in one thread.",
		},
		{
			Name:  "file_limits",
			Label: "Largest files",
			Free: FreeText{
				Valid: isFileLimits,
				NotSo: "isn't a list of limits",
				Write: "Write kinds and sizes: image 5MB, document 10MB, video 16MB, audio 16MB.",
			},
			Text: "The largest files of each kind, up to what the channel takes: `image 5MB, document 25MB, audio 0`; `0` forbids a " +
				"kind. A kind that isn't named has what the channel takes, in chats at most `image 5MB, document 10MB, video " +
				"16MB`.",
		},
		{
			Name:  "admin_numbers",
			Label: "Admins' phone numbers",
			Free: FreeText{
				Valid: isNumberList,
				NotSo: "isn't a list of phone numbers",
				Write: "Write them with +, the country and commas between: +4915112345678, +33612345678.",
			},
			Text: "Of an account that sends text messages: admins' phone numbers, which it tells by SMS, besides the mail, that a " +
				"chat can't be reached, refuses Parley, or is back.",
		},
	}
}

// modelSettings are about the analysis of customers' messages, and the language model that may do it.
func modelSettings() []Setting {
	return []Setting{
		{
			Name:   "ai",
			Label:  "Analyse what customers write",
			Values: onOff(),
			Text:   "Whether what customers write is analysed, and what that finds is noted in the thread.",
		},
		{
			Name:   "ai_tags",
			Label:  "Tags that an analysis finds",
			Values: []string{"suggest", "apply"},
			Text: "What an analysis does with tags that fit: `suggest` them as buttons in its note, or `apply` them, with *Undo* " +
				"there. Only tags that exist, and none that somebody took away.",
		},
		{
			Name:   "ai_mask",
			Label:  "Hide addresses and numbers from a model",
			Values: onOff(),
			Text: "Whether mail addresses, phone and card numbers and IBANs are replaced before a text goes to a model, and put " +
				"back in its answer.",
		},
		{
			Name:  "ai_tokens_a_day",
			Label: "Tokens that a model may cost in a day",
			Free:  numberText("tokens", maxTokens, ""), // no default: unset means the environment variable
			Text: "How many tokens a model may cost in a day (UTC), asked and answered; above that rules read what customers write. " +
				"`0` is no limit; without it `PARLEY_AI_TOKENS_A_DAY` counts.",
		},
		{
			Name:  "ai_audit",
			Label: "Days for which questions to a model are kept",
			Free:  numberText("days", maxAuditDays, defaultAuditDays),
			Text:  "For how many days it is kept what was sent to a model and answered, for `!why`; `0`: not at all.",
		},
	}
}

// findingSettings are about what an analysis finds and writes.
func findingSettings() []Setting {
	return []Setting{
		{
			Name:   "ai_translate",
			Label:  "Translate what customers write",
			Values: offOn(),
			Text: "Whether what customers write in another language than `language` is translated below it. That needs a model, see " +
				"[“The analysis of customers' messages”](ai.md).",
		},
		{
			Name:   "ai_summaries",
			Label:  "Sum up long conversations",
			Values: onOff(),
			Text:   "Whether a long conversation is summed up for colleagues when it is handed over, and when it is resolved.",
		},
		{
			Name:  "ai_references",
			Label: "Numbers to look for",
			Free: linesText(analysis.ParsePatterns,
				"Write a kind, an expression and a link in each line: order: \\bSO-\\d{6}\\b -> https://shop.example/orders/{number}"),
			Text: "Which numbers are noted, a line for each kind: `order: \\bSO-\\d{6}\\b -> https://shop.example/orders/{number}`. " +
				"The link may be left out; `order` alone is found by our pattern, see [“The analysis of customers' " +
				"messages”](ai.md). Empty: orders, quotes, invoices, shipments, tickets and amounts.",
		},
		{
			Name:  "ai_intents",
			Label: "What customers may want",
			Free: linesText(analysis.ParseIntents,
				"Write a name and what it means in each line: warranty: asks about the guarantee = guarantee, warranty"),
			Text: "What customers may want, a line for each: `warranty: asks about the guarantee = guarantee, warranty`, with words " +
				"by which they say it behind `=`. One of ours by its name alone, see [“The analysis of customers' " +
				"messages”](ai.md). Empty: all of ours.",
		},
		{
			Name:   "language",
			Label:  "The team's language",
			Values: languageCodes(),
			Text:   "The language in which the team reads and writes: summaries and translations of what customers write are in it.",
		},
	}
}
