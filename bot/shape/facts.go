package shape

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
)

// Words for what is known of a conversation (bridge.Facts), which cards and lists have in common.

// NonEmpty returns the strings that aren't empty, each cut to fit into a line.
func NonEmpty(list ...string) []string {
	var all []string
	for _, s := range list {
		if s = OneLine(s, MaxNameRunes); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// Recipients names those who would get a reply now, cut to fit into a line.
func Recipients(r bridge.Recipients) string { return CutList(AllRecipients(r)) }

// AllRecipients does what Recipients does, without cutting.
func AllRecipients(r bridge.Recipients) string {
	to := Or(AllParties(r.To), "nobody")
	if len(r.Cc) > 0 {
		to += Between + "copy: " + AllParties(r.Cc)
	}
	return to
}

// Parties names people with their addresses, cut to fit into a line.
func Parties(list []bridge.PartyRef) string { return CutList(AllParties(list)) }

// maxListRunes bounds a list of people: with the words around it, it fits into one piece of a line.
const maxListRunes = 430

// CutList cuts a list that is too long for a line behind the last member that fits: "Ann, Ben and others".
func CutList(words string) string {
	const others = " and others"
	runes := []rune(words)
	if len(runes) <= maxListRunes {
		return words
	}
	fitting := string(runes[:maxListRunes-len(others)])
	if end := strings.LastIndex(fitting, ", "); end > 0 {
		fitting = fitting[:end]
	}
	return fitting + others
}

// AllParties does what Parties does, without cutting.
func AllParties(list []bridge.PartyRef) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = Party(p)
	}
	return strings.Join(names, ", ")
}

// IsHeldBy reports whether the agent is one of those who hold the conversation.
func IsHeldBy(f bridge.Facts, a bridge.AgentRef) bool {
	return a.ID != 0 && slices.ContainsFunc(f.Assignees, func(other bridge.AgentRef) bool { return other.ID == a.ID })
}

// Or returns s, or another string if s is empty.
func Or(s, otherwise string) string { return cmp.Or(s, otherwise) }

// Plural returns the word for one, or the word for more.
func Plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// Number names a conversation: #12.
func Number(id bridge.ConversationID) string { return "#" + strconv.FormatInt(int64(id), 10) }

// Subject shows a conversation's subject. It returns nil if there is none.
func Subject(f bridge.Facts) []Piece {
	if s := OneLine(f.Subject, MaxSubjectRunes); s != "" {
		return []Piece{Text(s)}
	}
	return nil
}

// Assignees names those who have the conversation, its owner first: "Unassigned" if nobody has.
func Assignees(list []bridge.AgentRef) string {
	if len(list) == 0 {
		return "Unassigned"
	}
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = AgentName(a)
	}
	return strings.Join(names, ", ")
}

// StatusWords returns the state of a conversation in a word or two: "Open, unassigned", "Closed (spam)".
func StatusWords(f bridge.Facts) string {
	switch f.Status {
	case bridge.StatusPending:
		return "Waiting for customer"
	case bridge.StatusSnoozed:
		return "Snoozed"
	case bridge.StatusResolved:
		return "Resolved"
	case bridge.StatusClosed:
		if r := OneLine(f.CloseReason, MaxNameRunes); r != "" {
			return "Closed (" + r + ")"
		}
		return "Closed"
	case bridge.StatusOpen:
	}

	if len(f.Assignees) == 0 {
		return "Open, unassigned"
	}

	return "Open"
}

// maxProviderRunes is how much is shown of a provider's word, such as a template's language or status.
const maxProviderRunes = 20

// TemplateName names a template to people.
func TemplateName(t bridge.Template) string {
	return OneLine(t.Name, MaxNameRunes) + " (" + OneLine(t.Language, maxProviderRunes) + ")"
}

// TemplateWords returns the state of a template in the provider's review. A state that isn't known stays the provider's word.
func TemplateWords(t bridge.Template) string {
	switch t.Status {
	case "draft":
		return "Not handed in"
	case "pending":
		return "Pending, a review takes up to two days"
	case "approved":
		return "Approved"
	case "rejected":
		return "Rejected: edit it and resubmit it"
	case "paused":
		return "Paused by the provider"
	case "disabled":
		return "Disabled by the provider"
	}

	return OneLine(t.Status, maxProviderRunes)
}
