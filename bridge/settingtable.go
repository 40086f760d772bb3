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
	return slices.Concat(
		replySettings(), statusSettings(), targetSettings(), sendingSettings(), intakeSettings(), modelSettings(), findingSettings(),
	)
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
			Text:   "`on`: a plain text is sent only after a click. The form and `!reply` send at once.",
		},
		{
			Name:   "who_replies",
			Label:  "Whose plain text is a reply",
			Values: []string{"assignees", "any_agent"},
			Text:   "Whose plain text is sent while somebody owns the conversation: only the owners', or every agent's.",
		},
		{
			Name:   "reply_claims",
			Label:  "The first reply takes the conversation",
			Values: onOff(),
			Text: "`on`: whoever replies first in an unassigned conversation takes it. `off`: the reply waits until somebody takes " +
				"it, with *Take and send*.",
		},
		{
			Name:   "multi_assignee",
			Label:  "Several owners of one conversation",
			Values: onOff(),
			Text: "`on`: a conversation may have several owners, of whom the first leads. `off`: assigning somebody replaces the " +
				"owner.",
		},
		{
			Name:   "assign_within_teams",
			Label:  "Assign only within one's own teams",
			Values: offOn(),
			Text: "`on`: agents who are in teams give conversations only to these teams and to their people; admins, and agents in no " +
				"team, to all.",
		},
		{
			Name:   "reply_to",
			Label:  "Who gets the reply to a mail",
			Values: []string{"all", "sender"},
			Text: "`all`: replies to a mail also go to those in copy. `sender`: only to the sender; the card names the others as " +
				"*gets no replies*.",
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
			Text: "What happens when a customer writes after the conversation was resolved. `reopen`: it is opened again, or after " +
				"30 days a new one begins. `new_linked`: a new one begins at once, linked to it.",
		},
		{
			Name:   "resolve_confirm",
			Label:  "What the button Resolve does",
			Values: []string{"dialog", "instant"},
			Text:   "`dialog`: the button *Resolve* asks for a note. `instant`: it resolves at once, with *Reopen* in sight.",
		},
		{
			Name:   "require_tag",
			Label:  "A tag before it is resolved",
			Values: offOn(),
			Text: "`on`: agents resolve only what has a tag. The form asks for one, and `!resolve #Billing` names one. " +
				"What ends by itself needs none.",
		},
		{
			Name:   "delete_mode",
			Label:  "Who deletes conversations",
			Values: []string{"admins", "nobody"},
			Text:   "`admins`: an admin may delete a conversation for good, with all that was said in it. `nobody`: nobody may.",
		},
		{
			Name:   "message_tags_locked",
			Label:  "Tags of single messages stay",
			Values: onOff(),
			Text:   "`on`: nobody removes a tag from a single message. `off`: the form *Tag messages* also removes them.",
		},
		{
			Name:   "auto_pending",
			Label:  "After a reply, wait for the customer",
			Values: onOff(),
			Text:   "`on`: once a reply has left, the conversation waits for the customer.",
		},
		{
			Name:   "wake_on_message",
			Label:  "A customer's message ends a snooze",
			Values: onOff(),
			Text:   "`on`: when a customer writes, the snooze ends.",
		},
		{
			Name:  "autoresolve_hours",
			Label: "Hours of silence until it is resolved",
			Free:  numberText("hours", maxSilentHours, "0"),
			Text: "After so many hours in which the customer didn't answer an agent's reply, the conversation is resolved. `0`: never. " +
				"It counts from the next reply on.",
		},
		{
			Name:  "autoresolve_words",
			Label: "What customers say to resolve it",
			Free: FreeText{
				Valid: func(v string) bool { return v == "" || BareWords(v) != "" },
				NotSo: "isn't a list of words",
				Write: "Write them with commas between: thanks, resolved.",
			},
			Text: "A customer's answer of nothing but such words resolves the conversation, whatever its capitals and punctuation: " +
				"`thanks, thank you, resolved`. Empty: none does.",
		},
		{
			Name:  "abandon_hours",
			Label: "Hours of silence until it is abandoned",
			Free:  numberText("hours", maxSilentHours, "0"),
			Text: "As `autoresolve_hours`, but the conversation is closed as abandoned. `0`: never. If both are set, the shorter time " +
				"ends it.",
		},
	}
}

// targetSettings are about how soon customers are to be answered.
func targetSettings() []Setting {
	return []Setting{
		{
			Name:  "ack_target",
			Label: "Somebody has it within",
			Free:  targetText(),
			Text: "How soon somebody takes a conversation whose customer waits, or is given it: `30s`, `5m`. Only business hours " +
				"count. When it has passed, the team is told, see [“Targets and automations”](automations.md). Empty: no target.",
		},
		{
			Name:  "reply_target",
			Label: "A customer is answered within",
			Free:  targetText(),
			Text: "How soon a customer who waits is answered: `5m`, `2h`. Only business hours count. The card says until when that " +
				"is, and the owner is told when it has passed, see [“Targets and automations”](automations.md). Empty: no target.",
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
			Text:   "Which marks a reply gets once it has left: all up to *read*, only *sent*, or only a warning when it fails.",
		},
		{
			Name:   "join_lines",
			Label:  "Lines typed in a row leave as one message",
			Values: onOff(),
			Text:   "`on`: lines that somebody types before the first of them has left are sent as one message.",
		},
		{
			Name:   "outgoing",
			Label:  "Write first to unknown phone numbers",
			Values: offOn(),
			Text: "`on`: agents may write first to phone numbers from which nobody ever wrote. Mails, and people who wrote before, " +
				"need no permission.",
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
			Text: "Who may open the list *All*: everyone, or only admins and agents with a role that opens it. Others then see their own " +
				"and their teams' conversations there.",
		},
		{
			Name:   "email_new_thread",
			Label:  "A mail that answers none",
			Values: []string{"separate", "join_open"},
			Text: "What happens to a mail that answers none that Parley knows. `separate`: it begins a conversation. `join_open`: " +
				"it joins the latest one that its sender has open.",
		},
		{
			Name:   "collect_floods",
			Label:  "Collect a flood of mails in one thread",
			Values: onOff(),
			Text:   "`on`: when somebody opens very many conversations, further mails are collected in one thread.",
		},
		{
			Name:  "file_limits",
			Label: "Largest files",
			Free: FreeText{
				Valid: isFileLimits,
				NotSo: "isn't a list of limits",
				Write: "Write kinds and sizes: image 5MB, document 10MB, video 16MB, audio 16MB.",
			},
			Text: "The largest file of each kind: `image 5MB, document 25MB, audio 0`; `0` forbids a kind. For other kinds the " +
				"channel's own limit counts, in chats at most `image 5MB, document 10MB, video 16MB`.",
		},
		{
			Name:  "customer_links",
			Label: "Links to the customer elsewhere",
			Free:  linesText(ParseCustomerLinks, "Write a name and a link in each line: Shop: https://shop.example/find?mail={{email}}"),
			Text: "Other systems that a customer's [profile](customers.md) leads to, a line for each: " +
				"`Shop: https://shop.example/find?mail={{email}}`. `{{email}}`, `{{phone}}` and `{{address}}` are the customer's; a link " +
				"without a value is left out.",
		},
		{
			Name:  "admin_numbers",
			Label: "Admins' phone numbers",
			Free: FreeText{
				Valid: isNumberList,
				NotSo: "isn't a list of phone numbers",
				Write: "Write them with +, the country and commas between: +4915112345678, +33612345678.",
			},
			Text: "For an account that sends text messages: phone numbers of admins, who are told by SMS, too, when a chat can't be " +
				"reached, and when it is back.",
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
			Text:   "`on`: what customers write is analysed, and a note in the thread says what was found.",
		},
		{
			Name:   "ai_tags",
			Label:  "Tags that an analysis finds",
			Values: []string{"suggest", "apply"},
			Text: "`suggest`: tags that fit are buttons in the note. `apply`: they are put on at once, with *Undo*. Only tags that " +
				"exist, and none that somebody took away.",
		},
		{
			Name:   "ai_mask",
			Label:  "Hide addresses and numbers from a model",
			Values: onOff(),
			Text: "`on`: mail addresses, phone and card numbers and IBANs are replaced before a text goes to a model, and put back " +
				"in its answer.",
		},
		{
			Name:  "ai_tokens_a_day",
			Label: "Tokens that a model may cost in a day",
			Free:  numberText("tokens", maxTokens, ""), // no default: unset means the environment variable
			Text: "How many tokens a model may use in a day (UTC), for questions and answers; beyond that rules read what customers " +
				"write. `0` is no limit. If nothing is set, what whoever runs Parley chose counts.",
		},
		{
			Name:  "ai_audit",
			Label: "Days for which questions to a model are kept",
			Free:  numberText("days", maxAuditDays, defaultAuditDays),
			Text:  "For how many days questions to a model and its answers are kept, for `!why`; `0`: not at all.",
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
			Text: "`on`: what customers write in another language than `language` is translated below it. This needs a model, see " +
				"[“The analysis of customers' messages”](ai.md).",
		},
		{
			Name:   "ai_summaries",
			Label:  "Sum up long conversations",
			Values: onOff(),
			Text:   "`on`: a long conversation is summed up for colleagues when it is handed over, and when it is resolved.",
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
				"by which they say it behind `=`. For one of ours its name is enough, see [“The analysis of customers' " +
				"messages”](ai.md). Empty: all of ours.",
		},
		{
			Name:   "language",
			Label:  "The team's language",
			Values: languageCodes(),
			Text:   "The language in which the team reads and writes. Summaries and translations are in it.",
		},
	}
}
