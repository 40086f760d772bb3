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

// An admin chooses settings for all accounts or for one. Settings (settingtable.go) is the table of what can be chosen. SettingsOf
// reads what was chosen into an AccountSettings, which the engine uses.

// Setting is something that people choose in parley.yaml, under settings:, for all accounts or for one of them.
type Setting struct {
	Name   string
	Label  string   // what it is called on a page
	Values []string // what can be chosen, the default first; nil if the value is free text
	Free   FreeText
	Chat   string // another default, for channels without threads such as WhatsApp; "" means the same
	Text   string // what the values do, in Markdown
}

// FreeText checks the value of a setting that has no list of values.
type FreeText struct {
	Default string
	Valid   func(value string) bool
	Why     func(value string) string // what is wrong with an invalid value; nil means that NotSo says it
	Lines   bool                      // the value may have several lines
	NotSo   string                    // what is wrong with an invalid value: "isn't a list of limits"
	Write   string                    // how to write it: "Write kinds and sizes: image 5MB."
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
			s.set(row.Name, value)
		case !threads && row.Chat != "":
			s.set(row.Name, row.Chat)
		case len(row.Values) > 0:
			s.set(row.Name, row.Values[0])
		case row.Free.Default != "":
			s.set(row.Name, row.Free.Default)
		}
	}

	return s
}

// set sets the field of a setting. The value was checked when it was chosen.
func (s *AccountSettings) set(name, value string) {
	isOn := value == settingOn
	switch name {
	case "confirm_send":
		s.ConfirmSend = isOn
	case "who_replies":
		s.WhoReplies = value
	case "reply_claims":
		s.ReplyClaims = isOn
	case "multi_assignee":
		s.OneOwner = value == settingOff
	case "reply_to":
		s.ReplyTo = value
	case "reply_after_resolve":
		s.ReplyAfter = value
	case "resolve_confirm":
		s.ResolveAtOnce = value == "instant"
	case "auto_pending":
		s.AutoPending = isOn
	case "wake_on_message":
		s.WakeOnMessage = isOn
	case "receipts":
		s.Receipts = value
	case "join_lines":
		s.JoinLines = isOn
	case "outgoing":
		s.Outgoing = isOn
	case "all_tab":
		s.AllForAdmins = value == "permission"
	case "email_new_thread":
		s.JoinOpen = value == "join_open"
	case "collect_floods":
		s.CollectFloods = isOn
	case "file_limits":
		s.FileLimits, _ = channels.ParseFileLimits(value)
	case "admin_numbers":
		s.AdminNumbers = splitNumbers(value)
	case "ai":
		s.Analyses = isOn
	case "language":
		s.Language = value
	default:
		s.AI.set(name, value)
	}
}

// set is AccountSettings.set for the settings about analyses.
func (s *AISettings) set(name, value string) {
	isOn := value == settingOn
	switch name {
	case "ai_tags":
		s.AppliesTags = value == "apply"
	case "ai_mask":
		s.Unmasked = value == settingOff
	case "ai_tokens_a_day":
		s.TokensADay = parseOr(value, -1)
	case "ai_audit":
		s.AuditDays = parseOr(value, 0)
	case "ai_translate":
		s.Translates = isOn
	case "ai_summaries":
		s.SumsUp = isOn
	case "ai_references":
		s.References, _ = analysis.ParsePatterns(value)
	case "ai_intents":
		s.Intents, _ = analysis.ParseIntents(value)
	}
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
