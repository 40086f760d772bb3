package dashboard

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// This file formats figures, names and periods as text for the dashboard.

// durationWords formats a duration with at most two units: "1 h 5 min". A negative duration means that there is none.
func durationWords(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "–"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < day:
		return twoUnits(int64(d/time.Hour), "h", int64(d%time.Hour/time.Minute), "min")
	case d < 2*day:
		return twoUnits(1, "day", int64(d%day/time.Hour), "h")
	default:
		return twoUnits(int64(d/day), "days", int64(d%day/time.Hour), "h")
	}
}

// twoUnits returns "1 h 5 min", or "1 h" if the second number is 0.
func twoUnits(n int64, unit string, smaller int64, smallerUnit string) string {
	if smaller == 0 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, smaller, smallerUnit)
}

// numberWords formats a number with narrow spaces between groups of three digits: "12 345".
func numberWords(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// percentWords formats part as a rounded percentage of whole: "7 %".
func percentWords(part, whole int64) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%d %%", (part*200+whole)/(2*whole)) // 100*part/whole + 1/2, so that the division rounds
}

// unitFor returns the unit for an axis with durations up to longest: minutes, hours or days. format formats a number of
// seconds in that unit: "1.5 h".
func unitFor(longest time.Duration) (unit time.Duration, format func(seconds float64) string) {
	unit, name := time.Minute, "min"
	if longest > 4*24*time.Hour {
		unit, name = 24*time.Hour, "d"
	} else if longest > 2*time.Hour {
		unit, name = time.Hour, "h"
	}
	return unit, func(seconds float64) string {
		return strings.TrimSuffix(strconv.FormatFloat(seconds/unit.Seconds(), 'f', 1, 64), ".0") + " " + name
	}
}

func moodName(value string) string {
	switch value {
	case "", "neutral":
		return "neutral"
	case "urgent":
		return "in need of an answer now"
	}
	return value
}

func intentName(value string) string {
	if value == "" {
		return "unknown"
	}
	return strings.ReplaceAll(value, "_", " ")
}

// maxDelay is the delay of figures from which on the page mentions it.
const maxDelay = 2 * time.Minute

// describe returns a warning about what has not been counted yet; "" if everything has.
func (b Backlog) describe() string {
	text := ""
	if b.Recounting {
		text = "All conversations are being counted again, the newest first, as after an upgrade or when business hours have changed. " +
			"Until that is done, figures of older days may lack something, and medians may not be known. "
	}
	if b.Delay >= maxDelay {
		text += "Figures are " + durationWords(b.Delay) + " behind: what happened since then isn't all counted yet. "
	}
	return strings.TrimSpace(text)
}

// groupTitle returns the name of a group in the singular; "" for days and weeks, which have no table.
func groupTitle(g Group) string {
	return map[Group]string{
		ByAccount: "Account",
		ByTeam:    "Team",
		ByAgent:   "Agent",
		ByTag:     "Tag",
		ByIntent:  "Intent",
		ByMood:    "Mood",
	}[g]
}

// nameFinderOf returns a function that converts a Sum.Value of a group, such as an agent's id, to a name.
func nameFinderOf(by Group, names Names) func(value string) string {
	switch by {
	case ByIntent:
		return intentName
	case ByMood:
		return moodName
	case ByAccount:
		return nameFinder(names.Accounts, "a former account")
	case ByAgent:
		return nameFinder(append([]Named{{ID: 0, Name: "nobody"}}, names.Agents...), "a former agent")
	case ByTeam:
		teams := []Named{{ID: 0, Name: "no team"}}
		for _, t := range names.Teams {
			teams = append(teams, t.Named)
		}
		return nameFinder(teams, "a former team")
	case ByDay, ByWeek, ByTag:
	}

	return func(value string) string { return value }
}

// nameFinder returns a function that looks up names by id. It returns other for unknown ids.
func nameFinder(all []Named, other string) func(value string) string {
	known := make(map[string]string, len(all))
	for _, n := range all {
		known[strconv.FormatInt(n.ID, 10)] = n.Name
	}
	return func(value string) string { return cmp.Or(known[value], other) }
}

// daysInWords formats a period: "1 November to 20 November 2026". from and to are yyyy-mm-dd, which readFilter ensures.
func daysInWords(from, to string) string {
	first, _ := time.Parse(time.DateOnly, from)
	last, _ := time.Parse(time.DateOnly, to)
	if from == to {
		return last.Format("2 January 2006")
	}
	if first.Year() == last.Year() {
		return first.Format("2 January") + " to " + last.Format("2 January 2006")
	}
	return first.Format("2 January 2006") + " to " + last.Format("2 January 2006")
}
