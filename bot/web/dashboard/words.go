package dashboard

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// durationWords writes how long something took, in at most two units: "1 h 5 min". A negative time means that there is none.
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

// twoUnits writes a time of two units, without the smaller one if that is 0.
func twoUnits(n int64, unit string, m int64, smaller string) string {
	if m == 0 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, m, smaller)
}

// numberWords writes a number with spaces between thousands.
func numberWords(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// percentWords writes a part of a whole in percent.
func percentWords(part, whole int64) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%d %%", (part*200+whole)/(2*whole)) // half a percent is added, so that the division rounds
}

// unitFor returns a unit in which an axis for times up to the longest is easily read, and the function that writes its values.
func unitFor(longest time.Duration) (unit time.Duration, words func(float64) string) {
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

// maxDelay is how late figures may be before the page says so.
const maxDelay = 2 * time.Minute

// describe says what isn't counted yet; "" if everything is.
func (b Behind) describe() string {
	text := ""
	if b.Again {
		text = "All conversations are being counted again, the newest first, as after an upgrade or when business hours have changed. " +
			"Until that is done, figures of older days may lack something, and medians may not be known. "
	} else if b.Old {
		text = "Medians of old days are being counted, the newest first, as after an upgrade. Until that is done, some are not known. "
	}
	if b.By >= maxDelay {
		text += "Figures are " + durationWords(b.By) + " behind: what happened since then isn't all counted yet. "
	}
	return strings.TrimSpace(text)
}
