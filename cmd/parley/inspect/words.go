package inspect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/store"
)

// titleOf returns a line about a conversation: its number, state, account, team, owners, and which one it continues.
func (t *teller) titleOf(c store.Conversation) string {
	parts := []string{c.Status, "account " + t.accountName(c.AccountID)}
	if c.TeamID != nil {
		if team := t.teamName(*c.TeamID); team != "" {
			parts = append(parts, "team "+team)
		}
	}

	if len(c.Assignees) == 0 {
		parts = append(parts, "nobody holds it")
	} else {
		parts = append(parts, t.agentNames(c.Assignees))
	}

	if c.Kind == store.KindAutomatic {
		parts = append(parts, "the day's automatic messages")
	}
	if c.PreviousID != nil {
		parts = append(parts, fmt.Sprintf("continues #%d", *c.PreviousID))
	}

	return fmt.Sprintf("#%d: %s", c.ID, strings.Join(parts, " · "))
}

// accountName returns an account's name, or its number if it was added after the directory was read.
func (t *teller) accountName(id store.AccountID) string {
	for _, a := range t.dir.Accounts {
		if a.ID == id {
			return a.Name
		}
	}
	return strconv.FormatInt(int64(id), 10)
}

// teamName returns a team's name, or "" if it was removed.
func (t *teller) teamName(id store.TeamID) string {
	for _, team := range t.dir.Teams {
		if team.ID == id {
			return team.Name
		}
	}
	return ""
}

// agentNames returns the names of agents, with commas between them.
func (t *teller) agentNames(list []store.AgentID) string {
	names := make([]string, len(list))
	for i, id := range list {
		names[i] = "a former agent"
		for _, a := range t.dir.Agents {
			if a.ID == id {
				names[i] = a.Name
			}
		}
	}
	return strings.Join(names, ", ")
}

// toParleysClock converts a time of the database's clock to Parley's. In production both are the same.
func (t *teller) toParleysClock(at time.Time) time.Time { return at.Add(t.clockAhead) }

// retryWords says when an event that could not be applied is tried again. until is by the database's clock. It says nothing
// if until is nil: at once.
func (t *teller) retryWords(until *time.Time) string {
	if until == nil {
		return ""
	}
	return ", again in " + roundDuration(t.toParleysClock(*until).Sub(t.now))
}

// roundDuration writes a duration, to the minute, a tenth of a second or the millisecond: "3h20m", "4.5s", "12ms".
func roundDuration(d time.Duration) string {
	if d >= time.Minute {
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	if d >= time.Second {
		return d.Round(time.Second / 10).String()
	}
	return max(d, 0).Round(time.Millisecond).String()
}

// fateWords returns the words for a fate, and whether somebody should look at the message.
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

// kindWords returns the words for a delivery's kind: a reply, or a bridge.PostKind. Kinds that are words already, and unknown
// ones, stay as they are.
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

// waitWords says what a queued delivery waits for: others of its lane before it, or its time.
func (t *teller) waitWords(d delivery) string {
	if d.Before > 0 {
		return fmt.Sprintf("waits for %d before it", d.Before)
	}
	due := laterOf(d.NotBefore, d.DueAt)
	if !due.After(t.now) {
		return "due now"
	}
	return "due in " + roundDuration(due.Sub(t.now))
}

// laterOf returns the later of two times. A nil one doesn't count; if both are nil, it returns the zero time.
func laterOf(a, b *time.Time) time.Time {
	var later time.Time
	for _, at := range []*time.Time{a, b} {
		if at != nil && at.After(later) {
			later = *at
		}
	}
	return later
}

// attemptWords says when the first and the last attempt of a delivery began, counted from when it was queued.
func (t *teller) attemptWords(d delivery) string {
	if d.FirstAt == nil || d.SentAt == nil {
		return ""
	}
	first := roundDuration(t.toParleysClock(*d.FirstAt).Sub(d.CreatedAt))
	if d.Attempt == 1 || d.SentAt.Equal(*d.FirstAt) {
		return ", " + first + " later"
	}
	last := roundDuration(t.toParleysClock(*d.SentAt).Sub(d.CreatedAt))
	return ", first " + first + " later, last " + last + " later"
}

// isSafeText reports whether the text of such a log entry may be shown: Parley made it, or it names a team or tags, which
// the company chose.
func isSafeText(what store.Deed) bool {
	return slices.Contains([]store.Deed{store.DeedAssigned, store.DeedSnoozed, store.DeedTagged, store.DeedUntagged, store.DeedRefused}, what)
}

// countCharacters says how long a text is: "12 characters".
func countCharacters(s string) string { return count(utf8.RuneCountInString(s), "character") }

// count writes a number of things: "1 file", "2 files", "3 addresses".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "s") {
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// timesWords says how often something was done: "once", "2 times".
func timesWords(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// codeWords writes a code for people: not_assignee becomes "not assignee".
func codeWords(code string) string { return strings.ReplaceAll(code, "_", " ") }

// sizeWords writes a size: "512 bytes", "3.4 kB".
func sizeWords(bytes int64) string {
	const kilobyte = 1000
	if bytes < kilobyte {
		return fmt.Sprintf("%d bytes", bytes)
	}
	return fmt.Sprintf("%.1f kB", float64(bytes)/kilobyte)
}

// maxIDRunes is how much of an external id is shown, so that it stays in one line of a terminal.
const maxIDRunes = 80

// shorten cuts an external id.
func shorten(s string) string {
	if runes := []rune(s); len(runes) > maxIDRunes {
		return string(runes[:maxIDRunes]) + "…"
	}
	return s
}
