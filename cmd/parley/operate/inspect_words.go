package operate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/store"
)

// This file has the wording of `parley explain` and `parley doctor`: functions that turn codes, numbers and times into
// text for people.

// titleOf returns a line about a conversation: "#12: open · account support-mail · team Support · Ann Lee · continues #3".
func (b *builder) titleOf(c store.Conversation) string {
	parts := []string{c.Status, "account " + b.accountName(c.AccountID)}
	if c.TeamID != nil {
		if team := b.teamName(*c.TeamID); team != "" {
			parts = append(parts, "team "+team)
		}
	}

	if len(c.Assignees) == 0 {
		parts = append(parts, "nobody holds it")
	} else {
		parts = append(parts, b.agentNames(c.Assignees))
	}

	if c.Kind == store.KindAutomatic {
		parts = append(parts, "the day's automatic messages")
	}
	if c.PreviousID != nil {
		parts = append(parts, fmt.Sprintf("continues #%d", *c.PreviousID))
	}

	return fmt.Sprintf("#%d: %s", c.ID, strings.Join(parts, " · "))
}

// accountName returns an account's name. An account that was added after b.dir was read is named by its id.
func (b *builder) accountName(id store.AccountID) string {
	for _, a := range b.dir.Accounts {
		if a.ID == id {
			return a.Name
		}
	}
	return strconv.FormatInt(int64(id), 10)
}

// teamName returns a team's name, or "" if the team was deleted.
func (b *builder) teamName(id store.TeamID) string {
	for _, team := range b.dir.Teams {
		if team.ID == id {
			return team.Name
		}
	}
	return ""
}

// agentNames returns the names of agents, separated by commas.
func (b *builder) agentNames(list []store.AgentID) string {
	names := make([]string, len(list))
	for i, id := range list {
		names[i] = "a former agent"
		for _, a := range b.dir.Agents {
			if a.ID == id {
				names[i] = a.Name
			}
		}
	}
	return strings.Join(names, ", ")
}

// toParleysClock converts a time by the database's clock to Parley's. They differ only in demos and tests, which move
// Parley's clock ahead.
func (b *builder) toParleysClock(at time.Time) time.Time { return at.Add(b.clockAhead) }

// retryWords returns when an event is tried again (", again in 4.5s"), or "" if until is nil, which means at once. until is
// by the database's clock.
func (b *builder) retryWords(until *time.Time) string {
	if until == nil {
		return ""
	}
	return ", again in " + roundDuration(b.toParleysClock(*until).Sub(b.now))
}

// roundDuration formats a duration, rounded to minutes, tenths of a second or milliseconds: "3h20m", "4.5s", "12ms".
func roundDuration(d time.Duration) string {
	if d >= time.Minute {
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	if d >= time.Second {
		return d.Round(time.Second / 10).String()
	}
	return max(d, 0).Round(time.Millisecond).String()
}

// fateWords returns the words for a fate, which is what happened to a message or was decided about it. isBad means that a
// person should look at the message.
func fateWords(f store.Fate) (text string, isBad bool) {
	switch f {
	case store.FateIn:
		return "taken in", false
	case store.FateInside:
		return "stays inside", false
	case store.FateAsk:
		return "waits for a click, not sent", false
	case store.FateWaiting:
		return "is on its way to the customer", false
	case store.FateOut:
		return "went to the customer", false
	case store.FateFailed:
		return "did not reach the customer", true
	case store.FateUnclear:
		return "nobody knows whether the customer got it", true
	case store.FateParked:
		return "kept for later, waits for a click, not sent", true
	case store.FateUndone:
		return "taken back in time", false
	case store.FateDropped:
		return "given up, not sent", false
	}

	return string(f), false
}

// kindWords returns the words for a delivery's kind, which is "reply" or a bridge.PostKind. It returns a kind as it is if
// the kind is unknown, or a plain word.
func kindWords(kind string) string {
	switch kind {
	case "root":
		return "first post of the thread"
	case "said":
		return "post"
	case "line":
		return "remark"
	case "mark":
		return "receipt mark"
	case "ephemeral":
		return "hint to one person"
	}
	return kind
}

// waitWords says what a queued delivery waits for: other deliveries of its lane, or a time. A lane is a queue of
// deliveries that are sent one after the other.
func (b *builder) waitWords(d delivery) string {
	if d.Before > 0 {
		return fmt.Sprintf("waits for %d before it", d.Before)
	}
	due := laterOf(d.NotBefore, d.DueAt)
	if !due.After(b.now) {
		return "due now"
	}
	return "due in " + roundDuration(due.Sub(b.now))
}

// laterOf returns the later of two times. nil is earlier than any time; if both are nil, it returns the zero time.
func laterOf(a, b *time.Time) time.Time {
	var later time.Time
	for _, at := range []*time.Time{a, b} {
		if at != nil && at.After(later) {
			later = *at
		}
	}
	return later
}

// attemptWords says when the first and the last attempt of a delivery began, relative to when it was queued:
// ", first 20ms later, last 4.5s later".
func (b *builder) attemptWords(d delivery) string {
	if d.FirstAt == nil || d.SentAt == nil {
		return ""
	}
	first := roundDuration(b.toParleysClock(*d.FirstAt).Sub(d.CreatedAt))
	if d.Attempt == 1 || d.SentAt.Equal(*d.FirstAt) {
		return ", " + first + " later"
	}
	last := roundDuration(b.toParleysClock(*d.SentAt).Sub(d.CreatedAt))
	return ", first " + first + " later, last " + last + " later"
}

// isSafeText reports whether the text of log entries of this kind may be shown. Such a text is made by Parley, or it is the
// name of a team or a tag.
func isSafeText(what store.Deed) bool {
	return slices.Contains([]store.Deed{
		store.DeedAssigned, store.DeedSnoozed, store.DeedTagged, store.DeedUntagged, store.DeedTaggedMessages, store.DeedUntaggedMessages,
		store.DeedRefused,
	}, what)
}

// countCharacters returns the length of a text in words: "12 characters".
func countCharacters(s string) string { return count(utf8.RuneCountInString(s), "character") }

// count returns a number with a noun in the right form: "1 file", "2 files", "3 addresses".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "s") {
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// timesWords returns "once", "2 times" and so on.
func timesWords(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// codeWords turns a code into words: "not_assignee" becomes "not assignee".
func codeWords(code string) string { return strings.ReplaceAll(code, "_", " ") }

// sizeWords formats a size: "512 bytes", "3.4 kB".
func sizeWords(bytes int64) string {
	const kilobyte = 1000
	if bytes < kilobyte {
		return fmt.Sprintf("%d bytes", bytes)
	}
	return fmt.Sprintf("%.1f kB", float64(bytes)/kilobyte)
}

// maxIDRunes is how many characters of an external id are shown, so that it fits into one line of a terminal.
const maxIDRunes = 80

// shorten truncates an external id to maxIDRunes.
func shorten(s string) string {
	if runes := []rune(s); len(runes) > maxIDRunes {
		return string(runes[:maxIDRunes]) + "…"
	}
	return s
}
