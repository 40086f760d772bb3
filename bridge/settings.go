package bridge

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"parley/bridge/analysis"
	"parley/channels"
)

// Settings is the table of all settings that an admin can choose for all accounts or for one. SettingsOf reads what
// was chosen into an AccountSettings, which the engine uses. In the texts, "plain text" is what an agent types into a
// thread without a command, and a "hold" is the time in which a reply can still be taken back.

// Setting is something that people choose in parley.yaml, under settings:, for all accounts or for one of them.
type Setting struct {
	Name   string
	Label  string   // what it is called on a page
	Values []string // what can be chosen, the default first; nil if the value is free text
	Free   FreeText
	Chat   string // another default, for channels without threads such as WhatsApp; "" means the same
	Text   string // what the values do, in Markdown
	keep   func(s *AccountSettings, value string)
}

// FreeText checks the value of a setting that has no list of values.
type FreeText struct {
	Default string
	Valid   func(value string) bool
	Why     func(value string) string // what is wrong with an invalid value; nil means that NotSo says it
	Lines   bool                      // the value may have several lines
	NotSo   string                    // what is wrong with an invalid value: "are no limits"
	Write   string                    // how to write it: "Write kinds and sizes: image 5MB."
}

// Values of settings that are on or off.
const (
	settingOn  = "on"
	settingOff = "off"
)

// Settings lists all settings in the order in which they are written. A new one is a row here and a
// field of AccountSettings: parley.yaml, export, diffs and docs/settings.md are made from this table.
func Settings() []Setting {
	onOff, offOn := []string{settingOn, settingOff}, []string{settingOff, settingOn}
	return append([]Setting{
		{Name: "confirm_send", Label: "Ask before a plain text is sent", Values: offOn, Text: "`on`: plain text of whoever replies waits for a click; what is sent by the form or with `!reply` does not.",
			keep: func(s *AccountSettings, v string) { s.ConfirmSend = v == settingOn }},
		{Name: "who_replies", Label: "Whose plain text is a reply", Values: []string{"assignees", "any_agent"},
			Text: "Whose plain text leaves while somebody owns the conversation: that of its owners, or that of every agent.",
			keep: func(s *AccountSettings, v string) { s.WhoReplies = v }},
		{Name: "reply_claims", Label: "The first reply takes the conversation", Values: onOff,
			Text: "Whether the first reply in an unassigned conversation takes it. `off`: the reply waits inside, with *Take and send*, until its conversation is taken.",
			keep: func(s *AccountSettings, v string) { s.ReplyClaims = v == settingOn }},
		{Name: "multi_assignee", Label: "Several owners of one conversation", Values: onOff,
			Text: "Whether a conversation may have several owners, of whom the first leads. `off`: assigning somebody replaces the owner.",
			keep: func(s *AccountSettings, v string) { s.OneOwner = v == settingOff }},
		{Name: "reply_to", Label: "Who gets the reply to a mail", Values: []string{"all", "sender"},
			Text: "Whether replies to a mail go to those in copy too. With `sender` the card names them as *gets no replies*.",
			keep: func(s *AccountSettings, v string) { s.ReplyTo = v }},
		{Name: "reply_after_resolve", Label: "When a customer writes after it was resolved", Values: []string{"reopen", "new_linked"}, Chat: "new_linked",
			Text: "What a customer's message does after the conversation was resolved. `reopen`: for 30 days the conversation is opened again, later a new one begins. `new_linked`: a new one begins at once, linked to it.",
			keep: func(s *AccountSettings, v string) { s.ReplyAfter = v }},
		{Name: "resolve_confirm", Label: "What the button Resolve does", Values: []string{"dialog", "instant"},
			Text: "What the button *Resolve* does: ask for a note, or resolve at once, with *Reopen* in sight. Typed, `!resolve` acts at once in any case; a message's menu always asks.",
			keep: func(s *AccountSettings, v string) { s.ResolveAtOnce = v == "instant" }},
		{Name: "auto_pending", Label: "After a reply, wait for the customer", Values: onOff,
			Text: "Whether the conversation waits for the customer once a reply has left, unless somebody put it back, snoozed, woke or reopened it meanwhile.",
			keep: func(s *AccountSettings, v string) { s.AutoPending = v == settingOn }},
		{Name: "wake_on_message", Label: "A customer's message ends a snooze", Values: onOff, Text: "Whether a customer's message ends a snooze.",
			keep: func(s *AccountSettings, v string) { s.WakeOnMessage = v == settingOn }},
		{Name: "receipts", Label: "Marks on a reply that has left", Values: []string{"read", "sent", "failures"},
			Text: "Which marks a reply has once it left: up to *read*, *sent* alone, or none but a warning when it fails. Lines in place of a reply, and the inbox page, tell up to *read* with the first alone.",
			keep: func(s *AccountSettings, v string) { s.Receipts = v }},
		{Name: "join_lines", Label: "Lines typed in a row leave as one message", Values: onOff, Text: "Whether lines that somebody types within a hold leave as one message.",
			keep: func(s *AccountSettings, v string) { s.JoinLines = v == settingOn }},
		{Name: "outgoing", Label: "Write first to unknown phone numbers", Values: offOn,
			Text: "Whether agents may begin conversations with phone numbers from which nobody ever wrote. Mail, and people who wrote before, may always be begun with.",
			keep: func(s *AccountSettings, v string) { s.Outgoing = v == settingOn }},
		{Name: "all_tab", Label: "Who may open the list All", Values: []string{"everyone", "permission"},
			Text: "Who may open the list *All*. `permission`: admins; others find there, if accounts differ, what those with `everyone` have, and of the rest their own and their teams'.",
			keep: func(s *AccountSettings, v string) { s.AllForAdmins = v == "permission" }},
		{Name: "email_new_thread", Label: "A mail that answers none", Values: []string{"separate", "join_open"},
			Text: "What a mail does that answers none that Parley knows: begin a conversation of its own, or `join_open`: join the one that its sender has open, the latest, with its subject above it.",
			keep: func(s *AccountSettings, v string) { s.JoinOpen = v == "join_open" }},
		{Name: "collect_floods", Label: "Collect a flood of mails in one thread", Values: onOff, Text: "Whether mails of somebody who opens very many conversations are collected in one thread.",
			keep: func(s *AccountSettings, v string) { s.CollectFloods = v == settingOn }},
		{Name: "file_limits", Label: "Largest files", Free: FreeText{Valid: areLimits, NotSo: "are no limits", Write: "Write kinds and sizes: image 5MB, document 10MB, video 16MB, audio 16MB."},
			Text: "The largest files of each kind, up to what the channel takes: `image 5MB, document 25MB, audio 0`; `0` forbids a kind. A kind that isn't named has what the channel takes, in chats at most `image 5MB, document 10MB, video 16MB`.",
			keep: func(s *AccountSettings, v string) { s.FileLimits, _ = channels.ParseFileLimits(v) }}, // checked when it was written
		{Name: "admin_numbers", Label: "Admins' phone numbers", Free: FreeText{Valid: areNumbers, NotSo: "are no phone numbers", Write: "Write them with +, the country and commas between: +4915112345678, +33612345678."},
			Text: "Of an account that sends text messages: admins' phone numbers, which it tells by SMS, besides the mail, that a chat can't be reached, refuses Parley, or is back.",
			keep: func(s *AccountSettings, v string) { s.AdminNumbers = splitNumbers(v) }},
	}, aiSettings()...)
}

// aiSettings lists the settings about the analysis of what customers write, by a language model or by rules.
func aiSettings() []Setting {
	onOff, offOn := []string{settingOn, settingOff}, []string{settingOff, settingOn}
	return []Setting{
		{Name: "ai", Label: "Analyse what customers write", Values: onOff, Text: "Whether what customers write is analysed, and what that finds is noted in the thread.",
			keep: func(s *AccountSettings, v string) { s.Analyses = v == settingOn }},
		{Name: "ai_tags", Label: "Tags that an analysis finds", Values: []string{"suggest", "apply"},
			Text: "What an analysis does with tags that fit: `suggest` them as buttons in its note, or `apply` them, with *Undo* there. Only tags that exist, and none that somebody took away.",
			keep: func(s *AccountSettings, v string) { s.AI.AppliesTags = v == "apply" }},
		{Name: "ai_mask", Label: "Hide addresses and numbers from a model", Values: onOff, Text: "Whether mail addresses, phone and card numbers and IBANs are replaced before a text goes to a model, and put back in its answer.",
			keep: func(s *AccountSettings, v string) { s.AI.Unmasked = v == settingOff }},
		{Name: "ai_tokens_a_day", Label: "Tokens that a model may cost in a day", Free: numberText("tokens", maxTokens, ""), Text: "How many tokens a model may cost in a day (UTC), asked and answered; above that rules read what customers write. `0` is no limit; without it `PARLEY_AI_TOKENS_A_DAY` counts.",
			keep: func(s *AccountSettings, v string) { s.AI.TokensADay = parseOr(v, -1) }},
		{Name: "ai_audit", Label: "Days for which questions to a model are kept", Free: numberText("days", maxAuditDays, auditDays), Text: "For how many days it is kept what was sent to a model and answered, for `!why`; `0`: not at all.",
			keep: func(s *AccountSettings, v string) { s.AI.AuditDays = parseOr(v, 0) }},
		{Name: "ai_translate", Label: "Translate what customers write", Values: offOn, Text: "Whether what customers write in another language than `language` is translated below it. That needs a model, see [“The analysis of customers' messages”](ai.md).",
			keep: func(s *AccountSettings, v string) { s.AI.Translates = v == settingOn }},
		{Name: "ai_summaries", Label: "Sum up long conversations", Values: onOff, Text: "Whether a long conversation is summed up for colleagues when it is handed over, and when it is resolved.",
			keep: func(s *AccountSettings, v string) { s.AI.SumsUp = v == settingOn }},
		{Name: "ai_references", Label: "Numbers to look for", Free: linesText(analysis.ParsePatterns, "Write a kind, an expression and a link in each line: order: \\bSO-\\d{6}\\b -> https://shop.example/orders/{number}"),
			Text: "Which numbers are noted, a line for each kind: `order: \\bSO-\\d{6}\\b -> https://shop.example/orders/{number}`. The link may be left out; `order` alone is found by our rules, see [“The analysis of customers' messages”](ai.md). Empty: orders, quotes, invoices, shipments and tickets.",
			keep: func(s *AccountSettings, v string) { s.AI.References, _ = analysis.ParsePatterns(v) }}, // checked when it was written
		{Name: "ai_intents", Label: "What customers may want", Free: linesText(analysis.ParseIntents, "Write a name and what it means in each line: warranty: asks about the guarantee = guarantee, warranty"),
			Text: "What customers may want, a line for each: `warranty: asks about the guarantee = guarantee, warranty`, with words by which they say it behind `=`. One of ours by its name alone, see [“The analysis of customers' messages”](ai.md). Empty: all of ours.",
			keep: func(s *AccountSettings, v string) { s.AI.Intents, _ = analysis.ParseIntents(v) }}, // likewise
		{Name: "language", Label: "The team's language", Values: languageCodes(), Text: "The language in which the team reads and writes: summaries and translations of what customers write are in it.",
			keep: func(s *AccountSettings, v string) { s.Language = v }},
	}
}

// languageCodes returns the codes of the languages that a team may have.
func languageCodes() (codes []string) {
	for _, l := range analysis.Languages() {
		codes = append(codes, l.Code)
	}
	return codes
}

// AccountSettings are the settings that count for one account.
type AccountSettings struct {
	ConfirmSend   bool   // plain text waits for a click; a form or "!reply" doesn't
	WhoReplies    string // assignees, any_agent
	ReplyClaims   bool   // the first reply in an unassigned conversation makes its author the owner
	OneOwner      bool   // a conversation has at most one owner
	ReplyTo       string // all, sender
	ResolveAtOnce bool   // the button asks for no note
	ReplyAfter    string // reopen, new_linked: after resolve
	AutoPending   bool
	WakeOnMessage bool
	Receipts      string // read, sent, failures
	JoinLines     bool   // lines typed within a hold leave as one message
	FileLimits    channels.FileLimits
	Outgoing      bool // agents may begin conversations with phone numbers that never wrote
	AllForAdmins  bool // the list of all conversations is for admins
	JoinOpen      bool // a mail outside of known threads joins its sender's open conversation
	Analyses      bool // what customers write is analysed
	AI            AISettings
	Language      string // the team's, ISO 639-1
	AdminNumbers  []string
	CollectFloods bool // mails of somebody who opens very many conversations are collected in one thread
}

// AISettings are an account's settings about the analysis of what customers write, and about the model that does it.
type AISettings struct {
	AppliesTags bool // tags that an analysis finds are put on at once
	Translates  bool // what customers write in another language than the team's is translated for the team
	SumsUp      bool // a long conversation is summed up when it is handed over or resolved
	Unmasked    bool // the model may see mail addresses, phone and card numbers and IBANs
	TokensADay  int  // how many tokens the model may cost in a day; 0 means any number, -1 means what the process's variables say
	AuditDays   int  // for how many days the model's questions and answers are kept

	References []analysis.Pattern // which numbers are noted; empty means those that are found by rules
	Intents    []analysis.Intent  // what customers may want; empty means analysis.DefaultIntents
}

// ShownReceipt returns what agents see of a reply that left. told is what its receipts say: sent, delivered or read.
// If the account doesn't show all receipts, it returns OutcomeSent.
func (s AccountSettings) ShownReceipt(told OutcomeState) OutcomeState {
	if s.Receipts == "read" {
		return told
	}
	return OutcomeSent
}

// SettingsOf returns the settings of an account: what is chosen for the account itself (own), else what is chosen for
// all accounts (all), else the default. threads means that the account's channel has threads of its own.
func SettingsOf(all, own json.RawMessage, threads bool) AccountSettings {
	s := AccountSettings{AI: AISettings{TokensADay: -1}}
	chosen := choicesOf(all, own)
	for _, row := range Settings() {
		value, isChosen := chosen[row.Name]
		switch {
		case isChosen:
			row.keep(&s, value)
		case !threads && row.Chat != "":
			row.keep(&s, row.Chat)
		case len(row.Values) > 0:
			row.keep(&s, row.Values[0])
		case row.Free.Default != "":
			row.keep(&s, row.Free.Default)
		}
	}

	return s
}

// maxTokens is the largest value of ai_tokens_a_day.
const maxTokens = 1_000_000_000

// For how many days questions to a model are kept.
const (
	auditDays    = "30" // the default: as long as what arrived is kept as it came
	maxAuditDays = 366  // nobody asks why after a year
)

// numberText checks a number from 0 to largest. of says what it counts, in the plural: "tokens".
func numberText(of string, largest int, byDefault string) FreeText {
	return FreeText{
		Default: byDefault,
		NotSo:   "isn't a number of " + of,
		Write:   fmt.Sprintf("Write a number from 0 to %d.", largest),
		Valid: func(v string) bool {
			n, err := strconv.Atoi(v)
			return err == nil && n >= 0 && n <= largest
		},
	}
}

// linesText checks a text of several lines with parse.
func linesText[T any](parse func(string) ([]T, error), write string) FreeText {
	why := func(v string) string {
		if _, err := parse(v); err != nil {
			return err.Error()
		}
		return ""
	}
	return FreeText{Valid: func(v string) bool { return why(v) == "" }, Why: why, Lines: true, Write: write}
}

func areLimits(value string) bool {
	_, err := channels.ParseFileLimits(value)
	return err == nil
}

// phoneNumber matches a phone number in E.164, with "+": +4915112345678.
var phoneNumber = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// splitNumbers splits a list of phone numbers at its commas. It doesn't check them.
func splitNumbers(value string) (list []string) {
	for part := range strings.SplitSeq(value, ",") {
		number := strings.TrimSpace(part)
		if number != "" {
			list = append(list, number)
		}
	}
	return list
}

// areNumbers reports whether a text is a list of at least one phone number, with commas between.
func areNumbers(value string) bool {
	list := splitNumbers(value)
	isNone := func(n string) bool { return !phoneNumber.MatchString(n) }
	return len(list) > 0 && !slices.ContainsFunc(list, isNone)
}

// parseOr reads a number. It returns other if s isn't one.
func parseOr(s string, other int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return other
	}
	return n
}

// choicesOf returns what was chosen, by the names of settings. A choice for the account itself beats one for all.
func choicesOf(all, own json.RawMessage) map[string]string {
	chosen := map[string]string{}
	for _, raw := range []json.RawMessage{all, own} {
		var given map[string]string
		_ = json.Unmarshal(raw, &given) // written by us; what can't be read has the default
		maps.Copy(chosen, given)
	}
	return chosen
}
