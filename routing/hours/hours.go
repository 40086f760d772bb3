// Package hours computes when a business is open, in its time zone, with daylight saving time and holidays.
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

// closed is what people write for a day without hours.
const closed = "closed"

// farthest is how many days ahead NextOpening and Evening look. It is more than a year, for a business that opens
// once a year.
const farthest = 400

const (
	daysOfWeek    = 7
	minutesOfHour = 60
	noon          = 12 // an hour that each day has, whatever daylight saving time does
)

// Plan is business hours in the form in which people write them and in which they are stored. The zero value
// means always open.
type Plan struct {
	Zone     string   `json:"zone,omitempty"` // "Europe/Berlin"
	Week     []Rule   `json:"week,omitempty"`
	Holidays []string `json:"holidays,omitempty"` // "2026-12-25"; closed all day
	Country  string   `json:"country,omitempty"`  // "DE", "DE-BY": closed on its public holidays
	Except   []string `json:"except,omitempty"`   // public holidays on which the week's hours hold, by date or by name
	Days     []Day    `json:"days,omitempty"`     // days unlike others; they come before all else
}

// Day is one day that is unlike others.
type Day struct {
	Date string `json:"date"`           // "2026-12-24"
	Name string `json:"name,omitempty"` // for people
	Open string `json:"open,omitempty"` // as in a Rule; empty means closed
}

// Calendar tells the public holidays of a country, or of a part of one.
type Calendar interface {
	// Holiday returns the name of the public holiday on a day. It is empty if there is none.
	Holiday(year int, month time.Month, day int) string
}

// Calendars finds the Calendar of a country. It returns nil for a country that it doesn't know, which then has no holidays.
type Calendars func(country string) Calendar

// Rule says when the business is open on some days of the week.
type Rule struct {
	Days string `json:"days"` // "mon-fri", "sat", "mon,wed"
	Open string `json:"open"` // "09:00-12:30, 13:30-17:30"; "closed"
}

// Span is a part of a day, in minutes since midnight by local time: 09:00-12:30 is {540, 750}. To is at most 1440
// and greater than From.
type Span struct{ From, To int }

// Hours answers questions about a Plan. A nil *Hours is always open.
type Hours struct {
	zone     *time.Location
	week     [daysOfWeek][]Span // by time.Weekday
	holidays map[string]bool    // dates; closed
	days     map[string][]Span  // dates with hours of their own
	public   Calendar           // nil if public holidays don't count
	except   map[string]bool    // dates, and names in small letters, of public holidays that don't count
}

// New reads a Plan. For a plan without rules it returns nil: always open.
// Errors: *Error.
func New(p Plan, of Calendars) (*Hours, error) {
	if p.isEmpty() {
		return nil, nil //nolint:nilnil // nil is a value of its own: always open
	}

	zone, err := ParseZone(p.Zone)
	if err != nil {
		return nil, err
	}

	h := &Hours{zone: zone, holidays: map[string]bool{}, days: map[string][]Span{}, except: map[string]bool{}}
	if err := h.readWeek(p.Week); err != nil {
		return nil, err
	}

	for _, s := range p.Holidays {
		if _, err := ParseDate(s); err != nil {
			return nil, err
		}
		h.holidays[s] = true
	}

	if err := h.readDays(p.Days); err != nil {
		return nil, err
	}
	if p.Country != "" && of != nil {
		h.public = of(p.Country)
	}

	for _, s := range p.Except {
		h.except[strings.ToLower(s)] = true
	}

	return h, nil
}

// SpecialDays returns the days that are unlike others, by date. Those of Holidays are among them, closed all day.
func (p Plan) SpecialDays() []Day {
	days := slices.Clone(p.Days)
	for _, date := range p.Holidays {
		if !slices.ContainsFunc(days, func(d Day) bool { return d.Date == date }) {
			days = append(days, Day{Date: date})
		}
	}
	slices.SortStableFunc(days, func(a, b Day) int { return strings.Compare(a.Date, b.Date) })
	return days
}

// isEmpty reports whether a plan says nothing. Except alone says nothing, since it only limits Country.
func (p Plan) isEmpty() bool {
	hasDays := len(p.Week) > 0 || len(p.Holidays) > 0 || len(p.Days) > 0
	return !hasDays && p.Country == "" && p.Zone == ""
}

func (h *Hours) readWeek(rules []Rule) error {
	var given [daysOfWeek]bool
	for _, r := range rules {
		days, err := ParseDays(r.Days)
		if err != nil {
			return err
		}

		spans, err := ParseSpans(r.Open)
		if err != nil {
			return err
		}

		for _, d := range days {
			if given[d] {
				return faultf("%s is given twice", strings.ToLower(d.String()))
			}
			given[d] = true
			h.week[d] = spans
		}
	}

	return nil
}

func (h *Hours) readDays(days []Day) error {
	for _, d := range days {
		if _, err := ParseDate(d.Date); err != nil {
			return err
		}
		if _, twice := h.days[d.Date]; twice {
			return faultf("%s is given twice", d.Date)
		}

		spans, err := ParseSpans(cmp.Or(d.Open, closed))
		if err != nil {
			return err
		}

		h.days[d.Date] = spans
	}

	return nil
}

// Error says what is wrong with a plan, in words for people.
type Error struct{ Text string }

// Error implements error.
func (e *Error) Error() string { return "hours: " + e.Text }

func faultf(format string, args ...any) error { return &Error{Text: fmt.Sprintf(format, args...)} }

// Read reads a Plan from JSON; the result for an empty text and for {} is nil: always open.
func Read(plan []byte, of Calendars) (*Hours, error) {
	if len(plan) == 0 {
		return nil, nil //nolint:nilnil // as in New
	}
	var p Plan
	if err := json.Unmarshal(plan, &p); err != nil {
		return nil, fmt.Errorf("hours: %w", err)
	}
	return New(p, of)
}

// Zone returns the time zone of the business; nil if it is always open.
func (h *Hours) Zone() *time.Location {
	if h == nil {
		return nil
	}
	return h.zone
}

// OpenAt reports whether the business is open at a time.
func (h *Hours) OpenAt(t time.Time) bool {
	if h == nil {
		return true
	}
	return slices.ContainsFunc(h.periodsOf(t, 0), func(s period) bool { return !t.Before(s.from) && t.Before(s.to) })
}

// NextOpening returns the first time from t on at which the business is open, which may be t itself. It returns zero if the
// business doesn't open within 400 days.
func (h *Hours) NextOpening(t time.Time) time.Time {
	if h == nil {
		return t
	}
	for n := range farthest {
		for _, s := range h.periodsOf(t, n) {
			if t.Before(s.to) {
				return laterOf(s.from, t)
			}
		}
	}
	return time.Time{}
}

// LastClosing returns when the business closes for the last time on t's day. ok is false if it doesn't close on
// that day.
func (h *Hours) LastClosing(t time.Time) (at time.Time, ok bool) {
	_, at, ok = h.lastPeriod(t, 0)
	return at, ok
}

// Reopens returns when the business opens again after t's day. If it closes later on that day, this is the first
// opening after the last closing. Otherwise it is the first time from t on at which the business is open, as in
// NextOpening. So it returns t if the business is always open.
func (h *Hours) Reopens(t time.Time) time.Time {
	closing, ok := h.LastClosing(t)
	if ok && closing.After(t) {
		return h.NextOpening(closing)
	}
	return h.NextOpening(t)
}

// Evening returns the next time after t that is lead before the last closing of a day: 16:30 for a lead of 30
// minutes, if the business closes at 17:00. It is never earlier than the day's last opening. ok is false if there
// is none.
func (h *Hours) Evening(t time.Time, lead time.Duration) (at time.Time, ok bool) {
	for n := range farthest {
		from, to, ok := h.lastPeriod(t, n)
		if !ok {
			continue
		}
		if at := laterOf(to.Add(-lead), from); at.After(t) {
			return at, true
		}
	}
	return time.Time{}, false
}

// Between returns how long the business is open between two times; 0 if the second is not after the first.
func (h *Hours) Between(from, to time.Time) (open time.Duration) {
	if !from.Before(to) {
		return 0
	}
	if h == nil {
		return to.Sub(from)
	}

	first := from.In(h.zone)
	for n := 0; ; n++ {
		midnight := time.Date(first.Year(), first.Month(), first.Day()+n, 0, 0, 0, 0, h.zone)
		if n > 0 && !midnight.Before(to) {
			return open
		}

		for _, p := range h.periodsOf(from, n) {
			begin := laterOf(p.from, from)
			end := p.to
			if to.Before(end) {
				end = to
			}
			if begin.Before(end) {
				open += end.Sub(begin)
			}
		}
	}
}

// lastPeriod returns the last period of the nth day after t's that ends on that day. ok is false if there is none: the business
// doesn't open on that day, or only is open past midnight. Of night shifts, "00:00-06:00, 22:00-24:00" on each day, it is the one
// that ends in the morning.
func (h *Hours) lastPeriod(t time.Time, n int) (from, to time.Time, ok bool) {
	if h == nil {
		return from, to, false
	}
	for _, p := range slices.Backward(h.periodsOf(t, n)) {
		if !h.OpenAt(p.to) {
			return p.from, p.to, true
		}
	}
	return from, to, false
}

// period is a time during which the business is open without a break; to is the first moment after it.
type period struct{ from, to time.Time }

// periodsOf returns the periods of the nth day after t's, in order. Spans that touch are one period. When daylight saving
// time begins, a period may be shorter, or missing.
func (h *Hours) periodsOf(t time.Time, n int) []period {
	t = t.In(h.zone)
	day := time.Date(t.Year(), t.Month(), t.Day()+n, noon, 0, 0, 0, h.zone)
	var list []period
	for _, s := range h.spansOf(day) {
		p := period{from: h.momentOf(day, s.From), to: h.momentOf(day, s.To)}
		if !p.from.Before(p.to) { // the clock leaps over all of it
			continue
		}

		last := len(list) - 1
		if last >= 0 && !list[last].to.Before(p.from) {
			list[last].to = laterOf(list[last].to, p.to)
			continue
		}

		list = append(list, p)
	}

	return list
}

// spansOf returns when the business is open on a day, by local time.
func (h *Hours) spansOf(day time.Time) []Span {
	date := day.Format(time.DateOnly)
	if spans, ok := h.days[date]; ok {
		return spans
	}
	if h.holidays[date] {
		return nil
	}

	if h.public != nil && !h.except[date] {
		name := h.public.Holiday(day.Date())
		if name != "" && !h.except[strings.ToLower(name)] {
			return nil
		}
	}

	return h.week[day.Weekday()]
}

// momentOf returns the moment of a day at which local time is so many minutes since midnight. Where the clock leaps over
// that time, it is the moment of the leap.
func (h *Hours) momentOf(day time.Time, minutes int) time.Time {
	hour, minute := minutes/minutesOfHour, minutes%minutesOfHour
	t := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, h.zone)
	// time.Date shows another time than asked for if the clock leaps over that. Both are compared in UTC, which has no leaps.
	asked := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, time.UTC)
	shown := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
	zoneBegin, zoneEnd := t.ZoneBounds()
	if shown.After(asked) {
		return zoneBegin
	}
	if shown.Before(asked) {
		return zoneEnd
	}
	return t
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sortSpans(list []Span) {
	slices.SortFunc(list, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
}
