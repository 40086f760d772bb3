package shape

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
)

// The functions of this file format the facts of a conversation (bridge.Facts) as English text: who takes part, its status,
// its number. Cards and lists share them. Names and other untrusted text are cut to a maximum length.

// NonEmpty returns the strings that aren't empty, each cut to fit into a line.
func NonEmpty(list ...string) []string {
	var nonEmpty []string
	for _, s := range list {
		if s = OneLine(s, MaxNameRunes); s != "" {
			nonEmpty = append(nonEmpty, s)
		}
	}
	return nonEmpty
}

// Recipients lists who would receive a reply, cut to fit into a line: "Ann <ann@example.org> · copy: Ben <ben@example.org>".
func Recipients(r bridge.Recipients) string { return CutList(AllRecipients(r)) }

// AllRecipients is like Recipients but doesn't cut the list.
func AllRecipients(r bridge.Recipients) string {
	to := Or(AllParties(r.To), "nobody")
	if len(r.Cc) > 0 {
		to += Between + "copy: " + AllParties(r.Cc)
	}
	return to
}

// Parties lists customers with their addresses, cut to fit into a line.
func Parties(list []bridge.PartyRef) string { return CutList(AllParties(list)) }

// AllParties is like Parties but doesn't cut the list.
func AllParties(list []bridge.PartyRef) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = Party(p)
	}
	return strings.Join(names, ", ")
}

// maxListRunes is the maximum length of a list of people. With a few words around it, it still fits into one Piece.
const maxListRunes = 430

// CutList cuts a list that is too long for a line after the last name that fits: "Ann, Ben and others".
func CutList(list string) string {
	const others = " and others"
	runes := []rune(list)
	if len(runes) <= maxListRunes {
		return list
	}
	fitting := string(runes[:maxListRunes-len(others)])
	if end := strings.LastIndex(fitting, ", "); end > 0 {
		fitting = fitting[:end]
	}
	return fitting + others
}

// IsHeldBy reports whether the conversation is assigned to an agent, alone or with others.
func IsHeldBy(f bridge.Facts, agent bridge.AgentRef) bool {
	if agent.ID == 0 {
		return false
	}
	return slices.ContainsFunc(f.Assignees, func(assignee bridge.AgentRef) bool { return assignee.ID == agent.ID })
}

// Or returns s, or fallback if s is empty.
func Or(s, fallback string) string { return cmp.Or(s, fallback) }

// Plural returns singular if n is 1, and otherwise plural.
func Plural(n int, singular, plural string) string {
	if n == 1 {
		return singular
	}
	return plural
}

// Number formats the number of a conversation: #12.
func Number(id bridge.ConversationID) string { return "#" + strconv.FormatInt(int64(id), 10) }

// Subject returns a conversation's subject, or nil if it has none.
func Subject(f bridge.Facts) []Piece {
	if s := OneLine(f.Subject, MaxSubjectRunes); s != "" {
		return []Piece{Text(s)}
	}
	return nil
}

// Assignees lists the agents to whom a conversation is assigned, or returns "Unassigned". The first one owns it.
func Assignees(list []bridge.AgentRef) string {
	if len(list) == 0 {
		return "Unassigned"
	}
	names := make([]string, len(list))
	for i, agent := range list {
		names[i] = AgentName(agent)
	}
	return strings.Join(names, ", ")
}

// StatusWords describes the status of a conversation: "Open, unassigned", "Closed (spam)".
func StatusWords(f bridge.Facts) string {
	switch f.Status {
	case bridge.StatusPending:
		return "Waiting for customer"
	case bridge.StatusSnoozed:
		return "Snoozed"
	case bridge.StatusResolved:
		return "Resolved"
	case bridge.StatusClosed:
		if reason := OneLine(f.CloseReason, MaxNameRunes); reason != "" {
			return "Closed (" + reason + ")"
		}
		return "Closed"
	case bridge.StatusOpen:
	}

	if len(f.Assignees) == 0 {
		return "Open, unassigned"
	}

	return "Open"
}

// maxProviderRunes is the maximum length of a short value that comes from a provider, such as a template's language.
const maxProviderRunes = 20

// TemplateName returns the name of a message template, with its language: "order_shipped (en_GB)".
func TemplateName(t bridge.Template) string {
	return OneLine(t.Name, MaxNameRunes) + " (" + OneLine(t.Language, maxProviderRunes) + ")"
}

// TemplateWords describes the status of a template in the provider's review. It returns an unknown status as it is.
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
