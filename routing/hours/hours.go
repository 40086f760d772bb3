// Package hours tells when a business is open: in its own time zone, over changes of the
// clock, without its holidays.
//
// What does not belong here: the clock, lookups, and what is done when it opens or closes.
package hours

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// farthest is how many days ahead an opening is looked for.
const farthest = 400

// Plan is how people write business hours, and how they are kept. The zero value means
// always open.
type Plan struct {
	Zone     string   `json:"zone,omitempty"` // "Europe/Berlin"
	Week     []Rule   `json:"week,omitempty"`
	Holidays []string `json:"holidays,omitempty"` // "2026-12-25"; closed all day
}

// Rule says when the business is open on some days of the week.
type Rule struct {
	Days string `json:"days"` // "mon-fri", "sat", "mon,wed"
	Open string `json:"open"` // "09:00-12:30, 13:30-17:30"; "closed"
}

// Span of a day in minutes since its midnight, by the clock on the wall. To is at most
// 1440 and after From.
type Span struct{ From, To int }

// Hours answer questions about a Plan. A nil *Hours is always open.
type Hours struct {
	zone     *time.Location
	week     [7][]Span // by time.Weekday
	holidays map[string]bool
}

// New reads a Plan; a plan without rules gives nil: always open.
// Errors: what is wrong with it, in words.
func New(p Plan) (*Hours, error) {
	if len(p.Week) == 0 && len(p.Holidays) == 0 && p.Zone == "" {
		return nil, nil //nolint:nilnil // nil is a value of its own: always open
	}
	zone, err := ParseZone(p.Zone)
	if err != nil {
		return nil, err
	}
	h := &Hours{zone: zone, holidays: map[string]bool{}}
	var given [7]bool
	for _, r := range p.Week {
		days, err := ParseDays(r.Days)
		if err != nil {
			return nil, err
		}
		spans, err := ParseSpans(r.Open)
		if err != nil {
			return nil, err
		}
		for _, d := range days {
			if given[d] {
				return nil, fmt.Errorf("hours: %s is given twice", strings.ToLower(d.String()))
			}
			given[d], h.week[d] = true, spans
		}
	}
	for _, s := range p.Holidays {
		if _, err := ParseDate(s); err != nil {
			return nil, err
		}
		h.holidays[s] = true
	}
	return h, nil
}

// Read reads a Plan from JSON; nothing and {} give nil: always open.
func Read(plan []byte) (*Hours, error) {
	if len(plan) == 0 {
		return nil, nil //nolint:nilnil // as in New
	}
	var p Plan
	if err := json.Unmarshal(plan, &p); err != nil {
		return nil, fmt.Errorf("hours: %w", err)
	}
	return New(p)
}

// Zone of the business; nil when it is always open.
func (h *Hours) Zone() *time.Location {
	if h == nil {
		return nil
	}
	return h.zone
}

// OpenAt says that the business is open at a time.
func (h *Hours) OpenAt(t time.Time) bool {
	if h == nil {
		return true
	}
	return slices.ContainsFunc(h.day(t, 0), func(s period) bool { return !t.Before(s.from) && t.Before(s.to) })
}

// NextOpening gives the first time from t on at which the business is open: t itself if it
// is. Zero when it doesn't open for more than a year.
func (h *Hours) NextOpening(t time.Time) time.Time {
	if h == nil {
		return t
	}
	for n := range farthest {
		for _, s := range h.day(t, n) {
			if t.Before(s.to) {
				return latest(s.from, t)
			}
		}
	}
	return time.Time{}
}

// LastClosing gives when the business closes for the last time on t's day. ok is false when
// it doesn't open on that day, or goes on past midnight.
func (h *Hours) LastClosing(t time.Time) (at time.Time, ok bool) {
	_, at, ok = h.lastPeriod(t, 0)
	return at, ok
}

// Reopens gives the first opening after the last closing of t's day, or after t where that
// is over or there is none. Zero as in NextOpening; t when it is always open.
func (h *Hours) Reopens(t time.Time) time.Time {
	if at, ok := h.LastClosing(t); ok && at.After(t) {
		return h.NextOpening(at)
	}
	return h.NextOpening(t)
}

// Evening gives the next time after t that lies a lead before the last closing of a day,
// but not before the business opens for the last time. ok is false when there is none.
func (h *Hours) Evening(t time.Time, lead time.Duration) (at time.Time, ok bool) {
	for n := range farthest {
		from, to, ok := h.lastPeriod(t, n)
		if !ok {
			continue
		}
		if at := latest(to.Add(-lead), from); at.After(t) {
			return at, true
		}
	}
	return time.Time{}, false
}

// lastPeriod gives the last period of the nth day after t's.
func (h *Hours) lastPeriod(t time.Time, n int) (from, to time.Time, ok bool) {
	if h == nil {
		return from, to, false
	}
	spans := h.day(t, n)
	if len(spans) == 0 {
		return from, to, false
	}
	final := spans[len(spans)-1]
	return final.from, final.to, !h.OpenAt(final.to)
}

// period is when the business is open without a break; to is the first moment after it.
type period struct{ from, to time.Time }

// day gives the periods of the nth day after t's, in order. Where the clock is moved, a
// period may be shorter, or not be at all.
func (h *Hours) day(t time.Time, n int) []period {
	t = t.In(h.zone)
	noon := time.Date(t.Year(), t.Month(), t.Day()+n, 12, 0, 0, 0, h.zone)
	if h.holidays[noon.Format(time.DateOnly)] {
		return nil
	}
	var list []period
	for _, s := range h.week[noon.Weekday()] {
		p := period{from: h.clock(noon, s.From), to: h.clock(noon, s.To)}
		if !p.from.Before(p.to) {
			continue
		}
		if last := len(list) - 1; last >= 0 && !list[last].to.Before(p.from) {
			list[last].to = latest(list[last].to, p.to)
			continue
		}
		list = append(list, p)
	}
	return list
}

// clock gives when the clock on the wall shows so many minutes since midnight.
func (h *Hours) clock(day time.Time, minutes int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), minutes/60, minutes%60, 0, 0, h.zone)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sortSpans(list []Span) {
	slices.SortFunc(list, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
}
