package setup

import (
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The functions in this file each read or check one kind of value of parley.yaml: a name, an e-mail address, a time zone and so
// on. For an invalid value they add a fault, with its line and a hint, and reading continues, so that an admin sees all faults
// at once. For example, "hold: 30" gets the fault: "30" isn't a duration. Write it with its unit: 20s, 1m30s.

// The hints in readHold and readRate mention these limits.
const (
	maxHold = 10 * time.Minute
	maxRate = 1000
)

// IsEmail reports whether a text is a bare e-mail address, without a display name.
func IsEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}

// readName reads a text that must not be empty, without surrounding spaces. If the key is missing or empty, it
// adds a fault with the hint and returns "".
func (g *Group) readName(key, hint string) string {
	t := g.Text(key)
	if t == nil && g.Values[key] != nil { // it has a fault already
		return ""
	}
	if t == nil || strings.TrimSpace(t.Value) == "" {
		g.Fault(g.At, key, "is missing", hint)
		return ""
	}
	return strings.TrimSpace(t.Value)
}

// checkHasPage adds a fault if the settings site could have no page of that name: browsers take both as ways up in an
// address, however they are written there.
func (g *Group) checkHasPage(name string) {
	if name == "." || name == ".." {
		const hint = "No page of the settings site could be opened by that name: take another one."
		g.Fault(g.At, "name", fmt.Sprintf("%q is only dots", name), hint)
	}
}

// checkOneOf adds a fault if a value is not one of those allowed.
func (g *Group) checkOneOf(t Text, name string, allowed ...string) {
	if !slices.Contains(allowed, t.Value) {
		g.Fault(t.At, name, fmt.Sprintf("%q is not possible", t.Raw), "Write "+JoinAlternatives(allowed)+".")
	}
}

// checkZone adds a fault if a text is neither empty nor the name of a time zone.
func (g *Group) checkZone(t Text) {
	if t.Value == "" {
		return
	}
	_, err := time.LoadLocation(t.Value)
	if err != nil || t.Value == "Local" { // "Local" is the zone of whatever machine runs Parley
		g.Fault(t.At, "zone", fmt.Sprintf("%q isn't a time zone", t.Raw), "Write a name like Europe/Berlin.")
	}
}

// readYesNo reads a boolean. It returns nil if the key is missing or its value invalid.
func (g *Group) readYesNo(name string) *bool {
	t := g.Text(name)
	if t == nil {
		return nil
	}
	switch t.Value {
	case "true", "false":
		yes := t.Value == "true"
		return &yes
	}
	g.Fault(t.At, name, fmt.Sprintf("%q is not possible", t.Raw), "Write true or false.")
	return nil
}

// readHold sets how long replies wait; "" means the channel's default.
func (g *Group) readHold(name string, to **float64) {
	t := g.Text(name)
	if t == nil {
		return
	}
	*to = nil
	if t.Value == "" {
		return
	}
	d, err := time.ParseDuration(t.Value)
	switch {
	case err != nil:
		g.Fault(t.At, name, fmt.Sprintf("%q isn't a duration", t.Raw), "Write it with its unit: 20s, 1m30s.")
	case d < 0 || d > maxHold:
		g.Fault(t.At, name, fmt.Sprintf("%q is out of range", t.Raw), "Write something from 0s to 10m.")
	}
	*to = new(d.Seconds())
}

// readRate sets a factor for the rate limit that the provider publishes.
func (g *Group) readRate(name string, to *float64) {
	t := g.Text(name)
	if t == nil {
		return
	}
	rate, err := strconv.ParseFloat(t.Value, 64)
	inRange := rate >= 0 && rate <= maxRate // false for NaN, too
	if err != nil || !inRange {
		g.Fault(t.At, name, fmt.Sprintf("%q isn't a factor", t.Raw),
			"Write a number from 0 to 1000: 1 is the provider's published rate, 0 means none of our own.")
	}
	*to = rate
}
