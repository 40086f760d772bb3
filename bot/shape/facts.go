package shape

import (
	"strconv"
	"strings"

	"parley/bridge"
)

// Shown makes each string fit into a line, and leaves empty ones out.
func Shown(list ...string) []string {
	var all []string
	for _, s := range list {
		if s = OneLine(s, MaxNameRunes); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// Recipients names everybody who would get a reply now.
func Recipients(r bridge.Recipients) string {
	to := Or(Parties(r.To), "nobody")
	if len(r.Cc) > 0 {
		to += Between + "copy: " + Parties(r.Cc)
	}
	return to
}

// Parties names people with their addresses.
func Parties(list []bridge.PartyRef) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = Party(p)
	}
	return strings.Join(names, ", ")
}

// HeldBy says whether the agent is one of those who hold the conversation.
func HeldBy(f bridge.Facts, a bridge.AgentRef) bool {
	for _, other := range f.Assignees {
		if other.ID == a.ID && a.ID != 0 {
			return true
		}
	}
	return false
}

// Or gives s, or something else where there is nothing.
func Or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// Plural gives the word for one, or for more.
func Plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// Number names a conversation: #12.
func Number(id bridge.ConversationID) string { return "#" + strconv.FormatInt(int64(id), 10) }

// Subject is what a conversation is about; nil where nobody knows.
func Subject(f bridge.Facts) []Piece {
	if s := OneLine(f.Subject, MaxSubjectRunes); s != "" {
		return []Piece{Text(s)}
	}
	return nil
}

// Assignees names those who hold the conversation, its owner first.
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

// StatusWords say how a conversation stands, in a word or two: "Open, unassigned", "Closed (spam)".
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

// TemplateName names a template to people.
func TemplateName(t bridge.Template) string {
	return OneLine(t.Name, MaxNameRunes) + " (" + OneLine(t.Language, 20) + ")"
}

// TemplateWords say the state of a template.
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
	return OneLine(t.Status, 20)
}
