package setup

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store"
)

// choiceWords returns the labels of choices: field path → value → label. The fields of channels have only the last part of
// their path here (security for email.imap.security). A value without a label reads well as it is.
func choiceWords() map[string]map[string]string {
	yesNo := map[string]string{"true": "yes", "false": "no"}
	security := map[string]string{"tls": "TLS", "starttls": "STARTTLS"}
	words := map[string]map[string]string{
		"roles":  {store.RoleSuperAdmin: "super-admin"},
		"agents": {store.AgentsListed: "whom you list", store.AgentsOfChannel: "also who comes into its channel"},
		"quiet":  {},
		"home":   {},
		"types": {
			bridge.TemplateStart:  "to write first",
			bridge.TemplateReply:  "to answer",
			bridge.TemplateWindow: "when the reply window is closed",
		},

		"settings.who_replies":         {"assignees": "its owners", "any_agent": "every agent"},
		"settings.reply_to":            {"all": "all who were in copy", "sender": "the sender alone"},
		"settings.reply_after_resolve": {"reopen": "it is reopened", "new_linked": "a new one begins, with a link to it"},
		"settings.resolve_confirm":     {"dialog": "asks for a note", "instant": "resolves at once"},
		"settings.receipts":            {"read": "up to read", "sent": "sent alone", "failures": "failures alone"},
		"settings.all_tab":             {"permission": "whoever has permission"},
		"settings.email_new_thread":    {"separate": "a conversation of its own", "join_open": "join the open one"},
		"settings.language":            {},

		"oauth":         {"google": "Google", "microsoft": "Microsoft"},
		"security":      security,
		"takes":         yesNo,
		"mms":           yesNo,
		"allow_private": yesNo,
	}
	for _, n := range bridge.Notices() {
		words["quiet"][n.Name] = n.Text
	}

	for _, kind := range Chats() {
		words["home"][kind] = ChatName(kind)
	}

	for _, l := range analysis.Languages() {
		words["settings.language"][l.Code] = l.Name
	}

	return words
}

// inWords sets Words for all fields with choices, and replaces values in their help texts by the labels: `sender` becomes
// *the sender alone*, for example. It changes fields in place and returns them.
func inWords(fields []Field) []Field {
	wordsByPath := choiceWords()
	for i := range fields {
		f := &fields[i]
		if len(f.Choices) == 0 {
			continue
		}

		words, ok := wordsByPath[f.Path]
		if !ok {
			lastPart := f.Path[strings.LastIndex(f.Path, ".")+1:]
			words = wordsByPath[lastPart]
		}

		f.Words = words
		for _, value := range slices.Sorted(maps.Keys(words)) {
			if words[value] != value {
				f.Help = strings.ReplaceAll(f.Help, "`"+value+"`", "*"+words[value]+"*")
			}
		}
	}

	return fields
}

// Word returns the label of a choice, which is the value itself if Words doesn't have it.
func (f Field) Word(value string) string { return cmp.Or(f.Words[value], value) }
