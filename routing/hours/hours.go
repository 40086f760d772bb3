// Package hours computes when a business is open, in its time zone, with daylight saving time and holidays.
//
// Example: a Plan with the zone Europe/Berlin and the rule {"mon-fri", "09:00-17:30"} is read by New. On a
// Friday at 18:00 NextOpening returns Monday, 09:00 in Berlin.
//
// What does not belong here: the current time, lookups, and what happens when a business opens or closes.
package hours

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// closed is what people write for a day on which the business doesn't open.
const closed = "closed"

// maxDaysAhead is how many days ahead NextOpening and Evening search. It is more than a year, for a business
// that opens once a year.
const maxDaysAhead = 400

const (
	daysOfWeek    = 7
	minutesOfHour = 60
	noon          = 12 // an hour that exists on each day, also when daylight saving time begins or ends
)

// Plan is business hours as people write them and as they are stored. Days takes precedence over Holidays,
// these over the public holidays of Country, and these over Week. The zero value means always open.
type Plan struct {
	Zone     string   `json:"zone,omitempty"` // "Europe/Berlin"
	Week     []Rule   `json:"week,omitempty"`
	Holidays []string `json:"holidays,omitempty"` // "2026-12-25"; closed all day
	Country  string   `json:"country,omitempty"`  // "DE", "DE-BY": closed on its public holidays
	Except   []string `json:"except,omitempty"`   // public holidays that are ordinary days, by date or by name
	Days     []Day    `json:"days,omitempty"`     // days with hours of their own
}

// Day is a day with hours of its own.
type Day struct {
	Date string `json:"date"`           // "2026-12-24"
	Name string `json:"name,omitempty"` // for people
	Open string `json:"open,omitempty"` // as in a Rule; "" means closed
}

// Calendar knows the public holidays of a country or region.
type Calendar interface {
	// Holiday returns the name of the public holiday on a day, or "".
	Holiday(year int, month time.Month, day int) string
}

// Calendars returns the Calendar of a country, or nil if it doesn't know the country.
type Calendars func(country string) Calendar

// Rule states when the business is open on some days of the week.
type Rule struct {
	Days string `json:"days"` // "mon-fri", "sat", "mon,wed"
	Open string `json:"open"` // "09:00-12:30, 13:30-17:30"; "closed"
}

// Span is a part of a day, in minutes since midnight in local time: 09:00-12:30 is {540, 750}. To is greater
// than From, and at most 1440.
type Span struct{ From, To int }

// Hours answers questions about a Plan. It doesn't change, so that it is safe for concurrent use if its Calendar is.
// A nil *Hours is always open.
type Hours struct {
	zone     *time.Location
	week     [daysOfWeek][]Span // by time.Weekday
	holidays map[string]bool    // dates; closed
	days     map[string][]Span  // dates with hours of their own
	public   Calendar           // public holidays; nil if the business has none
	except   map[string]bool    // public holidays that are ordinary days: dates, and names in lower case
}

// New returns the Hours of a plan. It returns nil, which is always open, for a plan without rules.
// Errors: *Error.
func New(p Plan, calendars Calendars) (*Hours, error) {
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
	if p.Country != "" && calendars != nil {
		h.public = calendars(p.Country)
	}

	for _, s := range p.Except {
		h.except[strings.ToLower(s)] = true
	}

	return h, nil
}

// SpecialDays returns the days with hours of their own, by date. It includes those of Holidays, as closed.
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

// isEmpty reports whether a plan has no rules. Except alone is not a rule, because it only limits Country.
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

// Error describes what is wrong with a plan, in words for people.
type Error struct{ Text string }

// Error implements error.
func (e *Error) Error() string { return "hours: " + e.Text }

func faultf(format string, args ...any) error { return &Error{Text: fmt.Sprintf(format, args...)} }

// Read decodes a Plan from JSON and returns its Hours. For an empty text it returns nil, which is always open.
func Read(plan []byte, calendars Calendars) (*Hours, error) {
	if len(plan) == 0 {
		return nil, nil //nolint:nilnil // as in New
	}
	var p Plan
	if err := json.Unmarshal(plan, &p); err != nil {
		return nil, fmt.Errorf("hours: %w", err)
	}
	return New(p, calendars)
}

// Zone returns the time zone of the business, or nil if it is always open.
func (h *Hours) Zone() *time.Location {
	if h == nil {
		return nil
	}
	return h.zone
}

// OpenAt reports whether the business is open at t.
func (h *Hours) OpenAt(t time.Time) bool {
	if h == nil {
		return true
	}
	return slices.ContainsFunc(h.periodsOf(t, 0), func(s period) bool { return !t.Before(s.from) && t.Before(s.to) })
}

// NextOpening returns the first time not before t at which the business is open, which may be t itself. It
// returns the zero time if the business doesn't open within 400 days.
func (h *Hours) NextOpening(t time.Time) time.Time {
	if h == nil {
		return t
	}
	for n := range maxDaysAhead {
		for _, s := range h.periodsOf(t, n) {
			if t.Before(s.to) {
				return laterOf(s.from, t)
			}
		}
	}
	return time.Time{}
}

// LastClosing returns when the business closes for the last time on t's day. ok is false if it doesn't close
// on that day.
func (h *Hours) LastClosing(t time.Time) (at time.Time, ok bool) {
	_, at, ok = h.lastPeriod(t, 0)
	return at, ok
}

// Reopens returns when the business opens again after t's day. If it still closes on that day, that is the
// first opening after the last closing. Otherwise it is the same as NextOpening(t), which is t if the
// business is always open.
func (h *Hours) Reopens(t time.Time) time.Time {
	closing, ok := h.LastClosing(t)
	if ok && closing.After(t) {
		return h.NextOpening(closing)
	}
	return h.NextOpening(t)
}

// Evening returns the next time after t that precedes the last closing of a day by lead: 16:30 for a lead of
// 30 minutes, if the business closes at 17:00. It is not before the last opening of that day. ok is false if
// there is no such time.
func (h *Hours) Evening(t time.Time, lead time.Duration) (at time.Time, ok bool) {
	for n := range maxDaysAhead {
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

// Between returns for how long the business is open between two times. It returns 0 if to is not after from.
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

// Add returns the time at which the business has been open for a duration since t: for one hour at half past
// four, half past nine on the next day, if the business closes at five and opens at nine. It returns the zero
// time if that isn't within 400 days.
func (h *Hours) Add(t time.Time, open time.Duration) time.Time {
	if h == nil {
		return t.Add(open)
	}
	for n := range maxDaysAhead {
		for _, p := range h.periodsOf(t, n) {
			from := laterOf(p.from, t)
			left := max(p.to.Sub(from), 0)
			if left > 0 && open <= left {
				return from.Add(open)
			}
			open -= left
		}
	}
	return time.Time{}
}

// lastPeriod returns the last period of a day that also ends on it: the nth day after t's, where 0 is t's day.
// ok is false if there is none, because the business doesn't open on that day or stays open past midnight.
// With night shifts ("00:00-06:00, 22:00-24:00" on each day) it is the period that ends in the morning.
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

// period is a time during which the business is open without a break. It includes from but not to.
type period struct{ from, to time.Time }

// periodsOf returns the periods of the nth day after t's, in order. Adjacent spans become one period. When
// daylight saving time begins, a period may be shorter, or missing.
func (h *Hours) periodsOf(t time.Time, n int) []period {
	t = t.In(h.zone)
	day := time.Date(t.Year(), t.Month(), t.Day()+n, noon, 0, 0, 0, h.zone)
	var list []period
	for _, s := range h.spansOf(day) {
		p := period{from: h.momentOf(day, s.From), to: h.momentOf(day, s.To)}
		if !p.from.Before(p.to) { // the clock skips all of it
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

// spansOf returns when the business is open on a day, in local time.
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

// momentOf returns the time on a day at which local time is that many minutes after midnight. If the clock
// skips that local time, it returns the time of the change.
func (h *Hours) momentOf(day time.Time, minutes int) time.Time {
	hour, minute := minutes/minutesOfHour, minutes%minutesOfHour
	t := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, h.zone)
	// If the clock skips the requested local time, time.Date returns another one. Comparing both as UTC, which
	// never skips, shows in which direction it moved.
	requested := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, time.UTC)
	actual := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
	zoneBegin, zoneEnd := t.ZoneBounds()
	switch {
	case actual.After(requested):
		return zoneBegin
	case actual.Before(requested):
		return zoneEnd
	default:
		return t
	}
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
