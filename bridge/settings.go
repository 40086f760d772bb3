package bridge

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"parley/bridge/analysis"
	"parley/channels"
)

// This file reads the settings of an account (a mailbox or phone number). An admin writes them in parley.yaml, for all
// accounts or for one:
//
//	settings:
//	  who_replies: any_agent
//	accounts:
//	  - name: shop-chat
//	    settings: {receipts: sent}
//
// Settings (settingtable.go) lists the possible settings, and SettingsOf returns their values as an AccountSettings.

// Setting describes one setting.
type Setting struct {
	Name   string   // its key in parley.yaml
	Label  string   // its name on a settings page
	Values []string // the allowed values, the default first; nil if the value is free text
	Free   FreeText // describes the value if Values is nil
	Chat   string   // the default for channels without threads, such as WhatsApp; "" means the same default
	Text   string   // documentation, in Markdown
}

// FreeText describes the value of a setting that has no list of allowed values.
type FreeText struct {
	Default string
	Valid   func(value string) bool
	Why     func(value string) string // returns the error of an invalid value; nil means that it is NotSo
	Lines   bool                      // the value may have several lines
	NotSo   string                    // the error of an invalid value: "isn't a list of limits"
	Write   string                    // how to correct it: "Write kinds and sizes: image 5MB."
}

// languageCodes returns the codes of the languages that a team may choose.
func languageCodes() []string {
	var codes []string
	for _, l := range analysis.Languages() {
		codes = append(codes, l.Code)
	}
	return codes
}

// AccountSettings are the values of all settings for one account.
type AccountSettings struct {
	ConfirmSend   bool   // plain text is sent only after a click; a form or "!reply" needs none
	WhoReplies    string // whose plain text is a reply: assignees, any_agent
	ReplyClaims   bool   // the first reply in an unassigned conversation makes its author the owner
	OneOwner      bool   // a conversation has at most one owner
	WithinTeams   bool   // agents assign only within their own teams
	ReplyTo       string // recipients of a reply to a mail: all, sender
	ResolveAtOnce bool   // the button Resolve does not ask for a note
	RequireTag    bool   // agents resolve only what has a tag
	Undeletable   bool   // nobody may delete conversations
	TagsLocked    bool   // tags of single messages can't be removed
	ReplyAfter    string // effect of a customer's message after a resolve: reopen, new_linked
	AutoPending   bool   // after a reply, the conversation waits for the customer
	WakeOnMessage bool   // a customer's message ends a snooze

	AutoresolveHours int      // after so many hours of silence a conversation is resolved; 0 means never
	AutoresolveWords []string // what a customer says to resolve it, as BareWords returns it
	AbandonHours     int      // after so many hours of silence it is closed as abandoned; 0 means never

	Receipts      string // which receipts agents see: read, sent, failures
	JoinLines     bool   // texts that are typed within a short time are sent as one message
	FileLimits    channels.FileLimits
	Outgoing      bool // agents may start conversations with phone numbers that never wrote
	AllForAdmins  bool // only admins may open the list of all conversations
	JoinOpen      bool // a mail that answers no known one joins its sender's open conversation
	Analyses      bool // customers' messages are analysed
	AI            AISettings
	Language      string // language of the team (ISO 639-1)
	AdminNumbers  []string
	CustomerLinks []ProfileLink // on profiles; their URLs have placeholders
	AckTarget     time.Duration // how soon somebody is to take a conversation, in business hours; 0 means no target
	ReplyTarget   time.Duration // how soon a customer is to be answered, likewise
	CollectFloods bool          // mails of somebody who opens an unusual number of conversations share one thread
}

// AISettings are an account's settings for the analysis of customers' messages, and for the language model that does it.
type AISettings struct {
	AppliesTags bool // tags that an analysis finds are added without asking
	Translates  bool // messages in another language than the team's are translated for the team
	SumsUp      bool // a long conversation is summarized when it is handed over or resolved
	Unmasked    bool // the model may see mail addresses, phone and card numbers, and IBANs
	TokensADay  int  // the model's budget per day; 0 means unlimited, -1 means the default of the environment variable
	AuditDays   int  // for how many days requests to the model and its answers are kept

	References []analysis.Pattern // which order numbers and the like to find; empty means the built-in rules
	Intents    []analysis.Intent  // what customers may want; empty means analysis.DefaultIntents
}

// ShownReceipt returns what agents see of a sent reply. reported is the provider's receipt: sent, delivered or read. If the
// account doesn't show all receipts, ShownReceipt returns OutcomeSent.
func (s AccountSettings) ShownReceipt(reported OutcomeState) OutcomeState {
	if s.Receipts == "read" {
		return reported
	}
	return OutcomeSent
}

// SettingsOf returns the settings of an account. all holds the values that an admin chose for all accounts, and own those
// for this account, which take precedence; both are JSON objects of strings, or nil. All other settings have their
// defaults. threads means that the account's channel has threads of its own.
func SettingsOf(all, own json.RawMessage, threads bool) AccountSettings {
	s := AccountSettings{AI: AISettings{TokensADay: -1}}
	chosen := choicesOf(all, own)
	for _, setting := range Settings() {
		value, isChosen := chosen[setting.Name]
		switch {
		case isChosen:
			s.set(setting.Name, value)
		case !threads && setting.Chat != "":
			s.set(setting.Name, setting.Chat)
		case len(setting.Values) > 0:
			s.set(setting.Name, setting.Values[0])
		case setting.Free.Default != "":
			s.set(setting.Name, setting.Free.Default)
		}
	}

	return s
}

// set sets the field of a setting. The value was validated when it was chosen.
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
	case "assign_within_teams":
		s.WithinTeams = isOn
	case "reply_to":
		s.ReplyTo = value
	case "reply_after_resolve":
		s.ReplyAfter = value
	case "resolve_confirm":
		s.ResolveAtOnce = value == "instant"
	case "require_tag":
		s.RequireTag = isOn
	case "delete_mode":
		s.Undeletable = value == "nobody"
	case "message_tags_locked":
		s.TagsLocked = isOn
	case "auto_pending":
		s.AutoPending = isOn
	case "wake_on_message":
		s.WakeOnMessage = isOn
	case "ack_target":
		s.AckTarget, _ = parseTarget(value)
	case "reply_target":
		s.ReplyTarget, _ = parseTarget(value)
	case "autoresolve_hours":
		s.AutoresolveHours = parseOr(value, 0)
	case "autoresolve_words":
		for part := range strings.SplitSeq(value, ",") {
			if words := BareWords(part); words != "" {
				s.AutoresolveWords = append(s.AutoresolveWords, words)
			}
		}
	case "abandon_hours":
		s.AbandonHours = parseOr(value, 0)
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
	case "customer_links":
		s.CustomerLinks, _ = ParseCustomerLinks(value)
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

// set is AccountSettings.set for the fields of AISettings.
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

const (
	maxTokens        = 1_000_000_000 // largest value of ai_tokens_a_day
	defaultAuditDays = "30"          // as long as incoming messages are kept in their original form
	maxAuditDays     = 366
	maxSilentHours   = 8784 // a year
)

// BareWords returns the words of a text in small letters, without punctuation: "Thanks a lot!" is "thanks a lot".
func BareWords(text string) string {
	isNoLetter := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '\'' && r != '’'
	}
	return strings.ToLower(strings.Join(strings.FieldsFunc(text, isNoLetter), " "))
}

// numberText describes a number from 0 to maximum. unit says what it counts, in the plural: "tokens".
func numberText(unit string, maximum int, defaultValue string) FreeText {
	return FreeText{
		Default: defaultValue,
		NotSo:   "isn't a number of " + unit,
		Write:   fmt.Sprintf("Write a number from 0 to %d.", maximum),
		Valid: func(v string) bool {
			n, err := strconv.Atoi(v)
			return err == nil && n >= 0 && n <= maximum
		},
	}
}

const maxTarget = 30 * 24 * time.Hour

// targetText describes a duration within which something is to happen.
func targetText() FreeText {
	isTarget := func(v string) bool {
		_, err := parseTarget(v)
		return err == nil
	}
	return FreeText{NotSo: "isn't a time from 1s to 720h", Write: "Write a number with its unit: 30s, 5m or 2h.", Valid: isTarget}
}

func parseTarget(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err == nil && (d < time.Second || d > maxTarget) {
		return 0, fmt.Errorf("bridge: the target %s is out of range", value)
	}
	return d, err
}

// linesText describes a text of several lines, which is valid if parse returns no error.
func linesText[T any](parse func(string) ([]T, error), write string) FreeText {
	why := func(v string) string {
		if _, err := parse(v); err != nil {
			return err.Error()
		}
		return ""
	}
	return FreeText{Valid: func(v string) bool { return why(v) == "" }, Why: why, Lines: true, Write: write}
}

func isFileLimits(value string) bool {
	_, err := channels.ParseFileLimits(value)
	return err == nil
}

// phoneNumber matches a phone number in E.164 format: +4915112345678.
var phoneNumber = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// splitNumbers splits a list of phone numbers at its commas, without validating them.
func splitNumbers(value string) []string {
	var numbers []string
	for part := range strings.SplitSeq(value, ",") {
		number := strings.TrimSpace(part)
		if number != "" {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// isNumberList reports whether a text is a list of one or more phone numbers, separated by commas.
func isNumberList(value string) bool {
	numbers := splitNumbers(value)
	isInvalid := func(n string) bool { return !phoneNumber.MatchString(n) }
	return len(numbers) > 0 && !slices.ContainsFunc(numbers, isInvalid)
}

// parseOr parses a decimal number. It returns fallback if s is not one.
func parseOr(s string, fallback int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return fallback
	}
	return n
}

// choicesOf returns the chosen values by the names of their settings. Values for the account override those for all.
func choicesOf(all, own json.RawMessage) map[string]string {
	chosen := map[string]string{}
	for _, raw := range []json.RawMessage{all, own} {
		var values map[string]string
		_ = json.Unmarshal(raw, &values) // we wrote the JSON; a value that can't be read gets its default
		maps.Copy(chosen, values)
	}
	return chosen
}
